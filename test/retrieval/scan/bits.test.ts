import { expect, it } from 'vitest';
import { Bits } from '../../../src/retrieval/scan/bits.ts';
import fc from '../../fast_check.ts';

it('is a set of rows', () => {
  const rows = fc.integer({ min: 0, max: 200 });
  const sets = rows.chain((size) =>
    fc.tuple(fc.constant(size), fc.array(fc.nat(Math.max(0, size - 1))), fc.array(fc.nat(Math.max(0, size - 1)))),
  );
  fc.assert(
    fc.property(sets, ([size, some, others]) => {
      const [a, b] = [some, others].map((each) => new Set(size === 0 ? [] : each)) as [Set<number>, Set<number>];
      const bitsOf = (set: Set<number>): Bits => {
        const bits = new Bits(size);
        for (const row of set) bits.add(row);
        return bits;
      };
      const listOf = (bits: Bits): number[] => {
        const list: number[] = [];
        bits.forEach((row) => {
          list.push(row);
        });
        expect(bits.count()).toBe(list.length);
        return list;
      };
      const all = Array.from({ length: size }, (_, row) => row);
      const [x, y] = [bitsOf(a), bitsOf(b)];
      expect(listOf(x)).toEqual(all.filter((row) => a.has(row)));
      expect([...listOf(x).keys()].map((index) => x.rowAt(index))).toEqual(listOf(x));
      expect(x.rowAt(a.size)).toBe(-1);
      expect(all.filter((row) => x.has(row))).toEqual(listOf(x));
      expect(listOf(x.and(y))).toEqual(all.filter((row) => a.has(row) && b.has(row)));
      expect(listOf(x.or(y))).toEqual(all.filter((row) => a.has(row) || b.has(row)));
      expect(listOf(x.not())).toEqual(all.filter((row) => !a.has(row)));
      expect(listOf(Bits.all(size))).toEqual(all);
      const copy = x.copy();
      expect([...copy.list()]).toEqual(listOf(x));
      for (const row of b) copy.add(row);
      expect(copy.count()).toBe(new Set([...a, ...b]).size);
      expect([...copy.list()]).toEqual(listOf(x.or(y)));
      for (const row of a) copy.delete(row);
      expect([...copy.list()]).toEqual(all.filter((row) => b.has(row) && !a.has(row)));
      expect(copy.count()).toBe(copy.list().length);
      expect([...x.list()]).toEqual(listOf(x));
      expect(x.count()).toBe(a.size);
    }),
  );
});
