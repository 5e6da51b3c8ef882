import { expect, test } from 'vitest';
import type { ValueType } from '../../../src/compiler/library/contract.ts';
import { printValueType } from '../../../src/compiler/library/values.ts';

const fields = (...widths: number[]): ValueType => ({
  kind: 'fields',
  fields: widths.map((width, at) => ({ name: `f${at}`, width })),
});

test('values are shown as the editor shows them', () => {
  expect(printValueType(fields(16, 16, 16))).toBe('fields[3 × 16]');
  expect(printValueType(fields(32, 4, 8))).toBe('fields[32, 4, 8]');
  expect(printValueType(fields(8))).toBe('fields[1 × 8]');
  expect(printValueType({ kind: 'sequence', length: 50, width: 32 })).toBe('sequence[50 × 32]');
  expect(printValueType({ kind: 'vector', width: 64 })).toBe('vector[64]');
});
