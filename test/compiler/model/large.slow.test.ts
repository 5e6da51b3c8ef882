/** Large texts are checked, or refused by a code with a place: never a stack that overflows, nor minutes. */
import { describe, expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { formatSource } from '../../../src/compiler/format/format.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';

const many = (count: number, write: (at: number) => string, between = '\n'): string =>
  Array.from({ length: count }, (_, at) => write(at)).join(between);

const model = ({ before = '', block = 'mlp(8)', after = '' } = {}): string => `model large
features { user_id: id(dim: 8), movie_id: id(dim: 8) }
${before}
tower user(user_id) keyed by user_id { channel main = user_id -> ${block} }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> mlp(8) }
task view { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05) }
${after}
`;

const codesOf = (text: string): readonly string[] => [
  ...new Set(checkSource(makeSource('large.tower', text)).diagnostics.map(({ code }) => code)),
];

describe('a large text', () => {
  it.each<[string, string, string[]]>([
    [
      'a chain of 10,000 constants',
      model({ before: `let a0 = 8\n${many(10_000, (at) => `let a${at + 1} = a${at} + 0`)}`, block: 'mlp(a10000)' }),
      [],
    ],
    [
      'the same, from the last to the first',
      model({
        before: `${many(10_000, (at) => `let a${10_000 - at} = a${9999 - at} + 0`)}\nlet a0 = 8`,
        block: 'mlp(a10000)',
      }),
      [],
    ],
    [
      'a cycle of 10,000 constants',
      model({ before: many(10_000, (at) => `let a${at} = a${(at + 1) % 10_000}`), block: 'mlp(a0)' }),
      ['constant-cycle'],
    ],
    [
      'a chain of 2,000 declared blocks',
      model({
        before: many(2000, (at) => `block b${at} = ${at === 0 ? 'dense(8)' : `b${at - 1} -> dense(8)`}`),
        block: 'b1999',
      }),
      ['block-too-large'],
    ],
    [
      'the same, from the last to the first',
      model({
        before: many(2000, (at) => `block b${1999 - at} = ${at === 1999 ? 'dense(8)' : `b${1998 - at} -> dense(8)`}`),
        block: 'b1999',
      }),
      ['block-too-large'],
    ],
    [
      'blocks that use the one before twice',
      model({
        before: `block b0 = dense(8)\n${many(60, (at) => `block b${at + 1} = b${at} -> b${at}`)}`,
        block: 'b60',
      }),
      ['block-too-large'],
    ],
    [
      'the same within arguments',
      model({
        before: `block b0 = dense(8)\n${many(200, (at) => `block b${at + 1} = residual(b${at})`)}`,
        block: 'b200',
      }),
      ['block-too-large'],
    ],
    ['rounds within rounds', model({ block: 'repeat(100, repeat(100, repeat(100, dense(4))))' }), ['block-too-large']],
    [
      'a chain of 1,000 features',
      model({ before: `features { f0: id(dim: 4)\n${many(1000, (at) => `f${at + 1}: like(f${at})`)} }` }),
      ['arguments-conflict', 'unread-feature'],
    ],
    [
      'a cycle of 1,000 features',
      model({ before: `features { ${many(1000, (at) => `f${at}: like(f${(at + 1) % 1000})`)} }` }),
      ['arguments-conflict'],
    ],
    ['280,000 words and signs', model({ before: many(70_000, (at) => `let a${at} = 1`) }), ['too-long']],
    ['a name of a million letters', model({ before: `let ${'a'.repeat(1e6)} = 1` }), ['unused-constant']],
  ])('%s', { timeout: 60_000 }, (_, text, codes) => {
    expect([...codesOf(text)].sort()).toEqual([...codes].sort());
  });

  it('of as many blocks as a flow may hold is valid', () => {
    expect(
      codesOf(
        model({
          before: `block b0 = dense(8)\n${many(64, (at) => `block b${at + 1} = b${at} -> dense(8)`)}`,
          block: 'b63',
        }),
      ),
    ).toEqual(['unused-block']);
  });

  it('is formatted', () => {
    const text = many(30_000, (at) => `let a${at} = 1`);
    expect(formatSource(makeSource('a.tower', text)).output).toContain('let a29999 = 1\n');
  });
});
