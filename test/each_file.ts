/** Runs before each file of tests, which share the modules of their process. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { useProgramWording } from '../src/base/diagnostics/diagnostic.ts';
import { isTexts, PackedTexts } from '../src/base/text/texts.ts';

// An earlier file of the process may have loaded the library, from where on hints name entries of requests.
useProgramWording(readFileSync(expect.getState().testPath!, 'utf8').includes("/src/api.ts'"));

// In `toEqual`, packed texts are as the array of them: how a list of texts is kept is no part of what most tests say.
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
