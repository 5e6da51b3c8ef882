import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lex } from '../../../grammar/lexer.ts';
import { applyEdits } from '../../../src/base/diagnostics/fixes.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { formatRange, formatSource } from '../../../src/compiler/format/format.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';
import fc from '../../fast_check.ts';
import * as examples from '../syntax/examples.ts';
import { formatted, formattedInPart, interleaved, tree } from './laws.ts';
import { laidOut, program } from './programs.ts';

/** `FORMAT_CASES=10000` for a long run. */
const numRuns = Number(process.env.FORMAT_CASES ?? 100);
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
  ...['models', 'models/data', 'test/compiler/model/mistakes'].flatMap((folder) =>
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

test('what follows `// prettier-ignore` stays as it was written', { timeout }, () => {
  const ignoring = fc
    .tuple(program, fc.nat())
    .filter(([text]) => isRead(text) && lex(text).tokens.length > 0)
    .map(([text, at]) => {
      const { tokens } = lex(text);
      const { startOffset } = tokens[at % tokens.length]!;
      return `${text.slice(0, startOffset)}\n// prettier-ignore\n${text.slice(startOffset)}`;
    })
    .filter(isRead);
  fc.assert(
    fc.property(ignoring, layout, (text, how) => void formattedInPart(text, how)),
    { numRuns },
  );
});

test('a range that is formatted leaves the rest as it is', { timeout }, () => {
  const mutated = fc.constantFrom(...written).chain((text) => laidOut(lex(text).tokens.map(({ image }) => image)));
  fc.assert(
    fc.property(mutated, fc.nat(), fc.nat(), (text, one, other) => {
      const [start, end] = [one % (text.length + 1), other % (text.length + 1)].sort((a, b) => a - b) as [
        number,
        number,
      ];
      const source = makeSource('a.tower', text);
      const edit = formatRange(source, { start, end });
      if (!edit) return;
      const result = applyEdits(source, [edit]);
      expect(result.startsWith(text.slice(0, edit.at.start))).toBe(true);
      expect(result.endsWith(text.slice(edit.at.end))).toBe(true);
      expect(tree(result)).toBe(tree(text));
      expect(interleaved(result)).toEqual(interleaved(text));
      // The range may hold the only line ending that says which kind the file has.
      const [rest, whole] = [makeSource('a.tower', result), source].map((each) => formatSource(each).output);
      expect(rest?.replaceAll('\r\n', '\n')).toBe(whole?.replaceAll('\r\n', '\n'));
    }),
    { numRuns: Math.ceil(numRuns / 5) },
  );
});

test('a piece taken out of a program leaves one that is formatted, or a mistake that is reported', { timeout }, () => {
  const cut = fc
    .tuple(fc.constantFrom(...written), fc.nat(), fc.integer({ min: 1, max: 40 }))
    .map(([text, at, length]) => text.slice(0, at % text.length) + text.slice((at % text.length) + length));
  fc.assert(
    fc.property(cut, (text) => {
      if (isRead(text)) formatted(text);
      else {
        const { output, diagnostics } = formatSource(makeSource('a.tower', text));
        expect(output).toBeUndefined();
        expect(diagnostics.length).toBeGreaterThan(0);
      }
    }),
    { numRuns },
  );
});
