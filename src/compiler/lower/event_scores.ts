/** Lowers the score of each event's own pair, for tasks with two towers and for products of tasks. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { Builder, Ref } from '../../graph/builder.ts';
import type { VectorScore } from '../library/contract.ts';
import { rowScore } from '../library/losses/weighted_mean.ts';
import type { Model, Task } from '../model/model.ts';
import { rowOfLoss } from './formula/lower_loss.ts';
import { lowerScore, type Sides } from './score.ts';

export interface EventScores {
  /** Returns undefined after an error, which is among the diagnostics. The result is cached. */
  of(task: Task): VectorScore | undefined;
  /** Returns x of the probability σ(x) that the task predicts for each event, float32 [batch]; for a task without a probability its score. */
  logit(task: Task): Ref | undefined;
}

/** @param sidesOf returns the towers for the score of a task, with the channels of the events' items */
export function makeEventScores(sidesOf: (task: Task) => Sides): EventScores {
  const scores = new Map<string, VectorScore | undefined>();
  const of = (task: Task): VectorScore | undefined => {
    if (!scores.has(task.name)) scores.set(task.name, lowered(task));
    return scores.get(task.name);
  };
  const lowered = (task: Task): VectorScore | undefined => {
    const sides = sidesOf(task);
    const { product } = task.score;
    if (!product) return lowerScore(sides, task, sides.item);
    const { builder } = sides.block;
    const logits = product.map((name) => logit(taskOf(sides.model, name)));
    if (logits.some((each) => each === undefined)) return undefined;
    return builder.scope(`score/${task.name}`, () => {
      const logit = (logits as Ref[]).reduce((a, b) => productLogit(builder, a, b));
      return ofPairs(builder, logit);
    });
  };
  const logit = (task: Task): Ref | undefined => {
    const score = of(task);
    if (score === undefined) return undefined;
    const { builder } = sidesOf(task).block;
    const { loss } = task;
    const scale = (loss && rowOfLoss(loss).probability?.(loss.arguments)) ?? 1;
    return builder.scope(`score/${task.name}`, () => {
      const ownScore = rowScore(builder, score.query, score.item);
      return scale === 1 ? ownScore : builder.mul(ownScore, scale);
    });
  };
  return { of, logit };
}

function taskOf({ tasks }: Model, name: string): Task {
  const task = tasks.find((each) => each.name === name);
  invariant(task, `a product names the task ${name}`);
  return task;
}

/**
 * Returns the logit of σ(a) · σ(b): x with σ(x) = σ(a) σ(b). Since 1 / p − 1 = e^−x, e^−x = (1 + e^−a) (1 + e^−b) − 1 = e^−a + e^−b + e^(−a − b), and
 *
 *   x = −log(e^−a + e^(−b + softplus(−a))) = a − softplus(a − b + softplus(−a)) = a − softplus(softplus(a) − b)
 *
 * which has no exponential of a large number and no logarithm of a small one, so that it is as exact as a and b.
 */
export function productLogit(builder: Builder, a: Ref, b: Ref): Ref {
  return builder.sub(a, builder.softplus(builder.sub(builder.softplus(a), b)));
}

/** Returns values, float32 [batch], as scores of the rows' own pairs: losses read them as inner products with 1. Other pairs have no score. */
function ofPairs(builder: Builder, values: Ref): VectorScore {
  const query = builder.reshape(values, [values.type.shape[0]!, 1]);
  return { query, item: builder.broadcastTo(builder.constant(1), query), width: 1, bound: Number.POSITIVE_INFINITY };
}
