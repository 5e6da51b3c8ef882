/** What only looks like the language: one mistake that says so, and a fix where it can mean one thing alone. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
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
  ['hash: 16', 'hash: 10,000', 'malformed-number', null],
  ['hash: 16', 'hash: 1,000,000', 'malformed-number', null],
  ['hash: 16', 'hash: 2**16', 'malformed-number', null],
  ['hash: 16', 'hash: 2 ^ 10', 'malformed-number', null],
  ['hash: 16', 'hash: 10k', 'malformed-number', null],
  ['hash: 16', 'hash: 1_000_', 'malformed-number', null],
  ['batch = 256', 'batch = 1,024', 'malformed-number', null],
  ['temperature: 0.05', 'temperature: 0,05', 'malformed-number', null],
  ['rate: 0.05', 'rate: 0,005', 'malformed-number', null],
  ['  movie_id :', '  - movie_id :', 'foreign-form'],
  ['recall(50, patience: 5)', 'recall@50', 'expected-kind', 'recall(50)'],
  ['movie_id : id', '"movie_id" : id', 'foreign-form'],
  ['batch = 256', '"batch": 256', 'unexpected-text', null],
  ['user(profile)', 'user([profile])', 'unexpected-text', null],
  ['model two_tower', 'model "two_tower"', 'unexpected-text', null],
  ['= movie_id, genres', '= movie_id, movies.genres', 'unexpected-text', null],
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
  ['mlp(128, 64)', 'mlp（128, 64）', 'unexpected-character', null],
  ['mlp(128, 64)', 'mlp(128， 64)', 'unexpected-character', null],
  ['user_id :', 'user_id ：', 'unexpected-character', null],
  ['score =', 'score ＝', 'unexpected-character', null],
  ['rate: 1e-3', 'rate: 1e−3', 'malformed-number', null],
  ['user_id :', 'usеr_id :', 'malformed-name', null],
  ['features {', 'fеatures {', 'malformed-name', null],
  ['mlp(128', 'mlр(128', 'malformed-name', null],
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
  it.each([['userId', 'movies.userId', 'write `"userId"`']])('the SQL %s, written %s', (sql, written, hint) => {
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
  it('a method is a step after an arrow', () => {
    const text = model.replace('profile -> flatten -> mlp(128, 64)', 'profile.flatten.mlp(128, 64)');
    const source = makeSource(name, text);
    const { diagnostics } = checkSource(source);
    expect(diagnostics.map(({ code }) => code)).toEqual(['foreign-form']);
    expect(applyFixes(source, diagnostics).text).toBe(model);
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
  it.each(['usеr_id', 'ｉｄ', 'user\u200b_id', 'gro\u0308ße', '用户ｉｄ', 'tаsk', 'größя', '2größe'])(
    '%s is no name',
    (written) => {
      expect(isIdentifier(written)).toBe(false);
      const found = codes(model.replaceAll('history', written));
      expect(['look-alike', 'malformed-name', 'unexpected-character']).toContain(found[0]);
      expect(found.length).toBeLessThanOrEqual(found[0] === 'look-alike' ? 4 : 1);
    },
  );
  it.each(['größe', 'τ', 'оса', '用户', 'возраст_id', '商品ID', 'ユーザー', 'กลุ่ม', 'वर्ग', '𠮷野', 'שם_user'])(
    '%s is a name',
    (name) => {
      expect(isIdentifier(name)).toBe(true);
      const text = model.replaceAll('history', name);
      expect(codes(text)).toEqual([]);
      expect(formatSource(makeSource('a.tower', text)).output).toContain(`, ${name}`);
    },
  );
});
