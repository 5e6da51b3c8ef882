/** Predicts the tasks of a trained model for events: probabilities and numbers, without a ranking. */
import { invariant } from '../../base/diagnostics/failure.ts';
import type { Events } from '../../data/dataset.ts';
import type { Engine, Tensors } from '../../engines/engine.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { Tables } from '../embedding/tables.ts';
import { makeRowFeeder } from '../feed/feeder.ts';
import { parametersOf, rowsAtOnce } from './tower_vectors.ts';

/** By task, float32 [rows of the events]: x of the probability σ(x) that the label is 1, or the number that the label is. */
export type Predictions = ReadonlyMap<string, Float32Array>;

export async function predictionsOf(
  { plan, engine, tables, parameters }: { plan: Plan; engine: Engine; tables: Tables; parameters: Tensors },
  events: Events,
): Promise<Predictions> {
  const { predictions, features, tasks } = plan;
  if (!predictions) return new Map();
  const valuesOfTask = new Map<string, Float32Array>();
  for (const { name, predicts } of tasks) if (predicts) valuesOfTask.set(name, new Float32Array(events.rows));
  const feeder = makeRowFeeder({ plan: predictions, columns: events.features, features, tables });
  const program = await engine.prepare(predictions.graph, parametersOf(predictions.graph, parameters));
  try {
    const rows = Int32Array.from({ length: events.rows }, (_, row) => row);
    for (let from = 0; from < rows.length; from += rowsAtOnce) {
      const outputs = await program.run(feeder.inputs(rows.subarray(from, from + rowsAtOnce)));
      for (const [task, values] of valuesOfTask) {
        const blockValues = outputs[`prediction:${task}`];
        invariant(blockValues?.data instanceof Float32Array, `task ${task} gives no prediction`);
        values.set(blockValues.data, from);
      }
    }
  } finally {
    feeder.close();
    await program.close();
  }
  return valuesOfTask;
}
