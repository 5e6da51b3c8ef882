/** Law: it finds what a `Map` finds. */
import { expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeKeyIndex } from '../../../src/base/text/key_index.ts';

it.each([0, 3000])('finds what a Map finds, with room for %i at first', (expected) => {
  const random = makeRandom(5);
  const texts: string[] = [];
  const index = makeKeyIndex((place) => texts[place]!, expected);
  const map = new Map<string, number>();
  const pick = (): string =>
    ['', 'ü', '🎬', '\ud83c', 'a'][random.integer(5)]! + 'k'.repeat(random.integer(3)) + random.integer(2000);
  for (let i = 0; i < 20_000; i++) {
    const text = pick();
    expect(index.placeOf(text)).toBe(map.get(text) ?? -1);
    if (random.integer(2) === 0) continue;
    const place = texts.push(text) - 1;
    index.set(text, place);
    map.set(text, place);
  }
  for (const [text, place] of map) expect(index.placeOf(text)).toBe(place);
  expect(map.size).toBeGreaterThan(3000);
});
