import { describe, expect, it } from 'vitest';
import { nextOf, pageOf, pairsOf, tableOf, wrapWords } from '../../../src/app/cli/layout.ts';

const page = (columns?: number) => ({ columns, colour: false });

describe('what a stream shows', () => {
  const terminal = { isTTY: true, columns: 90 };
  it.each([
    ['a terminal', terminal, {}, { columns: 90, colour: true }],
    ['NO_COLOR', terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }, { columns: 90, colour: false }],
    ['an empty NO_COLOR', terminal, { NO_COLOR: '' }, { columns: 90, colour: true }],
    ['TERM=dumb', terminal, { TERM: 'dumb' }, { columns: 90, colour: false }],
    ['COLUMNS', terminal, { COLUMNS: '50' }, { columns: 50, colour: true }],
    ['a terminal that does not know its width', { isTTY: true, columns: 0 }, {}, { columns: 80, colour: true }],
    ['a file', { isTTY: false, columns: 0 }, { COLUMNS: '50' }, { columns: undefined, colour: false }],
    [
      'a file with FORCE_COLOR',
      { isTTY: false, columns: 0 },
      { FORCE_COLOR: '1' },
      { columns: undefined, colour: true },
    ],
    ['a pipe, which has no isTTY', {}, { CI: 'true' }, { columns: undefined, colour: false }],
    ['FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, { columns: 90, colour: false }],
  ])('is right for %s', (_, stream, env, shown) => {
    expect(pageOf(stream, env)).toEqual(shown);
  });
});

it('breaks lines between words, and leaves code and commands whole', () => {
  const wrap = (text: string): string => wrapWords(text, 20);
  expect(wrap('one two three four five six')).toBe('one two three four\nfive six');
  expect(wrap('1. one two three four five six')).toBe('1. one two three\n   four five six');
  expect(wrap('continue with `tower x --resume`')).toBe('continue with\n`tower x --resume`');
  expect(wrap('    hint: one two three four')).toBe('    hint: one two\n    three four');
  expect(wrap('\x1b[31mred\x1b[39m two three four')).toBe('\x1b[31mred\x1b[39m two three four');
  expect(wrap('   npx tower train model.tower')).toBe('   npx tower train model.tower');
  expect(wrapWords('one two three', undefined)).toBe('one two three');
});

describe('a table', () => {
  const head = ['', 'recall@10', 'recall@50', 'auc'];
  const rows = [
    ['films', '0.5833', '1.0000', '0.6764'],
    ['popularity', '0.4281', '–', '12.5 %'],
  ];

  it('aligns numbers to the right, and draws no lines', () => {
    expect(tableOf(head, rows, page())).toBe(`\
            recall@10  recall@50     auc
films          0.5833     1.0000  0.6764
popularity     0.4281          –  12.5 %`);
  });

  it('continues below with the first column again where it is too wide', () => {
    expect(tableOf(head, rows, page(32))).toBe(`\
            recall@10  recall@50
films          0.5833     1.0000
popularity     0.4281          –

               auc
films       0.6764
popularity  12.5 %`);
  });

  it('wraps its last column of texts', () => {
    const reasons = [['genres', 'list', '`|` separates short values that come up again']];
    expect(tableOf(['column', 'taken as', 'because'], reasons, page(44))).toBe(`\
column  taken as  because
genres  list      \`|\` separates short values
                  that come up again`);
  });

  it('has a line for each cell where no column fits beside the first', () => {
    expect(tableOf(['', 'ndcg@10'], [['popularity − films', '+0.1769 [+0.0321, +0.3069]']], page(40))).toBe(`\
popularity − films
  ndcg@10  +0.1769 [+0.0321, +0.3069]`);
  });

  it('counts cells of wide characters, and shows no control characters', () => {
    expect(
      tableOf(
        ['name', 'n'],
        [
          ['東京', '1'],
          ['a\x1b[2Jb', '22'],
        ],
        page(),
      ),
    ).toBe('name     n\n東京     1\na␛[2Jb  22');
  });
});

it('pairs are all beside each other or all below', () => {
  const pairs = [
    ['--data', 'read these rows'],
    ['--out <folder>', 'write the run into this folder'],
  ] as const;
  expect(pairsOf(pairs, page(60))).toBe(`\
  --data          read these rows
  --out <folder>  write the run into this folder`);
  expect(pairsOf(pairs, page(32))).toBe(`\
  --data
    read these rows
  --out <folder>
    write the run into this
    folder`);
  expect(nextOf([['tower runs', 'list them']], page())).toBe('Next:\n  tower runs  list them');
});
