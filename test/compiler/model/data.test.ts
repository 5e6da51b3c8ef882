import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { resolveNames } from '../../../src/compiler/model/resolve.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';
import type { DataDescription } from '../../../src/graph/plan/data_description.ts';

function dataOf(text: string, name = 'data.tower'): { data: DataDescription | undefined; codes: string[] } {
  const { output, diagnostics } = resolveNames(parse(makeSource(name, text)).output);
  return { data: output.data[0], codes: diagnostics.map(({ code }) => code) };
}

describe('models/data/movielens.tower', () => {
  const path = 'models/data/movielens.tower';
  const { data, codes } = dataOf(readFileSync(path, 'utf8'), path);
  it('has no mistakes', () => expect(codes).toEqual([]));
  it('reads its files from its own folder', () => {
    expect([data!.folder, data!.events.path, data!.items]).toMatchObject([
      'models/data',
      'movielens/ratings.csv',
      { path: 'movielens/movies.csv', by: 'movie_id' },
    ]);
  });
  it('computes columns, orders by time and looks back', () => {
    expect(data!.columns.map(({ name, expression }) => [name, expression])).toContainEqual([
      'genres',
      "string_split(genres, '|')",
    ]);
    expect(data).toMatchObject({
      time: { expression: 'timestamp' },
      histories: [
        { name: 'history', of: 'movie_id', max: 50 },
        { name: 'recent', of: 'movie_id', max: 5 },
        { name: 'latest', of: 'movie_id', max: 1 },
      ],
    });
  });
  it('holds the last tenths out, and stops past one bad row in a hundred', () => {
    expect([data!.split, data!.reject]).toEqual([{ kind: 'by_time', validation: 0.1, test: 0.1 }, 0.01]);
  });
});

const block = (entries: string): string => `data d { events = "e.csv", time = "at", ${entries} }`;

describe('entries', () => {
  it.each([
    ['by_time(validation: 5%, test: 20%)', { kind: 'by_time', validation: 0.05, test: 0.2 }],
    ['by_time', { kind: 'by_time', validation: 0.1, test: 0.1 }],
    ['by_time(test: 20%)', { kind: 'by_time', validation: 0, test: 0.2 }],
    ['by_time(validation: 20%)', { kind: 'by_time', validation: 0.2, test: 0 }],
    ['random(test: 20%, seed: 2)', { kind: 'random', validation: 0, test: 0.2, seed: 2 }],
    ['leave_one_out', { kind: 'leave_one_out' }],
    ['random(seed: 7)', { kind: 'random', validation: 0.1, test: 0.1, seed: 7 }],
    [
      'by_user(test: 20%, given: 50%, order: time)',
      { kind: 'by_user', validation: 0, test: 0.2, given: 0.5, order: 'time', seed: 1 },
    ],
    ['by_user', { kind: 'by_user', validation: 0.1, test: 0.1, given: 0.8, order: 'random', seed: 1 }],
    ['column("fold")', { kind: 'column', column: 'fold' }],
  ])('split = %s', (written, split) => {
    expect(dataOf(block(`split = ${written}`)).data?.split).toEqual(split);
  });
  it('ask for each user once where users are held out, unless they say otherwise', () => {
    const evaluateOf = (entries: string) => dataOf(block(entries)).data?.evaluate;
    expect(evaluateOf('split = by_user')).toBe('per_user');
    expect(evaluateOf('split = by_user, evaluate = per_event')).toBe('per_event');
    expect(evaluateOf('split = random')).toBeUndefined();
  });
  it('need a time for the first events of held-out users, and none for drawn ones', () => {
    const reported = (split: string) => dataOf(`data d { events = "e.csv", split = ${split} }`);
    expect(reported('by_user(order: time)').data).toBeUndefined();
    expect(reported('by_user').data).toBeDefined();
  });
  it('give a history any name', () => {
    const { data } = dataOf(block('split = by_time, watched = past(film, 20), listened = past(song)'));
    expect(data!.histories.map(({ name, of, max }) => [name, of, max])).toEqual([
      ['watched', 'film', 20],
      ['listened', 'song', 50],
    ]);
  });
  it('take other events of the user without a time', () => {
    const { data } = dataOf(`data d { events = "e.csv", split = random, had = others(film, 20), all = others(song) }`);
    expect(data!.histories.map(({ name, kind, of, max }) => [name, kind, of, max])).toEqual([
      ['had', 'others', 'film', 20],
      ['all', 'others', 'song', 500],
    ]);
  });
  it('say what figures are means over', () => {
    expect(dataOf(block('split = by_time, evaluate = per_user')).data!.evaluate).toBe('per_user');
    expect(dataOf(block('split = by_time')).data!.evaluate).toBeUndefined();
  });
  it('say whether what was seen leaves a ranking', () => {
    expect(dataOf(block('split = by_time, seen = kept')).data!.seen).toBe('kept');
    expect(dataOf(block('split = by_time, seen = excluded')).data!.seen).toBe('excluded');
    expect(dataOf(block('split = by_time')).data!.seen).toBe('excluded');
    // A history of that name, from before there was the entry.
    expect(dataOf(block('split = by_time, seen = past(film, 3)')).data).toMatchObject({
      histories: [{ name: 'seen' }],
    });
  });
  it('take constants', () => {
    expect(
      dataOf(`let n = 30\n${block('split = by_time, watched = past(film, n), reject = n / 1000')}`).data,
    ).toMatchObject({ histories: [{ max: 30 }], reject: 0.03 });
  });
  it.each([
    ['', ['missing-entry']],
    ['split = by_time, splt = by_time', ['unknown-entry']],
    ['split = by_time, split = by_time', ['repeated-entry']],
    ['split = by_tim', ['unknown-kind']],
    ['split = by_time, seen = keep', ['unknown-choice']],
    ['split = by_time, seen = 1', ['wrong-type']],
    ['split = by_time, seen = kept, seen = kept', ['repeated-entry']],
    ['split = by_time(validation: 60%, test: 60%)', ['split-share']],
    ['split = by_time(tset: 10%)', ['unknown-argument']],
    ['split = column(fold)', ['wrong-type']],
    ['split = by_time, reject = 2', ['out-of-range']],
    ['split = by_time, items = "i.csv"', ['missing-key']],
    ['split = by_time, where = "a" by b', ['misplaced-by']],
    ['split = by_time, where = ""', ['wrong-type']],
    ['split = by_time, h = past(film, 5), h = past(film, 6)', ['repeated-name']],
    ['split = by_time, h = past', ['unknown-entry']],
    ['split = by_time, h = past()', ['missing-argument']],
    ['split = by_time, h = others()', ['missing-argument']],
    ['split = by_time, h = othrs(film)', ['unknown-kind']],
    ['split = by_time, h = past(film, maxx: 5)', ['unknown-argument']],
    ['split = by_time, columns { h = "x" }, h = past(film, 5)', ['repeated-name']],
  ])('%s', (entries, codes) => {
    const answer = dataOf(block(entries));
    expect(answer).toEqual({ data: undefined, codes });
  });

  it('calls a text without a letter empty', () => {
    const source = makeSource('data.tower', block('split = by_time, where = " "'));
    expect(resolveNames(parse(source).output).diagnostics.map(({ message }) => message)).toEqual([
      '`where` must be a text in quotes, found an empty text',
    ]);
  });
});
