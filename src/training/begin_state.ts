/** How a run begins: the same where it is trained and where a step of it is taken again. */
import type { TrainingState } from '../artifact/training_state.ts';
import type { Dataset } from '../data/dataset.ts';
import { largestStep, makeTables, type Tables } from '../embedding/tables.ts';
import type { Engine } from '../engine/engine.ts';
import { makeFeeder } from '../feed/feeder.ts';
import { connectGraph } from '../feed/graph.ts';
import { initialValues } from '../graph/initial.ts';
import type { Plan } from '../plan/plan.ts';
import { fitted } from './fitted_step.ts';
import { labelMeans } from './label_means.ts';
import { orderOf } from './order.ts';

/**
 * Tables at their first values.
 * @throws Failure `too-large-for-memory`, `table-too-large` before anything is allocated
 */
export const tablesOf = (plan: Plan, dataset: Dataset): Tables =>
  makeTables(
    fitted(plan, dataset.corpus.rows),
    dataset.encodings,
    largestStep(dataset, orderOf(plan, dataset.parts.train)),
    dataset.firstValues,
  );

/** The state before the first step; `tables` are at their first values. */
export async function beginState(
  { plan, dataset, engine }: { readonly plan: Plan; readonly dataset: Dataset; readonly engine: Engine },
  tables: Tables,
): Promise<TrainingState> {
  const { step, train } = fitted(plan, dataset.corpus.rows);
  connectGraph(plan, tables, dataset.parts.train);
  const feeder = makeFeeder({
    plan: step,
    events: dataset.parts.train,
    corpus: dataset.corpus,
    features: plan.features,
    tables,
    seed: train.seed,
    batch: train.batch,
  });
  try {
    const initial = { ...initialValues(step.graph, train.seed), ...labelMeans(plan, dataset.parts.train) };
    const program = await engine.prepare(step.graph, initial);
    return { tables, program, feeder };
  } catch (error) {
    feeder.close();
    throw error;
  }
}
