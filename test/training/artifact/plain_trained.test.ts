import { afterEach, expect, it } from 'vitest';
import { fromPlainModel, type LoadedModel, toPlainModel } from '../../../src/training/artifact/load.ts';
import { setSpaceLimit } from '../../../src/training/embedding/kernel_memory.ts';
import { makeTable } from '../../../src/training/embedding/table.ts';
import type { TableOptions } from '../../../src/training/embedding/table_memory.ts';

afterEach(() => setSpaceLimit());

// 700,000 numbers: more than two slices, and no whole number of them.
const size = { name: 'movie_id', rows: 70_000, dim: 10 };

it.each([
  ['in one memory', {}, undefined],
  ['in memories of their own', {}, 2 ** 20],
  ['of half a float', { precision: 'bf16' }, undefined],
] as const)('gives the same rows, %s', async (_, options: Partial<TableOptions>, limit) => {
  if (limit !== undefined) setSpaceLimit(limit);
  const table = makeTable({ ...size, ...options });
  table.initialize(7, 0.1);
  let turns = 0;
  const timer = setImmediate(function count() {
    turns++;
    next = setImmediate(count);
  });
  let next = timer;
  const { tables } = await fromPlainModel(
    toPlainModel({ tables: new Map([[size.name, table]]) } as unknown as LoadedModel),
  );
  clearImmediate(next);
  const bytes = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  expect(bytes(tables.get(size.name)!.read()).equals(bytes(table.read()))).toBe(true);
  expect(turns).toBeGreaterThanOrEqual(2);
});
