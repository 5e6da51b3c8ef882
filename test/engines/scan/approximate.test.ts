/** What a graph answers and what it leaves to the scan. The graph here is a list in order with gaps: no library is needed to know what it finds. */
import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { type NeighbourGraph, recallOf, type SearchRequest, searchAll } from '../../../src/engines/scan/approximate.ts';
import { Bits } from '../../../src/engines/scan/bits.ts';
import { makeScan, scoreOf } from '../../../src/engines/scan/scan.ts';

const random = makeRandom(8);
const [rows, width] = [2000, 8];
const vectors = Float32Array.from({ length: rows * width }, () => random.next() - 0.5);
const scan = makeScan(vectors, rows, width);
const query = (): Float64Array => Float64Array.from({ length: width }, () => Math.fround(random.next() - 0.5));

/** All rows in order, without those of `missed`. */
function graphOf(missed: (row: number) => boolean = () => false, options: Partial<NeighbourGraph> = {}) {
  const asked: number[] = [];
  const graph: NeighbourGraph = {
    k: 10,
    width: 20,
    widest: 500,
    nearest(vector, count) {
      asked.push(count);
      const found = Array.from({ length: rows }, (_, row) => row).filter((row) => !missed(row));
      const score = found.map((row) => scoreOf(vector, vectors, row * width));
      const order = found.map((_, at) => at).sort((a, b) => score[b]! - score[a]!);
      return Int32Array.from(order.slice(0, count), (at) => found[at]!);
    },
    ...options,
  };
  return { graph, asked };
}

const onlyRows = (keep: (row: number) => boolean): Bits => {
  const bits = new Bits(rows);
  for (let row = 0; row < rows; row++) if (keep(row)) bits.add(row);
  return bits;
};

describe('a search with a graph', () => {
  it('has the scores and the order of the scan, and says that it is not proved', () => {
    const { graph } = graphOf();
    const requests = Array.from({ length: 20 }, (): SearchRequest => ({ vectors: [query()], k: 10 }));
    const answers = searchAll(scan, graph, requests);
    scan.top(requests).forEach((exact, i) => {
      expect(answers[i]).toEqual({ ...exact, exact: false });
    });
  });

  it('misses what the graph misses', () => {
    const request = { vectors: [query()], k: 10 };
    const [exact] = scan.top([request]);
    const best = exact!.rows[0]!;
    const [answer] = searchAll(scan, graphOf((row) => row === best).graph, [request]);
    expect([...answer!.rows]).not.toContain(best);
    expect(recallOf(answer!, exact!)).toBeCloseTo(0.9, 12);
  });

  it('counts an item with the score of the last of the best as one of them', () => {
    const exact = { rows: Int32Array.of(1, 2), scores: Float64Array.of(3, 2) };
    expect(recallOf({ rows: Int32Array.of(1, 7), scores: Float64Array.of(3, 2) }, exact)).toBe(1);
    expect(recallOf({ rows: Int32Array.of(1, 7), scores: Float64Array.of(3, 1) }, exact)).toBe(0.5);
    expect(recallOf({ rows: new Int32Array(0), scores: new Float64Array(0) }, exact)).toBe(0);
  });

  it('never gives what a filter leaves out, and equals the scan where it claims to', () => {
    const shares = [0.001, 0.01, 0.05, 0.2, 0.5, 0.99];
    const kinds = new Set<boolean>();
    for (const share of shares) {
      for (let trial = 0; trial < 10; trial++) {
        const allowed = onlyRows(() => random.next() < share);
        const request = { vectors: [query(), query()], k: 1 + random.integer(10), allowed };
        const [answer] = searchAll(scan, graphOf(() => random.next() < 0.1).graph, [request]);
        expect([...answer!.rows].every((row) => allowed.has(row))).toBe(true);
        const [exact] = scan.top([request]);
        if (answer!.exact === undefined) expect(answer).toEqual(exact);
        else expect(answer!.rows).toHaveLength(exact!.rows.length);
        kinds.add(answer!.exact !== false);
      }
    }
    expect(kinds.size).toBe(2);
  });

  it('searches wider by the items that are excluded: they may all be near', () => {
    const request = { vectors: [query()], k: 10 };
    const seen = new Set(scan.top([{ ...request, k: 15 }])[0]!.rows);
    const { graph, asked } = graphOf();
    const allowed = onlyRows((row) => !seen.has(row));
    const [answer] = searchAll(scan, graph, [{ ...request, allowed }]);
    expect(asked).toEqual([35]);
    expect(answer).toEqual({ ...scan.top([{ ...request, allowed }])[0], exact: false });
  });

  it.each<[string, (request: SearchRequest) => SearchRequest, Partial<NeighbourGraph>]>([
    ['a filter keeps few items', (request) => ({ ...request, allowed: onlyRows((row) => row % 100 === 0) }), {}],
    [
      'a search would be wider than the scan is slow',
      (request) => ({ ...request, allowed: onlyRows((row) => row % 2 === 0) }),
      { widest: 40 },
    ],
    ['more is asked for than the certificate covers', (request) => ({ ...request, k: 11 }), {}],
    ['weights change the query', (request) => ({ ...request, exactly: true }), {}],
    ['the graph finds too little', (request) => request, { nearest: () => Int32Array.of(1, 2, 3) }],
    ['the query has no direction', (request) => request, { nearest: () => undefined }],
  ])('leaves a request to the scan where %s', (_, change, options) => {
    const request = change({ vectors: [query()], k: 10 });
    const [answer] = searchAll(scan, graphOf(() => random.next() < 0.5, options).graph, [request]);
    expect(answer).toEqual(scan.top([request])[0]);
  });

  it('gives the answers of several requests in their order', () => {
    const { graph } = graphOf();
    const requests = Array.from({ length: 12 }, (_, i) => ({ vectors: [query()], k: i % 3 === 0 ? 11 : 5 }));
    const answers = searchAll(scan, graph, requests);
    const exact = scan.top(requests);
    answers.forEach((answer, i) => {
      expect(answer).toEqual(i % 3 === 0 ? exact[i] : { ...exact[i], exact: false });
    });
  });

  it('offers its answers to the gauge, and no others', () => {
    const offered: number[] = [];
    const gauge = { checked: 0, recall: Number.NaN, offer: (recall: () => number) => void offered.push(recall()) };
    const { graph } = graphOf(undefined, { gauge });
    searchAll(scan, graph, [
      { vectors: [query()], k: 10 },
      { vectors: [query()], k: 11 },
    ]);
    expect(offered).toEqual([1]);
  });
});
