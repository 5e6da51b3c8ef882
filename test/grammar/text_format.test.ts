/** The text format of Protocol Buffers: values, places, and that no text makes the parser throw. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConfigField, readConfig } from '../../grammar/text_format.ts';
import { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import { convertConfig } from '../../src/plugins/easyrec/convert.ts';
import fc from '../fast_check.ts';

/** Fields as plain data: a message is a list of its fields. */
const plain = (fields: readonly ConfigField[]): unknown =>
  fields.map(({ name, value }) => [name, value.kind === 'message' ? plain(value.fields) : value.text]);

const read = (text: string): unknown => {
  const found = readConfig(text);
  return 'mistake' in found ? found.mistake : plain(found.fields);
};

describe('the text format', () => {
  it('has messages, lists, and values of each kind', () => {
    expect(
      read('a: 1 b { c: "x" } d: { e: YES; } f: [1, -2.5e3, .5f, 0x1F] g < h: inf >, [x.y/z]: true # end'),
    ).toEqual([
      ['a', '1'],
      ['b', [['c', 'x']]],
      ['d', [['e', 'YES']]],
      ['f', '1'],
      ['f', '-2.5e3'],
      ['f', '.5f'],
      ['f', '0x1F'],
      ['g', [['h', 'inf']]],
      ['x.y/z', 'true'],
    ]);
  });

  it('joins texts, and reads escapes as bytes of UTF-8', () => {
    expect(read(String.raw`a: "x" 'y' b: "\x02\001\t\"\'\\" c: "\xc3\xa9\u00e9\U0001F600é"`)).toEqual([
      ['a', 'xy'],
      ['b', '\u0002\u0001\t"\'\\'],
      ['c', 'éé😀é'],
    ]);
  });

  it('says what is wrong, and where', () => {
    expect(read('a {\n  b: "x\n}')).toMatchObject({ start: 9, found: 'a text without its closing quote' });
    expect(read('a: ')).toMatchObject({ found: 'the end of the file' });
    expect(read('}')).toMatchObject({ start: 0, expected: 'the name of a field, or the end of the file' });
    expect(read('a {'.repeat(5000))).toMatchObject({ expected: 'at most 100 messages inside each other' });
  });

  it('reads a list of many values', () => {
    expect(read(`a: [${'1, '.repeat(20_000)}1]`)).toHaveLength(20_001);
  });
});

const folder = 'test/plugins/easyrec/configs';
const configs = readdirSync(folder)
  .filter((name) => name.endsWith('.config'))
  .map((name) => readFileSync(join(folder, name), 'utf8'));

const answers = (text: string): boolean => {
  try {
    convertConfig('x.config', text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.diagnostics[0]!.code).toMatch(/^config-/);
  }
  return true;
};

describe('no config ends in an exception of ours', () => {
  const runs = Number(process.env.TOWER_FUZZ ?? 150);

  it('of random signs', () => {
    const sign = fc.constantFrom(
      'a',
      ':',
      '{',
      '}',
      '[',
      ']',
      '<',
      '>',
      ',',
      '"',
      "'",
      '\\',
      '-',
      '1',
      '.',
      ' ',
      '\n',
      '#',
      '\0',
      '😀',
    );
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 60 }), (signs) => answers(signs.join(''))),
      { numRuns: runs * 4 },
    );
  });

  it('of a config with words changed for others of it', () => {
    const edited = fc.constantFrom(...configs).chain((config) => {
      const words = config.match(/\w+|"[^"\n]*"|'[^'\n]*'|[{}[\]:,]|\s+/g)!;
      const edit = fc.tuple(
        fc.nat(words.length - 1),
        fc.constantFrom('', '-1', '1e99', 'nan', '{', '}', '"\\0\n"', ...words),
      );
      return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
        const all = [...words];
        for (const [at, word] of edits) all[at] = word;
        return all.join('');
      });
    });
    fc.assert(fc.property(edited, answers), { numRuns: runs });
  });
});
