/** What a score adds as `mean`: the mean of the task's label over the training part. */
import type { Events, IndexedColumn } from '../data/dataset.ts';
import type { Tensors } from '../engine/engine.ts';
import type { Plan, TaskPlan } from '../plan/plan.ts';

/** By the parameter that holds it, float32 [1]. */
export function labelMeans({ tasks }: Pick<Plan, 'tasks'>, events: Events): Tensors {
  return Object.fromEntries(
    tasks.flatMap((task) => {
      if (task.mean === undefined || task.label === undefined) return [];
      const data = Float32Array.of(meanOf(task, task.label, events));
      return [[task.mean, { dtype: 'float32' as const, shape: [1], data }]];
    }),
  );
}

/** Each event counts as in the loss: by its weight, only where `only` is 1, and where it has the label. 0 where none counts. */
function meanOf({ weight, only }: TaskPlan, label: string, events: Events): number {
  const values = events.labels.get(label)!;
  const weights = weight === undefined ? undefined : (events.labels.get(weight) ?? numbersOf(events, weight));
  const wanted = only === undefined ? undefined : events.labels.get(only)!;
  let sum = 0;
  let total = 0;
  for (let row = 0; row < events.rows; row++) {
    const counts = (weights?.[row] ?? 1) * (wanted?.[row] ?? 1);
    if (Number.isNaN(values[row]!) || Number.isNaN(counts)) continue;
    sum += counts * values[row]!;
    total += counts;
  }
  return total === 0 ? 0 : sum / total;
}

/** A feature that is one plain number. */
function numbersOf({ features, rows }: Events, name: string): Float32Array {
  const { column, index } = features.get(name) as IndexedColumn;
  const values = column.kind === 'numbers' ? column.values : new Float32Array(rows);
  return index ? Float32Array.from(index, (row) => values[row]!) : values;
}
