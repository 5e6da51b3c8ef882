import { expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { CodeSet } from '../../../src/training/embedding/remote_rows.ts';

it('numbers codes in the order they come, as a map does', () => {
  const random = makeRandom(1);
  const set = new CodeSet();
  for (const below of [10, 1000, 2 ** 31 - 1]) {
    set.clear();
    const map = new Map<number, number>();
    for (let i = 0; i < 3000; i++) {
      const code = random.integer(below);
      if (!map.has(code)) map.set(code, map.size);
      set.add(code);
      expect(set.positionOf(code)).toBe(map.get(code));
    }
    expect([...set.codes]).toEqual([...map.keys()]);
    for (let i = 0; i < 1000; i++) {
      const code = random.integer(below);
      expect(set.positionOf(code)).toBe(map.get(code) ?? -1);
    }
  }
});
