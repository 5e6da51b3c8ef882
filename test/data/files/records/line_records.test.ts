import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../../src/base/diagnostics/diagnostic.ts';
import { makeSource, spanText } from '../../../../src/base/text/source.ts';
import { checkSource } from '../../../../src/compiler/pipeline.ts';
import { LinesScanner } from '../../../../src/data/files/records/line_records.ts';
import { readDataset } from '../../../../src/data/read_dataset.ts';
import fc from '../../../fast_check.ts';
import { folderWith, needsOf, vocabulary } from '../../fixture.ts';

const needs = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });

const blockOf = (folder: string, entries: string) =>
  checkSource(makeSource('data.tower', `data d {\n  ${entries}\n}`), { folder }).dataDescriptions[0]!;

const readLines = (files: Readonly<Record<string, string | Uint8Array>>, entries: string) => {
  const folder = folderWith(files);
  return { folder, data: readDataset(blockOf(folder, entries), needs, { folder }) };
};

/** The mistakes that reading fails with: code, message, and the text that each is at. */
async function mistakesOf(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (problem: unknown) => problem,
  );
  expect(error).toBeInstanceOf(Failure);
  return (error as Failure).diagnostics.map(({ code, message, at }) => ({ code, message, text: at && spanText(at) }));
}

/** What a part holds, in order. */
async function eventsOf(data: ReturnType<typeof readDataset>) {
  const { parts, users, corpus } = await data;
  return (['train', 'validation', 'test'] as const).map((part) =>
    [...parts[part].item].map((item, row) => `${users.keys.at(parts[part].user[row]!)} ${corpus.keys.at(item)}`),
  );
}

const all = 'events = lines("a.txt"), reject = 90%, split = files(test: "b.txt")';

describe('lines `user item item …`', () => {
  it('give an event for each item, in the order of the file', async () => {
    const { data } = readLines({ 'a.txt': 'u x y\nv y\n', 'b.txt': 'u z\n' }, all);
    expect(await eventsOf(data)).toEqual([['u x', 'u y', 'v y'], [], ['u z']]);
    expect((await data).protocol[0]).toBe(
      'Split by files, no file is for validation, b.txt for test: 3 training and 1 test events, no validation part.',
    );
  });

  it.each([
    ['CRLF', 'u x y\r\nv y\r\n'],
    ['CR', 'u x y\rv y'],
    ['no last line end', 'u x y\nv y'],
    ['tabs, several blanks and blank lines', ' u\tx   y \n\n  \nv y\n'],
    ['a byte order mark', '\uFEFFu x y\nv y\n'],
  ])('may have %s', async (_, text) => {
    const { data } = readLines({ 'a.txt': text, 'b.txt': 'u z\n' }, all);
    expect((await eventsOf(data))[0]).toEqual(['u x', 'u y', 'v y']);
    expect((await data).rejected).toMatchObject({ count: 0, total: 4 });
  });

  it('give columns that expressions may compute with', async () => {
    const entries = `${all}, columns { user = "events.user || '!'"  item = "item || position" }`;
    const { data } = readLines({ 'a.txt': 'u x y\n', 'b.txt': 'v x\n' }, entries);
    expect(await eventsOf(data)).toEqual([['u! x1', 'u! y2'], [], ['v! x1']]);
  });

  it('keep words as they are: quotes, commas, NULL and leading zeros', async () => {
    const { data } = readLines({ 'a.txt': '"u 007 7 "a,b NULL \'\n', 'b.txt': 'v \\N\n' }, all);
    expect(await eventsOf(data)).toEqual([['"u 007', '"u 7', '"u "a,b', '"u NULL', '"u \''], [], ['v \\N']]);
  });

  it('reject what cannot be read, line by line, and name the line', async () => {
    const bad = Buffer.concat([Buffer.from('u x\nv\nw \0 y\nu '), Buffer.of(0xff), Buffer.from('\n\uFEFFu y\nz q\n')]);
    const { folder, data } = readLines({ 'a.txt': bad, 'b.txt': 'u z\n' }, all);
    expect((await eventsOf(data))[0]).toEqual(['u x', 'z q']);
    expect((await data).rejected).toMatchObject({ count: 4, total: 7 });
    const lines = readFileSync(join(folder, 'rejected.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { file: 'a.txt', line: 2, column: 'item', reason: 'the line has a user and no item' },
      { file: 'a.txt', line: 3, reason: 'the line holds a zero byte' },
      { file: 'a.txt', line: 4, reason: 'the text is not UTF-8' },
      {
        file: 'a.txt',
        line: 5,
        reason: 'the line begins with a byte order mark, which belongs at the beginning of a file',
      },
    ]);
  });

  it('count their bad lines for each file of a split', async () => {
    const files = { 'a.txt': 'u x\n'.repeat(200), 'b.txt': 'u x\nv\n' };
    const { data } = readLines(files, 'events = lines("a.txt"), split = files(test: "b.txt"), reject = 10%');
    const { code, message, text } = (await mistakesOf(data))[0]!;
    expect([code, text]).toEqual(['too-many-rejected', '"b.txt"']);
    expect(message).toContain('b.txt');
  });

  it('of an empty file, or one of another format, are refused before they are read', async () => {
    const empty = readLines({ 'a.txt': '', 'b.txt': 'u z\n' }, all);
    expect((await mistakesOf(empty.data))[0]!.message).toContain('each of its lines should be `user item item …`');
    const csv = readLines({ 'a.txt': 'user,item\na,b\n', 'b.txt': 'u z\n' }, all);
    expect((await mistakesOf(csv.data))[0]!.message).toContain(
      'line 1 of `a.txt` cannot be read: the line has a user and no item',
    );
    const wide = readLines({ 'a.txt': Buffer.from('\uFEFFu x\n', 'utf16le'), 'b.txt': 'u z\n' }, all);
    expect((await mistakesOf(wide.data))[0]!.message).toContain('UTF-16');
    const parquet = readLines({ 'a.parquet': 'u x\n', 'b.txt': 'u z\n' }, all.replace('a.txt', 'a.parquet'));
    expect((await mistakesOf(parquet.data))[0]!.code).toBe('data-file-kind');
  });

  it('end a line that goes on for too long, and go on behind it', () => {
    const scanner = new LinesScanner();
    const found: string[] = [];
    const give = (text: string, before: string, final: boolean): string => {
      const bytes = Buffer.from(before + text);
      const taken = scanner.scan(bytes, final, (line, from, to, problem) => {
        found.push(`${line} ${problem?.reason ?? bytes.toString('utf8', from, to)}`);
      });
      return bytes.toString('utf8', taken);
    };
    const piece = 'x '.repeat(2_000_000);
    let left = 'u ';
    for (let i = 0; i < 6; i++) left = give(piece, left, false);
    expect(left.length).toBeLessThan(16_000_000);
    give('\nv y\n', left, true);
    expect(found).toEqual(['1 the line is longer than 16,000,000 bytes', '2 y']);
  });

  it('are the same in whatever pieces they come', () => {
    const bytes = fc.array(fc.constantFrom(...Buffer.from('ua \t\r\n\0'), 0xff, 0xef, 0xbb, 0xbf, 0xc3, 0xa9), {
      maxLength: 40,
    });
    const scanned = (whole: Buffer, size: number): string[] => {
      const scanner = new LinesScanner();
      const found: string[] = [];
      let start = 0;
      for (let end = Math.min(size, whole.length); ; end = Math.min(end + size, whole.length)) {
        const piece = whole.subarray(start, end);
        start += scanner.scan(piece, end === whole.length, (line, from, to, problem) => {
          found.push(`${line} ${piece.toString('latin1', from, to)} ${problem?.reason}`);
        });
        if (end === whole.length) return found;
      }
    };
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 9 }), (values, size) => {
        const whole = Buffer.from(values);
        const outcome = (of: number): string[] | string => {
          try {
            return scanned(whole, of);
          } catch (error) {
            return String(error);
          }
        };
        expect(outcome(size)).toEqual(outcome(1000));
      }),
    );
  });
});

describe('split = files(…)', () => {
  const csv = { 'a.csv': 'user,item\nu,x\nu,y\n', 'v.csv': 'item,user\nz,u\n', 't.csv': 'user,item\nv,x\nu,w\n' };
  const entries = 'events = "a.csv", split = files(validation: "v.csv", test: "t.csv")';

  it('gives each file its part, with columns in any order', async () => {
    const { data } = readLines(csv, entries);
    expect(await eventsOf(data)).toEqual([['u x', 'u y'], ['u z'], ['v x', 'u w']]);
    const { corpus, protocol } = await data;
    expect([...corpus.keys].map((key, at) => [key, corpus.trainingCounts[at]])).toEqual([
      ['w', 0],
      ['x', 1],
      ['y', 1],
      ['z', 0],
    ]);
    expect(protocol[0]).toBe(
      'Split by files, v.csv is for validation, t.csv for test: 2 training, 1 validation and 2 test events.',
    );
  });

  it('refuses a file that is in two parts, also through a pattern', async () => {
    const { data } = readLines(csv, entries.replace('"a.csv"', '"*.csv"'));
    const found = await mistakesOf(data);
    expect(found.map(({ code }) => code)).toEqual(['data-file-twice', 'data-file-twice']);
    expect(found[1]!.message).toBe('`t.csv` is in the training part and in the test part');
  });

  it('reports a file that is not there, that is outside the project, or that misses a column, at its path', async () => {
    for (const [path, code] of [
      ['nowhere.csv', 'data-file-missing'],
      ['../outside.csv', 'data-file-outside'],
      ['other.csv', 'data-file-headers'],
    ]) {
      const { data } = readLines({ ...csv, 'other.csv': 'user,thing\nu,x\n' }, entries.replace('t.csv', path!));
      const { code: found, text } = (await mistakesOf(data))[0]!;
      expect([found, text]).toEqual([code, `"${path}"`]);
    }
  });

  it('needs an event in each of its files', async () => {
    const { data } = readLines({ ...csv, 't.csv': 'user,item\n' }, entries);
    expect((await mistakesOf(data))[0]!.code).toBe('empty-split');
  });
});
