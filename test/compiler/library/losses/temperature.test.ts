/** Temperatures that are trained, margins, and the softmax in both directions. PyTorch's numbers are in `test/fixtures/losses/softmax.json`. */
import { describe, expect, it, test } from 'vitest';
import { makeSource } from '../../../../src/base/text/source.ts';
import { lower } from '../../../../src/compiler/lower/lower.ts';
import { checkSource } from '../../../../src/compiler/pipeline.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { initialValues } from '../../../../src/graph/initial.ts';
import { differences, expectClose, feed, floats, integers, modelOf, planOf, random, smallModel } from '../support.ts';
import { lossGraph } from './support.ts';

const width = 3;
const learned = (args: object = {}) => ({ kind: 'learned', arguments: { from: 0.25, least: 0.01, ...args } });
const sampled = (args: object) => ({ kind: 'sampled', arguments: { n: 5, by: 'uniform', ...args } });
const inputs = {
  query: random([4, width], 1),
  item: random([4, width], 2),
  'corpus/item': random([4, width], 5),
  'sampled_5_uniform/item': random([20, width], 3),
  'shared_5_uniform/item': random([5, width], 4),
  'hits/sampled_5_uniform/video_id': integers([2, 2], [0, 1, 3, 4]),
  'hits/shared_5_uniform/video_id': integers([2, 2], [0, 1, 3, 4]),
  'hits/video_id': integers([2, 2], [0, 2, 2, 0]),
  'hits/video_id/own': integers([6, 2], [0, 0, 1, 1, 2, 2, 3, 3, 0, 2, 2, 0]),
  'hits/corpus/video_id/history/own': integers([5, 2], [0, 1, 1, 3, 2, 0, 3, 3, 3, 2]),
  'corpus/places/video_id': integers([4], [1, 3, 0, 3]),
  'corpus/has/video_id': floats([4], [1, 1, 1, 0]),
  'positives/user_id': integers([6, 2], [0, 0, 0, 3, 1, 1, 2, 2, 3, 0, 3, 3]),
};
const given = (names: readonly { readonly name: string }[]) =>
  Object.fromEntries(
    names.map(({ name }) => {
      expect(inputs, name).toHaveProperty([name]);
      return [name, inputs[name as keyof typeof inputs]];
    }),
  );

describe('the gradient is that of small differences', () => {
  test.each([
    ['trained, in batch', { temperature: learned() }],
    ['trained, sampled', { temperature: learned(), negatives: sampled({}) }],
    ['trained, shared, with a margin', { temperature: learned(), negatives: sampled({ shared: true }), margin: 0.2 }],
    ['trained, past its limit', { temperature: learned({ least: 0.25 }) }],
    ['symmetric', { temperature: learned(), symmetric: true }],
    ['symmetric, with a margin', { temperature: 0.5, symmetric: true, margin: 0.2 }],
    ['margin, in batch', { margin: 0.2 }],
    ['margin, all', { all: true, margin: 0.2, mask: 'history' }],
  ])('%s', (_, args) => {
    const { raw } = lossGraph({ kind: 'softmax', width, arguments: args, bound: 1 });
    const parameters = initialValues(raw, 1);
    const by = raw.inputs.map(({ name }) => name).filter((name) => name === 'query' || name.endsWith('item'));
    const { outputs } = evaluateGraph(raw, given(raw.inputs), parameters);
    for (const [name, slopes] of differences(raw, given(raw.inputs), parameters, by)) {
      const gradient = outputs[`gradient:${name}`];
      if (gradient) expectClose(gradient.data, slopes, 1e-4);
      else expectClose(slopes, new Float64Array(slopes.length), 1e-6);
    }
  });
});

test('a margin over all items is that of the same logits with the own one lowered', () => {
  const { graph } = lossGraph({
    kind: 'softmax',
    width: 1,
    arguments: { all: true, margin: 0.5, temperature: 0.5, mask: 'history' },
  });
  const { outputs } = evaluateGraph(
    graph,
    {
      query: floats([2, 1], [1, 1]),
      item: floats([2, 1], [0.5, 0.75]),
      'corpus/item': floats([3, 1], [0.25, 0.5, 0.75]),
      'hits/corpus/video_id/history/own': integers([3, 2], [0, 1, 1, 0, 1, 2]),
      'corpus/places/video_id': integers([2], [1, 2]),
      'corpus/has/video_id': floats([2], [1, 1]),
    },
    {},
  );
  const loss = (own: number, others: readonly number[]): number => {
    const logits = [(own - 0.5) / 0.5, ...others.map((score) => score / 0.5)];
    return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[0]!;
  };
  expectClose(outputs.loss!.data, [(loss(0.5, [0.25, 0.75]) + loss(0.75, [0.5])) / 2]);
});

describe('a temperature that is trained', () => {
  const text = (temperature: string) => smallModel({ task: `loss = softmax(sampled(4), temperature: ${temperature})` });

  it('is a weight, has the first value that is written, and is reported by each step', () => {
    const { step } = planOf(text('learned(0.5)'));
    const before = initialValues(step.graph, 1);
    expectClose(before['loss/click/log_scale']!.data, [Math.log(2)]);
    const { outputs, parameters } = evaluateGraph(step.graph, feed(step, 4, { hits: [[0, 1]] }), before);
    expectClose(outputs['temperature:click']!.data, [0.5]);
    expect(parameters['loss/click/log_scale']!.data[0]).not.toBeCloseTo(Math.log(2), 6);
  });

  it('never falls below its least, and comes back from there', () => {
    const { raw } = lossGraph({ kind: 'softmax', width, arguments: { temperature: learned({ least: 0.1 }) } });
    const at = (log: number): number =>
      evaluateGraph(raw, given(raw.inputs), { log_scale: floats([1], [log]) }).outputs.temperature!.data[0]!;
    expect(at(Math.log(10) - 0.3)).toBeCloseTo(0.1 * Math.exp(0.3), 6);
    expect(at(Math.log(10) + 0.3)).toBeCloseTo(0.1 * Math.exp(0.3), 6);
  });

  it.each(['learned', 'learned()', 'learned(0.2)', 'learned(from: 0.2, least: 0.1)'])('is written %s', (written) => {
    expect(checkSource(makeSource('test.tower', text(written))).diagnostics).toEqual([]);
  });

  it.each([
    ['learnable(0.2)', 'unknown-choice'],
    ['learned(0)', 'out-of-range'],
    ['learned(0.2, leest: 0.1)', 'unknown-argument'],
    ['learned(0.05, least: 0.1)', 'arguments-conflict'],
    ['learned(1)', 'temperature-extreme'],
    ['"learned"', 'wrong-type'],
  ])('%s is one message', (written, code) => {
    expect(checkSource(makeSource('test.tower', text(written))).diagnostics.map((found) => found.code)).toEqual([code]);
  });

  it('of another name is offered by its own', () => {
    const [found] = checkSource(makeSource('test.tower', text('lerned(0.2)'))).diagnostics;
    expect(found!.fixes[0]!.map(({ text: replaced }) => replaced)).toEqual(['learned']);
  });

  it('serves `listwise` too, and is trained for each task by itself', () => {
    const { step } = planOf(
      smallModel({
        task: 'loss = listwise(temperature: learned(0.1))',
        more: 'task other { score = cosine(user, item), loss = softmax(sampled(4), temperature: learned(0.2)) }\nobjective = click + other',
      }),
    );
    expect(step.graph.outputs.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['temperature:click', 'temperature:other']),
    );
  });
});

describe('what has no meaning is refused', () => {
  const reasonOf = (args: string): string | undefined =>
    lower(modelOf(smallModel({ task: `loss = softmax(temperature: 0.1, ${args})` }))).diagnostics[0]?.message;

  test.each([
    ['symmetric, negatives: sampled(4)', "`symmetric` with the batch's items alone"],
    ['symmetric, all', "`symmetric` with the batch's items alone"],
    ['symmetric, smoothing: 0.1', '`symmetric` or `smoothing`'],
    ['margin: 0.1, accidental_hits: keep', '`margin` or `accidental_hits: keep`'],
    ['scale: 4', '`temperature` or `scale`'],
  ])('%s', (args, reason) => {
    expect(reasonOf(args)).toContain(reason);
  });
  test.each(['symmetric', 'symmetric, in_batch, correction: frequency', 'margin: 0.1, all'])('%s is not', (args) => {
    expect(reasonOf(args)).toBeUndefined();
  });
});
