import type { Part } from '../../data/dataset.ts';
import { type Comparison, compareContestants as compareAll } from '../../training/evaluation/compare_models.ts';
import { declaredMeasures, makeMeasures } from '../../training/evaluation/figures.ts';
import { engineProduct } from '../../training/scoring/matrix_product.ts';
import { modelScorer } from '../../training/scoring/scorer.ts';
import { askedMeasures } from './check.ts';
import { type EvaluateRequest, heldOutPart, type Run, retrievalOf } from './run.ts';

/** The entries are those of `evaluate`, for all runs. Baselines read the data of the first one, and are left out by default. */
export interface CompareRequest extends EvaluateRequest {
  /** The row that the others are compared with: the name of a run or of a baseline. Default: the first run. */
  readonly against?: string;
  readonly draws?: number;
  /** Seed of the bootstrap draws. Default: 1. */
  readonly seed?: number;
}

/**
 * Ranks the same held-out events with several runs. Returns bootstrap intervals by user and paired differences to one of them.
 * @throws Failure `protocols-differ`, which says how
 */
export async function compare(
  runs: readonly { readonly name: string; readonly run: Run }[],
  request: CompareRequest = {},
): Promise<Comparison> {
  const requestedMeasures = request.metrics === undefined ? undefined : askedMeasures(request.metrics);
  const specs = requestedMeasures ?? declaredMeasures(runs.map(({ run }) => run.trained.plan));
  const contestants = [];
  const notes: string[] = [];
  for (const { name, run } of runs) {
    const dataset = await run.dataset(specs);
    heldOutPart(run, dataset);
    for (const note of await run.notes()) notes.push(`${name}: ${note}`);
    const { plan } = run.trained;
    contestants.push({
      name,
      dataset,
      plan,
      async open(part: Part) {
        const { retrieval } = await retrievalOf(run);
        return {
          scorer: modelScorer(retrieval, { plan, events: dataset.parts[part], corpus: dataset.corpus }),
          close: () => retrieval.close(),
        };
      },
    });
  }
  const part = heldOutPart(runs[0]!.run, contestants[0]!.dataset, request.part);
  const { metrics: _, ...otherFields } = request;
  const comparison = await compareAll(contestants, {
    ...otherFields,
    part,
    product: async () => engineProduct((await runs[0]!.run.engine()).engine),
    measures: makeMeasures(specs),
  });
  return { ...comparison, protocol: [...notes, ...comparison.protocol] };
}
