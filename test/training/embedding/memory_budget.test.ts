import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { tableBytes } from '../../../src/training/embedding/optimizer.ts';
import { controlGroups, freeBytes, freeGroupBytes } from '../../../src/training/embedding/table_memory.ts';
import { refuseTooLarge } from '../../../src/training/embedding/tables.ts';
import { optimizerPlan } from './fixtures.ts';

test('the bytes of a table are its values and its optimizer state', () => {
  const size = { name: 'items', rows: 1000, dim: 16 };
  expect(tableBytes(size)).toBe(64_000);
  expect(tableBytes({ ...size, optimizer: optimizerPlan('sgd') })).toBe(64_000);
  expect(tableBytes({ ...size, optimizer: optimizerPlan('row_adagrad') })).toBe(68_000);
  expect(tableBytes({ ...size, optimizer: optimizerPlan('adagrad') })).toBe(128_000);
  expect(tableBytes({ ...size, optimizer: optimizerPlan('adam') })).toBe(196_000);
});

test('tables that do not fit are refused with the bytes and the largest of them', () => {
  const tables = [
    { name: 'small', rows: 10, dim: 4 },
    { name: 'large', rows: 1_000_000, dim: 64, optimizer: optimizerPlan('adagrad') },
  ];
  expect(() => refuseTooLarge(tables, 512_000_160)).not.toThrow();
  let thrown: unknown;
  try {
    refuseTooLarge(tables, 512_000_159);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(Failure);
  const [diagnostic] = (thrown as Failure).diagnostics;
  expect(diagnostic?.code).toBe('too-large-for-memory');
  expect(diagnostic?.message).toContain('512,000,160 bytes');
  expect(diagnostic?.message).toContain('large 1,000,000 × 64: 512,000,000 bytes');
});

test('weights of blocks count too', () => {
  const tables = [{ name: 'small', rows: 10, dim: 4 }];
  expect(() => refuseTooLarge(tables, 1_000_160, 1_000_000)).not.toThrow();
  expect(() => refuseTooLarge(tables, 1_000_159, 1_000_000)).toThrow(
    /blocks: 1,000,000 bytes, small 10 × 4: 160 bytes/,
  );
});

test('what a step holds counts too, with its rows', () => {
  const tables = [{ name: 'small', rows: 10, dim: 4 }];
  const step = { batch: 240, bytes: 2_000_000 };
  expect(() => refuseTooLarge(tables, 2_000_160, 0, step)).not.toThrow();
  expect(() => refuseTooLarge(tables, 2_000_159, 0, step)).toThrow(/a step of 240 rows: 2,000,000 bytes, small 10 × 4/);
});

test('what is free is read from this machine', () => {
  const free = freeBytes();
  expect(free).toBeGreaterThan(2 ** 20);
  expect(free).toBeLessThan(2 ** 50);
});

test('a control group bounds it: limit less use, caches not counted as used', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tower-group-'));
  try {
    expect(freeGroupBytes(folder)).toBe(Number.POSITIVE_INFINITY);
    mkdirSync(join(folder, 'memory'));
    writeFileSync(join(folder, 'memory/memory.limit_in_bytes'), '1000\n');
    writeFileSync(join(folder, 'memory/memory.usage_in_bytes'), '400\n');
    expect(freeGroupBytes(folder)).toBe(600);
    writeFileSync(join(folder, 'memory.max'), 'max\n');
    writeFileSync(join(folder, 'memory.current'), '300\n');
    expect(freeGroupBytes(folder)).toBe(600);
    writeFileSync(join(folder, 'memory.max'), '2000\n');
    writeFileSync(join(folder, 'memory.stat'), 'anon 5\ninactive_file 100\n');
    expect(freeGroupBytes(folder)).toBe(1800);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('every group that this process is part of counts', () => {
  expect(controlGroups('/c', '1:name=systemd:/x\n0::/user.slice/run-1.scope\n')).toEqual([
    '/c',
    '/c/user.slice',
    '/c/user.slice/run-1.scope',
  ]);
  expect(controlGroups('/c', '0::/\n')).toEqual(['/c']);
  expect(controlGroups('/c', '')).toEqual(['/c']);
});
