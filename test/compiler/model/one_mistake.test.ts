/** One mistake gives one diagnostic: every word of every model, misspelt in turn. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';

const files = ['models', 'models/data'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.tower'))
    .map((name) => join(folder, name)),
);

describe('a misspelt word is one mistake at most', () => {
  it.each(files)('%s', (path) => {
    const text = readFileSync(path, 'utf8');
    const withoutTexts = text.replace(/\/\/[^\n]*|"[^"\n]*"/g, (part) => ' '.repeat(part.length));
    for (const { 0: word, index } of withoutTexts.matchAll(/[A-Za-z_]\w{3,}/g)) {
      const swapped = word.slice(0, 2) + word[3] + word[2] + word.slice(4);
      if (swapped === word) continue;
      const broken = text.slice(0, index) + swapped + text.slice(index + word.length);
      const codes = checkSource(makeSource(path, broken)).diagnostics.map(({ code, message }) => `${code}: ${message}`);
      expect(codes.length, `${word} → ${swapped}: ${codes.join('; ')}`).toBeLessThanOrEqual(1);
    }
  });
});
