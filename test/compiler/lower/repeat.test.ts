/** `repeat(n, …)`: the same blocks several times, each time with names of their own. */
import { describe, expect, it } from 'vitest';
import { lower } from '../../../src/compiler/lower/lower.ts';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import type { GraphPlan } from '../../../src/graph/plan/plan.ts';
import { feed, modelOf, planOf, random } from '../library/support.ts';

const model = (flow: string, before = '') => `
model repeated
features { user_id: id(dim: 4), age: category(dim: 4), movie_id: id(dim: 4) }
group profile = user_id, age
${before}
tower user(profile) keyed by user_id { channel main = profile -> ${flow} }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> dense(4) }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
`;

const parametersOf = ({ parameters }: Graph): string[] =>
  parameters
    .map(({ name }) => name)
    .filter((name) => !/^(?:item|optimizer|dense)\b/.test(name) && !name.includes('adam'));

/** The user's vectors where the weights are the same, in the order in which they are made. */
function vectorsOf(plan: GraphPlan): readonly number[] {
  const inputs = feed(plan, 5);
  const weights = Object.fromEntries(
    plan.graph.parameters.map(({ name, node }, at) => {
      return [name, random(plan.graph.nodes[node]!.type.shape as number[], at)];
    }),
  );
  return [...evaluateGraph(plan.graph, inputs, weights).outputs.vector!.data];
}

const userOf = (flow: string): GraphPlan => planOf(model(flow)).towers[0].embedded;

describe('repeat', () => {
  it('names the weights of each round by its number, within the step', () => {
    expect(
      parametersOf(userOf('flatten -> repeat(3, dense(8, relu)) -> repeat(2, cross(layers: 1)) -> dense(4)').graph),
    ).toEqual([
      'user/main/repeat/_1/dense/weights',
      'user/main/repeat/_1/dense/bias',
      'user/main/repeat/_2/dense/weights',
      'user/main/repeat/_2/dense/bias',
      'user/main/repeat/_3/dense/weights',
      'user/main/repeat/_3/dense/bias',
      'user/main/repeat_2/_1/cross/weights_0',
      'user/main/repeat_2/_1/cross/bias_0',
      'user/main/repeat_2/_2/cross/weights_0',
      'user/main/repeat_2/_2/cross/bias_0',
      'user/main/dense/weights',
      'user/main/dense/bias',
    ]);
  });

  it.each([
    ['repeat(3, cross(layers: 1))', 'cross(layers: 1) -> cross(layers: 1) -> cross(layers: 1)'],
    [
      'repeat(2, residual(dense(8, relu)) -> layer_norm)',
      'residual(dense(8, relu)) -> layer_norm -> residual(dense(8, relu)) -> layer_norm',
    ],
    [
      'repeat(2, dense(5) -> repeat(2, dense(3, tanh)))',
      'dense(5) -> dense(3, tanh) -> dense(3, tanh) -> dense(5) -> dense(3, tanh) -> dense(3, tanh)',
    ],
    ['repeat(1, dense(5))', 'dense(5)'],
  ])('%s is %s', (repeated, written) => {
    expect(vectorsOf(userOf(`flatten -> ${repeated} -> dense(4)`))).toEqual(
      vectorsOf(userOf(`flatten -> ${written} -> dense(4)`)),
    );
  });

  it('takes a constant, which a setting replaces', () => {
    const text = model('flatten -> repeat(depth, cross(layers: 1)) -> dense(4)', 'let depth = 2');
    expect(parametersOf(planOf(text).towers[0].embedded.graph).filter((name) => name.includes('cross'))).toHaveLength(
      4,
    );
  });

  it('leaves a shared block one set of weights', () => {
    const { graph } = planOf(
      model('flatten -> repeat(3, own -> layer_norm) -> dense(4)', 'shared block own = dense(8)'),
    ).towers[0].embedded;
    const names = parametersOf(graph);
    expect(names.filter((name) => name.includes('dense/weights'))).toEqual([
      'shared/own/dense/weights',
      'user/main/dense/weights',
    ]);
    expect(names.filter((name) => name.includes('gain'))).toHaveLength(3);
  });

  it('draws the noise of dropout anew each time', () => {
    const { step } = planOf(model('flatten -> repeat(2, dense(8) -> dropout(0.5)) -> dense(4)'));
    expect(step.inputs.map(({ name }) => name).filter((name) => name.startsWith('noise'))).toEqual([
      'noise/user/main/repeat/_1/dropout',
      'noise/user/main/repeat/_2/dropout',
    ]);
  });

  it('reads out what each round lets through', () => {
    const { readouts } = planOf(model('repeat(2, senet(reduction: 1)) -> flatten -> dense(4)')).towers[0];
    expect(readouts?.map(({ label }) => label)).toEqual([
      'user/main/repeat/_1/senet/excitation',
      'user/main/repeat/_2/senet/excitation',
    ]);
  });

  it('keeps running means of its own in each round', () => {
    const { graph } = planOf(model('flatten -> repeat(2, batch_norm) -> dense(4)')).step;
    expect(graph.parameters.map(({ name }) => name).filter((name) => name.endsWith('running_mean'))).toEqual([
      'user/main/repeat/_1/batch_norm/running_mean',
      'user/main/repeat/_2/batch_norm/running_mean',
    ]);
  });

  it('gives the outputs of the last block where there is one round', () => {
    const text = model('flatten -> dense(4)').replace(
      'channel main =',
      'both = profile -> flatten -> repeat(1, mmoe(watch, experts: 2, units: 4))\n  channel main = both.watch -> dense(4)\n  spare =',
    );
    expect(lower(modelOf(text)).diagnostics).toEqual([]);
  });
});
