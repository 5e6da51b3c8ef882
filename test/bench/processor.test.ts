import { expect, it } from 'vitest';
import { featuresIn } from '../../bench/processor.ts';

it('names the extensions that products of matrices use, of x64 and of ARM', () => {
  const x64 =
    'processor\t: 0\nmodel name\t: Some\nflags\t\t: fpu fma avx2 avx512f avx512_bf16 amx_bf16 amx_tile rdtscp\n';
  expect(featuresIn(x64)).toEqual(['fma', 'avx2', 'avx512f', 'avx512_bf16', 'amx_tile', 'amx_bf16']);
  expect(featuresIn('Features\t: fp asimd bf16 i8mm crc32\n')).toEqual(['asimd', 'bf16', 'i8mm']);
  expect(featuresIn('vendor: none\n')).toEqual([]);
});
