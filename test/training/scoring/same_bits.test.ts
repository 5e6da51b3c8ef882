/** The check of an engine finds the cheapest layout of rows in which a row gets the same bits, whatever else is in the run. */
import { expect, it } from 'vitest';
import type { Engine, Program } from '../../../src/engines/engine.ts';
import { makeBuilder } from '../../../src/graph/builder.ts';
import { symbolicDim } from '../../../src/graph/dims.ts';
import { layoutFor, paddedRows, unpaddedRows } from '../../../src/training/scoring/tower_vectors.ts';
import { plainEngine } from '../plain_engine.ts';

function doubled() {
  const builder = makeBuilder('doubled');
  const rows = builder.input('rows', [symbolicDim('batch'), 3]);
  builder.output('vector', builder.add(rows, rows));
  return builder.finish();
}
const graph = doubled();

/** Rounds a row in another way where `isOdd` says so. */
const roundingBy = (isOdd: (place: number, count: number) => boolean): Program =>
  ({
    async run({ rows }) {
      const [count, width] = rows!.shape as [number, number];
      const data = Float32Array.from(rows!.data, (each, at) => {
        const place = Math.floor(at / width);
        return isOdd(place, count) ? 2 * each * (1 + 2 ** -23) : 2 * each;
      });
      return { vector: { ...rows!, data } };
    },
  }) as Partial<Program> as Program;

const engineOf = (evenRows: number): Engine => ({ ...plainEngine, evenRows });
const any = Number.POSITIVE_INFINITY;

it.each([
  ['never', () => false, { multiple: 8, spacing: 1, maxRows: any }],
  [
    'in the rows after the last eight',
    (place, count) => place >= 8 * Math.floor(count / 8),
    { multiple: 8, spacing: 1, maxRows: any },
  ],
  ['at each second place', (place) => place % 2 === 1, { multiple: 16, spacing: 2, maxRows: any }],
  ['unless a row begins at a multiple of four', (place) => place % 4 !== 0, { multiple: 32, spacing: 4, maxRows: any }],
  ['in each run of other rows', (_, count) => count > 1 && count % 3 === 1, { multiple: 1, spacing: 1, maxRows: 1 }],
] as const satisfies readonly (readonly [string, (place: number, count: number) => boolean, object])[])(
  'where the engine rounds in another way %s',
  async (_, isOdd, expected) => {
    expect(await layoutFor(engineOf(8), roundingBy(isOdd), graph, 'vector')).toEqual(expected);
  },
);

it('checks a graph once for each engine, and again after a run that failed', async () => {
  const engine = engineOf(4);
  let runs = 0;
  const failing = { run: async () => Promise.reject(new Error('no')) } as unknown as Program;
  const plain = roundingBy(() => {
    runs++;
    return false;
  });
  await expect(layoutFor(engine, failing, graph, 'vector')).rejects.toThrow('no');
  await layoutFor(engine, plain, graph, 'vector');
  const first = runs;
  expect(first).toBeGreaterThan(0);
  await layoutFor(engine, plain, doubled(), 'vector');
  expect(runs).toBe(first);
});

it('puts rows where the layout says, and takes their outputs from there', () => {
  const layout = { multiple: 8, spacing: 2, maxRows: any };
  expect([...paddedRows(layout, 3)]).toEqual([0, 0, 1, 1, 2, 2, 2, 2]);
  expect([...unpaddedRows(Float32Array.of(0, 0, 1, 1, 2, 2, 2, 2), layout, 3, 1)]).toEqual([0, 1, 2]);
});
