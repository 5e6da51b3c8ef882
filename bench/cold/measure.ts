/** Ranks the held-out events of cold items: those without a training event, but with a row in the corpus. */
import type { Run } from '../../src/api.ts';
import { retrievalOf } from '../../src/app/api/run.ts';
import type { Dataset, Part } from '../../src/data/dataset.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { makeTask } from '../../src/training/evaluation/contestants.ts';
import { makeMeasures, metricValues } from '../../src/training/evaluation/figures.ts';
import { scorerOverRows, taskOverRows } from '../../src/training/evaluation/ranking_questions.ts';
import { rankEvents } from '../../src/training/evaluation/ranks.ts';
import { modelScorer, type Scorer, type ScoringTask } from '../../src/training/scoring/scorer.ts';

export const measures = makeMeasures([
  { metric: 'recall', k: 10 },
  { metric: 'recall', k: 50 },
]);

export interface Held {
  readonly dataset: Dataset;
  readonly plan: Plan;
  readonly part: Part;
}

export const wholeTask = ({ dataset, plan, part }: Held): ScoringTask => makeTask({ dataset, part, plan });

export const coldRows = ({ dataset: { parts, corpus }, part }: Held): Int32Array =>
  Int32Array.from(parts[part].item.keys()).filter((row) => {
    const item = parts[part].item[row]!;
    return item >= 0 && corpus.trainingCounts[item] === 0;
  });

/** By measure, a value for each cold event. @param onlyCold ranks the cold items alone, otherwise all */
export async function coldValues(held: Held, scorer: Scorer, onlyCold: boolean): Promise<readonly Float64Array[]> {
  const { corpus } = held.dataset;
  const rows = coldRows(held);
  const narrowed: Scorer = {
    ...{ name: scorer.name, doc: scorer.doc, ranksCold: true },
    ...(scorer.expect ? { expect: (of: Int32Array) => scorer.expect!(of) } : {}),
    async score(of) {
      const scores = Float32Array.from((await scorer.score(of)).subarray(0, of.length * corpus.rows));
      if (onlyCold)
        for (let i = 0; i < scores.length; i++) if (corpus.trainingCounts[i % corpus.rows]! > 0) scores[i] = -1e9;
      return scores;
    },
  };
  const task = taskOverRows(wholeTask(held), rows);
  const ranks = await rankEvents(task, scorerOverRows(narrowed, rows), true);
  return measures.map((measure) => metricValues(task, ranks, measure));
}

/** The means over runs of one model. */
export async function valuesOfRuns(runs: readonly Run[], part: Part, onlyCold: boolean) {
  const values: (readonly Float64Array[])[] = [];
  for (const run of runs) {
    const { retrieval, dataset } = await retrievalOf(run);
    const { plan } = run.trained;
    const scorer = modelScorer(retrieval, { plan, events: dataset.parts[part], corpus: dataset.corpus });
    values.push(await coldValues({ dataset, plan, part }, scorer, onlyCold));
    await retrieval.close();
  }
  return measures.map((_, at) =>
    values[0]![at]!.map((_, event) => values.reduce((sum, own) => sum + own[at]![event]!, 0) / values.length),
  );
}

export const meanOf = (values: Float64Array): number => values.reduce((sum, each) => sum + each, 0) / values.length;
