import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readDataset } from '../../../src/data/read_dataset.ts';
import type { Encoder } from '../../../src/graph/plan/plan.ts';
import { type Block, describeData, failureOf, folderWith, needsOf, valuesOf, vocabulary } from '../fixture.ts';

const needs = needsOf(
  { user: { encoder: vocabulary } },
  { item: { encoder: vocabulary }, price: { encoder: { kind: 'number', log: false } } },
  [{ name: 'liked', sort: 'binary' }],
);

const columns = { liked: 'rating >= 4' };

/** Reads with all bad rows allowed; gives the data and the lines of rejected.jsonl. */
async function lenient(
  files: Readonly<Record<string, string | Uint8Array>>,
  block: Partial<Block> = {},
  wants = needs,
) {
  const folder = folderWith(files);
  const data = await readDataset(describeData({ folder, columns, reject: 1, ...block }), wants, { folder });
  const file = join(folder, 'rejected.jsonl');
  const rejected = existsSync(file)
    ? readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { file: string; line: number; column?: string; reason: string })
    : [];
  return {
    data,
    rejected: rejected.map(({ file, line, column, reason }) => `${file}:${line} ${column ?? '-'}: ${reason}`),
  };
}

const header = 'user,item,rating,price\n';
const good = Array.from({ length: 20 }, (_, i) => `u${i % 3},i${i % 4},${i % 6},${i}.5\n`).join('');

describe('a bad row is set apart with its file, line, column and reason', () => {
  it('a short row, and a long one', async () => {
    const { data, rejected } = await lenient({ 'events.csv': `${header}a,x,5,1\na,x\n${good}b,y,1,2,3\n` });
    expect(rejected).toEqual([
      'events.csv:3 rating: the row is short: 2 values, the header has 4',
      'events.csv:24 -: the row is long: 5 values, the header has 4',
    ]);
    expect(data.parts.train.rows).toBe(21);
    expect(data.rejected).toMatchObject({ count: 2, total: 23 });
  });

  it('a value that is no number where a number is needed, in a column or in an expression', async () => {
    const { data, rejected } = await lenient({ 'events.csv': `${header}${good}a,x,five,1\na,x,5,cheap\na,x,4,2\n` });
    expect(rejected).toEqual([
      'events.csv:22 rating: "five" is not a number',
      'events.csv:23 price: "cheap" is not a number',
    ]);
    expect(data.parts.train.rows).toBe(21);
  });

  it('NaN and infinity', async () => {
    const { rejected } = await lenient(
      { 'events.csv': `${header}${good}a,x,5,nan\na,x,5,-inf\na,x,NaN,1\n` },
      {},
      needsOf(
        { user: { encoder: vocabulary }, rating: { encoder: { kind: 'standardize', log: false } } },
        { item: { encoder: vocabulary }, price: { encoder: { kind: 'number', log: false } } },
      ),
    );
    expect(rejected).toEqual([
      'events.csv:22 price: "nan" is not a finite number',
      'events.csv:23 price: "-inf" is not a finite number',
      'events.csv:24 rating: "nan" is not a finite number',
    ]);
  });

  it('an empty id', async () => {
    const { data, rejected } = await lenient({ 'events.csv': `${header}${good}a,,5,1\n,x,5,1\n"",x,5,1\n` });
    expect(rejected).toEqual([
      'events.csv:22 item: the key is empty',
      'events.csv:23 user: the key is empty',
      'events.csv:24 user: the key is empty',
    ]);
    expect(data.corpus.keys).toEqual(['i0', 'i1', 'i2', 'i3']);
  });

  it('a time that is none, and a label that is neither 0 nor 1; one that is missing is counted, and its event kept', async () => {
    const { rejected, data } = await lenient(
      {
        'events.csv':
          'user,item,when,price,liked\na,x,2020-01-01,1,1\na,x,2020-01-02,1,0\na,x,soon,1,1\na,x,2020-01-03,1,\na,x,,1,1\na,x,2020-01-04,1,2\na,x,2020-01-05,,NaN\n',
      },
      { columns: {}, time: '"when"' },
    );
    expect(rejected).toEqual([
      'events.csv:4 when: "soon" is not a time',
      'events.csv:6 time: there is no time',
      'events.csv:7 liked: "2.0" is neither 0 nor 1',
    ]);
    expect([...data.parts.train.labels.get('liked')!]).toEqual([1, 0, Number.NaN, Number.NaN]);
    expect(data.protocol).toContain('2 events have no `liked`: the task of this label ignores them.');
  });

  it.each([
    [
      'seconds',
      1_700_000_000,
      ['1700000000000', '0', '4000000000'],
      [
        'is a time in milliseconds, and most times are in seconds',
        'is before 1971, and most times are after it',
        'is later than tomorrow',
      ],
    ],
    [
      'milliseconds',
      1_700_000_000_000,
      ['1700000000', '1700000000000000'],
      [
        'is a time in seconds, and most times are in milliseconds',
        'is a time in microseconds, and most times are in milliseconds',
      ],
    ],
    ['indexes', 7, ['1700000000'], ['is a million times as large as most times']],
  ])('times of another unit, and of no time at all, among %s', async (_, first, wrong, reasons) => {
    const times = [...Array.from({ length: 20 }, (_, row) => String(first + row)), ...wrong];
    const files = { 'events.csv': `user,item,rating,price,when\n${times.map((time) => `a,x,5,1,${time}\n`).join('')}` };
    const { rejected, data } = await lenient(files, { time: '"when"' });
    expect(rejected).toEqual(reasons.map((reason, row) => `events.csv:${22 + row} time: "${wrong[row]}.0" ${reason}`));
    expect(data.knownUntil).toBe(first + 19);
    const { data: whole } = await lenient(files, { time: '"when"', times: 'any' });
    expect(whole.rejected.count).toBe(0);
  });

  it('dates of the next century, but not where most are of it', async () => {
    const dates = (years: readonly number[]): string =>
      `user,item,rating,price,when\n${years.map((year) => `a,x,5,1,${year}-02-03\n`).join('')}`;
    const { rejected } = await lenient({ 'events.csv': dates([2020, 2021, 2022, 2199]) }, { time: '"when"' });
    expect(rejected).toEqual(['events.csv:5 time: "2199-02-03" is later than tomorrow']);
    expect((await lenient({ 'events.csv': dates([2021, 2198, 2199]) }, { time: '"when"' })).rejected).toEqual([]);
  });

  it('a probability that is not from 0 to 1', async () => {
    const { rejected, data } = await lenient(
      {
        'events.csv': `user,item,when,price,liked\n${['0.25', '1', '0', '1.01', '', '-0.5'].map((liked, day) => `a,x,2020-01-0${day + 1},1,${liked}\n`).join('')}`,
      },
      { columns: {} },
      { ...needs, labels: [{ name: 'liked', sort: 'probability' }] },
    );
    expect(rejected).toEqual([
      'events.csv:5 liked: "1.01" is not from 0 to 1',
      'events.csv:7 liked: "-0.5" is not from 0 to 1',
    ]);
    expect([...data.parts.train.labels.get('liked')!]).toEqual([0.25, 1, 0, Number.NaN]);
  });

  it('labels that are all missing are refused: there is nothing to learn from them', async () => {
    await expect(
      lenient(
        { 'events.csv': 'user,item,when,price,liked\na,x,2020-01-01,1,\na,y,2020-01-02,1,NaN\n' },
        { columns: {}, time: '"when"' },
      ),
    ).rejects.toThrow(/`liked` needs a value in one event at least of the training part/);
  });

  it('a key that is missing in the items file, and a key that it has twice', async () => {
    const { data, rejected } = await lenient(
      { 'events.csv': 'user,item,rating\na,x,5\na,gone,5\na,y,1\n', 'items.csv': 'item,price\nx,1\ny,2\nx,3\n,4\n' },
      { items: 'items.csv' },
    );
    expect(rejected).toEqual([
      'events.csv:3 item: "gone" is not in items.csv',
      'items.csv:4 item: the key "x" is in an earlier row',
      'items.csv:5 item: the key is empty',
    ]);
    expect(data.corpus.keys).toEqual(['x', 'y']);
    expect(valuesOf(data.corpus.features.get('price')!, 2)).toEqual([[1], [2]]);
    expect(data.rejected).toMatchObject({ count: 3, total: 7 });
  });

  it('a key whose row in the items file is bad: that it is not there would be untrue', async () => {
    const events = 'user,item,rating\na,x,5\na,y,5\nb,z,4\nb,x,3\n';
    const read = async (items: string) => {
      const { rejected } = await lenient({ 'events.csv': events, 'items.csv': items }, { items: 'items.csv' });
      return rejected;
    };
    expect(await read('item,price\nx,1\ny,inf\nx,2\n')).toEqual([
      'events.csv:3 item: "y" is in no valid row of items.csv',
      'events.csv:4 item: "z" is not in items.csv',
      'items.csv:3 price: "inf" is not a finite number',
      'items.csv:4 item: the key "x" is in an earlier row',
    ]);
    // The key of a row that could not be read is not known.
    expect(await read('item,price\nx,1\ny\n')).toEqual([
      'events.csv:3 item: "y" is in no valid row of items.csv',
      'events.csv:4 item: "z" is in no valid row of items.csv',
      'items.csv:3 price: the row is short: 1 values, the header has 2',
    ]);
  });

  it('a row for which an expression cannot be computed', async () => {
    const { data, rejected } = await lenient(
      { 'events.csv': 'user,item,rating,price\na,x,5,12 EUR\na,y,5,n/a\nb,x,1,7 EUR\nb,x,1,\n' },
      { columns: { ...columns, price: "CAST(string_split(price, ' ')[1] AS DOUBLE)" } },
    );
    expect(rejected).toEqual(["events.csv:3 price: Could not convert string 'n/a' to DOUBLE"]);
    expect(valuesOf(data.parts.train.features.get('price')!, 3)).toEqual([[12], [7], [0]]);
  });

  it('a weight below 0, of a label or of a feature', async () => {
    const weighed = needsOf(
      { user: { encoder: vocabulary } },
      { item: { encoder: vocabulary }, price: { encoder: { kind: 'number', log: false } } },
      [{ name: 'rating', sort: 'number' }],
    );
    const files = { 'events.csv': `${header}${good}a,x,-1,0\na,x,0,-2\na,x,,1\n` };
    expect((await lenient(files, { columns: {} }, weighed)).rejected).toEqual([]);
    const tasks = [{ weight: 'rating' }, { weight: 'price' }, {}];
    const { data, rejected } = await lenient(files, { columns: {} }, { ...weighed, tasks });
    expect(rejected).toEqual([
      'events.csv:22 rating: "-1.0" is below 0, and weighs its row',
      'events.csv:23 price: "-2.0" is below 0, and weighs its row',
    ]);
    expect(data.parts.train.rows).toBe(21);
  });

  it('a number without a logarithm', async () => {
    const { rejected } = await lenient(
      { 'events.csv': `${header}${good}a,x,5,-1\n` },
      {},
      needsOf(
        { user: { encoder: vocabulary } },
        { item: { encoder: vocabulary }, price: { encoder: { kind: 'number', log: true } } },
      ),
    );
    expect(rejected).toEqual(['events.csv:22 price: "-1.0" has no log(1 + x)']);
  });

  it('a number that 32 bits do not hold, where a model gets the number itself', async () => {
    const rows = ['user,item,price,rating', ...Array.from({ length: 20 }, (_, at) => `a,x${at},${at},5`)];
    rows[3] = 'a,x3,1e308,5';
    rows[4] = 'a,x4,-3.5e38,5';
    rows[5] = 'a,x5,3.4e38,5';
    const with_ = (encoder: Encoder) =>
      needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary }, price: { encoder } });
    for (const kind of ['number', 'standardize'] as const) {
      const { data, rejected } = await lenient({ 'events.csv': rows.join('\n') }, {}, with_({ kind, log: false }));
      expect(rejected).toEqual([
        'events.csv:4 price: "1e+308" is too large: a model stores numbers up to 3.4e38',
        'events.csv:5 price: "-3.5e+38" is too large: a model stores numbers up to 3.4e38',
      ]);
      const numbers = valuesOf(data.parts.train.features.get('price')!, 18).flat();
      expect(numbers.every(Number.isFinite)).toBe(true);
      expect(JSON.parse(JSON.stringify(data.encodings.get('price')))).toEqual(data.encodings.get('price'));
    }
    // Of a logarithm or a piece they are no more than numbers.
    rows[4] = 'a,x4,3.5e38,5';
    for (const encoder of [
      { kind: 'standardize', log: true },
      { kind: 'quantiles', buckets: 4, log: false },
    ] as const) {
      expect((await lenient({ 'events.csv': rows.join('\n') }, {}, with_(encoder))).rejected).toEqual([]);
    }
    const lines = ['[1, 2]', '[1, 1e308]', '[3, 4]'].map(
      (price, at) => `{"user":"a","item":"x${at}","price":${price},"rating":5}`,
    );
    const vectors = await lenient(
      { 'e.jsonl': lines.join('\n') },
      { events: 'e.jsonl' },
      with_({ kind: 'vector', size: 2 }),
    );
    expect(vectors.rejected).toEqual([
      'e.jsonl:2 price: "[1.0, 1e+308]" has a number that is too large: a model stores numbers up to 3.4e38',
    ]);
  });

  it('a vector of another length', async () => {
    const { rejected } = await lenient(
      {
        'events.jsonl':
          '{"user":"a","item":"x","v":[1,2]}\n{"user":"a","item":"y","v":[1,2,3]}\n{"user":"b","item":"y","v":[1,null]}\n',
      },
      { events: 'events.jsonl', columns: {} },
      needsOf(
        { user: { encoder: vocabulary } },
        { item: { encoder: vocabulary }, v: { encoder: { kind: 'vector', size: 2 }, width: 2 } },
      ),
    );
    expect(rejected).toEqual([
      'events.jsonl:2 v: "[1, 2, 3]" is not 2 finite numbers',
      'events.jsonl:3 v: "[1, NULL]" is not 2 finite numbers',
    ]);
  });

  it('text that is not UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from(`${header}${good}`), Buffer.from('caf\xe9,x,5,1\n', 'latin1')]);
    const { rejected } = await lenient({ 'events.csv': bytes });
    expect(rejected).toEqual(['events.csv:22 user: the text is not UTF-8']);
  });

  it('a line of JSON that is cut off', async () => {
    const { data, rejected } = await lenient(
      {
        'events.jsonl':
          '{"user":"a","item":"x","rating":5,"price":1}\nnot json\n\n{"user":"b","item":"y","rating":1,"price":"dear"}\n{"user":"c","item":"y","rating":2,"price":3}\n{"user":"c","it',
      },
      { events: 'events.jsonl' },
    );
    expect(rejected).toEqual([
      'events.jsonl:2 -: this is not JSON',
      'events.jsonl:4 price: "dear" is not a finite number',
      'events.jsonl:6 -: this is not JSON',
    ]);
    expect(data.parts.train.rows).toBe(2);
  });
});

describe('rejected.jsonl', () => {
  it('takes the place of a link or a pipe of its name, and writes nothing through it', async () => {
    const files = { 'events.csv': `${header}a,x\n${good}` };
    for (const put of [
      (path: string, other: string) => symlinkSync(other, path),
      (path: string) => execFileSync('mkfifo', [path]),
    ]) {
      const [folder, other] = [folderWith(files), join(folderWith({ other: 'own' }), 'other')];
      put(join(folder, 'rejected.jsonl'), other);
      await readDataset(describeData({ folder, columns, reject: 1 }), needs, { folder });
      expect(readFileSync(other, 'utf8')).toBe('own');
      expect(readFileSync(join(folder, 'rejected.jsonl'), 'utf8')).toMatch(/^\{"file":"events.csv","line":2,/);
    }
  });
});

describe('lines are those of an editor', () => {
  it('after quoted line ends, blank lines, and rows that were bad before', async () => {
    const text = `user,item,rating,price\na,"x\ny",5,1\n\na,x\na,,5,1\n"u ""q"" v",x,5,1\na,"two\n\nlines",5,nan\na,x,5,1\na,x,1,dear\n`;
    const { data, rejected } = await lenient({ 'events.csv': text });
    expect(rejected).toEqual([
      'events.csv:5 rating: the row is short: 2 values, the header has 4',
      'events.csv:6 item: the key is empty',
      'events.csv:8 price: "nan" is not a finite number',
      'events.csv:12 price: "dear" is not a number',
    ]);
    expect(data.corpus.keys).toEqual(['x', 'x\ny']);
    expect(data.users.keys).toEqual(['a', 'u "q" v']);
  });

  it('with a byte order mark and Windows line ends', async () => {
    const text = `\uFEFFuser,item,rating,price\r\na,"x\r\ny",5,1\r\n\r\na,x\r\na,,5,1\r\na,x,5,1\r\n`;
    const { data, rejected } = await lenient({ 'events.csv': text });
    expect(rejected).toEqual([
      'events.csv:5 rating: the row is short: 2 values, the header has 4',
      'events.csv:6 item: the key is empty',
    ]);
    expect(data.users.keys).toEqual(['a']);
    expect(data.corpus.keys).toEqual(['x', 'x\r\ny']);
  });

  it('in a compressed file, and in each file of a pattern', async () => {
    const { data, rejected } = await lenient(
      {
        'a.csv.gz': gzipSync(`${header}${good}a,,5,1\n`),
        'b.csv.gz': gzipSync(`price,rating,item,user\n1,5,x,a\n1,5,x\n1,5,,a\n`),
      },
      { events: '*.csv.gz' },
    );
    expect(rejected).toEqual([
      'a.csv.gz:22 item: the key is empty',
      'b.csv.gz:3 user: the row is short: 3 values, the header has 4',
      'b.csv.gz:4 item: the key is empty',
    ]);
    expect(data.parts.train.rows).toBe(21);
  });

  it('in a large file, read in parallel', async () => {
    const lines = Array.from({ length: 300_000 }, (_, i) => `u${i % 977},"i\n${i % 1009}",${i % 6},1\n`);
    lines[150_000] = 'short,row\n';
    lines[299_000] = 'u1,,3,1\n';
    const { rejected } = await lenient({ 'events.csv': header + lines.join('') });
    // Every record before takes two lines, but for those that are bad.
    expect(rejected).toEqual([
      `events.csv:${2 + 2 * 150_000} rating: the row is short: 2 values, the header has 4`,
      `events.csv:${2 + 2 * 299_000 - 1} item: the key is empty`,
    ]);
  });
});

describe('the share of bad rows', () => {
  it('past `reject` the run stops, and says the first reason', async () => {
    const folder = folderWith({ 'events.csv': `${header}${good}a,,5,1\n` });
    const reading = readDataset(describeData({ folder, columns, reject: 0.01 }), needs, { folder });
    expect(await failureOf(reading)).toEqual([
      `too-many-rejected at events:events.csv: 1 of 21 rows of \`events.csv\` is invalid (4.8%), and the limit is 1%: events.csv:22: \`item\`: the key is empty (correct them, exclude them with \`where\`, or raise \`reject\`; ${join(folder, 'rejected.jsonl')} lists them all)`,
    ]);
  });

  it('up to `reject` it goes on', async () => {
    const folder = folderWith({ 'events.csv': `${header}${good}a,,5,1\n` });
    const data = await readDataset(describeData({ folder, columns, reject: 0.05 }), needs, { folder });
    expect(data.rejected).toEqual({ count: 1, total: 21, file: join(folder, 'rejected.jsonl') });
  });

  it('rows that `where` leaves out are not judged', async () => {
    const { data, rejected } = await lenient({ 'events.csv': `${header}${good}a,,0,1\n` }, { where: 'rating > 0' });
    expect(rejected).toEqual([]);
    expect(data.rejected.count).toBe(0);
  });
});

describe('more bad rows than a call has arguments are listed up to a limit, and all are counted', () => {
  const [total, some] = [230_000, 10];
  const eventsOf = (bad: string): string =>
    `user,item,rating,price\n${Array.from({ length: total }, (_, at) => `u${at % 50},i${at % 9},${at % some === 0 ? 4 : bad},1\n`).join('')}`;
  const cases: readonly (readonly [what: string, bad: string, liked: string])[] = [
    ['values that a label cannot have', '9', 'CASE WHEN rating = 9 THEN 7 ELSE 1 END'],
    ['rows on which an expression fails', 'five', 'CAST(rating AS DOUBLE) >= 4'],
    ['rows that are too long', '5,1', 'rating >= 4'],
  ];
  for (const [what, bad, liked] of cases)
    for (const when of ['never', 'always'] as const)
      it(`${what}, rows ${when === 'never' ? 'in memory' : 'in shards'}`, async () => {
        const folder = folderWith({ 'events.csv': eventsOf(bad) });
        const events = { folder, columns: { liked } };
        const shards = { folder: join(folder, 'shards'), memory: 2 ** 30, when };
        const data = await readDataset(describeData({ ...events, reject: 0.95 }), needs, { folder, shards });
        const badCount = total - total / some;
        expect(data.rejected).toMatchObject({ count: badCount, total });
        const lines = readFileSync(join(folder, 'rejected.jsonl'), 'utf8').trimEnd().split('\n');
        const [first, last] = [lines[0]!, lines.at(-1)!].map((line) => JSON.parse(line) as Record<string, unknown>);
        expect(first).toMatchObject({ file: 'events.csv', line: 3 });
        expect(last).toMatchObject({ file: 'events.csv', rows: badCount - lines.length + 1 });
        const failed = await failureOf(readDataset(describeData({ ...events, reject: 0.5 }), needs, { shards }));
        expect(failed.join()).toContain(`${badCount.toLocaleString('en')} of ${total.toLocaleString('en')}`);
      });
});

describe('what is not bad', () => {
  it('whole numbers that have fractions after the sample', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `u${i % 7},i${i % 5},${i % 6},1\n`).join('');
    const { data, rejected } = await lenient({ 'events.csv': `${header}${many}a,x,4.5,1\nb,x,3.5,1\n` });
    expect(rejected).toEqual([]);
    expect([...data.parts.train.labels.get('liked')!.subarray(20_000)]).toEqual([1, 0]);
  });

  it('a marker of missing values that an expression takes away', async () => {
    const { rejected } = await lenient(
      { 'events.csv': `${header}${good}a,x,5,?\n` },
      { columns: { ...columns, price: "TRY_CAST(nullif(price, '?') AS DOUBLE)" } },
    );
    expect(rejected).toEqual([]);
  });

  it('missing numbers and categories: they have the code of the missing', async () => {
    const { data } = await lenient(
      { 'events.csv': 'user,item,place,price\na,x,,1\na,y,home,\n' },
      { columns: {} },
      needsOf(
        { user: { encoder: vocabulary }, place: { encoder: vocabulary } },
        { item: { encoder: vocabulary }, price: { encoder: { kind: 'boundaries', boundaries: [0, 2], log: false } } },
      ),
    );
    expect(valuesOf(data.parts.train.features.get('place')!, 2)).toEqual([0, 1]);
    expect(valuesOf(data.parts.train.features.get('price')!, 2)).toEqual([1, 3]);
  });
});
