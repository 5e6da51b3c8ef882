import { expect, test } from 'vitest';
import { type Diagnostic, diagnose } from '../../../src/base/diagnostics/diagnostic.ts';
import { renderDiagnostics } from '../../../src/base/diagnostics/render.ts';
import { makeSource, type Source } from '../../../src/base/text/source.ts';

function at(source: Source, text: string, from = 0) {
  const start = source.text.indexOf(text, from);
  return { source, start, end: start + text.length };
}

const unknown = (source: Source, name: string, nearest?: string, notes: Diagnostic['notes'] = []) =>
  diagnose('unknown-name', at(source, name), { what: 'feature', name, nearest }, { notes });

test('a place, a message, the line, a mark, the second place and a hint', () => {
  const source = makeSource('models/a.tower', 'features {\n  gender : category\n}\ngroup g = gendr\n');
  const notes = [{ message: 'this one is near', at: at(source, 'gender') }];
  expect(renderDiagnostics([unknown(source, 'gendr', 'gender', notes)])).toBe(`\
models/a.tower:4:11: error: there is no feature called \`gendr\` [unknown-name]
  4 │ group g = gendr
    │           ^^^^^
    models/a.tower:2:3: this one is near
  2 │   gender : category
    │   ^^^^^^
    hint: did you mean \`gender\`?

1 error
`);
});

test('marks are under what they mark after tabs and wide characters', () => {
  const source = makeSource('a', '\t"名前" x名y\n');
  expect(renderDiagnostics([unknown(source, 'x名y')])).toContain('  1 │     "名前" x名y\n    │            ^^^^\n');
});

test('a place over many lines shows its first and last', () => {
  const source = makeSource('a', 'one {\n  two\n  three\n  }\n');
  expect(renderDiagnostics([unknown(source, '{\n  two\n  three\n  }')])).toContain(
    '  1 │ one {\n    │     ^\n    ┆\n  4 │   }\n    │   ^\n',
  );
});

test('an empty place gets one mark, also past the end of the text', () => {
  const source = makeSource('a', 'one');
  const place = { source, start: 3, end: 3 };
  expect(renderDiagnostics([diagnose('unclosed', place, { open: '`(`', close: '`)`' })])).toContain(
    '  1 │ one\n    │    ^\n',
  );
});

test('a mistake in no text has no frame', () => {
  expect(renderDiagnostics([diagnose('unexpected-text', undefined, { found: 'a', expected: 'b' })])).toBe(
    'error: expected b, found a [unexpected-text]\n\n1 error\n',
  );
});

test('a line of a megabyte is cut around the place', () => {
  const source = makeSource('a', `${'x'.repeat(1_000_000)}HERE${'y'.repeat(1_000_000)}`);
  const shown = renderDiagnostics([unknown(source, 'HERE')]);
  expect(shown.length).toBeLessThan(1000);
  const [, line, mark] = shown.split('\n');
  expect(line!.slice(mark!.indexOf('^'), mark!.indexOf('^') + 4)).toBe('HERE');
});

test('a line that is wider than the terminal is cut around the place', () => {
  const source = makeSource('a', 'tower item(movie) keyed by movie { channel main = movie -> mlp(16) }');
  const [, line, mark] = renderDiagnostics([unknown(source, 'mlp')], { columns: 40 }).split('\n');
  expect(line!.length).toBeLessThanOrEqual(40);
  expect(line!.slice(mark!.indexOf('^'), mark!.indexOf('^') + 3)).toBe('mlp');
});

test('windows line ends leave no trace', () => {
  const source = makeSource('a', 'one\r\ntwo\r\n');
  expect(renderDiagnostics([unknown(source, 'one')])).not.toContain('\r');
});

test('colour only where it is asked for, and the same words', () => {
  const source = makeSource('a', 'one');
  const plain = renderDiagnostics([unknown(source, 'one', 'two')]);
  const coloured = renderDiagnostics([unknown(source, 'one', 'two')], { colour: true });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  const codes = /\u001b\[\d+m/g;
  expect(plain).not.toMatch(codes);
  expect(coloured).toMatch(codes);
  expect(coloured.replace(codes, '')).toBe(plain);
});

test('many are shown in the order of the text, and counted', () => {
  const source = makeSource('a', 'one two');
  const shown = renderDiagnostics([unknown(source, 'two'), unknown(source, 'one')]);
  expect(shown.indexOf('`one`')).toBeLessThan(shown.indexOf('`two`'));
  expect(shown.endsWith('\n\n2 errors\n')).toBe(true);
  expect(renderDiagnostics([])).toBe('');
});
