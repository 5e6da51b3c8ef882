/** Fits a score from item to item to the training part, as the baseline of the same name, and keeps the largest weights of each item. */
import { type Dataset, rowsOf } from '../data/dataset.ts';
import type { Engine } from '../engines/engine.ts';
import { fittedTable, type Plan } from '../graph/plan/plan.ts';
import type { FitChoice } from './artifact/manifest.ts';
import { makeTable } from './embedding/table.ts';
import type { Tables } from './embedding/tables.ts';
import { type HistoryScores, type TunedBaseline, trainingOf } from './evaluation/baselines/baseline.ts';
import { makePicker } from './evaluation/baselines/neighbours.ts';
import { baselines } from './evaluation/baselines/table.ts';
import { choose, fitOne } from './evaluation/baselines/tune.ts';
import { makeTask } from './evaluation/contestants.ts';
import { seenRule } from './evaluation/questions.ts';
import { codesOfItems } from './scoring/fitted_weights.ts';
import { engineProduct } from './scoring/product.ts';

export interface FittedItems {
  readonly tables: Tables;
  readonly choice: FitChoice;
}

/** @param known the choice of the run whose settings this one takes. Default: the validation part chooses */
export async function fitItems(
  { plan, dataset, engine }: { readonly plan: Plan; readonly dataset: Dataset; readonly engine: Engine },
  known?: FitChoice,
): Promise<FittedItems> {
  const fitted = plan.fitted!;
  const row = baselines[fitted.by] as TunedBaseline;
  const { parts, corpus, users } = dataset;
  const training = trainingOf({ events: parts.train, corpus, users });
  const product = await engineProduct(engine);
  try {
    if (known) {
      const scores = await fitOne(row, training, known.setting, product);
      return { tables: tablesOf(plan, dataset, scores, known.decay), choice: known };
    }
    const hasValidation = parts.validation.rows > 0;
    const { scores, setting, decay, words } = await choose(row, training, {
      validation: hasValidation ? makeTask({ dataset, part: 'validation', plan }) : undefined,
      removeSeen: seenRule(dataset).removes,
      product,
      ordered: dataset.knownUntil !== undefined,
    });
    return { tables: tablesOf(plan, dataset, scores, decay), choice: { setting, decay, words } };
  } finally {
    await product.close();
  }
}

/** Returns the tables of the plan. An item without training events has no weights. */
function tablesOf(plan: Plan, { corpus, encodings }: Dataset, scores: HistoryScores, decay: number): Tables {
  const tables = new Map(
    plan.tables.map(({ name, dim, encoderOf }) => {
      const table = makeTable({ name, rows: rowsOf(encodings.get(encoderOf)!), dim });
      return [name, table] as const;
    }),
  );
  const codes = codesOfItems(corpus, plan.towers[1].key!);
  const { keep } = plan.fitted!;
  const pick = makePicker(keep);
  const weights = new Float64Array(corpus.rows);
  const sizes = new Float64Array(corpus.rows);
  const scored = Int32Array.from(codes.keys()).filter((row) => codes[row]! > 0);
  const neighbourCodes = tables.get(fittedTable.neighbours)!.values();
  const neighbourWeights = tables.get(fittedTable.weights)!.values();
  const eventCounts = tables.get(fittedTable.events)!.values();
  for (const row of scored) {
    const code = codes[row]!;
    eventCounts[code] = corpus.trainingCounts[row]!;
    weights.fill(0);
    scores(Int32Array.of(row), weights, -1);
    weights[row] = 0;
    for (const other of scored) sizes[other] = Math.abs(weights[other]!);
    const kept = pick(scored, sizes)
      .slice()
      .sort((a, b) => sizes[b]! - sizes[a]! || a - b);
    kept.forEach((other, at) => {
      neighbourCodes[code * keep + at] = codes[other]!;
      neighbourWeights[code * keep + at] = weights[other]!;
    });
  }
  eventCounts[0] = decay;
  return tables;
}
