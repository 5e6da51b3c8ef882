/** What is computed here and in a browser: nothing of Node.js is loaded. */
import { makeRandom } from '../../src/base/random/random.ts';
import { textColumn } from '../../src/retrieval/filter/filter_columns.ts';
import { makeSnapshot } from '../../src/retrieval/snapshot.ts';

/** Rows and the bits of scores, as text. */
export function answers(): string {
  const random = makeRandom(17);
  const [rows, width] = [5000, 37];
  const data = new Float32Array(rows * width);
  random.fill(data, -3, 3);
  const keys = Array.from({ length: rows }, (_, row) => `item ${row}`);
  const columns = new Map([['color', textColumn(keys.map((_, row) => ['red', 'größer', ''][row % 3]!))]]);
  const objectives = [
    { name: 'one', from: 0, to: 20, factor: 0.7 },
    { name: 'two', from: 20, to: 37, factor: 1.3 },
  ];
  const snapshot = makeSnapshot({ version: '1', items: { vectors: { data, rows, width }, keys, columns }, objectives });
  const requests = Array.from({ length: 24 }, (_, at) => {
    const vectors = Array.from({ length: 1 + (at % 3) }, () => {
      const vector = new Float32Array(width);
      random.fill(vector, -1, 1);
      return vector;
    });
    return {
      vectors,
      k: 10 + at,
      exclude: [keys[at]!],
      ...(at % 2 === 0 ? { filter: "color = 'größer' or color is null" } : {}),
      ...(at % 5 === 0 ? { weights: { two: 0.1 } } : {}),
    };
  });
  const bits = (score: number): string => [...new Uint32Array(Float64Array.of(score).buffer)].join('.');
  return snapshot
    .top(requests)
    .map(({ items }) => items.map(({ row, score }) => `${row}:${bits(score)}`).join(' '))
    .join('\n');
}
