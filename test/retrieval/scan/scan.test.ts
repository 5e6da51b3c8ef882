/** The scan against all items in order, on vectors of every size that a float32 has. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { Bits } from '../../../src/retrieval/scan/bits.ts';
import { centreOf, codeQuery, layoutOf, recordBytes, writeCodes } from '../../../src/retrieval/scan/codes.ts';
import {
  bestScoreOf,
  makeScan,
  type ScanRequest,
  scanOfShared,
  scoreOf,
  shareItems,
} from '../../../src/retrieval/scan/scan.ts';
import fc from '../../fast_check.ts';

const random = makeRandom(5);
const gaussian = (): number => {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
};

/** Kinds of numbers that vectors may hold. */
const kinds: Record<string, () => number> = {
  gaussian,
  'a few values': () => random.integer(5) - 2,
  'all the same': () => 1,
  zeros: () => 0,
  huge: () => gaussian() * 1e38,
  denormal: () => (random.integer(9) - 4) * 1.401298464324817e-45,
  'of every size': () => gaussian() * 10 ** (random.integer(60) - 35),
  'mostly zeros': () => (random.integer(8) === 0 ? gaussian() : 0),
};

function sorted(vectors: Float32Array, rows: number, width: number, { vectors: queries, k, allowed }: ScanRequest) {
  const scores = Float64Array.from({ length: rows }, (_, row) => bestScoreOf(queries, vectors, row * width));
  const order = [...scores.keys()].filter((row) => allowed?.has(row) ?? true);
  order.sort((a, b) => scores[b]! - scores[a]! || a - b);
  const best = order.slice(0, k);
  return { rows: best, scores: best.map((row) => scores[row]) };
}

const clipped = (value: number): number => Math.max(-3.4e38, Math.min(3.4e38, value));
const vectorsOf = (kind: string, count: number): Float32Array =>
  Float32Array.from({ length: count }, () => clipped(kinds[kind]!()));
const queryOf = (kind: string, width: number): Float64Array => Float64Array.from(vectorsOf(kind, width));

describe('the scan', () => {
  it.each(Object.keys(kinds))('is what all items in order begin with: %s', (kind) => {
    const widths = [1, 2, 3, 7, 8, 16, 33, 64, 129];
    for (const width of widths) {
      const rows = [0, 1, 63, 64, 65, 700, 3000][random.integer(7)]!;
      const vectors = vectorsOf(kind, rows * width);
      const scan = makeScan(vectors, rows, width);
      const requests = Array.from({ length: 1 + random.integer(9) }, (): ScanRequest => {
        const share = [0, 0.01, 0.2, 0.9, 1][random.integer(5)]!;
        const allowed = new Bits(rows);
        for (let row = 0; row < rows; row++) if (random.next() < share) allowed.add(row);
        const queries = Array.from({ length: 1 + random.integer(4) }, () =>
          queryOf(random.integer(4) === 0 ? kind : 'gaussian', width),
        );
        const k = [0, 1, 10, 100, rows, rows + 5][random.integer(6)]!;
        return { vectors: queries, k, ...(random.integer(2) === 0 ? {} : { allowed }) };
      });
      const answers = scan.top(requests);
      requests.forEach((request, i) => {
        const { rows: best, scores } = answers[i]!;
        expect({ rows: [...best], scores: [...scores] }).toEqual(sorted(vectors, rows, width, request));
      });
    }
  });

  it('is what the items of a filter in order begin with, whichever share it keeps', () => {
    const cases = fc.record({
      rows: fc.integer({ min: 1, max: 6000 }),
      width: fc.integer({ min: 1, max: 20 }),
      kind: fc.constantFrom('gaussian', 'a few values', 'all the same', 'of every size'),
      // The smallest shares are lists of rows, the others sets; several requests of a pass have sets of their own.
      shares: fc.array(fc.constantFrom(0.002, 0.01, 0.03, 0.04, 0.1, 0.3, 0.7), { minLength: 1, maxLength: 6 }),
      isRange: fc.boolean(),
      k: fc.integer({ min: 1, max: 40 }),
      interests: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(cases, ({ rows, width, kind, shares, isRange, k, interests }) => {
        const vectors = vectorsOf(kind, rows * width);
        const scan = makeScan(vectors, rows, width);
        const requests = shares.map((share): ScanRequest => {
          const allowed = new Bits(rows);
          for (let row = 0; row < rows; row++)
            if (isRange ? row < share * rows : random.next() < share) allowed.add(row);
          return { vectors: Array.from({ length: interests }, () => queryOf('gaussian', width)), k, allowed };
        });
        scan.top(requests).forEach((answer, i) => {
          expect({ rows: [...answer.rows], scores: [...answer.scores] }).toEqual(
            sorted(vectors, rows, width, requests[i]!),
          );
        });
      }),
      { numRuns: 60 },
    );
  });

  it('finds the best of more items than have room before they are scored exactly', () => {
    const [rows, width] = [30_000, 4];
    const vectors = vectorsOf('a few values', rows * width);
    const scan = makeScan(vectors, rows, width);
    const requests = [5, 700].map((k) => ({ vectors: [Float64Array.of(1, 1, 1, 0)], k }));
    scan.top(requests).forEach((answer, i) => {
      expect([...answer.rows]).toEqual(sorted(vectors, rows, width, requests[i]!).rows);
    });
  });

  it('answers more vectors than one pass holds, in the order asked', () => {
    const [rows, width] = [500, 6];
    const vectors = vectorsOf('gaussian', rows * width);
    const scan = makeScan(vectors, rows, width);
    const requests = Array.from({ length: 131 }, () => ({ vectors: [queryOf('gaussian', width)], k: 3 }));
    scan.top(requests).forEach((answer, i) => {
      expect([...answer.rows]).toEqual(sorted(vectors, rows, width, requests[i]!).rows);
    });
  });

  it('scales with the query: a query of another size gives the same order', () => {
    const [rows, width] = [2000, 16];
    const scan = makeScan(vectorsOf('gaussian', rows * width), rows, width);
    const query = queryOf('gaussian', width);
    const [one, ...others] = [1, 2 ** 90, 2 ** -90].map(
      (factor) => scan.top([{ vectors: [query.map((each) => each * factor)], k: 20 }])[0]!.rows,
    );
    for (const other of others) expect(other).toEqual(one);
  });

  it('refuses vectors that are not finite', () => {
    expect(() => makeScan(Float32Array.of(1, Number.NaN), 1, 2)).toThrow('finite');
    const scan = makeScan(new Float32Array(200), 100, 2);
    expect(() => scan.top([{ vectors: [Float64Array.of(1, Number.POSITIVE_INFINITY)], k: 1 }])).toThrow('finite');
  });
});

/** A float64 as an exact fraction of 2¹⁵⁰⁰. */
function exact(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  const size = exponent === 0 ? fraction : fraction | (1n << 52n);
  const shifted = size << BigInt(Math.max(exponent, 1) - 1075 + 1500);
  return bits >> 63n ? -shifted : shifted;
}

const anyFloat32 = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('the bounds, in exact arithmetic', () => {
  it('hold a score between the lower and the upper one', () => {
    const widths = fc.integer({ min: 1, max: 9 });
    const cases = widths.chain((width) =>
      fc.tuple(
        fc.array(anyFloat32, { minLength: width, maxLength: width }),
        fc.array(fc.array(anyFloat32, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 5 }),
        // No centre, that of the items, or any other.
        fc.option(fc.array(anyFloat32, { minLength: width, maxLength: width })),
        fc.boolean(),
      ),
    );
    fc.assert(
      fc.property(cases, (given) => {
        const query = Float64Array.from(given[0]);
        const width = query.length;
        const vectors = Float32Array.from(given[1].flat());
        const layout = layoutOf(given[1].length, width);
        const codes = new Int8Array(layout.codeBytes);
        const records = new Float64Array((layout.blocks * recordBytes) / 8);
        const [, , other, isTheirs] = given;
        const centre = isTheirs
          ? centreOf(vectors, given[1].length, width)
          : Float32Array.from(other ?? new Array(width).fill(0));
        writeCodes(layout, vectors, centre, codes, records);
        const base = scoreOf(query, centre, 0);
        const coded = codeQuery(query, layout.rowBytes);
        const [inverse, error, codeLength] = records as unknown as [number, number, number];
        given[1].forEach((item, row) => {
          let sum = 0;
          for (let column = 0; column < width; column++) {
            const at = 2 * (layout.rowBytes * (row >> 1) + 2 * (column >> 1) + (row & 1)) + (column & 1);
            sum += codes[at]! * coded.codes[column]!;
          }
          expect(Math.abs(sum)).toBeLessThanOrEqual(2 ** 31 - 2);
          const near = (sum * coded.scale) / inverse;
          const off = (coded.length * error + coded.error * codeLength) * coded.scale;
          const room = (off + (Math.abs(near) + Math.abs(base)) * 2 ** -50) * (1 + 2 ** -45);
          let real = 0n;
          item.forEach((x, i) => {
            real += exact(x) * exact(query[i]!);
          });
          const one = 1n << 1500n;
          expect(real >= exact(base + near - room) * one && real <= exact(base + near + room) * one).toBe(true);
          const score = scoreOf(query, vectors, row * width);
          expect(score >= base + near - room && score <= base + near + room).toBe(true);
        });
      }),
      { numRuns: 300 },
    );
  });
});

it('codes what items have in common apart: the bounds are as near as without it', () => {
  const [rows, width] = [256, 16];
  const apart = Float32Array.from({ length: rows * width }, () => random.next() - 0.5);
  const together = apart.map((each, i) => each + 100 * (i % width));
  const errorOf = (vectors: Float32Array): number =>
    Math.max(
      ...makeScan(vectors, rows, width)
        .coded()
        .records.filter((_, i) => i % 4 === 1),
    );
  expect(errorOf(together)).toBeLessThan(1.1 * errorOf(apart));
});

it('keeps nothing of a scan that nobody has any more', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const width = 4;
  const vectors = () => Float32Array.from({ length: 500 * width }, gaussian);
  const request = (): ScanRequest => ({ vectors: [Float64Array.from({ length: width }, gaussian)], k: 3 });
  // Several requests in one pass, and then passes of one.
  const gone = ((): WeakRef<Float32Array> => {
    const own = vectors();
    makeScan(own, 500, width).top([request(), request(), request()]);
    return new WeakRef(own);
  })();
  const kept = makeScan(vectors(), 500, width);
  for (let i = 0; i < 3; i++) kept.top([request()]);
  return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    collect();
    expect(gone.deref()).toBeUndefined();
  });
});

it('answers from shared memory as from memory of its own, each thread in working memory of its own', () => {
  const [rows, width] = [3000, 12];
  const vectors = vectorsOf('gaussian', rows * width);
  const plain = makeScan(vectors, rows, width);
  const items = shareItems(vectors, rows, width, 2);
  const scans = [0, 1].map((thread) => scanOfShared(items, thread));
  expect(items.memory.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(shareItems(items.vectors, rows, width, 1).vectors).toBe(items.vectors);
  const allowed = new Bits(rows);
  for (let row = 0; row < rows; row += 3) allowed.add(row);
  for (let round = 0; round < 10; round++) {
    const requests = [7, 40, 1].map((k, i) => ({
      vectors: [queryOf('gaussian', width)],
      k,
      ...(i === round % 3 ? { allowed } : {}),
    }));
    const answers = plain.top(requests);
    for (const scan of scans) expect(scan.top(requests)).toEqual(answers);
    expect(scans[1]!.estimates(requests[0]!.vectors[0]!)).toEqual(plain.estimates(requests[0]!.vectors[0]!));
  }
  const many = { vectors: Array.from({ length: 700 }, () => queryOf('gaussian', width)), k: 5, allowed };
  expect(() => scans[0]!.top([many])).toThrow('fits into the memory of its thread');
  expect(() => scanOfShared(items, 2)).toThrow('thread 2 of 2');
});
