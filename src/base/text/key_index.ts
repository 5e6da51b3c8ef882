/**
 * Finds the places of texts in a list that grows. A `Map` holds at most 2²⁴ of them, takes an entry on the heap for each, which every collection of garbage visits, and
 * stops for tens of milliseconds when it grows. Here a text takes two numbers, found by open addressing.
 */
import { mixed } from '../random/random.ts';

export interface KeyIndex {
  /** −1 where there is none. */
  placeOf(text: string): number;
  /** In place of an earlier place of the same text. @param place whose text is in the list by now */
  set(text: string, place: number): void;
}

/**
 * @param textAt the list
 * @param expected texts that there is room for at first
 */
export function makeKeyIndex(textAt: (place: number) => string, expected = 0): KeyIndex {
  /** Place + 1, or 0; and the hash of its text. At most half of them are used. */
  let places = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(64, 2 * expected))));
  let hashes = new Int32Array(places.length);
  let used = 0;

  /** Where the text is, or the free slot where it goes. */
  const find = (text: string, hash: number): number => {
    const mask = places.length - 1;
    let at = hash & mask;
    while (places[at] !== 0 && (hashes[at] !== hash || textAt(places[at]! - 1) !== text)) at = (at + 1) & mask;
    return at;
  };
  const enlarge = (): void => {
    const [before, known] = [places, hashes];
    places = new Int32Array(2 * before.length);
    hashes = new Int32Array(places.length);
    const mask = places.length - 1;
    for (let i = 0; i < before.length; i++) {
      if (before[i] === 0) continue;
      let at = known[i]! & mask;
      while (places[at] !== 0) at = (at + 1) & mask;
      places[at] = before[i]!;
      hashes[at] = known[i]!;
    }
  };

  return {
    placeOf: (text) => places[find(text, hashOf(text))]! - 1,
    set(text, place) {
      const hash = hashOf(text);
      let at = find(text, hash);
      if (places[at] === 0 && 2 * ++used > places.length) {
        enlarge();
        at = find(text, hash);
      }
      places[at] = place + 1;
      hashes[at] = hash;
    },
  };
}

/** FNV-1a over the units, mixed so that the low bits depend on all: as an Int32Array has it. */
function hashOf(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return mixed(value) | 0;
}
