import { expect, it } from 'vitest';
import { bfloat16Instructions } from '../../src/engines/processor.ts';

it('names the best instructions for bfloat16 of a processor', () => {
  expect(bfloat16Instructions(new Set(['fpu', 'avx512_bf16', 'avx512f']))).toBe('avx512_bf16');
  expect(bfloat16Instructions(new Set(['avx512_bf16', 'amx_bf16', 'amx_tile']))).toBe('amx_bf16');
  expect(bfloat16Instructions(new Set(['avx512f', 'avx2', 'bf16']))).toBeUndefined();
});

it('reads what this processor has without failing', () => {
  expect([undefined, 'avx512_bf16', 'amx_bf16']).toContain(bfloat16Instructions());
});
