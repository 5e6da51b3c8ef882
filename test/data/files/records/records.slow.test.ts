import { describe, expect, it } from 'vitest';
import { makeRandom, type Random } from '../../../../src/base/random/random.ts';
import { CsvScanner, FileShapeError, maxRecordBytes, type Scanner } from '../../../../src/data/csv/csv_records.ts';
import { JsonArrayScanner, JsonLinesScanner } from '../../../../src/data/files/records/line_records.ts';
import { countCsv, countJsonLines } from '../../count.ts';
import { mutate, someCsv, someJsonLines } from '../../mutate.ts';

interface Seen {
  readonly good: { line: number; text: string }[];
  readonly bad: { line: number; reason: string; column?: string | undefined }[];
}

/** All records, the file being given in pieces of `size` bytes. */
function scan(scanner: Scanner, bytes: Buffer, size = bytes.length): Seen {
  const seen: Seen = { good: [], bad: [] };
  let rest: Buffer = Buffer.alloc(0);
  const take = (given: Buffer, final: boolean): number =>
    scanner.scan(given, final, (line, from, to, problem) => {
      if (problem === undefined) seen.good.push({ line, text: given.toString('utf8', from, to) });
      else seen.bad.push({ line, reason: problem.reason, column: problem.column });
    });
  for (let at = 0; at < bytes.length; at += Math.max(1, size)) {
    const given = Buffer.concat([rest, bytes.subarray(at, at + Math.max(1, size))]);
    rest = given.subarray(take(given, false));
  }
  take(rest, true);
  return seen;
}

const csv = (names: string, typed: readonly string[] = []): CsvScanner =>
  new CsvScanner({
    delimiter: ',',
    columns: names
      .split(',')
      .map((name) => ({ name, fits: typed.includes(name) ? (value) => /^\d+$/.test(value) : undefined })),
  });

const lines = (from: number, to: number, row: (i: number) => string): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `${row(from + i)}\n`).join('');

describe('a quote that does not close costs one line', () => {
  const header = 'user,item,rating\n';
  const row = (i: number): string => `u${i},i${i},${i % 5}`;

  it.each([
    ['and no quote follows', 'u202,"i202,3', row],
    ['and one follows that opens a value', 'u202,"i202,3', (i: number) => (i === 5_000 ? 'u,"x, y",3' : row(i))],
    ['and doubled ones follow', 'u202,"i202,3', (i: number) => (i % 7 === 0 ? `u,"",3` : row(i))],
    ['in the last value', 'u202,i202,"3', row],
    ['at the beginning of the line', '"u202,i202,3', row],
    ['and the line is closed wrongly', '"u202"x,i202,3', row],
    ['and quoted values with line ends follow', 'u202,"i202,3', (i: number) => (i % 9 === 0 ? `u,"x\ny",3` : row(i))],
  ])('%s', (_, stray, others) => {
    const text = `${header}${lines(2, 201, others)}${stray}\n${lines(203, 10_000, others)}`;
    const { good, bad } = scan(csv('user,item,rating', ['rating']), Buffer.from(text));
    expect(bad).toHaveLength(1);
    expect(bad[0]).toMatchObject({ line: text.slice(0, text.indexOf(stray)).split('\n').length });
    expect(good).toHaveLength(9_998);
    expect(good.at(-1)!.text).toBe('u10000,i10000,0');
  });

  it('also where another stray quote closes the value many lines later', () => {
    for (const typed of [['rating'], []]) {
      const text = `${header}${lines(2, 201, row)}u202,"i202,3\n${lines(203, 299, row)}u300,i300",3\n${lines(301, 400, row)}`;
      const { good, bad } = scan(csv('user,item,rating', typed), Buffer.from(text));
      expect(bad).toEqual([
        {
          line: 202,
          reason: 'a quote opens a value that continues to line 300, and the lines in it are rows of their own',
        },
      ]);
      // A quote within a value is a character like another.
      expect(good.map(({ text }) => text).slice(199, 301)).toContain('u300,i300",3');
      expect(good).toHaveLength(398);
    }
  });

  it('but a value that holds lines of text is one', () => {
    const poem = lines(1, 40, (i) => (i % 2 === 0 ? `a line, with a comma` : 'one without'));
    const { good, bad } = scan(csv('user,item,text'), Buffer.from(`user,item,text\nu,i,"${poem}"\nu,"${poem}",x\n`));
    expect(bad).toEqual([]);
    expect(good.map(({ line }) => line)).toEqual([2, 43]);
  });
});

describe('long lines', () => {
  it('are rejected, and what follows them is read, whatever the pieces', () => {
    const long = 'x'.repeat(maxRecordBytes + 1);
    const text = `user,item\na,b\n${long},c\nd,e\nf,"${long}\n${long}"\ng,h\n${'\0'.repeat(maxRecordBytes * 2)}`;
    for (const size of [1 << 16, 1 << 20, text.length]) {
      const { good, bad } = scan(csv('user,item'), Buffer.from(text), size);
      expect(good.map((record) => record.text)).toEqual(['a,b', 'd,e', 'g,h']);
      expect(bad.map(({ line }) => line)).toEqual([3, 5, 6, 8]);
    }
  });
});

describe('what a line is', () => {
  it('ends in a line feed, a carriage return, or the two; blank ones are none', () => {
    const text = '\n\r\nuser,item\ra,b\n\n\r\nc,d\r\n\re,f\ng';
    const { good, bad } = scan(csv('user,item'), Buffer.from(text));
    expect(good).toEqual([
      { line: 4, text: 'a,b' },
      { line: 7, text: 'c,d' },
      { line: 9, text: 'e,f' },
    ]);
    expect(bad).toEqual([{ line: 10, reason: 'the row is short: 1 values, the header has 2', column: 'item' }]);
  });

  it('begins with no byte order mark, but for the first', () => {
    const text = '\uFEFFuser,item\na,b\n\uFEFFuser,item\nc,d\n';
    const { good, bad } = scan(csv('user,item'), Buffer.from(text));
    expect(good.map(({ line }) => line)).toEqual([2, 4]);
    expect(bad.map(({ line }) => line)).toEqual([3]);
  });

  it('is text', () => {
    const text = Buffer.concat([Buffer.from('user,item\na,b\nc,\xff\n', 'latin1'), Buffer.from('é,ü\nx\0,y\n')]);
    expect(scan(csv('user,item'), text)).toEqual({
      good: [
        { line: 2, text: 'a,b' },
        { line: 4, text: 'é,ü' },
      ],
      bad: [
        { line: 3, reason: 'the text is not UTF-8', column: 'item' },
        { line: 5, reason: 'a value contains a zero byte', column: 'user' },
      ],
    });
  });
});

describe('lines of JSON', () => {
  it.each([
    ['{"a":1}{"a":2}', 'this is not JSON'],
    ['{"a":1} x', 'this is not JSON'],
    ['{"a":1,}', 'this is not JSON'],
    ['{"a":"', 'this is not JSON'],
    ['\0\0\0', 'this is not JSON'],
    ['null', 'this is JSON, but not an object with names'],
    ['[{"a":1}]', 'this is JSON, but not an object with names'],
    ['{"a":1,"b":{"a":1},"a":2}', 'the object has `a` twice'],
    ['{"a":1,"\\u0061":2}', 'the object has `a` twice'],
    [`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'objects and lists lie more than 200 deep in each other'],
    ['\uFEFF{"a":1}', 'a byte order mark belongs at the beginning of a file'],
  ])('%.30s is none', (line, reason) => {
    const { good, bad } = scan(new JsonLinesScanner(), Buffer.from(`{"a":0}\n${line}\n\n{"a":3}\r{"a":4}`));
    expect(good.map((record) => record.line)).toEqual([1, 4, 5]);
    expect(bad).toEqual([{ line: 2, reason, column: undefined }]);
  });

  it('may hold NaN and Infinity as Python writes them, any number, and names of objects within', () => {
    const text =
      '{"a":NaN,"b":"NaN\\"","c":-Infinity}\n{"a":1e999,"b":123456789012345678901234567890}\n{"a":{"a":[{"a":":{"}]}}\n';
    expect(scan(new JsonLinesScanner(), Buffer.from(`\uFEFF${text}`)).good).toHaveLength(3);
  });
});

describe('an array of JSON', () => {
  const array = (text: string): Seen => scan(new JsonArrayScanner(), Buffer.from(text), 7);

  it('has its objects, wherever lines end', () => {
    const { good, bad } = array('\uFEFF [\n{"a":1},\r\n{"a":\n[2,"]}"]} , null\n,{"a":3,"a":4}]\n\n');
    expect(good.map(({ line }) => line)).toEqual([2, 3]);
    expect(bad.map(({ line }) => line)).toEqual([4, 5]);
  });

  it.each([
    ['[{"a":1},{"a":2}', 1, 'the array of objects does not close'],
    ['[{"a":1},\n', 2, 'the array of objects does not close'],
    ['[{"a":1},\n]', 2, 'this is not JSON'],
    ['[{"a":1}\n{"a":2}]', 2, 'a comma should be between two objects'],
    ['[{"a":1}]\nx', 2, 'something follows the array of objects'],
    ['[{"a":1}]\0', 1, 'something follows the array of objects'],
    ['[{"a":1},{"a"2}]', 1, 'this is not JSON'],
  ])('%j is refused', (text, line, reason) => {
    expect(() => array(text)).toThrow(new FileShapeError(line, reason));
  });
});

describe('mutated files, held against an account that shares nothing with the reader', () => {
  const sizes = [1, 3, 17, 256, 100_000];
  const cases = (make: (random: Random) => Buffer, check: (bytes: Buffer, size: number) => void): void => {
    for (let seed = 0; seed < Number(process.env.TOWER_FUZZ ?? 800); seed++) {
      const random = makeRandom(seed, 7);
      check(mutate(make(random), random), sizes[random.integer(sizes.length)]!);
    }
  };

  it('CSV', () => {
    cases(
      (random) => Buffer.from(someCsv(random, ['\n', '\r\n', '\r'][random.integer(3)]!)),
      (bytes, size) => {
        const account = countCsv(bytes);
        if (account === undefined) return;
        const scanner = csv(account.header.map((_, at) => `c${at}`).join());
        if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return;
        const { good, bad } = scan(scanner, bytes, size);
        expect(
          { good: good.map(({ line }) => line), bad: bad.map(({ line }) => line) },
          JSON.stringify(bytes.toString('latin1')),
        ).toEqual({ good: account.good.map(({ line }) => line), bad: account.bad });
      },
    );
  });

  it('lines of JSON', () => {
    cases(
      (random) => Buffer.from(someJsonLines(random, ['\n', '\r\n', '\r'][random.integer(3)]!)),
      (bytes, size) => {
        const account = countJsonLines(bytes);
        const { good, bad } = scan(new JsonLinesScanner(), bytes, size);
        expect(
          { good: good.map(({ line }) => line), bad: bad.map(({ line }) => line) },
          JSON.stringify(bytes.toString('latin1')),
        ).toEqual({ good: account.good.map(({ line }) => line), bad: account.bad });
      },
    );
  });
});
