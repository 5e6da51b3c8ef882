/** In `toEqual`, packed texts are as the array of them: how a list of texts is kept is no part of what most tests say. */
import { expect } from 'vitest';
import { isTexts, PackedTexts } from '../src/base/text/texts.ts';

expect.addEqualityTesters([
  (one: unknown, other: unknown) => {
    if (!(one instanceof PackedTexts || other instanceof PackedTexts)) return undefined;
    return (
      isTexts(one) &&
      isTexts(other) &&
      one.length === other.length &&
      [...one].every((text, at) => text === other.at(at))
    );
  },
]);
