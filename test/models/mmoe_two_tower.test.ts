import { expect, it } from 'vitest';
import { expectClose } from '../compiler/library/support.ts';
import { bceLoss, cosine, dot, inBatchLoss, mixture, type Row, softmax } from './reference.ts';
import { everyRow, fieldsOf, planOfModel, runModel } from './support.ts';

const ran = runModel(planOfModel('mmoe_two_tower'));
const { weights } = ran;
const tasks = ['view', 'like'] as const;
const units = 64;

/** MMoE: all tasks share the experts, each has a gate. */
const users = everyRow.map((row): readonly Row[] => {
  const x = fieldsOf(ran, row, ['user_id', 'history', 'recent']).flat();
  const experts = weights.experts(x, 'user/experts/mmoe', '', units);
  const gates = weights.times(x, 'user/experts/mmoe/gates');
  return tasks.map((task, at) => {
    const gate = softmax(gates.slice(at * experts.length, (at + 1) * experts.length));
    return weights.mlp(mixture(gate, experts), `user/${task}/mlp`);
  });
});

/** PLE: two levels; a task's gate mixes its own experts and the shared, the shared gate mixes all. */
const items = everyRow.map((row): readonly Row[] => {
  const at = 'item/experts/ple';
  const x = fieldsOf(ran, row, ['movie_id', 'genres']).flat();
  const gate = (from: Row, suffix: string, of: readonly Row[]): Row =>
    mixture(softmax(weights.times(from, `${at}/gates${suffix}`)), of);
  const shared = weights.experts(x, at, '_0_shared', units);
  const own = tasks.map((task) => weights.experts(x, at, `_0_${task}`, units));
  const level = tasks.map((task, k) => gate(x, `_0_${task}`, [...own[k]!, ...shared]));
  const common = gate(x, '_0_shared', [...own.flat(), ...shared]);
  const sharedNext = weights.experts(common, at, '_1_shared', units);
  return tasks.map((task, k) => {
    const ownNext = weights.experts(level[k]!, at, `_1_${task}`, units);
    return weights.mlp(gate(level[k]!, `_1_${task}`, [...ownNext, ...sharedNext]), `item/${task}/mlp`);
  });
});
const [view, like] = [0.05, 0.2].map((over, task) =>
  users.map((user) => items.map((item) => cosine(user[task]!, item[task]!) / over)),
) as [number[][], number[][]];

it('mixes experts by gates, for each task its own', () => {
  const [labels] = ran.input('label/liked');
  expect(ran.losses['loss:view']).toBeCloseTo(inBatchLoss(view, 1, ran.logQ, []), 4);
  expect(ran.losses['loss:like']).toBeCloseTo(
    bceLoss(
      like.map((row, at) => row[at]!),
      labels!,
    ),
    5,
  );
});

it('retrieves by the weighted sum of the scores', () => {
  everyRow.forEach((row) => {
    expectClose(
      ran.vectors[1].map((item) => dot(ran.vectors[0][row]!, item)),
      everyRow.map((item) => 0.9 * view[row]![item]! + 0.1 * like[row]![item]!),
    );
  });
});
