/** What only looks like the language: one mistake that says so, and a fix where it can mean one thing alone. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plainName } from '../../../grammar/foreign.ts';
import { applyFixes, applySafeFixes } from '../../../src/base/diagnostics/fixes.ts';
import { isIdentifier } from '../../../src/base/text/names.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { formatSource } from '../../../src/compiler/format/format.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';

const model = readFileSync('models/two_tower.tower', 'utf8').replace(
  'user_id  : id(dim: 32)',
  'user_id : id(hash: 16)',
);
const data = readFileSync('models/data/movielens.tower', 'utf8');
const name = 'foreign.tower';
const codes = (text: string) => checkSource(makeSource(name, text)).diagnostics.map(({ code }) => code);
const fixed = (text: string) =>
  applySafeFixes(
    makeSource(name, text),
    (source) => checkSource(source).diagnostics,
    (next) => makeSource(name, next),
  ).text;

/** What the text has, what was written for it, the code, and what the fix writes: the same as was there if absent. */
type Case = readonly [of: string, written: string, code: string, fix?: string | null];

const inModel: readonly Case[] = [
  ['temperature: 0.05', 'temperature: .05', 'malformed-number'],
  ['rate: 0.05', 'rate: 1.', 'malformed-number', 'rate: 1'],
  ['hash: 16', 'hash: 10,000', 'malformed-number', 'hash: 10_000'],
  ['hash: 16', 'hash: 1,000,000', 'malformed-number', 'hash: 1_000_000'],
  ['hash: 16', 'hash: 65,536', 'malformed-number', null],
  ['hash: 16', 'hash: 2**16', 'malformed-number', 'hash: 65_536'],
  ['hash: 16', 'hash: 2 ^ 10', 'malformed-number', 'hash: 1024'],
  ['hash: 16', 'hash: 10k', 'malformed-number', null],
  ['hash: 16', 'hash: 1_000_', 'malformed-number', 'hash: 1_000'],
  ['batch = 256', 'batch = 1,024', 'malformed-number', 'batch = 1_024'],
  ['temperature: 0.05', 'temperature: 0,05', 'malformed-number'],
  ['temperature: 0.05', 'temperature: 0,5', 'malformed-number', null],
  ['rate: 0.05', 'rate: 0,005', 'malformed-number', 'rate: 0.005'],
  ['  movie_id :', '  - movie_id :', 'foreign-form'],
  ['recall(50, patience: 5)', 'recall@50', 'foreign-form', 'recall(50)'],
  ['movie_id : id', '"movie_id" : id', 'foreign-form'],
  ['batch = 256', '"batch": 256', 'foreign-form'],
  ['group movie   = movie_id, genres', 'group movie   = [movie_id, genres]', 'foreign-form'],
  ['user(profile)', 'user([profile])', 'foreign-form'],
  ['model two_tower', 'model "two_tower"', 'foreign-form'],
  ['model two_tower', 'model "two tower"', 'foreign-form', null],
  ['= movie_id, genres', '= movie_id, movies.genres', 'foreign-form', null],
  ['mlp(128, 64)', 'nn.Linear(128, 64)', 'foreign-form', null],
  ['mlp(128, 64)', 'tf.keras.layers.Dense(64)', 'foreign-form', null],
  ['mlp(128, 64)', 'mlp([128, 64])', 'wrong-type'],
  ['model two_tower', '"""Films."""\nmodel two_tower', 'foreign-comment', '/// Films.\nmodel two_tower'],
  ['profile -> flatten', 'profile - > flatten', 'foreign-arrow'],
  ['profile -> flatten', 'profile --> flatten', 'foreign-arrow'],
  ['profile -> flatten', 'profile –> flatten', 'foreign-arrow'],
  ['profile -> flatten', 'profile −> flatten', 'foreign-arrow'],
  ['profile -> flatten', 'profile → flatten', 'foreign-arrow'],
  ['profile -> flatten', 'profile ⇒ flatten', 'foreign-arrow'],
  ['profile -> flatten', 'profile => flatten', 'foreign-arrow'],
  ['mlp(128, 64)', 'mlp（128, 64）', 'look-alike'],
  ['mlp(128, 64)', 'mlp(128， 64)', 'look-alike'],
  ['user_id :', 'user_id ：', 'look-alike'],
  ['score =', 'score ＝', 'look-alike'],
  ['rate: 1e-3', 'rate: 1e−3', 'look-alike'],
  ['user_id :', 'usеr_id :', 'look-alike'],
  ['features {', 'fеatures {', 'look-alike'],
  ['mlp(128', 'mlр(128', 'look-alike'],
  ['cosine(', 'ｃｏｓｉｎｅ(', 'look-alike'],
  ['group profile', 'group pro\u200bfile', 'look-alike'],
  ['score = cosine', 'score = \u200bcosine', 'look-alike'],
  ['score = cosine', 'score\u200b = cosine', 'look-alike'],
  ['= cosine', '=\u00a0cosine', 'look-alike'],
  ['model two_tower', 'model two_tower;', 'unexpected-character'],
  ['model two_tower', '```tower\nmodel two_tower', 'markdown-fence'],
];

describe('what only looks like the language', () => {
  it.each(inModel.map(([of, written, code, fix = of]) => ({ of, written, code, fix })))(
    '$of, written $written',
    ({ of, written, code, fix }) => {
      const text = model.replace(of, written);
      expect(text).not.toBe(model);
      expect(codes(text)).toEqual([code]);
      expect(fixed(text)).toBe(fix === null ? text : model.replace(of, fix));
    },
  );
  const path = /"[^"]+"/.exec(data)![0].slice(1, -1);
  it.each([`“${path}”`, `“${path}"`, `"${path}”`, `«${path}»`, `‘${path}’`, `'${path}'`, `\`${path}\``])(
    'the text %s',
    (written) => {
      const text = data.replace(`"${path}"`, written);
      expect(codes(text)).toEqual(['foreign-quotes']);
      expect(fixed(text)).toBe(data);
    },
  );
  it.each([
    ["string_split(genres, '|')", `"string_split(genres, "|")"`, `write \`"string_split(genres, '|')"\``],
    ['userId', '""user id""', 'write `"\\"user id\\""`'],
    ['userId', 'movies.userId', 'write `"userId"`'],
  ])('the SQL %s, written %s', (sql, written, hint) => {
    const text = data.replace(`"${sql}"`, written);
    expect(checkSource(makeSource(name, text)).diagnostics.map((one) => one.hint)).toEqual([hint]);
  });
  it.each([
    ['keyed by user_id', 'keyed by movie_id', 'movie_id', 'feature-both-sides'],
    ['  loss  =', '  weight = genres\n  loss  =', 'genres', 'weight-not-number'],
  ])('%s, written %s, is blamed where it is written', (of, written, word, code) => {
    const text = model.replace(of, written);
    const [found, ...more] = checkSource(makeSource(name, text)).diagnostics;
    expect([found?.code, found?.at?.start, more]).toEqual([code, text.indexOf(written) + written.indexOf(word), []]);
  });
  it('a function is a block', () => {
    const text = model.replace('group profile', 'def deep(width):\n  return mlp(width)\ngroup profile');
    expect(codes(text)).toContain('foreign-form');
    const source = makeSource(name, text);
    expect(applyFixes(source, checkSource(source).diagnostics).text).toContain(
      '\nblock deep(width) = mlp(width)\ngroup profile',
    );
    expect(
      checkSource(makeSource(name, model.replace('group profile', 'def deep(width) = mlp(width)\ngroup profile')))
        .diagnostics[0]?.hint,
    ).toBe('did you mean `block`?');
  });
  it('a program between the fences of a page is one mistake', () => {
    const text = `\`\`\`tower\n${model}\`\`\`\n`;
    expect(codes(text)).toEqual(['markdown-fence']);
    expect(fixed(text)).toBe(model);
  });
  it('a name that begins with a digit is one mistake, however often it appears', () => {
    const text = model.replaceAll('history', '2nd_x');
    expect(codes(text)).toEqual(['malformed-name']);
    expect(fixed(text)).toBe(text);
  });
  it('nothing is read of a file with both sides of a merge', () => {
    const text = model.replace('train {', '<<<<<<< HEAD\ntrain {').replace('}\n', '}\n=======\n>>>>>>> other\n');
    expect(codes(text)).toEqual(['merge-conflict']);
    expect(fixed(text)).toBe(text);
    expect(codes(model.replace('model two_tower', '// <<<<<<< HEAD\nmodel two_tower'))).toEqual([]);
  });
  it('two numbers side by side stay two', () => {
    expect(codes(model.replace('mlp(128, 64)', 'mlp(128,64)').replace('mlp(128, 64)', 'mlp(256,128,64)'))).toEqual([]);
  });
  it.each([
    ['usеr_id', 'user_id'],
    ['ｉｄ', 'id'],
    ['user\u200b_id', 'user_id'],
    ['gro\u0308ße', 'größe'],
    ['用户ｉｄ', '用户id'],
    ['tаsk', 'task'],
    ['größя', undefined],
    ['2größe', undefined],
    ['用户・id', undefined],
  ])('%s is meant as %s', (written, meant) => {
    expect([isIdentifier(written), plainName(written)]).toEqual([false, meant]);
  });
  it.each(['größe', 'τ', 'оса', '用户', 'возраст_id', '商品ID', 'ユーザー', 'กลุ่ม', 'वर्ग', '𠮷野', 'שם_user'])(
    '%s is a name',
    (name) => {
      expect([isIdentifier(name), plainName(name)]).toEqual([true, name]);
      const text = model.replaceAll('history', name);
      expect(codes(text)).toEqual([]);
      expect(formatSource(makeSource('a.tower', text)).output).toContain(`, ${name}`);
    },
  );
  it('a name entirely in another alphabet is reported where it looks like another name of the file', () => {
    expect(codes(model.replaceAll('history', 'текст'))).toEqual([]);
    expect(codes(model.replace('model two_tower', 'model two_tower\nlet хо = 1').replaceAll('history', 'xo'))).toEqual([
      'look-alike',
    ]);
  });
});
