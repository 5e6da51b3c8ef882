/** How a run begins: the same where it is trained and where a step of it is taken again. */
import type { TrainingState } from '../artifact/training_state.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Tables } from '../embedding/tables.ts';
import type { Engine } from '../engine/engine.ts';
import { makeFeeder } from '../feed/feeder.ts';
import { initialValues } from '../graph/initial.ts';
import type { Plan } from '../plan/plan.ts';

/** The state before the first step; `tables` are at their first values. */
export async function beginState(
  { plan, dataset, engine }: { readonly plan: Plan; readonly dataset: Dataset; readonly engine: Engine },
  tables: Tables,
): Promise<TrainingState> {
  const { step, train } = plan;
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
    const program = await engine.prepare(step.graph, initialValues(step.graph, train.seed));
    return { tables, program, feeder };
  } catch (error) {
    feeder.close();
    throw error;
  }
}
