import { describe, expect, test } from 'vitest';
import { weightings } from '../../../src/compiler/library/weightings/table.ts';
import { lower } from '../../../src/compiler/lower/lower.ts';
import { evaluateGraph, type NamedTensors } from '../../../src/graph/evaluate.ts';
import type { Tensor } from '../../../src/graph/graph.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import type { GraphPlan } from '../../../src/graph/plan/plan.ts';
import { expectClose, feed, floats, modelOf, planOf, smallModel } from '../library/support.ts';

/** Two tasks over a shared layer a side, with a channel of its own each. */
const several = (objective: string, tasks: readonly string[] = ['click', 'like']): string => `
  model several
  features { user_id : id(dim: 3), video_id : id(dim: 3) }
  labels { ${tasks.map((task) => `to_${task}: binary`).join(', ')} }
  tower user(user_id) keyed by user_id {
    shared = user_id -> dense(4, tanh)
    ${tasks.map((task) => `channel ${task} = shared -> dense(3)`).join('\n    ')}
  }
  tower item(video_id) keyed by video_id {
    shared = video_id -> dense(4, tanh)
    ${tasks.map((task) => `channel ${task} = shared -> dense(3)`).join('\n    ')}
  }
  ${tasks.map((task) => `task ${task} { score = dot(user.${task}, item.${task}) * 4, loss = bce, label = to_${task} }`).join('\n  ')}
  ${objective}
  train { batch = 8, epochs = 1, dense = sgd(rate: 0.1), embeddings = adagrad }
`;

/** The same numbers for the inputs of every plan, by name. */
function inputsOf(plan: GraphPlan): Record<string, Tensor> {
  const everything = feed(planOf(several('')).step, 6);
  return {
    ...feed(plan, 6),
    ...Object.fromEntries(
      plan.graph.inputs.flatMap(({ name }) => (everything[name] ? [[name, everything[name]!]] : [])),
    ),
  };
}

const run = (plan: GraphPlan, parameters: NamedTensors = initialValues(plan.graph, 3)) =>
  evaluateGraph(plan.graph, inputsOf(plan), parameters);

describe('what tasks share', () => {
  test('is read from the graph: weights and embedding rows that more than one loss reaches', () => {
    const { shared } = lower(modelOf(several(''))).output!;
    expect(shared.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'embedding user_id',
      'weights user/shared/dense/weights',
      'weights user/shared/dense/bias',
      'embedding video_id',
      'weights item/shared/dense/weights',
      'weights item/shared/dense/bias',
    ]);
    expect(new Set(shared.map(({ tasks }) => tasks.join()))).toEqual(new Set(['click,like']));
  });

  test('is nothing where there is one task', () => {
    expect(lower(modelOf(several('', ['click']))).output!.shared).toEqual([]);
  });

  test('leaves out what is behind a task that masks it out of its gradient', () => {
    const text = smallModel({
      labels: 'labels { clicked: binary }',
      user: 'profile -> flatten -> dense(4)\n channel second = profile -> flatten -> dense(4)',
      item: 'video -> flatten -> dense(4)\n channel second = video -> flatten -> dense(4)',
      score: 'dot(user.main, item.main)',
      more: `task other { score = dot(user.second, item.second), loss = bce, label = clicked }`,
    });
    expect(lower(modelOf(text)).output!.shared.map(({ name }) => name)).toEqual([
      'user_id',
      'tried',
      'video_id',
      'about',
    ]);
  });
});

describe('the gradients of a step', () => {
  const alone = (['click', 'like'] as const).map((task) => run(planOf(several('', [task])).step).outputs);
  const gradientOf = (outputs: NamedTensors, name: string): number[] => [...outputs[`gradient:${name}`]!.data];

  test('of fixed weights are their sum, and no weight is an output', () => {
    const { step } = planOf(several('objective = 2 * click + 0.5 * like'));
    const { outputs } = run(step);
    expect(Object.keys(outputs).filter((name) => name.startsWith('weight:'))).toEqual([]);
    const [click, like] = alone.map((each) => gradientOf(each, 'user_id')) as [number[], number[]];
    expectClose(
      gradientOf(outputs, 'user_id'),
      click.map((each, at) => 2 * each + 0.5 * like[at]!),
      1e-6,
    );
  });

  test.each(Object.keys(weightings))(
    'of %s are those of the tasks, each times its weight, embedding rows among them',
    (kind) => {
      const { step } = planOf(several(`objective = ${kind}(click, like)`));
      const { outputs, parameters } = run(step);
      const weights = ['click', 'like'].map((task) => outputs[`weight:${task}`]!.data[0]!);
      for (const name of ['user_id', 'video_id']) {
        const [click, like] = alone.map((each) => gradientOf(each, name)) as [number[], number[]];
        const expected = click.map((each, at) => weights[0]! * each + weights[1]! * like[at]!);
        expectClose(gradientOf(outputs, name), expected, 1e-6);
      }
      // What belongs to one task alone learns by its own loss; whole, where what is shared is combined apart.
      const before = initialValues(step.graph, 3);
      const whole = kind === 'pareto' || kind === 'pcgrad';
      const ownAlone = run(planOf(several('', ['click'])).step).parameters;
      const name = 'user/click/dense/weights';
      const change = (after: NamedTensors): number[] =>
        [...after[name]!.data].map((each, at) => each - before[name]!.data[at]!);
      expectClose(
        change(parameters),
        change(ownAlone).map((each) => (whole ? each : weights[0]! * each)),
        1e-6,
      );
    },
  );

  test('what a weighting keeps is state of the graph, not a weight that is trained', () => {
    const kept = Object.keys(weightings).map((kind) => {
      const { graph } = planOf(several(`objective = ${kind}(click, like)`)).step;
      return [
        kind,
        graph.parameters
          .filter(({ name }) => name.startsWith('objective/'))
          .map(({ name, trainable }) => `${name.slice(10)}${trainable ? ' (trained)' : ''}`),
      ];
    });
    expect(Object.fromEntries(kept)).toEqual({
      uncertainty: ['log_variance_click (trained)', 'log_variance_like (trained)'],
      gradnorm: ['weights', 'first_losses'],
      dwa: ['window_sums', 'window_steps', 'last_means', 'earlier_means', 'window_measured'],
      pareto: [],
      pcgrad: [],
      famo: ['logits', 'previous_losses'],
    });
  });
});

describe('rows that a task does not learn from', () => {
  const text = (task: string): string => {
    const labels = `labels { ${task.includes('clicked') ? 'clicked: binary, ' : ''}seconds: number }`;
    return smallModel({ labels, score: 'dot(user, item)', task });
  };

  test('`only` leaves a loss of the rows whose label is 1', () => {
    const { step } = planOf(text('loss = mse, label = seconds, only = clicked'));
    const all = planOf(text('loss = mse, label = seconds')).step;
    const inputs = feed(step, 6, { binary: false });
    const clicked = floats([6], [1, 0, 0, 1, 0, 0]);
    const parameters = initialValues(step.graph, 3);
    const { outputs } = evaluateGraph(step.graph, { ...inputs, 'label/clicked': clicked }, parameters);
    const gradient = outputs['gradient:user_id']!.data;
    expect([1, 2, 4, 5].every((row) => gradient.slice(3 * row, 3 * row + 3).every((value) => value === 0))).toBe(true);
    expect(gradient.slice(0, 3).some((value) => value !== 0)).toBe(true);
    // The same as those rows by themselves: here as weights that the label's presence gives.
    const { 'label/clicked': _, ...others } = { ...inputs, 'label_known/seconds': clicked } as Record<string, Tensor>;
    expectClose(evaluateGraph(all.graph, others, parameters).outputs.loss!.data, outputs.loss!.data, 1e-6);
  });

  test('a batch without any such row loses 0 and moves nothing', () => {
    const { step } = planOf(text('loss = mse, label = seconds, only = clicked'));
    const inputs = { ...feed(step, 6), 'label/clicked': floats([6], [0, 0, 0, 0, 0, 0]) };
    const before = initialValues(step.graph, 3);
    const { outputs, parameters } = evaluateGraph(step.graph, inputs, before);
    expect(outputs.loss!.data[0]).toBe(0);
    for (const [name, { data }] of Object.entries(before)) expect([...parameters[name]!.data], name).toEqual([...data]);
  });

  test('a mask by history is an input of the pairs that it hides', () => {
    const { step } = planOf(
      smallModel({ features: 'list(video_id, max: 4)', task: 'loss = softmax(in_batch, mask: tried)' }),
    );
    expect(step.inputs.filter(({ source }) => source.from === 'accidental_hits')).toEqual([
      {
        name: 'hits/video_id/tried',
        source: { from: 'accidental_hits', key: 'video_id', rows: { kind: 'events' }, history: 'tried' },
      },
    ]);
  });

  test('mixed negatives lower the item tower for items that all rows share', () => {
    const { step } = planOf(
      smallModel({ task: 'loss = softmax(in_batch, negatives: sampled(5), correction: frequency)' }),
    );
    const shared = { kind: 'shared', count: 5, by: 'uniform' };
    expect(
      step.inputs.filter(({ source }) => 'rows' in source && source.rows?.kind === 'shared').map(({ name }) => name),
    ).toEqual([
      'shared_5_uniform/video_id',
      'shared_5_uniform/about',
      'log_q/mixed_shared_5_uniform/shared_5_uniform/video_id',
      'hits/shared_5_uniform/video_id',
    ]);
    expect(step.inputs.find(({ name }) => name === 'log_q/mixed_shared_5_uniform/video_id')!.source).toMatchObject({
      mixed: shared,
    });
  });
});
