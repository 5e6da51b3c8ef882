import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lex } from '../../grammar/lexer.ts';
import { format } from '../../src/format/format.ts';
import { parse } from '../../src/syntax/parse.ts';
import { makeSource } from '../../src/text/source.ts';
import * as examples from '../syntax/examples.ts';
import { formatted } from './laws.ts';
import { laidOut, program } from './programs.ts';

/** `FORMAT_CASES=10000` for a long run. */
const numRuns = Number(process.env.FORMAT_CASES ?? 300);
const timeout = 60_000 + 100 * numRuns;
const layout = fc.record({
  printWidth: fc.constantFrom(120, 80, 40, 12),
  tabWidth: fc.constantFrom(2, 4),
  useTabs: fc.boolean(),
});

const isRead = (text: string): boolean =>
  parse(makeSource('a.tower', text)).diagnostics.every(
    ({ severity, code }) => severity !== 'error' || code === 'empty-file',
  );

const written = [
  ...Object.values(examples),
  ...['models', 'models/data', 'test/model/mistakes'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.tower'))
      .map((name) => readFileSync(join(folder, name), 'utf8')),
  ),
].filter(isRead);

test('random programs keep their tree and their comments, and are formatted once for all', { timeout }, () => {
  let read = 0;
  fc.assert(
    fc.property(program, layout, (text, how) => {
      fc.pre(isRead(text));
      read++;
      formatted(text, how);
    }),
    { numRuns },
  );
  expect(read).toBe(numRuns);
});

test('so do programs that people wrote, laid out anew', { timeout }, () => {
  const mutated = fc.constantFrom(...written).chain((text) => laidOut(lex(text).tokens.map(({ image }) => image)));
  fc.assert(
    fc.property(mutated, layout, (text, how) => void formatted(text, how)),
    { numRuns: Math.ceil(numRuns / 5) },
  );
});

test('a piece taken out of a program leaves one that is formatted, or a mistake that is told', { timeout }, () => {
  const cut = fc
    .tuple(fc.constantFrom(...written), fc.nat(), fc.integer({ min: 1, max: 40 }))
    .map(([text, at, length]) => text.slice(0, at % text.length) + text.slice((at % text.length) + length));
  fc.assert(
    fc.property(cut, (text) => {
      if (isRead(text)) formatted(text);
      else {
        const { output, diagnostics } = format(makeSource('a.tower', text));
        expect(output).toBeUndefined();
        expect(diagnostics.length).toBeGreaterThan(0);
      }
    }),
    { numRuns },
  );
});
