/** How much of a batch counts for each task, as its loss takes the mean: the sum of the rows' weights. */
import type { Tensors } from '../engine/engine.ts';
import type { InputSource, Plan, TaskPlan } from '../plan/plan.ts';

/** By task; a task that is absent counts all rows alike. */
export type TaskRows = (inputs: Tensors) => ReadonlyMap<string, number>;

export function makeTaskRows({ tasks, step }: Pick<Plan, 'tasks' | 'step'>): TaskRows {
  const factors = tasks.flatMap((task) => {
    const isFactor = isFactorOf(task);
    const names = step.inputs.flatMap(({ name, source }) => (isFactor(source) ? [name] : []));
    return names.length === 0 ? [] : [[task.name, names] as const];
  });
  return (inputs) => new Map(factors.map(([task, names]) => [task, sumOfProducts(names.map((name) => inputs[name]!))]));
}

/** Whether an input of the step is a factor of what a row counts for. */
function isFactorOf({ label, only, weight }: TaskPlan): (source: InputSource) => boolean {
  return (source) => {
    switch (source.from) {
      case 'label_known':
        return source.label === label;
      case 'label':
        return source.label === only || source.label === weight;
      case 'numbers':
        return source.feature === weight && source.rows.kind === 'events';
      default:
        return false;
    }
  };
}

function sumOfProducts(factors: readonly Tensors[string][]): number {
  let sum = 0;
  for (let row = 0; row < factors[0]!.data.length; row++) {
    sum += factors.reduce((product, { data }) => product * data[row]!, 1);
  }
  return sum;
}
