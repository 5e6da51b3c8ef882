import { describe, expect, test } from 'vitest';
import { printType } from '../../../src/graph/dims.ts';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import type { Tensor } from '../../../src/graph/graph.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import { makeServingGraph } from '../../../src/graph/plan/serving_graph.ts';
import { verifyGraph } from '../../../src/graph/verify.ts';
import { expectClose, floats, integers, planOf, random, rowsOf } from '../../compiler/library/support.ts';

const plan = planOf(`
  model served
  features {
    user_id : id(dim: 3)
    seen    : list(video_id, max: 3, pool: mean)
    words   : text(words, hash: 11, dim: 2, max: 3)
    recent  : list(video_id, max: 3, pool: none)
    age     : number(standardize)
    face    : vector(2, dim: 4)
    video_id : id(dim: 3)
  }
  group profile = user_id, seen, words, age, face
  tower user(profile, recent) keyed by user_id {
    channel main = profile -> flatten -> dense(4)
    channel late = recent -> mean
  }
  tower item(video_id) keyed by video_id {
    channel main = video_id -> flatten -> dense(4)
    channel late = video_id -> flatten
  }
  task watch { score = dot(user, item), loss = softmax }
  train { batch = 4, epochs = 1, dense = sgd, embeddings = sgd }
`);
const rows = new Map([
  ['user_id', 5],
  ['video_id', 7],
  ['words', 11],
]);
const [user] = plan.towers;
const graph = makeServingGraph(plan, user, rows);

const tables: Record<string, Tensor> = {
  user_id: random([5, 3], 1),
  video_id: random([7, 3], 2),
  words: random([11, 2], 3),
};
const codes = { user_id: [4, 0], seen: [[6, 2, 2], []], words: [[1, 0], [3]], recent: [[5], [1, 4, 6]] };
const padded = (bags: number[][]): Tensor =>
  integers(
    [2, 3],
    bags.flatMap((bag) => [...bag, ...new Array(3 - bag.length).fill(-1)]),
  );
const age = floats([2, 1], [0.5, -2]);
const face = random([2, 2], 4);

describe('a served tower', () => {
  test('takes codes, padded bags and numbers, and verifies', () => {
    expect(verifyGraph(graph)).toEqual([]);
    const types = Object.fromEntries(graph.inputs.map(({ name, node }) => [name, printType(graph.nodes[node]!.type)]));
    expect(types).toEqual({
      user_id: 'int32[batch]',
      seen: 'int32[batch, 3]',
      words: 'int32[batch, 3]',
      recent: 'int32[batch, 3]',
      age: 'float32[batch, 1]',
      face: 'float32[batch, 2]',
    });
    expect(
      graph.parameters
        .filter(({ name }) => name.startsWith('table:'))
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['table:user_id', 'table:video_id', 'table:words']);
    expect(graph.outputs.map(({ name }) => name)).toEqual(['vector']);
  });

  test('gives what the tower gives whose rows the host has looked up', () => {
    const weights = initialValues(user.embedded.graph, 3);
    const row = (table: string, code: number): number[] => rowsOf(tables[table]!)[code]!;
    const sum = (table: string, bag: number[]): number[] =>
      bag.reduce<number[]>(
        (total, code) => total.map((value, at) => value + row(table, code)[at]!),
        new Array(tables[table]!.shape[1]!).fill(0),
      );
    const looked: Record<string, Tensor> = {
      user_id: floats(
        [2, 3],
        codes.user_id.flatMap((code) => row('user_id', code)),
      ),
      seen: floats(
        [2, 3],
        codes.seen.flatMap((bag) => sum('video_id', bag).map((value) => value / Math.max(1, bag.length))),
      ),
      words: floats(
        [2, 2],
        codes.words.flatMap((bag) => sum('words', bag)),
      ),
      recent: floats(
        [2, 3, 3],
        codes.recent.flatMap((bag) =>
          [0, 1, 2].flatMap((at) => (at < bag.length ? row('video_id', bag[at]!) : [0, 0, 0])),
        ),
      ),
      'recent/mask': floats(
        [2, 3],
        codes.recent.flatMap((bag) => [0, 1, 2].map((at) => (at < bag.length ? 1 : 0))),
      ),
      age,
      face,
    };
    const expected = evaluateGraph(user.embedded.graph, looked, weights).outputs.vector!;
    const served = evaluateGraph(
      graph,
      {
        user_id: integers([2], codes.user_id),
        seen: padded(codes.seen),
        words: padded(codes.words),
        recent: padded(codes.recent),
        age,
        face,
      },
      { ...weights, ...Object.fromEntries(Object.entries(tables).map(([name, table]) => [`table:${name}`, table])) },
    ).outputs.vector!;
    expect(served.shape).toEqual([2, user.width]);
    expectClose(served.data, expected.data, 1e-6);
    expect(expected.data.some((value) => value !== 0)).toBe(true);
  });

  test('counts elements that the vocabulary does not have as nothing; a hash of 0 is an element', () => {
    const weights = {
      ...initialValues(user.embedded.graph, 3),
      ...Object.fromEntries(Object.entries(tables).map(([name, table]) => [`table:${name}`, table])),
    };
    const vector = (given: { seen: number[][]; recent: number[][]; words?: number[][] }): number[] => {
      const { seen, recent, words = codes.words } = given;
      const inputs = { user_id: integers([2], codes.user_id), seen: padded(seen), words: padded(words), age, face };
      return [...evaluateGraph(graph, { ...inputs, recent: padded(recent) }, weights).outputs.vector!.data];
    };
    const known = vector({ seen: [[6, 2], []], recent: [[5], []] });
    expectClose(
      vector({
        seen: [
          [6, 0, 2],
          [0, 0],
        ],
        recent: [[5, 0], [0]],
      }),
      known,
      1e-6,
    );
    expect(vector({ seen: [[6, 2], []], recent: [[5], []], words: [[1], [3]] })).not.toEqual(known);
  });
});

test('elements with weights count as much as these say; of weights that are all 0 the mean is zeros', () => {
  const served = (pool: string) => {
    const { towers, ...weighted } = planOf(`
      model weighted
      features {
        user_id : id(dim: 3)
        tags    : list(category(dim: 3), max: 3, pool: ${pool}, weights: scores)
        item_id : id(dim: 3)
      }
      tower user(user_id, tags) keyed by user_id { channel main = sum(user_id, tags) }
      tower item(item_id) keyed by item_id { channel main = item_id }
      task watch { score = dot(user, item), loss = softmax }
    `);
    const rows = new Map([
      ['user_id', 2],
      ['tags', 4],
    ]);
    const graph = makeServingGraph({ towers, ...weighted }, towers[0], rows);
    expect(verifyGraph(graph)).toEqual([]);
    const types = graph.inputs.map(({ name, node }) => `${name} ${printType(graph.nodes[node]!.type)}`);
    expect(types).toEqual(['user_id int32[batch]', 'tags int32[batch, 3]', 'tags/weights float32[batch, 3]']);
    const inputs = {
      user_id: integers([4], [0, 0, 0, 0]),
      // Code 0 is what the vocabulary does not have.
      tags: integers([4, 3], [1, 2, -1, 3, 0, 1, 2, 2, 1, -1, -1, -1]),
      'tags/weights': floats([4, 3], [1, 3, 0, 2, 7, 2, 0, 0, 0, 0, 0, 0]),
    };
    const tables = {
      'table:user_id': floats([2, 3], [0, 0, 0, 0, 0, 0]),
      'table:tags': floats([4, 3], [9, 9, 9, 1, 10, 100, 2, 20, 200, 4, 40, 400]),
    };
    return [...evaluateGraph(graph, inputs, tables).outputs.vector!.data];
  };
  expect(served('sum')).toEqual([7, 70, 700, 10, 100, 1000, 0, 0, 0, 0, 0, 0]);
  expect(served('mean')).toEqual([1.75, 17.5, 175, 2.5, 25, 250, 0, 0, 0, 0, 0, 0]);
});

test('elements with several values have the pool of these, and zeros where they have none', () => {
  const served = (pool: string) => {
    const { towers, ...several } = planOf(`
      model several
      features {
        user_id : id(dim: 3)
        seen    : list(item_id, max: 2, pool: none)
        kinds   : along(seen, list(category(dim: 3), max: 3, pool: ${pool}))
        item_id : id(dim: 3)
      }
      tower user(seen, kinds) keyed by user_id { channel main = sum(seen, kinds) -> sum }
      tower item(item_id) keyed by item_id { channel main = item_id }
      task watch { score = dot(user, item), loss = softmax }
    `);
    const rows = new Map([
      ['item_id', 2],
      ['kinds', 4],
    ]);
    const graph = makeServingGraph({ towers, ...several }, towers[0], rows);
    expect(verifyGraph(graph)).toEqual([]);
    const types = graph.inputs.map(({ name, node }) => `${name} ${printType(graph.nodes[node]!.type)}`);
    expect(types).toEqual(['seen int32[batch, 2]', 'kinds int32[batch, 2, 3]']);
    const inputs = {
      seen: integers([2, 2], [1, 1, 1, -1]),
      // Code 0 is what the vocabulary does not have.
      kinds: integers([2, 2, 3], [1, 2, -1, 3, 0, -1, -1, -1, -1, -1, -1, -1]),
    };
    const tables = {
      'table:item_id': floats([2, 3], new Array(6).fill(0)),
      'table:kinds': floats([4, 3], [9, 9, 9, 1, 10, 100, 2, 20, 200, 4, 40, 400]),
    };
    return [...evaluateGraph(graph, inputs, tables).outputs.vector!.data];
  };
  expect(served('sum')).toEqual([7, 70, 700, 0, 0, 0]);
  expect(served('mean')).toEqual([5.5, 55, 550, 0, 0, 0]);
});
