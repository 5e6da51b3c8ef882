import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as prettier from 'prettier';
import { describe, expect, test } from 'vitest';
import { filesToFormat, formatFile } from '../../../src/app/api/format.ts';
import { applyEdits } from '../../../src/base/diagnostics/fixes.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { formatFences, formatRange, formatSource } from '../../../src/compiler/format/format.ts';
import * as plugin from '../../../src/compiler/format/prettier.ts';
import { goldens } from '../../golden.ts';
import * as examples from '../syntax/examples.ts';
import { formatted, formattedInPart } from './laws.ts';

// How things are written, before and after.
goldens(fileURLToPath(new URL('goldens', import.meta.url)), ({ text }) => formatted(text), { output: '.formatted' });

describe('everything of this project is formatted', () => {
  const files = filesToFormat(['models', 'docs', 'README.md']);
  test('the files are found', () => {
    expect(files).toContain('models/two_tower.tower');
    expect(files).toContain('docs/guide/language.md');
    expect(files).toContain('README.md');
  });
  test.each(files)('%s', (path) => {
    const { output, source, diagnostics } = formatFile(path);
    expect(diagnostics).toEqual([]);
    expect(output).toBe(source.text);
  });
});

const asPrettier = (text: string, options: prettier.Options = {}) =>
  prettier.format(text, { parser: 'tower', plugins: [plugin], filepath: 'a.tower', ...options });

test('braces around nothing are one line before and after, whatever was between them', () => {
  const text = 'tower user(a) {\n}\ntower a(a, b) {\n\n}\ndata d { columns {\n} }\n';
  expect(formatted(text)).toBe('tower user(a) {}\ntower a(a, b) {}\ndata d {\n  columns {}\n}\n');
});

const matrix = `features {
  // prettier-ignore
  a:id(dim:  4),
  bb : number
}
// prettier-ignore
let   weights =
    [ 1, 0,
      0, 1 ]
let x   = 1
`;

test('what follows `// prettier-ignore` stays as it was written', async () => {
  const text = matrix.replace('bb : number', 'bb:number').replace('let x   = 1', 'let x=1');
  const expected = matrix.replace('4),', '4)').replace('let x   = 1', 'let x = 1');
  expect(formattedInPart(text)).toBe(expected);
  expect(await asPrettier(text)).toBe(expected);
});

test('a range formats the declarations that it touches', () => {
  const source = makeSource('a.tower', 'let a=1\nlet b=2 // b\nlet c=3\nlet d=4\n');
  const edit = formatRange(source, { start: 10, end: 22 })!;
  expect(applyEdits(source, [edit])).toBe('let a=1\nlet b = 2    // b\nlet c = 3\nlet d=4\n');
  expect(formatRange(makeSource('a.tower', 'let a = = 1'), { start: 0, end: 5 })).toBeUndefined();
});

describe('the prettier plugin', () => {
  test.each(Object.entries(examples))('gives the same for %s', async (_, text) => {
    expect(await asPrettier(text)).toBe(formatSource(makeSource('a', text)).output);
    const narrow = { printWidth: 40, tabWidth: 4 };
    expect(await asPrettier(text, narrow)).toBe(formatSource(makeSource('a', text), narrow).output);
  });
  test('finds its parser by the ending of a file', async () => {
    expect(await prettier.format('model   a', { plugins: [plugin], filepath: 'a.tower' })).toBe('model a\n');
  });
  test('works as it is built, named by its path', async () => {
    const options = { plugins: [resolve('dist/prettier.js')], filepath: 'a.tower' };
    expect(await prettier.format('model   a // b', options)).toBe('model a    // b\n');
  });
  test('formats only what has the pragma, where that is asked for, and adds it', async () => {
    const only = { requirePragma: true };
    for (const text of ['model   a // @format\n', 'model   a\n// @format\n', '// about @format\nmodel   a\n']) {
      expect(await asPrettier(text, only)).toBe(text);
    }
    expect(await asPrettier('// of us\n\n// @format\nmodel   a\n', only)).toBe('// of us\n\n// @format\nmodel a\n');
    const added = await asPrettier('model   a\n', { insertPragma: true });
    expect(added).toBe('// @format\n\nmodel a\n');
    expect(await asPrettier(added, { insertPragma: true })).toBe(added);
  });
  test('formats the fences of Markdown', async () => {
    const page = '# A\n\n```tower\nmodel   a\n```\n';
    expect(await prettier.format(page, { parser: 'markdown', plugins: [plugin] })).toBe(
      '# A\n\n```tower\nmodel a\n```\n',
    );
  });
  test('refuses a text with a mistake of syntax, and says where', async () => {
    await expect(asPrettier('model a\nlet b 3\n')).rejects.toThrow(
      /`=` is missing before `3` \[missing-sign\][\s\S]*> 2 \| let b 3/,
    );
  });
});

describe('what is no program', () => {
  const output = (text: string) => formatSource(makeSource('a.tower', text)).output;
  test('nothing stays nothing', () => expect([output(''), output('\n \n')]).toEqual(['', '']));
  test('comments alone stay', () => expect(output('\n\n// a\n\n\n//b\n')).toBe('// a\n\n//b\n'));
  test('a mistake of syntax is reported in its place, and nothing is formatted', () => {
    const { output, diagnostics } = formatSource(makeSource('a.tower', '\uFEFFmodel  a\r\nlet b 3\r\n'));
    expect(output).toBeUndefined();
    expect(diagnostics.map(({ code, at }) => [code, at?.start])).toEqual([['missing-sign', 17]]);
  });
  test('a warning keeps nothing from being formatted', () => {
    expect(output('model  a\n/// of nothing')).toBe('model a\n/// of nothing\n');
  });
});

describe('the bytes around a text', () => {
  const output = (text: string) => formatSource(makeSource('a.tower', text)).output;
  test('line ends stay what the first one is', () => {
    expect(output('model  a\r\n\r\n\r\nlet b=3\n')).toBe('model a\r\n\r\nlet b = 3\r\n');
    expect(output('model  a\nlet b=3\r\nlet c=3\r')).toBe('model a\nlet b = 3\nlet c = 3\n');
  });
  test('a byte order mark stays', () => expect(output('\uFEFFmodel  a')).toBe('\uFEFFmodel a\n'));
});

describe('fences of a page', () => {
  test('are formatted, and nothing else', () => {
    const page =
      'a   b\n\n```tower\nlet a=3\n```\n\n```text\nlet a=3\n```\n\n```tower wrong\nlet a=\n```\n\n```tower\n```\n';
    expect(formatFences(makeSource('a.md', page)).output).toBe(page.replace('let a=3', 'let a = 3'));
  });
  test('of a page with Windows line ends keep them', () => {
    const page = '# A\r\n\r\n```tower\r\nlet a=3\r\nlet b=4\r\n```\r\n';
    const { output } = formatFences(makeSource('a.md', page));
    expect(output).toBe(page.replace('a=3', 'a = 3').replace('b=4', 'b = 4'));
  });
  test('a mistake in one is reported with its line in the page', () => {
    const { output, diagnostics } = formatFences(makeSource('a.md', '# A\n\n```tower\nmodel a\nlet b 3\n```\n'));
    expect(output).toBeUndefined();
    expect(diagnostics[0]!.at!.source.text.slice(0, diagnostics[0]!.at!.start).split('\n').length).toBe(5);
  });
});

test('2,000 lines are formatted alike whether they are alone or together', () => {
  const one = readFileSync('models/two_tower.tower', 'utf8');
  const many = Array.from({ length: 65 }, () => one).join('\n');
  expect(formatSource(makeSource('a.tower', many)).output).toBe(many);
});

test.each([
  'tower t(a) { channel channel = b() data = channel, task = c() channel a = d }',
  'tower t(a) { channel channel = b() a = channel, a = c() channel a = a channel\na = -a, }',
])('a step or a channel that is called `channel` stays what it is: %j', (text) => {
  formatted(text);
});
