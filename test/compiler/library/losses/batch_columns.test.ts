/** The softmax over each item once, against the softmax over every row: the same loss and the same gradients. */
import { expect, it } from 'vitest';
import { makeRandom } from '../../../../src/base/random/random.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import type { Tensor } from '../../../../src/graph/graph.ts';
import fc from '../../../fast_check.ts';
import { type LossCase, lossGraph } from './support.ts';

const width = 3;

interface Drawn {
  readonly items: readonly number[];
  readonly count: number;
  readonly seed: number;
  readonly weighted: boolean;
  readonly bounded: boolean;
  readonly corrected: boolean;
}

const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    items: fc.array(fc.nat({ max: 4 }), { minLength: 2, maxLength: 9 }),
    seed: fc.nat(),
    weighted: fc.boolean(),
    bounded: fc.boolean(),
    corrected: fc.boolean(),
  })
  .map((each) => ({ ...each, count: 5 }));

const float = (shape: readonly number[], data: Iterable<number>): Tensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(data),
});

it('gives the loss and the gradients of a column a row, however often an item comes up', () => {
  fc.assert(
    fc.property(drawn, ({ items, count, seed, weighted, bounded, corrected }) => {
      const rows = items.length;
      const random = makeRandom(seed);
      const numbers = (length: number): Float32Array => Float32Array.from({ length }, () => random.next() * 2 - 1);
      const query = numbers(rows * width);
      // Two rows have no column: no row of the batch has their item.
      const columns = numbers((count + 2) * width);
      const logQ = Float32Array.from({ length: count + 2 }, () => -1 - 3 * random.next());
      const ofItem = (table: Float32Array, item: number, size: number): number[] => [
        ...table.subarray(item * size, (item + 1) * size),
      ];
      const counts = Float32Array.from({ length: count + 2 }, (_, item) => items.filter((own) => own === item).length);
      const hits = items.flatMap((own, row) =>
        items.flatMap((item, column) => (item === own && column !== row ? [row, column] : [])),
      );
      const weights: Record<string, Tensor> = weighted ? { weight: float([rows], numbers(rows).map(Math.abs)) } : {};
      const shared: Record<string, Tensor> = { query: float([rows, width], query), ...weights };
      const losses: LossCase = {
        kind: 'softmax',
        width,
        weighted,
        ...(bounded ? { bound: 3 } : {}),
        arguments: { in_batch: true, temperature: 0.5, correction: corrected ? 'frequency' : 'none' },
      };
      const perRow = evaluateGraph(
        lossGraph(losses).graph,
        {
          ...shared,
          item: float(
            [rows, width],
            items.flatMap((item) => ofItem(columns, item, width)),
          ),
          'hits/video_id': { dtype: 'int32', shape: [hits.length / 2, 2], data: Int32Array.from(hits) },
          ...(corrected
            ? {
                'log_q/video_id': float(
                  [rows],
                  items.map((item) => logQ[item]!),
                ),
              }
            : {}),
        },
        {},
      ).outputs;
      const once = evaluateGraph(
        lossGraph({ ...losses, distinct: true }).graph,
        {
          ...shared,
          item: float([rows, width], new Float32Array(rows * width)),
          'distinct/item': float([count + 2, width], columns),
          'places/video_id': {
            dtype: 'int32',
            shape: [rows, 2],
            data: Int32Array.from(items.flatMap((item, i) => [i, item])),
          },
          'counts/video_id': float([count + 2], counts),
          'hits/distinct/video_id': { dtype: 'int32', shape: [0, 2], data: new Int32Array(0) },
          ...(corrected ? { 'log_q/distinct/video_id': float([count + 2], logQ) } : {}),
        },
        {},
      ).outputs;

      const close = (found: ArrayLike<number>, wanted: ArrayLike<number>): void => {
        expect(found.length).toBe(wanted.length);
        for (let i = 0; i < wanted.length; i++) expect(found[i]).toBeCloseTo(wanted[i]!, 5);
      };
      close(once.loss!.data, perRow.loss!.data);
      close(once['gradient:query']!.data, perRow['gradient:query']!.data);
      const byItem = new Float32Array((count + 2) * width);
      perRow['gradient:item']!.data.forEach((value, at) => {
        byItem[items[Math.floor(at / width)]! * width + (at % width)]! += value;
      });
      close(once['gradient:distinct/item']!.data, byItem);
    }),
    { numRuns: 25, seed: 7 },
  );
});
