/** Packs the tasks' scalars into float32 [tasks] and unpacks them. The gradients of all shared values count as one long vector for each task. */
import type { Builder, Ref } from '../../../graph/builder.ts';
import type { TaskLoss, WeightingContext } from '../contract.ts';
import { name, rest } from '../parameters.ts';
import { endToEnd, sumOfAll } from '../values.ts';

/** The tasks of a weighting, as named by its call in a file. */
export const tasks = rest(name('task', { required: true, doc: 'The tasks whose losses are weighed.' }));

/** Returns the values of the losses as constants to differentiation: float32 [tasks]. */
export function lossValues(builder: Builder, losses: readonly TaskLoss[]): Ref {
  return stack(
    builder,
    losses.map(({ loss }) => builder.stopGradient(loss)),
  );
}

/**
 * Returns 1 for each task with rows that count in the batch, otherwise 0: float32 [tasks]. Undefined if every batch has such rows. The loss of a task without
 * rows is 0, but it is not a measurement, so a weighting must not learn from it.
 */
export function presence(builder: Builder, losses: readonly TaskLoss[]): Ref | undefined {
  if (losses.every(({ present }) => present === undefined)) return undefined;
  return stack(
    builder,
    losses.map(({ present }) => present ?? builder.constant(1)),
  );
}

/** Returns the mean over the tasks with rows in the batch: float32 [1], 0 if there are none. */
export function meanPresent(builder: Builder, values: Ref, present: Ref | undefined): Ref {
  if (present === undefined) return builder.mean(values, [0], true);
  const presentCount = builder.maximum(builder.sum(present, [0], true), 1);
  return builder.div(builder.sum(builder.mul(values, present), [0], true), presentCount);
}

/** Stacks scalars: → [count]. */
export function stack(builder: Builder, scalars: readonly Ref[]): Ref {
  const oneByOne = scalars.map((scalar) => builder.reshape(scalar, [1]));
  return endToEnd(builder, oneByOne, 0);
}

/** Splits [count] into scalars. */
export function unstack(builder: Builder, vector: Ref): Ref[] {
  return Array.from({ length: vector.type.shape[0] as number }, (_, index) =>
    builder.reshape(builder.slice(vector, [index], [1]), []),
  );
}

/** Returns Σ weight · loss, with weights that are constants to differentiation. */
export function weightedSum(builder: Builder, losses: readonly TaskLoss[], weights: readonly Ref[]): Ref {
  return losses
    .map(({ loss }, index) => builder.mul(builder.stopGradient(weights[index]!), loss))
    .reduce((sum, next) => builder.add(sum, next));
}

/** Makes the state of a weighting, which passes from step to step: float32 [length], initially `first`. */
export function state(builder: Builder, stateName: string, length: number, first = 0): Ref {
  return builder.parameter(stateName, [length], { kind: 'constant', value: first }, { trainable: false });
}

/** By task, then by shared value. Undefined if the task does not reach the value, which is a gradient of 0. */
type TaskGradients = readonly (readonly (Ref | undefined)[])[];

/** Returns the gradients of every loss with respect to all shared values. */
export function taskGradients({ losses, shared, gradients }: WeightingContext): TaskGradients {
  return losses.map(({ loss }) => gradients(loss, shared));
}

/** Returns the inner products of the tasks' gradients, G[k, l] = gₖ · gₗ: float32 [tasks, tasks]. */
export function gramMatrix({ builder, shared, sumByTableRow }: WeightingContext, ofShared: TaskGradients): Ref {
  const gradients = ofShared.map((ofTask) => sumByTableRow(shared, ofTask));
  const count = gradients.length;
  const products = new Map<string, Ref>();
  const product = (k: number, l: number): Ref => {
    const key = `${Math.min(k, l)} ${Math.max(k, l)}`;
    const cachedProduct = products.get(key) ?? innerProduct(builder, gradients[k]!, gradients[l]!);
    products.set(key, cachedProduct);
    return cachedProduct;
  };
  const allProducts = Array.from({ length: count * count }, (_, index) =>
    product(Math.floor(index / count), index % count),
  );
  return builder.reshape(stack(builder, allProducts), [count, count]);
}

/** Returns Σ over shared values of Σ a · b, a scalar. */
export function innerProduct(builder: Builder, a: readonly (Ref | undefined)[], b: readonly (Ref | undefined)[]): Ref {
  return a
    .flatMap((left, index) => {
      const right = b[index];
      if (left === undefined || right === undefined) return [];
      const product = left.id === right.id ? builder.square(left) : builder.mul(left, right);
      return [sumOfAll(builder, product)];
    })
    .reduce((sum, next) => builder.add(sum, next), builder.constant(0));
}

/** Returns Σₖ weightₖ · gₖ, value by value. */
export function combine(builder: Builder, gradients: TaskGradients, weights: readonly Ref[]): (Ref | undefined)[] {
  return (gradients[0] ?? []).map((_, index) =>
    gradients
      .flatMap((ofTask, task) => {
        const gradient = ofTask[index];
        return gradient === undefined ? [] : [builder.mul(gradient, weights[task]!)];
      })
      .reduce<Ref | undefined>((sum, next) => (sum === undefined ? next : builder.add(sum, next)), undefined),
  );
}
