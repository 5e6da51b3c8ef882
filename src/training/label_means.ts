/** What a score adds as `mean`: the mean of the task's label over the training part. */
import type { Events, TrainingShards } from '../data/dataset.ts';
import { labelSums } from '../data/label_sums.ts';
import type { Tensors } from '../engine/engine.ts';
import type { Plan, TaskPlan } from '../plan/plan.ts';

/**
 * By the parameter that holds it, float32 [1].
 * @param known sums by task, where the events are in files
 */
export function labelMeans(
  { tasks }: Pick<Plan, 'tasks'>,
  events: Events,
  known?: TrainingShards['labelSums'],
): Tensors {
  return Object.fromEntries(
    tasks.flatMap((task) => {
      if (task.mean === undefined || task.label === undefined) return [];
      const data = Float32Array.of(meanOf(task, events, known));
      return [[task.mean, { dtype: 'float32' as const, shape: [1], data }]];
    }),
  );
}

/** Each event counts as in the loss. 0 where none counts. */
function meanOf(task: TaskPlan, events: Events, known?: TrainingShards['labelSums']): number {
  const { sum, total } = (known ? known.get(task.name)! : labelSums(task, events)).weighted;
  return total === 0 ? 0 : sum / total;
}
