import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../../../src/compiler/library/contract.ts';
import { evaluateGraph, type NamedTensors } from '../../../../src/graph/evaluate.ts';
import type { Graph } from '../../../../src/graph/graph.ts';
import { differences, expectClose, integers, random, rowsOf } from '../support.ts';
import { type Given, naiveSampled } from './naive_softmax.ts';
import { type LossCase, lossGraph } from './support.ts';

const rows = 5;
const width = 3;
const perRow = 4;
const hits = [
  [1, 0],
  [1, 2],
  [4, 3],
] as const;

const everything: NamedTensors = Object.fromEntries(
  ['uniform', 'frequency'].flatMap((by) => [
    [`sampled_4_${by}/item`, random([rows * perRow, width], 5)],
    [`hits/sampled_4_${by}/video_id`, integers([hits.length, 2], hits.flat())],
    [`log_q/sampled_4_${by}/video_id`, random([rows * perRow], 6, -9, -1)],
  ]),
);
const own: NamedTensors = {
  query: random([rows, width], 1),
  item: random([rows, width], 2),
  weight: random([rows], 3, 0.1, 3),
  'log_q/video_id': random([rows], 4, -9, -1),
};
const draws = rowsOf(everything['sampled_4_uniform/item']!);

function inputsOf(graph: Graph): NamedTensors {
  const all = { ...everything, ...own };
  return Object.fromEntries(graph.inputs.map(({ name }) => [name, all[name]!]));
}

const sampled = (by: 'uniform' | 'frequency') => ({ kind: 'sampled', arguments: { n: perRow, by } });

const cases: readonly {
  readonly name: string;
  readonly loss: LossCase;
  readonly naive: Partial<Given>;
  readonly drawnLogQ?: readonly number[];
}[] = [
  {
    name: 'a scale, as in DSSM',
    loss: { kind: 'softmax', width, arguments: { negatives: sampled('uniform'), scale: 10 } },
    naive: { temperature: 0.1 },
  },
  {
    name: 'weights by row',
    loss: { kind: 'softmax', width, weighted: true, arguments: { negatives: sampled('uniform') } },
    naive: { weight: [...own.weight!.data] },
  },
  {
    name: 'log q of the own item and of each that was drawn',
    loss: {
      kind: 'softmax',
      width,
      arguments: { negatives: sampled('frequency'), temperature: 0.2, correction: 'frequency' },
    },
    naive: { temperature: 0.2, logQ: [...own['log_q/video_id']!.data] },
    drawnLogQ: [...everything['log_q/sampled_4_frequency/video_id']!.data],
  },
];

describe.each(cases)('softmax over drawn items with $name', ({ loss, naive, drawnLogQ }) => {
  const { graph, raw } = lossGraph(loss);

  test('agrees with the definition in plain loops, before and after simplification', () => {
    const given: Given = { query: rowsOf(own.query!), item: rowsOf(own.item!), temperature: 1, hits, ...naive };
    const expected = naiveSampled(given, draws, drawnLogQ);
    for (const each of [raw, graph])
      expectClose(evaluateGraph(each, inputsOf(each), {}).outputs.loss!.data, [expected], 2e-6);
  });

  test('has the gradients of its value, by the drawn items as well', () => {
    const { outputs } = evaluateGraph(graph, inputsOf(graph), {});
    const drawn = graph.inputs.find(({ name }) => name.endsWith('/item'))!.name;
    for (const [name, slopes] of differences(raw, inputsOf(raw), {}, ['query', 'item', drawn])) {
      expectClose(outputs[`gradient:${name}`]!.data, slopes, 1e-5);
    }
  });
});

describe('softmax over items drawn for all rows together', () => {
  const shared = (more: Readonly<Record<string, unknown>> = {}) => ({
    kind: 'sampled',
    arguments: { n: perRow, shared: true, by: 'uniform', ...more },
  });
  const drawn = rowsOf(random([perRow, width], 7));
  const drawnLogQ = [...random([perRow], 8, -9, -1).data];
  const repeated = Array.from({ length: rows }, () => drawn).flat();
  const inputs: NamedTensors = {
    ...own,
    ...Object.fromEntries(
      ['uniform', 'frequency_0_75'].flatMap((by) => [
        [`shared_4_${by}/item`, random([perRow, width], 7)],
        [`hits/shared_4_${by}/video_id`, integers([hits.length, 2], hits.flat())],
        [`log_q/shared_4_${by}/video_id`, random([perRow], 8, -9, -1)],
      ]),
    ),
  };
  const of = (graph: Graph): NamedTensors => Object.fromEntries(graph.inputs.map(({ name }) => [name, inputs[name]!]));
  const scaled = (values: Iterable<number>): number[] => Array.from(values, (value) => 0.75 * value);
  const given = { query: rowsOf(own.query!), item: rowsOf(own.item!), temperature: 1, hits };

  test.each<[string, LossCase['arguments'], number]>([
    ['alike', { negatives: shared() }, naiveSampled(given, repeated)],
    [
      'by a power of the frequency, whose log q is subtracted',
      { negatives: shared({ by: 'frequency', power: 0.75 }), temperature: 0.2, correction: 'frequency' },
      naiveSampled(
        { ...given, temperature: 0.2, logQ: scaled(own['log_q/video_id']!.data as Float32Array) },
        repeated,
        Array.from({ length: rows }, () => scaled(drawnLogQ)).flat(),
      ),
    ],
  ])('%s: agrees with the definition, and has the gradients of its value', (_, args, expected) => {
    const { graph, raw } = lossGraph({ kind: 'softmax', width, arguments: args! });
    for (const each of [raw, graph]) {
      expectClose(evaluateGraph(each, of(each), {}).outputs.loss!.data, [expected], 2e-6);
    }
    const { outputs } = evaluateGraph(graph, of(graph), {});
    const name = graph.inputs.find((each) => each.name.endsWith('/item'))!.name;
    for (const [input, slopes] of differences(raw, of(raw), {}, ['query', 'item', name])) {
      expectClose(outputs[`gradient:${input}`]!.data, slopes, 1e-5);
    }
  });

  test('arguments that contradict each other are refused', () => {
    const refusal = (args: LossCase['arguments']): (() => unknown) => {
      return () => lossGraph({ kind: 'softmax', width, arguments: args! });
    };
    expect(refusal({ negatives: shared({ power: 0.5 }) })).toThrow(/needs `by: frequency` for a `power`/);
    expect(refusal({ negatives: shared(), correction: 'frequency' })).toThrow(/needs no `correction`/);
  });
});

describe('softmax over drawn items', () => {
  test('a drawn item that is the own one has no part, and accidental_hits: keep lets it', () => {
    const { graph } = lossGraph({ kind: 'softmax', width, arguments: { negatives: sampled('uniform') } });
    const { outputs } = evaluateGraph(graph, inputsOf(graph), {});
    const gradient = rowsOf(outputs['gradient:sampled_4_uniform/item']!);
    const masked = hits.map(([row, column]) => row * perRow + column);
    gradient.forEach((row, at) => {
      expect(
        row.every((value) => value === 0),
        `drawn item ${at}`,
      ).toBe(masked.includes(at));
    });
    const kept = lossGraph({
      kind: 'softmax',
      width,
      arguments: { negatives: sampled('uniform'), accidental_hits: 'keep' },
    }).graph;
    const all = evaluateGraph(kept, inputsOf(kept), {}).outputs['gradient:sampled_4_uniform/item']!;
    expect(rowsOf(all).every((row) => row.some((value) => value !== 0))).toBe(true);
  });

  test('no hits at all are an empty input', () => {
    const { graph } = lossGraph({ kind: 'softmax', width, arguments: { negatives: sampled('uniform') } });
    const inputs = { ...inputsOf(graph), 'hits/sampled_4_uniform/video_id': integers([0, 2], []) };
    const expected = naiveSampled({ query: rowsOf(own.query!), item: rowsOf(own.item!), temperature: 1 }, draws);
    expectClose(evaluateGraph(graph, inputs, {}).outputs.loss!.data, [expected], 2e-6);
  });

  test('what would be ignored is refused', () => {
    const refused =
      (args: LossCase['arguments']): (() => unknown) =>
      () =>
        lossGraph({ kind: 'softmax', width, arguments: args! });
    expect(refused({ negatives: sampled('uniform'), correction: 'frequency' })).toThrow(ShapeError);
    expect(refused({ mask: 'genres' })).toThrow(/not a list of `video_id`/);
    expect(refused({ mask: 'history', accidental_hits: 'keep' })).toThrow(/not both/);
    expect(refused({ temperature: 0.1, scale: 10 })).toThrow(/not both/);
  });
});
