/** Every record of a file is read or rejected, or the file is refused: held against `count.ts`, which shares nothing with the reader. */
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../src/base/random/random.ts';
import { bindData } from '../../src/data/binding/bind.ts';
import { openDatabase } from '../../src/data/files/duckdb.ts';
import { readDataset } from '../../src/data/read_dataset.ts';
import { stage } from '../../src/data/rows/stage.ts';
import { countCsv, countJsonLines } from './count.ts';
import { type Block, describeData, failureOf, folderWith, needsOf, vocabulary } from './fixture.ts';
import { mutate, someCsv, someJsonLines } from './mutate.ts';

const needs = needsOf(
  { user: { encoder: vocabulary } },
  { item: { encoder: vocabulary }, note: { encoder: vocabulary } },
);

interface Read {
  readonly rows: number;
  readonly rejected: number;
  readonly total: number;
  readonly items: readonly string[];
  readonly lines: readonly string[];
}

/** What is read of files, all bad rows being allowed. */
const read = (
  files: Readonly<Record<string, string | Uint8Array>>,
  block: Partial<Block> = {},
  wants = needs,
): Promise<Read> => readIn(folderWith(files), block, wants);

async function readIn(folder: string, block: Partial<Block>, wants = needs): Promise<Read> {
  const described = describeData({ folder, reject: 1, ...block });
  const { parts, corpus, rejected } = await readDataset(described, wants, { folder });
  const lines =
    rejected.file === undefined
      ? []
      : readFileSync(rejected.file, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as { file: string; line: number; reason: string })
          .map(({ file, line, reason }) => `${file}:${line} ${reason}`);
  return {
    rows: parts.train.rows,
    rejected: rejected.count,
    total: rejected.total,
    items: [...parts.train.item].map((row) => corpus.keys.at(row)!),
    lines,
  };
}

const refusal = (files: Readonly<Record<string, string | Uint8Array>>, block: Partial<Block> = {}) =>
  failureOf(readDataset(describeData({ folder: folderWith(files), reject: 1, ...block }), needs));

const header = 'user,item,note\n';
const rows = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `u${(from + i) % 50},i${from + i},n\n`).join('');

describe('one stray quote', () => {
  const text = `${header}${rows(2, 201)}u1,"i202,n\n${rows(203, 10_001)}`;

  it('costs its own line, in a file that is compressed or not', async () => {
    const said = 'a quote opens a value and never closes';
    expect(await read({ 'events.csv': text })).toMatchObject({
      rows: 9_999,
      rejected: 1,
      total: 10_000,
      lines: [`events.csv:202 ${said}`],
    });
    expect(await read({ 'e.csv.gz': gzipSync(text) }, { events: 'e.csv.gz' })).toMatchObject({
      rows: 9_999,
      rejected: 1,
      lines: [`e.csv.gz:202 ${said}`],
    });
  });

  it('also in the file of the items, and in one of several files; copies are gone afterwards', async () => {
    const items = `item,title\n${Array.from({ length: 3_000 }, (_, i) => `i${i},t\n`).join('')}`.replace(
      'i700,t',
      'i700,"t',
    );
    const wants = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });
    const events = `user,item\n${Array.from({ length: 3_000 }, (_, i) => `u${i % 9},i${i}\n`).join('')}`;
    const files = { 'a.csv': events.replace('u3,i66\n', 'u3,"i66\n'), 'b.csv': events, 'items.csv': items };
    const temporary = folderWith({});
    vi.stubEnv('TMPDIR', temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    const data = await read(files, { events: '?.csv', items: 'items.csv' }, wants);
    expect(data.rows).toBe(5_997);
    expect(data.lines).toEqual([
      'a.csv:68 a quote opens a value and never closes',
      'a.csv:702 "i700" is in no valid row of items.csv',
      'b.csv:702 "i700" is in no valid row of items.csv',
      'items.csv:702 a quote opens a value and never closes',
    ]);
    expect(data.total).toBe(9_000);
    expect(readdirSync(temporary).filter((name) => name.startsWith('tower-read-'))).toEqual([]);
  });

  it('past `reject` ends the run', async () => {
    expect(await refusal({ 'events.csv': `${header}u1,"i1,n\n${rows(3, 50)}` }, { reject: 0.01 })).toEqual([
      'too-many-rejected at events:events.csv: 1 of 49 rows of `events.csv` is invalid (2.0%), and the limit is 1%: events.csv:2: a quote opens a value and never closes (correct them, exclude them with `where`, or raise `reject`)',
    ]);
  });
});

describe('lines of every kind are counted', () => {
  const expected = { items: ['i1', 'i2', 'i3'], rejected: 0 };

  it.each([
    ['mixed line ends', 'user,item,note\r\na,i1,n\na,i2,n\r\na,i3,n\n'],
    ['carriage returns alone', 'user,item,note\ra,i1,n\ra,i2,n\ra,i3,n'],
    ['a carriage return among line feeds', 'user,item,note\na,i1,n\ra,i2,n\na,i3,n\n'],
    ['blank lines first', '\n\r\nuser,item,note\na,i1,n\na,i2,n\na,i3,n\n'],
    ['blank lines within and last', 'user,item,note\n\na,i1,n\n\n\na,i2,n\na,i3,n\n\n\n\n'],
    ['no last line end', 'user,item,note\na,i1,n\na,i2,n\na,i3,n'],
    ['a byte order mark', '\uFEFFuser,item,note\na,i1,n\na,i2,n\na,i3,n\n'],
    ['a line end in the header', '"user","item","note","a\r\nb"\na,i1,n,\na,i2,n,\na,i3,n,\n'],
    ['quotes in the header', 'user,item,note,"a ""b"""\na,i1,n,\na,i2,n,\na,i3,n,\n'],
    ['blanks around quotes', '"user", "item", "note"\n"a", "i1" ,n\na, "i2",n\na,i3,"n"\n'],
    ['line ends of another kind first in a quoted value', 'user,item,note\na,i1,"x\r\ny"\na,i2,"\r"\na,i3,"\n"\n'],
    [
      'line ends of another kind first in a quoted value, and a copy',
      '\nuser,item,note\na,i1,"x\ry\r"\na,i2,"\r\n"\na,i3,"\n"\n',
    ],
    ['a header of 200 KB', `user,item,note,${'long'.repeat(50_000)}\na,i1,n,\na,i2,n,\na,i3,n,\n`],
    ['a name without letters', ',user,item,note,\n0,a,i1,n,\n1,a,i2,n,\n2,a,i3,n,\n'],
  ])('%s', async (_, text) => {
    expect(await read({ 'events.csv': text })).toMatchObject(expected);
    expect(await read({ 'e.csv.gz': gzipSync(text) }, { events: 'e.csv.gz' })).toMatchObject(expected);
  });

  it('a long line, a tail of zero bytes, a mark, a header again', async () => {
    const text = `${header}a,i1,n\na,i2,${'x'.repeat(3_000_000)}\n\uFEFF${header}${header}a,i3,n\n${'\0'.repeat(100_000)}`;
    expect(await read({ 'events.csv': text })).toMatchObject({
      items: ['i1', 'i3'],
      lines: [
        'events.csv:3 the row is longer than 2,000,000 bytes',
        'events.csv:4 the line begins with a byte order mark, which belongs at the beginning of a file',
        'events.csv:5 the line repeats the header',
        'events.csv:7 the row is short: 1 values, the header has 3',
      ],
    });
  });

  it('the lines of values that are bad, where the database read a copy', async () => {
    const wants = needsOf(
      { user: { encoder: vocabulary } },
      { item: { encoder: vocabulary }, price: { encoder: { kind: 'number', log: false } } },
    );
    const some = Array.from({ length: 30 }, (_, i) => `a,i${i},${i}\n`).join('');
    const text = `\uFEFFuser,item,price\n${some}short\na,x,dear\na,"y\n",1\n"\na,,2\na,z,inf\n`;
    const { lines, rows } = await read({ 'events.csv': text }, {}, wants);
    expect(lines).toEqual([
      'events.csv:32 the row is short: 1 values, the header has 3',
      'events.csv:33 "dear" is not a number',
      'events.csv:36 a quote opens a value and never closes',
      'events.csv:37 the key is empty',
      'events.csv:38 "inf" is not a finite number',
    ]);
    expect(rows).toBe(31);
    // The same, where it read the file itself.
    const whole = await read({ 'events.csv': `\uFEFFuser,item,price\n${some}a,x,dear\na,,2\n` }, {}, wants);
    expect(whole.lines).toEqual(['events.csv:32 "dear" is not a number', 'events.csv:33 the key is empty']);
  });
});

describe('a header that cannot be read is refused', () => {
  it.each([
    ['a name twice', 'user,item,note,item\na,x,n,y\n', 1, 'the header has the name `item` in columns 2 and 4'],
    [
      'a name twice but for case',
      '\nuser,item,note,Item\na,x,n,y\n',
      2,
      'the header has the name `item`, again as `Item`, in columns 2 and 4',
    ],
    ['a quote that never closes', 'user,"item,note\na,x,n\n', 1, 'a quote opens a name and never closes'],
    ['a quote that closes wrongly', 'user,"item,note\na,"x",n\n', 1, 'a quoted name does not end where its quote ends'],
    [
      'a quote that closes in another row',
      'user,item,"note\na,x,n"\na,y,n\n',
      1,
      'a quote opens a name that continues on the next lines, which are rows of their own',
    ],
    ['no text', Buffer.from('user,item,n\xf6te\na,x,n\n', 'latin1'), 1, 'the header is not text in UTF-8'],
    ['UTF-16', Buffer.from(`\uFEFF${header}`, 'utf16le'), 1, 'it is text in UTF-16, and should be in UTF-8'],
  ])('%s', async (_, content, line, reason) => {
    expect(await refusal({ 'events.csv': content })).toEqual([
      `data-file-shape at events:events.csv: line ${line} of \`events.csv\` cannot be read: ${reason} (correct that line, and save the file as UTF-8)`,
    ]);
  });
});

describe('a file of nothing but bad rows', () => {
  it('is given up before all of them are kept', async () => {
    const text = `${header}a,b,c\n${'x\n'.repeat(1_000_001)}`;
    expect((await refusal({ 'events.csv': text }))[0]).toMatch(
      /^data-file-shape .* line 3 of `events.csv` cannot be read: the row is short: 1 values, the header has 3; 1,000,000 rows are invalid, and fewer are valid/,
    );
  });
});

describe('JSON', () => {
  const line = (item: string, more = ''): string => `{"user":"a","item":"${item}","note":"n"${more}}\n`;

  it('lines that are none are rejected, one by one', async () => {
    const text = `\uFEFF${line('i1')}null\n${line('i2').trim()}${line('x')}${line('y', ',"item":"z"')}{"deep":${'['.repeat(90_000)}\n\r\n${line('i3').trim()}\r${line('i4', ',"more":1e999')}\0\0\0`;
    expect(await read({ 'e.jsonl': text }, { events: 'e.jsonl' })).toMatchObject({
      items: ['i1', 'i3', 'i4'],
      lines: [
        'e.jsonl:2 this is JSON, but not an object with names',
        'e.jsonl:3 this is not JSON',
        'e.jsonl:4 the object has `item` twice',
        'e.jsonl:5 objects and lists lie more than 200 deep in each other',
        'e.jsonl:9 this is not JSON',
      ],
    });
  });

  it('ids of many digits keep them', async () => {
    const text = `${line('i1').replace('"a"', '9007199254740993')}${line('i2').replace('"a"', '123456789012345678901234567890')}`;
    const folder = folderWith({ 'e.jsonl': text });
    const data = await readDataset(describeData({ folder, events: 'e.jsonl' }), needs);
    expect(data.users.keys).toEqual(['123456789012345678901234567890', '9007199254740993']);
  });

  it('an array has its objects, also compressed, or is refused with the line', async () => {
    const good = `[${line('i1')},null,\n${line('i2')}]`;
    for (const [name, content] of [
      ['e.json', good],
      ['e.json.gz', gzipSync(good)],
    ] as const) {
      expect(await read({ [name]: content }, { events: name })).toMatchObject({
        items: ['i1', 'i2'],
        lines: [`${name}:2 this is JSON, but not an object with names`],
      });
    }
    expect(await refusal({ 'e.json': `[${line('i1')},${line('i2')}` }, { events: 'e.json' })).toEqual([
      'data-file-shape at events:e.json: line 3 of `e.json` cannot be read: the array of objects does not close (correct that line, and save the file as UTF-8)',
    ]);
    expect((await refusal({ 'e.json': `[${line('i1')},\n` }, { events: 'e.json' }))[0]).toMatch(/does not close/);
    expect((await refusal({ 'e.json': `[${line('i1')}]\n[]` }, { events: 'e.json' }))[0]).toMatch(
      /line 3 of `e.json` cannot be read: something follows/,
    );
  });
});

describe('gzip', () => {
  const [one, two] = [gzipSync(`${header}a,i1,n\n`), gzipSync('a,i2,n\na,i3,n\n')];

  it('of several members is all of them', async () => {
    const content = Buffer.concat([one, two]);
    expect(await read({ 'e.csv.gz': content }, { events: 'e.csv.gz' })).toMatchObject({ items: ['i1', 'i2', 'i3'] });
  });

  it('whose last member is cut off, or with something after it, is damaged', async () => {
    for (const tail of [two.subarray(0, -5), Buffer.from('tail'), Buffer.alloc(512), Buffer.from('\0\0tail')]) {
      const content = Buffer.concat([one, tail]);
      expect((await refusal({ 'e.csv.gz': content }, { events: 'e.csv.gz' }))[0]).toMatch(/^data-file-damaged/);
    }
  });
});

describe('files of one pattern', () => {
  it('have their rows one after the other, where some of a file are bad', async () => {
    const some = (from: number): string => rows(from, from + 4_000);
    const files = {
      'a.csv': header + some(2),
      'b.csv': `${header}${some(5_000)}short\n${some(20_000)}`,
      'c.csv': `\uFEFF${header}${some(10_000)}a,"i\r\n7",n\n\n`,
      'd.csv.gz': gzipSync((header + some(15_000)).replaceAll('\n', '\r\n')),
    };
    const { output } = await bindData(describeData({ folder: folderWith(files), events: '{a,b,c}.csv*' }), needs);
    const { layout } = output!;
    const database = await openDatabase();
    const { files: staged } = await stage(database, layout.sources.get('events')!, layout);
    expect(staged.map(({ first }) => first)).toEqual([0, 4_001, 12_003]);
    database.close();
    const data = await read(files, { events: '?.csv*' });
    expect(data.rows).toBe(5 * 4_001 + 1);
    expect(data.lines).toEqual(['b.csv:4003 the row is short: 1 values, the header has 3']);
  });
});

describe('a file that changes while it is read', () => {
  it('is refused', async () => {
    const folder = folderWith({ 'events.csv': `${header}${rows(2, 50)}` });
    const { output } = await bindData(describeData({ folder }), needs);
    const { layout } = output!;
    const database = await openDatabase();
    appendFileSync(join(folder, 'events.csv'), rows(51, 60));
    expect(await failureOf(stage(database, layout.sources.get('events')!, layout))).toEqual([
      'data-file-changed at events:events.csv: `events.csv` changed while Tower read it (run again after the program that writes the file has ended)',
    ]);
    database.close();
  });
});

async function parquet(folder: string, name: string, select: string): Promise<void> {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`COPY (${select}) TO '${join(folder, name)}' (ROW_GROUP_SIZE 2048)`);
  connection.closeSync();
}

describe('Parquet files of one pattern', () => {
  it('whose types differ keep their values', async () => {
    const folder = folderWith({});
    await parquet(folder, 'a.parquet', `SELECT 'u' AS "user", 7::BIGINT AS item, 1::BIGINT AS price`);
    await parquet(folder, 'b.parquet', `SELECT '007' AS item, 'u' AS "user", 2.5::DOUBLE AS price, 1 AS more`);
    const wants = needsOf(
      { user: { encoder: vocabulary } },
      { item: { encoder: vocabulary }, price: { encoder: { kind: 'number', log: false } } },
    );
    const { parts, corpus } = await readDataset(describeData({ folder, events: '?.parquet' }), wants);
    expect([...parts.train.item].map((row) => corpus.keys.at(row))).toEqual(['7', '007']);
    expect(parts.train.features.get('price')!.column).toMatchObject({ values: Float32Array.of(1, 2.5) });
  });
});

describe('a Parquet file', () => {
  it('with two columns of one name is refused, and names within columns are their own', async () => {
    const folder = folderWith({});
    const select = `SELECT 'u' AS "user", {'note': ['n'], 'item': 1} AS more, 'i' AS item, 'n' AS note, 'o' AS nota`;
    await parquet(folder, 'e.parquet', select);
    const whole = readFileSync(join(folder, 'e.parquet'));
    expect(await read({ 'e.parquet': whole }, { events: 'e.parquet' })).toMatchObject({ items: ['i'] });
    const twice = Buffer.from(whole.toString('latin1').replaceAll('nota', 'NOTE'), 'latin1');
    expect((await refusal({ 'e.parquet': twice }, { events: 'e.parquet' }))[0]).toMatch(
      /^data-file-damaged .*: it has two columns with the name `NOTE`/,
    );
  });
});

/** Cases a kind: `TOWER_FUZZ=2500` is ten thousand files in all. */
const cases = Number(process.env.TOWER_FUZZ ?? 16);

describe('mutated files lose no row in silence', () => {
  /** Nothing where the file was refused, with a code. */
  const attempt = async (folder: string, name: string, content: Buffer): Promise<Read | undefined> => {
    writeFileSync(join(folder, name), content);
    try {
      return await readIn(folder, { events: name });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      for (const { code } of error.diagnostics) expect(code).not.toBe('data-file-uncounted');
      return undefined;
    }
  };

  it('CSV', { timeout: cases * 5_000 }, async () => {
    const folder = folderWith({});
    let whole = 0;
    for (let seed = 0; seed < cases; seed++) {
      const random = makeRandom(seed, 1);
      const content = mutate(Buffer.from(someCsv(random, ['\n', '\r\n', '\r'][random.integer(3)]!)), random);
      const account = countCsv(content);
      const data = await attempt(folder, 'e.csv', content);
      const intact = account !== undefined && account.header.join() === 'user,item,note';
      if (!intact) continue;
      const good = account.good.filter(({ values }) => values[0] !== '' && values[1] !== '');
      const said = JSON.stringify([seed, content.toString('latin1')]);
      if (data === undefined) {
        expect(good.length, said).toBe(0);
        continue;
      }
      whole++;
      expect(data.items, said).toEqual(good.map(({ values }) => values[1]));
      expect(data.rejected, said).toBe(account.bad.length + account.good.length - good.length);
      expect(data.total, said).toBe(account.bad.length + account.good.length);
    }
    expect(whole).toBeGreaterThan(cases / 2);
  });

  it('CSV that is compressed, before and after its mistakes', { timeout: cases * 5_000 }, async () => {
    const folder = folderWith({});
    for (let seed = 0; seed < cases; seed++) {
      const random = makeRandom(seed, 2);
      const text = Buffer.from(someCsv(random, '\n'));
      const after = random.integer(2) === 0;
      const content = after ? mutate(gzipSync(text), random) : gzipSync(mutate(text, random));
      const data = await attempt(folder, 'e.csv.gz', content);
      if (data === undefined) continue;
      const { gunzipSync } = await import('node:zlib');
      // What a mistake after compression leaves readable passed zlib's checksum.
      const account = countCsv(gunzipSync(content));
      const all = account!.bad.length + account!.good.length;
      expect(data.rows + data.rejected, JSON.stringify([seed, content.toString('base64')])).toBe(all);
      if (after) expect(all).toBe(countCsv(text)!.good.length);
    }
  });

  it('lines of JSON', { timeout: cases * 5_000 }, async () => {
    const folder = folderWith({});
    let whole = 0;
    for (let seed = 0; seed < cases; seed++) {
      const random = makeRandom(seed, 3);
      const content = mutate(Buffer.from(someJsonLines(random, random.integer(2) === 0 ? '\n' : '\r\n')), random);
      const data = await attempt(folder, 'e.jsonl', content);
      if (content.toString().trimStart().startsWith('[')) continue;
      const { good, bad } = countJsonLines(content);
      const kept = good.filter(
        ({ object }) =>
          !['', undefined].includes(object.get('user') as string) &&
          !['', undefined].includes(object.get('item') as string),
      );
      const said = JSON.stringify([seed, content.toString('latin1')]);
      if (data === undefined) {
        // A column that no object has feeds nothing.
        const absent = ['user', 'item', 'note'].some((name) => !good.some(({ object }) => object.has(name)));
        expect(absent || kept.length === 0, said).toBe(true);
        continue;
      }
      whole++;
      expect(data.total, said).toBe(good.length + bad.length);
      expect(data.rows, said).toBe(kept.length);
      expect(data.rows + data.rejected, said).toBe(data.total);
      expect(data.items, said).toEqual(kept.map(({ object }) => object.get('item')));
    }
    expect(whole).toBeGreaterThan(cases / 2);
  });

  it('Parquet', { timeout: cases * 5_000 }, async () => {
    const folder = folderWith({});
    await parquet(
      folder,
      'e.parquet',
      `SELECT 'u' || i % 9 AS "user", 'i' || i AS item, 'n' || i % 3 AS note FROM range(5000) AS t(i)`,
    );
    const bytes = readFileSync(join(folder, 'e.parquet'));
    for (let seed = 0; seed < cases; seed++) {
      const random = makeRandom(seed, 4);
      const data = await attempt(folder, 'e.parquet', mutate(bytes, random));
      if (data !== undefined) expect(data.rows + data.rejected, String(seed)).toBe(5_000);
    }
  });
});
