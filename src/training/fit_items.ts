/** Fits a score from item to item to the training part, as the baseline of the same name, and keeps the largest weights of each item. */
import { failure } from '../base/diagnostics/diagnostic.ts';
import { formatBytes } from '../base/diagnostics/wording.ts';
import { type Dataset, rowsOf } from '../data/dataset.ts';
import { fittedTableNames, type Plan } from '../graph/plan/plan.ts';
import type { FitChoice } from './artifact/run_manifest.ts';
import { makeTable } from './embedding/table.ts';
import { freeBytes } from './embedding/table_memory.ts';
import type { Tables } from './embedding/tables.ts';
import { type HistoryScores, type TunedBaseline, trainingInteractions } from './evaluation/baselines/baseline.ts';
import { makePicker } from './evaluation/baselines/item_to_item.ts';
import { baselines } from './evaluation/baselines/table.ts';
import { chooseSetting, fitOne } from './evaluation/baselines/tune_baselines.ts';
import { makeTask, secondsToTune, stepsPerSecond } from './evaluation/contestants.ts';
import { seenRule } from './evaluation/ranking_questions.ts';
import { codesOfItems } from './scoring/fitted_weights.ts';
import { engineProduct } from './scoring/matrix_product.ts';
import type { TrainOptions } from './train_options.ts';

/**
 * @param knownChoice the choice of the run whose settings this one takes. Default: the validation part chooses
 * @throws Failure `fitted-whole` if the fit needs more memory than there is
 */
export async function fitItems(
  { plan, dataset, engine, onEvent }: Pick<TrainOptions, 'plan' | 'dataset' | 'engine' | 'onEvent'>,
  knownChoice?: FitChoice,
): Promise<{ readonly tables: Tables; readonly choice: FitChoice }> {
  const fitted = plan.fitted!;
  const row = baselines[fitted.by] as TunedBaseline;
  const { parts, corpus, users } = dataset;
  const training = trainingInteractions({ events: parts.train, corpus, users });
  refuseTooLarge(plan, row.bytes(training));
  const seconds = knownChoice
    ? row.steps(training) / row.settings.length / stepsPerSecond
    : secondsToTune(row, training, dataset, training.items);
  onEvent?.({ kind: 'fitting', by: fitted.by, seconds });
  const product = await engineProduct(engine);
  try {
    if (knownChoice) {
      const scores = await fitOne(row, training, knownChoice.setting, product);
      return { tables: tablesOf(plan, dataset, scores, knownChoice.decay), choice: knownChoice };
    }
    const hasValidation = parts.validation.rows > 0;
    const { scores, setting, decay, words } = await chooseSetting(row, training, {
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

function refuseTooLarge({ model, fitted }: Plan, neededBytes: number): void {
  const free = freeBytes();
  if (neededBytes <= free) return;
  const what = `its fit by \`${fitted!.by}\` needs ${formatBytes(neededBytes)} of memory, and ${formatBytes(Math.max(0, free))} are free`;
  throw failure('fitted-whole', { model, what, advice: 'choose `fit: item_knn`, or two towers, which need less' });
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
  const absoluteWeights = new Float64Array(corpus.rows);
  const scoredItems = Int32Array.from(codes.keys()).filter((row) => codes[row]! > 0);
  const neighbourCodes = tables.get(fittedTableNames.neighbours)!.values();
  const neighbourWeights = tables.get(fittedTableNames.weights)!.values();
  const eventCounts = tables.get(fittedTableNames.events)!.values();
  for (const row of scoredItems) {
    const code = codes[row]!;
    eventCounts[code] = corpus.trainingCounts[row]!;
    weights.fill(0);
    scores(Int32Array.of(row), weights, -1);
    weights[row] = 0;
    for (const other of scoredItems) absoluteWeights[other] = Math.abs(weights[other]!);
    const largest = pick(scoredItems, absoluteWeights)
      .slice()
      .sort((a, b) => absoluteWeights[b]! - absoluteWeights[a]! || a - b);
    largest.forEach((other, index) => {
      neighbourCodes[code * keep + index] = codes[other]!;
      neighbourWeights[code * keep + index] = weights[other]!;
    });
  }
  eventCounts[0] = decay;
  return tables;
}
