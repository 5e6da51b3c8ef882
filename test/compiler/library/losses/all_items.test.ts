/** The softmax over the whole corpus, against the same in plain numbers: loss and gradients. */
import { describe, expect, it, test } from 'vitest';
import { makeRandom } from '../../../../src/base/random/random.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import type { Tensor } from '../../../../src/graph/graph.ts';
import fc from '../../../fast_check.ts';
import { lossGraph } from './support.ts';

const width = 3;
const temperature = 0.5;

const float = (shape: readonly number[], data: Iterable<number>): Tensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(data),
});

interface Case {
  readonly corpus: number;
  /** The item of each row; −1: it is not in the corpus. */
  readonly own: readonly number[];
  readonly seed: number;
  readonly weighted: boolean;
  readonly bounded: boolean;
  readonly masked: boolean;
  readonly smoothing: number;
}

const cases: fc.Arbitrary<Case> = fc
  .integer({ min: 2, max: 7 })
  .chain((corpus) =>
    fc.record({
      corpus: fc.constant(corpus),
      own: fc.array(fc.integer({ min: -1, max: corpus - 1 }), { minLength: 1, maxLength: 6 }),
      seed: fc.nat(),
      weighted: fc.boolean(),
      bounded: fc.boolean(),
      masked: fc.boolean(),
      smoothing: fc.constantFrom(0, 0.1),
    }),
  );

/** lossᵢ = log Σⱼ exp(sᵢⱼ) − (1 − ε) sᵢ own − ε mean of sᵢⱼ, over visible j, with its gradients. */
function plain(each: Case, query: Float32Array, items: Float32Array, weight: Float32Array, hidden: boolean[][]) {
  const { corpus, own, smoothing } = each;
  const shares = own.map((item, i) => (item < 0 ? 0 : weight[i]!));
  const total = Math.max(
    shares.reduce((a, b) => a + b, 0),
    1e-12,
  );
  const byQuery = new Float64Array(query.length);
  const byItem = new Float64Array(items.length);
  let loss = 0;
  own.forEach((item, i) => {
    if (item < 0) return;
    const visible = Array.from({ length: corpus }, (_, j) => j).filter((j) => !hidden[i]![j]);
    const score = (j: number): number => {
      let sum = 0;
      for (let d = 0; d < width; d++) sum += query[i * width + d]! * items[j * width + d]!;
      return sum / temperature;
    };
    const normalizer = Math.log(visible.reduce((sum, j) => sum + Math.exp(score(j)), 0));
    const share = shares[i]! / total;
    for (const j of visible) {
      const target = (j === item ? 1 - smoothing : 0) + smoothing / visible.length;
      loss += share * target * (normalizer - score(j));
      const slope = (share * (Math.exp(score(j) - normalizer) - target)) / temperature;
      for (let d = 0; d < width; d++) {
        byQuery[i * width + d]! += slope * items[j * width + d]!;
        byItem[j * width + d]! += slope * query[i * width + d]!;
      }
    }
  });
  return { loss, byQuery, byItem };
}

it('is the cross-entropy over every item of the corpus, with its gradients', () => {
  fc.assert(
    fc.property(cases, (each) => {
      const { corpus, own, seed, weighted, bounded, masked, smoothing } = each;
      const random = makeRandom(seed);
      const numbers = (length: number): Float32Array => Float32Array.from({ length }, () => random.next() * 2 - 1);
      const query = numbers(own.length * width);
      const items = numbers(corpus * width);
      const weight = weighted ? numbers(own.length).map(Math.abs) : new Float32Array(own.length).fill(1);
      const hidden = own.map((item) =>
        Array.from({ length: corpus }, (_, j) => masked && j !== Math.max(0, item) && random.next() < 0.3),
      );
      const hits = hidden.flatMap((row, i) => row.flatMap((hit, j) => (hit ? [i, j] : [])));
      const { graph } = lossGraph({
        kind: 'softmax',
        width,
        weighted,
        ...(bounded ? { bound: 3 } : {}),
        arguments: { all: true, temperature, smoothing, ...(masked ? { mask: 'history' } : {}) },
      });
      const inputs: Record<string, Tensor> = {
        query: float([own.length, width], query),
        item: float(
          [own.length, width],
          own.flatMap((item) => [...items.subarray(Math.max(0, item) * width)].slice(0, width)),
        ),
        'corpus/item': float([corpus, width], items),
        'corpus/places/video_id': {
          dtype: 'int32',
          shape: [own.length],
          data: Int32Array.from(own, (at) => Math.max(0, at)),
        },
        'corpus/has/video_id': float(
          [own.length],
          own.map((item) => (item < 0 ? 0 : 1)),
        ),
        'hits/corpus/video_id/history': { dtype: 'int32', shape: [hits.length / 2, 2], data: Int32Array.from(hits) },
        weight: float([own.length], weight),
      };
      const { outputs } = evaluateGraph(
        graph,
        Object.fromEntries(graph.inputs.map(({ name }) => [name, inputs[name]!])),
        {},
      );
      const wanted = plain(each, query, items, weight, hidden);
      expect(outputs.loss!.data[0]).toBeCloseTo(wanted.loss, 4);
      // With smoothing the row's own score is made of its own item's vector as well.
      const found = new Float64Array(outputs['gradient:corpus/item']!.data);
      outputs['gradient:item']?.data.forEach((value, at) => {
        const item = own[Math.floor(at / width)]!;
        if (item >= 0) found[item * width + (at % width)]! += value;
      });
      found.forEach((value, at) => {
        expect(value).toBeCloseTo(wanted.byItem[at]!, 4);
      });
      outputs['gradient:query']!.data.forEach((value, at) => {
        expect(value).toBeCloseTo(wanted.byQuery[at]!, 4);
      });
    }),
    { numRuns: 100 },
  );
});

describe('arguments that say again which items there are', () => {
  test.each([
    [{ in_batch: true }, 'takes `all`, or `in_batch` and `negatives`, not both'],
    [{ correction: 'frequency' }, 'needs no `correction` with `all`: each item comes up once'],
    [{ accidental_hits: 'keep' }, 'needs no `accidental_hits`: among all items the own one comes up once'],
  ])('%j', (args, reason) => {
    expect(() => lossGraph({ kind: 'softmax', width, arguments: { all: true, ...args } })).toThrow(reason);
  });
});
