/** Inner products of the tasks' gradients: of all shared values together, as if they were one long vector a task. */
import type { Builder, Ref } from '../../../graph/builder.ts';
import type { WeightingContext } from '../contract.ts';
import { sumOfAll } from '../values.ts';
import { stack } from './vectors.ts';

/** By task, then by shared value; undefined where the task does not reach the value: a gradient of 0. */
export type TaskGradients = readonly (readonly (Ref | undefined)[])[];

/** Gradients of every loss by all that is shared. */
export function taskGradients({ losses, shared, gradients }: WeightingContext): TaskGradients {
  return losses.map(({ loss }) => gradients(loss, shared));
}

/** G[k, l] = gₖ · gₗ, by what is trained: float32 [tasks, tasks]. */
export function gramMatrix({ builder, shared, byTrained }: WeightingContext, ofShared: TaskGradients): Ref {
  const gradients = ofShared.map((ofTask) => byTrained(shared, ofTask));
  const count = gradients.length;
  const products = new Map<string, Ref>();
  const product = (k: number, l: number): Ref => {
    const key = `${Math.min(k, l)} ${Math.max(k, l)}`;
    const cachedProduct = products.get(key) ?? innerProduct(builder, gradients[k]!, gradients[l]!);
    products.set(key, cachedProduct);
    return cachedProduct;
  };
  const allProducts = Array.from({ length: count * count }, (_, at) => product(Math.floor(at / count), at % count));
  return builder.reshape(stack(builder, allProducts), [count, count]);
}

/** Σ over shared values of Σ a · b: a scalar. */
export function innerProduct(builder: Builder, a: readonly (Ref | undefined)[], b: readonly (Ref | undefined)[]): Ref {
  return a
    .flatMap((left, at) => {
      const right = b[at];
      if (left === undefined || right === undefined) return [];
      const product = left.id === right.id ? builder.square(left) : builder.mul(left, right);
      return [sumOfAll(builder, product)];
    })
    .reduce((sum, next) => builder.add(sum, next), builder.constant(0));
}

/** Σₖ weightₖ · gₖ, value by value. */
export function combine(builder: Builder, gradients: TaskGradients, weights: readonly Ref[]): (Ref | undefined)[] {
  return (gradients[0] ?? []).map((_, at) =>
    gradients
      .flatMap((ofTask, task) => {
        const gradient = ofTask[at];
        return gradient === undefined ? [] : [builder.mul(gradient, weights[task]!)];
      })
      .reduce<Ref | undefined>((sum, next) => (sum === undefined ? next : builder.add(sum, next)), undefined),
  );
}
