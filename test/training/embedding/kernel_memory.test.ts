import { expect, test } from 'vitest';
import { KernelSpace, type Region } from '../../../src/training/embedding/kernel_memory.ts';
import fc from '../../fast_check.ts';

test('regions never overlap, lie on cache lines, and keep what is in them while others come and go', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 5000 }), drop: fc.nat() }), {
        minLength: 1,
        maxLength: 60,
      }),
      (steps) => {
        const space = new KernelSpace();
        const held: { region: Region; mark: number }[] = [];
        steps.forEach(({ bytes, drop }, mark) => {
          const region = space.allocate(bytes);
          expect(region.pointer % 64).toBe(0);
          expect(region.bytes).toBeGreaterThanOrEqual(bytes);
          new Uint8Array(space.memory.buffer, region.pointer, region.bytes).fill(mark);
          held.push({ region, mark });
          if (drop % 3 === 0) space.free(held.splice(drop % held.length, 1)[0]!.region);
        });
        for (const { region, mark } of held) {
          const bytes = new Uint8Array(space.memory.buffer, region.pointer, region.bytes);
          expect(bytes.every((byte) => byte === mark)).toBe(true);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('what is freed is used again, also in larger pieces', () => {
  const space = new KernelSpace();
  const regions = Array.from({ length: 8 }, () => space.allocate(64_000));
  const last = space.allocate(64);
  const size = space.memory.buffer.byteLength;
  for (const region of regions) space.free(region);
  expect(space.allocate(8 * 64_000).pointer).toBe(regions[0]!.pointer);
  expect(space.memory.buffer.byteLength).toBe(size);
  expect(last.pointer).toBeGreaterThan(regions[7]!.pointer);
});

test('a region is not freed twice', () => {
  const space = new KernelSpace();
  const region = space.allocate(100);
  space.allocate(100);
  space.free(region);
  expect(() => space.free(region)).toThrow('freed twice');
});

test('an enlarged region begins with what it held', () => {
  const space = new KernelSpace();
  const small = space.allocate(256);
  space.integers(small, 64).fill(7);
  space.allocate(64);
  const large = space.enlarge(small, 100_000);
  expect(space.integers(large, 64)).toEqual(new Int32Array(64).fill(7));
  expect(space.enlarge(large, 50_000)).toBe(large);
});

test('more than 4 GiB is a RangeError', () => {
  expect(() => new KernelSpace().allocate(2 ** 32)).toThrow(RangeError);
});
