/** A graph whose large matrix is made some rows at a time gives the same values. */
import { describe, expect, it, test } from 'vitest';
import { makeBuilder, type Ref } from '../../src/graph/builder.ts';
import { equalSizes, peakBytes } from '../../src/graph/count.ts';
import { symbolicDim } from '../../src/graph/dims.ts';
import { evaluateGraph, type NamedTensors } from '../../src/graph/evaluate.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { pieceInputs, splitIntoPieces } from '../../src/graph/in_pieces.ts';
import { verifyGraph } from '../../src/graph/verify.ts';
import { lossGraph } from '../compiler/library/losses/support.ts';
import { expectClose, floats, integers, random } from '../compiler/library/support.ts';
import fc from '../fast_check.ts';

const [rows, columns] = [symbolicDim('batch'), symbolicDim('corpus')];
const width = 3;

const cut = (graph: Graph, pieces: number): Graph | undefined => splitIntoPieces(graph, { rows, columns, pieces });

/** What the host feeds besides the inputs of the graph before. */
function fedPieces(batch: number, pieces: number): NamedTensors {
  const size = Math.ceil(batch / pieces);
  const at = Array.from({ length: pieces * size }, (_, i) => i);
  return {
    [pieceInputs.rows]: integers(
      [pieces, size],
      at.map((i) => Math.min(i, batch - 1)),
    ),
    [pieceInputs.known]: floats(
      [pieces, size],
      at.map((i) => (i < batch ? 1 : 0)),
    ),
    [pieceInputs.places]: integers([batch], at.slice(0, batch)),
  };
}

describe('a softmax over the whole corpus in pieces', () => {
  const softmax = (weighted: boolean, bounded: boolean, smoothing: number): Graph =>
    lossGraph({
      kind: 'softmax',
      width,
      weighted,
      ...(bounded ? { bound: 3 } : {}),
      arguments: { all: true, temperature: 0.5, smoothing },
    }).graph;

  it('gives the same loss and gradients, whatever the rows and the pieces', () => {
    const cases = fc.record({
      batch: fc.integer({ min: 1, max: 9 }),
      corpus: fc.integer({ min: 1, max: 7 }),
      pieces: fc.integer({ min: 2, max: 5 }),
      seed: fc.nat(1000),
      weighted: fc.boolean(),
      bounded: fc.boolean(),
      smoothing: fc.constantFrom(0, 0.1),
    });
    fc.assert(
      fc.property(cases, ({ batch, corpus, pieces, seed, weighted, bounded, smoothing }) => {
        const graph = softmax(weighted, bounded, smoothing);
        const inputs: NamedTensors = {
          query: random([batch, width], seed),
          item: random([batch, width], seed + 1),
          'corpus/item': random([corpus, width], seed + 2),
          'corpus/places/video_id': integers(
            [batch],
            Array.from({ length: batch }, (_, i) => (i * 5) % corpus),
          ),
          'corpus/has/video_id': floats(
            [batch],
            Array.from({ length: batch }, (_, i) => (i % 3 === 1 ? 0 : 1)),
          ),
          weight: random([batch], seed + 3, 0, 1),
        };
        const of = (graph: Graph, more: NamedTensors = {}) =>
          evaluateGraph(
            graph,
            Object.fromEntries(graph.inputs.map(({ name }) => [name, (inputs[name] ?? more[name])!])),
            {},
          ).outputs;
        const after = cut(graph, pieces);
        expect(after && verifyGraph(after)).toEqual([]);
        const [whole, made] = [of(graph), of(after!, fedPieces(batch, pieces))];
        expect(Object.keys(made)).toEqual(Object.keys(whole));
        for (const [name, { data, shape }] of Object.entries(whole)) {
          expect(made[name]!.shape).toEqual(shape);
          expectClose(made[name]!.data, data, 1e-5);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('holds a fraction of the bytes', () => {
    const graph = softmax(false, true, 0);
    const sizes = { ...equalSizes(graph, 1000), corpus: 100_000 };
    const few = cut(graph, 10)!;
    expect(peakBytes(few, { ...sizes, piece: 100 }) / peakBytes(graph, sizes)).toBeLessThan(0.2);
  });
});

describe('a graph is left as it is', () => {
  const graphOf = (build: (matrix: Ref, builder: ReturnType<typeof makeBuilder>) => Ref): Graph => {
    const builder = makeBuilder('test');
    const matrix = builder.matMul(builder.input('q', [rows, 2]), builder.input('v', [columns, 2]), {
      transposeB: true,
    });
    builder.output('y', build(matrix, builder));
    return builder.finish();
  };

  test('if it has no such matrix', () => {
    expect(cut(lossGraph({ kind: 'bpr', width }).graph, 2)).toBeUndefined();
  });

  test('if what it writes into rows is not one number', () => {
    const build = (matrix: Ref, builder: ReturnType<typeof makeBuilder>): Ref => {
      const count = symbolicDim('hits');
      const values = builder.input('values', [count]);
      return builder.sum(builder.scatterUpdate(matrix, builder.input('hits', [count, 2], 'int32'), values), [1]);
    };
    expect(cut(graphOf(build), 2)).toBeUndefined();
  });

  test('if a whole matrix becomes a number, or its columns mix rows', () => {
    expect(
      cut(
        graphOf((matrix, builder) => builder.sum(matrix, [0, 1])),
        2,
      ),
    ).toBeUndefined();
    expect(
      cut(
        graphOf((matrix, builder) => builder.max(matrix, [0])),
        2,
      ),
    ).toBeUndefined();
    expect(
      cut(
        graphOf((matrix, builder) => builder.transpose(matrix, [1, 0])),
        2,
      ),
    ).toBeUndefined();
  });

  test('if a sum over all rows goes into another matrix', () => {
    const twice = graphOf((matrix, builder) => {
      const items = builder.matMul(matrix, builder.input('s', [rows, 2]), { transposeA: true });
      return builder.max(builder.matMul(builder.input('r', [rows, 2]), items, { transposeB: true }), [1]);
    });
    expect(cut(twice, 2)).toBeUndefined();
    expect(
      cut(
        graphOf((matrix, builder) => builder.max(matrix, [1])),
        2,
      ),
    ).toBeDefined();
  });
});
