/** The tasks' scalars side by side, and back: a weighting's arithmetic is over float32 [tasks]. */
import type { Builder, Ref } from '../../../graph/builder.ts';
import type { TaskLoss } from '../contract.ts';
import { name, rest } from '../parameters.ts';
import { endToEnd } from '../values.ts';

/** The tasks of a weighting, as its call in a file names them. */
export const tasks = rest(name('task', { required: true, doc: 'The tasks whose losses are weighed.' }));

/** Values of the losses, constants to differentiation: float32 [tasks]. */
export function lossValues(builder: Builder, losses: readonly TaskLoss[]): Ref {
  return stack(
    builder,
    losses.map(({ loss }) => builder.stopGradient(loss)),
  );
}

/**
 * 1 for each task for which a row of the batch counts, else 0: float32 [tasks]. Undefined where every batch has such rows. The
 * loss of 0 of a task without rows is no measurement: a weighting must not learn from it.
 */
export function presence(builder: Builder, losses: readonly TaskLoss[]): Ref | undefined {
  if (losses.every(({ present }) => present === undefined)) return undefined;
  return stack(
    builder,
    losses.map(({ present }) => present ?? builder.constant(1)),
  );
}

/** Mean over the tasks that the batch has rows of: float32 [1], 0 where there are none. */
export function meanPresent(builder: Builder, values: Ref, present: Ref | undefined): Ref {
  if (present === undefined) return builder.mean(values, [0], true);
  const count = builder.maximum(builder.sum(present, [0], true), 1);
  return builder.div(builder.sum(builder.mul(values, present), [0], true), count);
}

/** Scalars → [count]. */
export function stack(builder: Builder, scalars: readonly Ref[]): Ref {
  const parts = scalars.map((scalar) => builder.reshape(scalar, [1]));
  return endToEnd(builder, parts, 0);
}

/** [count] → scalars. */
export function unstack(builder: Builder, vector: Ref): Ref[] {
  return Array.from({ length: vector.type.shape[0] as number }, (_, at) =>
    builder.reshape(builder.slice(vector, [at], [1]), []),
  );
}

/** Σ weight · loss, the weights constants to differentiation. */
export function weightedSum(builder: Builder, losses: readonly TaskLoss[], weights: readonly Ref[]): Ref {
  return losses
    .map(({ loss }, at) => builder.mul(builder.stopGradient(weights[at]!), loss))
    .reduce((sum, next) => builder.add(sum, next));
}

/** The state of a weighting from step to step: float32 [length], all `first` before the first. */
export function state(builder: Builder, stateName: string, length: number, first = 0): Ref {
  return builder.parameter(stateName, [length], { kind: 'constant', value: first }, { trainable: false });
}
