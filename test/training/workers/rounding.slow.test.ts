/**
 * What differs between one and two workers is the rounding of a gradient: with plain descent next to nothing, and with Adam, which divides a gradient by its
 * own size, as much as its error relative to this size.
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSafetensors } from '../../../src/base/storage/safetensors.ts';
import { evaluateInDoubles } from '../../../src/graph/evaluate.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { trainModel } from '../../../src/training/train_model.ts';
import type { TrainOptions } from '../../../src/training/train_options.ts';
import { beginState, tablesOf } from '../../../src/training/training_step.ts';
import { planOf } from '../../compiler/library/support.ts';
import { makeDataset } from '../fixtures.ts';
import { plainEngine } from '../plain_engine.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { optionsIn } from './options_in.ts';
import { trainTogether } from './trained_together.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 8, items: 20, eventsPerUser: 8, heldOut: 2 });

/** As in `models/parallel_fused.tower`: all four channels, whose products one learned layer weighs. */
const fused = (dense: string, embeddings: string, length = 'epochs = 1'): Plan =>
  planOf(`
  model made_up
  features {
    user_id  : id(dim: 4)
    history  : list(movie_id, max: 5)
    movie_id : id(dim: 4)
    genres   : list(category(dim: 4), max: 4)
  }
  group profile = user_id, history
  group movie   = movie_id, genres
  block deep    = flatten -> mlp(8, 4) -> dense(4)
  block crossed = flatten -> cross_v2(layers: 2, rank: 3) -> dense(4)
  block pairs   = fm -> dense(4)
  block outer   = cin(3, 3) -> dense(4)
  tower user(profile) keyed by user_id {
    weighted = profile -> senet(reduction: 2)
    channel deep = weighted -> deep
    channel cross = weighted -> crossed
    channel fm = weighted -> pairs
    channel cin = weighted -> outer
  }
  tower item(movie) keyed by movie_id {
    weighted = movie -> senet(reduction: 2)
    channel deep = weighted -> deep
    channel cross = weighted -> crossed
    channel fm = weighted -> pairs
    channel cin = weighted -> outer
  }
  task watch { score = hadamard(user, item), loss = softmax(in_batch, correction: frequency) }
  train { batch = 14, ${length}, embeddings = ${embeddings}, dense = ${dense} }`);

type Numbers = ReadonlyMap<string, ArrayLike<number>>;

/** All that a training of one and of two workers comes to: tables, weights, and the state of optimizers. */
async function bothStates(name: string, plan: Plan): Promise<readonly [Numbers, Numbers]> {
  const [alone, together] = [1, 2].map((workers) => optionsIn(join(root, `${name}-${workers}`), plan, dataset));
  await trainModel(alone!);
  await trainTogether(together!, 2);
  const stateOf = async ({ folder }: TrainOptions): Promise<Numbers> => {
    const { tensors } = await readSafetensors(join(folder, 'checkpoint.safetensors'), { hasChecksum: true });
    return new Map([...tensors].map(([each, { data }]) => [each, data as Float32Array]));
  };
  return [await stateOf(alone!), await stateOf(together!)];
}

const farthest = (one: ArrayLike<number>, other: ArrayLike<number>): number =>
  Array.from(one).reduce((most, value, at) => Math.max(most, Math.abs(value - other[at]!)), 0);

it.each(['sgd(rate: 0.1)', 'adagrad(rate: 0.05)'])(
  'plain descent differs by less than 1e-6, with tables of %s',
  async (embeddings) => {
    const [one, two] = await bothStates(embeddings, fused('sgd(rate: 0.1)', embeddings));
    for (const [name, values] of one) expect(farthest(values, two.get(name)!), name).toBeLessThan(1e-6);
  },
);

const [rate, beta1, epsilon] = [1e-3, 0.9, 1e-8];

/** The gradients of the first step of one worker, computed in float64. */
async function exactGradients(plan: Plan): Promise<Numbers> {
  const state = await beginState({ plan, dataset, engine: plainEngine }, 'float32', tablesOf({ plan, dataset }));
  const rows = await state.order.epoch(1).batch(0);
  const inputs = state.feeder.inputs(rows, 1, { rate });
  const { parameters } = evaluateInDoubles(state.graph, inputs, await state.program.read());
  state.feeder.close();
  return gradientsIn(new Map(Object.entries(parameters).map(([name, { data }]) => [`parameter/${name}`, data])));
}

/** By weight, the gradient of the first step. The mean of Adam is a share of it; those of all weights lie one after the other. */
function gradientsIn(state: Numbers): Numbers {
  const means = Array.from(state.get('parameter/optimizer/mean')!);
  const weights = [...state].filter(([name]) => name.startsWith('parameter/') && !name.includes('/optimizer/'));
  let next = 0;
  return new Map(
    weights.map(([name, { length }]) => {
      next += length;
      return [name, means.slice(next - length, next).map((mean) => mean / (1 - beta1))];
    }),
  );
}

it('a step of Adam differs by what the error of the gradient explains, and visibly only where the exact gradient is 0', async () => {
  const plan = fused(`adam(rate: ${rate})`, 'adagrad(rate: 0.05)', 'steps = 1');
  const states = await bothStates('adam', plan);
  const [one, two] = states.map(gradientsIn) as [Numbers, Numbers];
  const exact = await exactGradients(plan);
  expect(one.size).toBeGreaterThan(20);
  let visible = 0;
  for (const [name, gradients] of one) {
    const [first, second] = states.map((state) => state.get(name)!) as [ArrayLike<number>, ArrayLike<number>];
    Array.from(gradients).forEach((gradient, at) => {
      const other = two.get(name)![at]!;
      const apart = Math.abs(first[at]! - second[at]!);
      // |g ÷ (|g| + ε) − h ÷ (|h| + ε)| ≤ 2 |g − h| ÷ (max(|g|, |h|) + ε); weights are rounded, too.
      const explained =
        (2 * rate * Math.abs(gradient - other)) / (Math.max(Math.abs(gradient), Math.abs(other)) + epsilon);
      const rounding = 2 ** -22 * Math.max(rate, Math.abs(first[at]!));
      expect(apart, `${name}[${at}]`).toBeLessThanOrEqual(explained + rounding);
      if (apart <= 1e-6) return;
      visible++;
      expect(Math.abs(exact.get(name)![at]!), `${name}[${at}]`).toBeLessThan(1e-15);
    });
  }
  expect(visible).toBeGreaterThan(0);
});
