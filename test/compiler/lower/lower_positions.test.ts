/** `targets = positions`: the same loss and the same gradient as a row an event, or a refusal. */

import { describe, expect, test } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeSource, spanText } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import type { Events, IndexedColumn } from '../../../src/data/dataset.ts';
import { makeTimeline, windowsBefore } from '../../../src/data/rows/past_events.ts';
import { makeBuilder } from '../../../src/graph/builder.ts';
import { evaluateGraph, type NamedTensors } from '../../../src/graph/evaluate.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import { lowerExample, ofSequences } from '../library/blocks/examples.ts';
import { contextOf, expectClose, floats, planOf, random, sequenceInput } from '../library/support.ts';
import { makeRun } from './tables_at_work.ts';

const max = 6;
const items = 7;

const text = (flow: string, targets: string, loss = 'softmax(sampled(5), temperature: 0.5)'): string => `
  model toy
  features {
    user_id : id(dim: 3)
    seen : list(movie_id, max: ${max}, pool: none)
    stars : along(seen, category(dim: 4))
    hour : category(dim: 2)
    movie_id : id(dim: 4)
  }
  tower user(user_id, seen, stars, hour) keyed by user_id {
    taste = ${flow}
    channel main = concat(taste, user_id, hour) -> dense(4)
  }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
  task watch { score = dot(user, item), loss = ${loss} }
  train { batch = 64, dense = sgd(rate: 1), embeddings = sgd(rate: 1), clip = 0.2, targets = ${targets} }
`;

/** Events of three users: no list is cut, two events of one time share their list, and every event that is taken has one. */
function toy(): Events {
  const user = Int32Array.of(0, 1, 0, 2, 0, 1, 0, 2, 0, 1, 2, 2);
  const times = [0, 1, 2, 3, 4, 5, 4, 7, 8, 9, 10, 11].sort((a, b) => a - b);
  const random = makeRandom(5, 1);
  const movie = user.map(() => 1 + random.integer(items));
  const marks = new Uint8Array(user.length).fill(1);
  const timeline = makeTimeline({ user, users: 3, times }, marks);
  const all = Int32Array.from(user, (_, at) => at);
  const { starts, ends } = windowsBefore({ user, users: 3, times }, marks, timeline, all, max);
  const taken = all.filter((at) => ends[at]! > starts[at]!);
  const codes = (values: Int32Array): IndexedColumn => ({ column: { kind: 'codes', values } });
  const bags = (codeOf: (at: number) => number): IndexedColumn => ({
    column: {
      items: Int32Array.from(timeline.order, (at) => movie[at]! - 1),
      kind: 'bags',
      starts: taken.map((at) => starts[at]!),
      ends: taken.map((at) => ends[at]!),
      values: Int32Array.from(timeline.order, codeOf),
    },
  });
  return {
    rows: taken.length,
    features: new Map<string, IndexedColumn>([
      ['user_id', codes(taken.map((at) => user[at]! + 1))],
      ['hour', codes(taken.map((at) => 1 + (at % 3)))],
      ['movie_id', codes(taken.map((at) => movie[at]!))],
      ['seen', bags((at) => movie[at]!)],
      ['stars', bags((at) => movie[at]! % 3)],
    ]),
    labels: new Map(),
    item: taken.map((at) => movie[at]! - 1),
    user: taken.map((at) => user[at]!),
  };
}

/** Loss, weights and tables after one step at a rate of 1: the change is the gradient, cut to a length that counts each table row once. */
function stepOf(model: string) {
  const plan = planOf(model);
  const random = (rows: number, dim: number, stream: number): number[][] =>
    Array.from({ length: rows }, (_, row) => {
      const numbers = new Float32Array(dim);
      makeRandom(9, stream, row).fill(numbers, -1, 1);
      return [...numbers];
    });
  const movies = { column: { kind: 'codes', values: Int32Array.from({ length: items }, (_, at) => at + 1) } } as const;
  const run = makeRun(
    plan,
    {
      events: toy(),
      corpus: {
        rows: items,
        features: new Map([['movie_id', movies]]),
        keys: Array.from({ length: items }, (_, at) => `m${at}`),
        trainingCounts: new Int32Array(items).fill(2),
      },
      first: (table, dim) => random(items + 1, dim, table.length),
    },
    initialValues(plan.step.graph, 4),
  );
  const { loss, gradient_norm: norm } = run.step(1);
  return { plan, loss: loss!.data[0]!, norm: norm!.data[0]!, values: run.values() };
}

describe('the gradient of positions is that of events', () => {
  test.each([
    ['seen -> gru(5)'],
    ['seen -> gru(4, states: all) -> last'],
    ['seen -> positions -> transformer(layers: 2, heads: 2) -> last'],
    ['seen -> positions -> transformer(layers: 1, heads: 2, norm: before) -> last -> mlp(6, 4)'],
    ['seen -> residual(dense(4)) -> layer_norm -> last'],
    ['seen -> dense(4) -> last', 'softmax(in_batch, temperature: 0.5)'],
    ['sum(seen, stars) -> conv(width: 2, dilation: 2) -> last'],
    ['concat(stars, seen) -> bsarec(layers: 2, heads: 2, causal) -> last'],
    ['seen -> transformer(layers: 1, heads: 2, relative) -> last'],
    ['seen -> positions -> last -> batch_norm', 'softmax(all)'],
    ['seen -> gru(5)', 'bsl(negatives: sampled(5, shared), positive_temperature: 0.2)'],
    ['seen -> gru(5)', 'bce(negatives: sampled(5))'],
    ['seen -> gru(5)', 'gbce(negatives: sampled(5, shared))'],
    ['seen -> gru(5)', 'directau(gamma: 0.5)'],
    [
      'seen -> gru(5)',
      'softmax(sampled(5, by: frequency), correction: refined, margin: 0.1, temperature: learned(0.5))',
    ],
    ['seen -> gru(5)', 'softmax(symmetric)'],
  ])('%s %s', (flow: string, loss?: string) => {
    const [events, positions] = ['events', 'positions'].map((targets) => stepOf(text(flow, targets, loss)));
    const read = positions!.plan.step.inputs.map(({ name }) => name);
    expect(read).toContain('sequences/seen');
    expect(read).not.toContain('seen');
    expectClose([positions!.loss, positions!.norm], [events!.loss, events!.norm], 1e-5);
    expect([...positions!.values.keys()]).toEqual([...events!.values.keys()]);
    for (const [name, values] of events!.values) expectClose(positions!.values.get(name)!, values, 2e-5);
  });

  // Elements that the item tower encodes: whole sequences hold more items than the events' own lists.
  test.each([max, 40])('of a list of up to %i that goes through the item tower', (longest) => {
    const [events, positions] = ['events', 'positions'].map((targets) =>
      stepOf(
        text('seen -> gru(5)', targets)
          .replace(`max: ${max}, pool: none)`, `max: ${longest}, pool: none, through: item)`)
          .replace('movie_id -> flatten', 'movie_id -> flatten -> dense(4, tanh)'),
      ),
    );
    const read = positions!.plan.step.inputs.map(({ name }) => name);
    // A batch of long lists is cut by length.
    const places = longest === max ? 'sequences/seen/places' : 'sequences_8/seen/places';
    expect(read).toEqual(expect.arrayContaining(['elements/movie_id', places]));
    expectClose([positions!.loss, positions!.norm], [events!.loss, events!.norm], 1e-5);
    for (const [name, values] of events!.values) expectClose(positions!.values.get(name)!, values, 2e-5);
  });

  test('which is not 0', () => {
    const { plan, values } = stepOf(text('seen -> gru(5)', 'positions'));
    const before = initialValues(plan.step.graph, 4);
    for (const { name, trainable } of plan.step.graph.parameters) {
      if (trainable) expect([...values.get(name)!], name).not.toEqual([...before[name]!.data]);
    }
  });

  test('and the served tower has no sequences', () => {
    const { plan } = stepOf(text('seen -> gru(5)', 'positions'));
    expect(JSON.stringify(plan.towers)).not.toContain('sequences');
  });
});

/** Codes of a check, with the words at their places and what the first fix of each writes. */
function mistakesOf(model: string) {
  const source = makeSource('test.tower', model);
  return checkSource(source).diagnostics.filter(({ severity }) => severity === 'error');
}

describe('a tower that cannot be read for all positions is refused at the step to blame', () => {
  test.each([
    ['seen -> self_attention -> last', 'positions-look-ahead', 'self_attention'],
    ['seen -> residual(self_attention) -> last', 'positions-look-ahead', 'self_attention'],
    [
      'seen -> transformer(layers: 1, mask: none) -> last',
      'positions-look-ahead',
      'transformer(layers: 1, mask: none)',
    ],
    ['seen -> mean', 'positions-without-last', 'mean'],
    ['seen -> gru(4, states: all) -> attention', 'positions-without-last', 'attention'],
  ])('%s: %s', (flow, code, blamed) => {
    expect(mistakesOf(text(flow, 'events'))).toEqual([]);
    const found = mistakesOf(text(flow, 'positions'));
    expect(found.map((each) => [each.code, each.at && spanText(each.at)])).toEqual([[code, blamed]]);
  });

  test('one without a list in sequence, or with two', () => {
    const [none] = mistakesOf(
      text('hour -> dense(4)', 'positions').replace('user_id, seen, stars, hour', 'user_id, hour'),
    );
    expect(none?.message).toBe('`targets = positions` needs a list in sequence, but tower `user` reads none');
    const two = text('seen -> gru(4)', 'positions')
      .replace('hour :', 'liked : list(movie_id, max: 3, pool: none)\n hour :')
      .replace('(user_id, seen, stars, hour)', '(user_id, seen, hour, liked)')
      .replace('concat(taste,', 'concat(other, taste,')
      .replace('channel main', 'other = liked -> gru(3)\n channel main');
    expect(mistakesOf(two).map(({ message }) => message)).toEqual([
      '`targets = positions` needs one list in sequence, but tower `user` reads `seen` and `liked`',
    ]);
  });

  test('and the fix of a block that takes the whole sequence is `last`', () => {
    const [mistake] = mistakesOf(text('seen -> gru(4, states: all) -> mean', 'positions'));
    expect(mistake?.fixes?.[0]?.map((edit) => [spanText(edit.at), edit.text])).toEqual([['mean', 'last']]);
  });
});

/** Whether some element that the block makes of a beginning differs from what it makes of the whole, beginning by beginning. */
function looksAhead(example: string): boolean {
  const builder = makeBuilder('block');
  const [length, width] = [7, 8];
  const made = lowerExample(example, contextOf(builder), sequenceInput(builder, length, width));
  if (made.kind !== 'sequence') return expect.fail(`\`${example}\` gives a sequence`);
  builder.output('made', made.tensor);
  const graph = builder.finish();
  const parameters = Object.fromEntries(
    graph.parameters.map(({ name, node }, at) => [
      name,
      random(graph.nodes[node]!.type.shape as number[], at, 0.1, 0.6),
    ]),
  );
  const madeOf = (elements: number): number[] => {
    const inputs = Object.fromEntries(
      graph.inputs.map(({ name, node }) => {
        const shape = graph.nodes[node]!.type.shape.map((dim) => (typeof dim === 'number' ? dim : 1));
        const tensor = name === 'mask' ? floats(shape, new Array(length).fill(1)) : random(shape, 5, 0.6, 1);
        return [
          name,
          { ...tensor, data: tensor.data.map((each, i) => (i < (tensor.data.length / length) * elements ? each : 0)) },
        ];
      }),
    ) as NamedTensors;
    return [...evaluateGraph(graph, inputs, parameters).outputs.made!.data];
  };
  const whole = madeOf(length);
  return [1, 2, 3, 4, 5, 6].some((elements) =>
    madeOf(elements)
      .slice(0, (whole.length / length) * elements)
      .some((each, at) => Math.abs(each - whole[at]!) > 1e-5),
  );
}

describe('every block is judged as it works on numbers', () => {
  const verdictOf = (flow: string): string => {
    const model = (targets: string): string =>
      text(flow, targets)
        .replace('movie_id : id(dim: 4)', 'movie_id : id(dim: 16)')
        .replace('movie_id -> flatten', 'movie_id -> dense(4)');
    expect(mistakesOf(model('events')).map(({ message }) => message)).toEqual([]);
    return mistakesOf(model('positions'))[0]?.code ?? 'taken';
  };

  test('there are some of each sort', () => {
    expect(ofSequences.length).toBeGreaterThan(10);
    expect(new Set(ofSequences.map(({ gives }) => gives)).size).toBeGreaterThan(1);
  });

  test.each(ofSequences.filter(({ gives }) => gives === 'sequence'))('$example', ({ example }) => {
    expect(verdictOf(`seen -> ${example} -> last`)).toBe(looksAhead(example) ? 'positions-look-ahead' : 'taken');
  });

  test.each(ofSequences.filter(({ gives }) => gives !== 'sequence'))(
    '$example, of the whole sequence',
    ({ kind, example, gives }) => {
      const flow = `seen -> ${example}${gives === 'interests' ? ' -> flatten' : ''}`;
      expect(verdictOf(flow)).toBe(['last', 'gru'].includes(kind) ? 'taken' : 'positions-without-last');
    },
  );
});
