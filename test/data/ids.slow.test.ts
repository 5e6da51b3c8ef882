/** Ids of 64 bits and more keep every digit, whatever file they come from and whatever reads them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { makeRandom, type Random } from '../../src/base/random/random.ts';
import { makeValueEncoder } from '../../src/data/encoders/value.ts';
import { readDataset } from '../../src/data/read_dataset.ts';
import { readItemColumns } from '../../src/data/rows/item_columns.ts';
import { checkColumns, fieldKind, type GivenColumns } from '../../src/data/written/fields.ts';
import { makeReaders, type Reader } from '../../src/serving/server/http.ts';
import { defaultLimits } from '../../src/serving/server/limits.ts';
import type { RequestError } from '../../src/serving/server/refused.ts';
import { makeSchemas } from '../../src/serving/server/schemas.ts';
import { type Block, describeData, failureOf, folderWith, needsOf, vocabulary } from './fixture.ts';

const needs = needsOf(
  { user: { encoder: vocabulary }, basket: { encoder: vocabulary, gives: 'bag', max: 3 } },
  { item: { encoder: vocabulary }, maker: { encoder: vocabulary } },
);

/** Whole numbers of `bits` bits, all apart and some of them neighbours: as doubles these would be one. */
function idsOf(random: Random, count: number, bits: number): bigint[] {
  const ids = new Set<bigint>();
  while (ids.size < count) {
    let id = 1n;
    for (let at = 1; at < bits; at++) id = (id << 1n) | BigInt(random.integer(2));
    ids.add(id);
    ids.add(id ^ 1n);
  }
  return [...ids].slice(0, count);
}

interface Tables {
  readonly events: readonly { readonly user: bigint; readonly item: bigint; readonly basket: readonly bigint[] }[];
  readonly items: readonly { readonly item: bigint; readonly maker: bigint }[];
  readonly users: readonly { readonly user: bigint }[];
}

function tablesOf(seed: number, bits: number): Tables {
  const random = makeRandom(seed, bits);
  const [users, items, makers] = [idsOf(random, 6, bits), idsOf(random, 8, bits), idsOf(random, 4, bits)];
  const one = (ids: readonly bigint[]): bigint => ids[random.integer(ids.length)]!;
  return {
    events: Array.from({ length: 40 }, (_, at) => ({
      user: users[at % users.length]!,
      item: items[at % items.length]!,
      basket: [one(items), one(items)],
    })),
    items: items.map((item) => ({ item, maker: one(makers) })),
    users: users.map((user) => ({ user })),
  };
}

const numbersIn = (row: object): string =>
  JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? `#${value}` : value)).replaceAll(
    /"#(\d+)"/g,
    '$1',
  );

type Write = (folder: string, name: string, rows: readonly object[]) => Promise<void> | void;

const asText: Readonly<Record<string, (rows: readonly object[]) => string>> = {
  'json lines': (rows) => rows.map((row) => `${numbersIn(row)}\n`).join(''),
  'a json array': (rows) => `[${rows.map(numbersIn).join(',\n')}]`,
  csv: (rows) =>
    [Object.keys(rows[0]!), ...rows.map(Object.values)]
      .map((values) => `${values.map((value) => (Array.isArray(value) ? value.join(' ') : value)).join(',')}\n`)
      .join(''),
};
const endings: Readonly<Record<string, string>> = { 'json lines': 'jsonl', 'a json array': 'json', csv: 'csv' };

function parquet(type: string): Write {
  return async (folder, name, rows) => {
    const connection = await (await DuckDBInstance.create()).connect();
    const tuples = rows.map(
      (row) =>
        `(${Object.values(row)
          .map((value) => (Array.isArray(value) ? `[${value.map((id) => `'${id}'::${type}`)}]` : `'${value}'::${type}`))
          .join()})`,
    );
    const names = Object.keys(rows[0]!).map((column) => `"${column}"`);
    await connection.run(
      `COPY (SELECT * FROM (VALUES ${tuples}) AS t(${names})) TO '${join(folder, name)}' (FORMAT parquet)`,
    );
    connection.closeSync();
  };
}

async function read(write: Write | string, tables: Tables, block: Partial<Block> = {}) {
  const folder = folderWith({});
  const ending = typeof write === 'string' ? endings[write]! : 'parquet';
  for (const [name, rows] of Object.entries(tables) as [keyof Tables, readonly object[]][]) {
    if (typeof write === 'string') writeFileSync(join(folder, `${name}.${ending}`), asText[write]!(rows));
    else await write(folder, `${name}.${ending}`, rows);
  }
  const files = { events: `events.${ending}`, items: `items.${ending}`, users: `users.${ending}` };
  const columns: Record<string, string> = write === 'csv' ? { basket: "string_split(basket, ' ')" } : {};
  const description = describeData({
    folder,
    ...files,
    columns: { ...columns, ...block.columns },
    reject: 0,
    ...rest(block),
  });
  const data = await readDataset(description, needs);
  return { data, description };
}

const rest = ({ columns: _, ...block }: Partial<Block>): Partial<Block> => block;

const texts = (ids: readonly bigint[]): string[] => [...new Set(ids)].map(String).sort();

async function holds(write: Write | string, tables: Tables, block?: Partial<Block>): Promise<void> {
  const { data, description } = await read(write, tables, block);
  expect(data.rejected.count).toBe(0);
  expect([...data.users.keys].sort()).toEqual(texts(tables.users.map(({ user }) => user)));
  expect([...data.corpus.keys].sort()).toEqual(texts(tables.items.map(({ item }) => item)));
  const valuesOf = (feature: string): string[] => {
    const encoding = data.encodings.get(feature)!;
    return encoding.kind === 'vocabulary' ? [...encoding.values].sort() : [];
  };
  expect(valuesOf('maker')).toEqual(texts(tables.items.map(({ maker }) => maker)));
  expect(valuesOf('basket')).toEqual(texts(tables.events.flatMap(({ basket }) => basket)));
  // Each event has its own item and user.
  const items = [...data.parts.train.item].map((row) => data.corpus.keys.at(row));
  expect(items.sort()).toEqual(tables.events.map(({ item }) => String(item)).sort());
  // What answers show of an item finds its row.
  const shown = await readItemColumns(description, needs, data.corpus.keys);
  expect([...shown.get('item')!.values]).toEqual([...data.corpus.keys]);
  const makers = tables.items.map(({ item, maker }) => `${item} ${maker}`).sort();
  const madeBy = shown.get('maker')!.values;
  expect([...data.corpus.keys].map((key, row) => `${key} ${madeBy[row]}`).sort()).toEqual(makers);
}

/** By how many bits its numbers may have. */
const formats: readonly (readonly [string, Write | string, readonly number[]])[] = [
  ['CSV', 'csv', [53, 54, 60, 63, 64, 100, 126]],
  ['lines of JSON', 'json lines', [53, 54, 60, 63, 64, 100]],
  ['an array of JSON', 'a json array', [53, 54, 63, 64, 100]],
  ['Parquet, int64', parquet('BIGINT'), [53, 54, 60, 63]],
  ['Parquet, uint64', parquet('UBIGINT'), [63, 64]],
  ['Parquet, decimal', parquet('DECIMAL(38, 0)'), [54, 64, 100, 126]],
  ['Parquet, text', parquet('VARCHAR'), [64, 126]],
];

describe('random ids of many bits', () => {
  for (const [name, write, sizes] of formats) {
    it.each(sizes)(`of ${name}: %i bits`, async (bits) => {
      for (let seed = 0; seed < Number(process.env.TOWER_FUZZ ?? 1); seed++) await holds(write, tablesOf(seed, bits));
    });

    it(`of ${name}, which an expression reads, too`, async () => {
      const where = name === 'Parquet, text' ? `"user" > '0' AND "item" > '00'` : '"user" > 0 AND "item" > 5';
      for (const bits of sizes) await holds(write, tablesOf(7, bits), { where });
    });
  }
});

const plain = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });

async function parquetOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = folderWith({});
  const connection = await (await DuckDBInstance.create()).connect();
  for (const [name, select] of Object.entries(files))
    await connection.run(`COPY (${select}) TO '${join(folder, name)}' (FORMAT parquet)`);
  connection.closeSync();
  return folder;
}

describe('ids in columns of several types', () => {
  it('are the same where files of one pattern differ, or events and items do', async () => {
    const [large, next] = ['9007199254740993', '9223372036854775807'];
    const folder = await parquetOf({
      'e1.parquet': `SELECT 'u' AS "user", ${large}::BIGINT AS item`,
      'e2.parquet': `SELECT 'u' AS "user", 7::DOUBLE AS item`,
      'e3.parquet': `SELECT 'u' AS "user", ${next}::DECIMAL(38, 0) AS item`,
      'e4.parquet': `SELECT 'u' AS "user", 1234567890123456.00::DECIMAL(38, 2) AS item`,
      'items.parquet': `SELECT unnest([${large}, ${next}, 7, 1234567890123456]::DECIMAL(38, 0)[]) AS item`,
    });
    const block = { folder, events: 'e?.parquet', items: 'items.parquet', reject: 0 };
    const { corpus, parts } = await readDataset(describeData(block), plain);
    const ids = [...parts.train.item].map((row) => corpus.keys.at(row));
    expect(ids).toEqual([large, '7', next, '1234567890123456']);
  });

  it('of fractions keep all digits that fractions hold, and are refused beyond', async () => {
    const folder = await parquetOf({
      'e.parquet': `SELECT 'u' AS "user", 9007199254740991::DOUBLE AS item`,
      'items.parquet': 'SELECT 9007199254740991::BIGINT AS item',
      'large.parquet': `SELECT 'u' AS "user", 9007199254740993::DOUBLE AS item`,
    });
    const { corpus } = await readDataset(describeData({ folder, events: 'e.parquet', items: 'items.parquet' }), plain);
    expect([...corpus.keys]).toEqual(['9007199254740991']);
    expect(await failureOf(readDataset(describeData({ folder, events: 'large.parquet' }), plain))).toEqual([
      'rounded-ids at events:large.parquet: `item` of `large.parquet` is a column of fractions, and its id 9007199254740992.0 has more digits than these hold (write the file again with ids as whole numbers or texts)',
    ]);
  });
});

describe('ids that look alike', () => {
  const [composed, apart] = ['café', 'café'.normalize('NFD')];
  const warned = async (events: readonly string[], items?: readonly string[]) => {
    const files = {
      'events.csv': `user,item\n${events.map((item) => `u,"${item}"\n`).join('')}`,
      ...(items && { 'items.csv': `item\n${items.map((item) => `"${item}"\n`).join('')}` }),
    };
    const warnings: string[] = [];
    const block = { folder: folderWith(files), reject: 1, ...(items && { items: 'items.csv' }) };
    await readDataset(describeData(block), plain, {
      onWarning: ({ code, message }) => warnings.push(`${code}: ${message}`),
    });
    return warnings;
  };

  it('in the forms of Unicode, in blanks, in events and in items, are said once a key', async () => {
    expect(await warned(['x', composed, apart, 'a', 'a '])).toEqual([
      'ids-look-alike: `item` has the ids "a" and "a ", which differ in blanks alone; so have 1 more pairs',
    ]);
    expect(await warned(['x', 'x', apart], ['x', composed])).toEqual([
      `ids-look-alike: \`item\` has the ids "${apart}" and "${composed}", which look alike and have other bytes`,
    ]);
    expect(await warned(['b\u00a0', ' b'])).toHaveLength(1);
    expect(await warned(['a', 'b', apart, 'c ', 'é', 'e'])).toEqual([]);
  });

  it('are said with the rows that they make invalid', async () => {
    const folder = folderWith({ 'events.csv': `user,item\nu,${apart}\n`, 'items.csv': `item\n${composed}\n` });
    const said = await failureOf(readDataset(describeData({ folder, items: 'items.csv', reject: 0 }), plain));
    expect(said.map((each) => each.split(' ')[0])).toEqual(['too-many-rejected', 'ids-look-alike']);
  });
});

describe('numbers of JSON that were rounded', () => {
  it('are no value of a category, alone or in a list', () => {
    const encode = makeValueEncoder({ kind: 'hash', buckets: 9 });
    expect(encode(9007199254740991)).toEqual(encode('9007199254740991'));
    expect(() => encode(2 ** 53)).toThrow('expected ids of more than 15 digits as texts');
    expect(() => encode(['a', -(2 ** 60)])).toThrow('expected ids of more than 15 digits as texts');
    expect(encode(9007199254740993n)).toEqual(encode('9007199254740993'));
  });

  it('are no key of a request, nor value of an item that is written', async () => {
    const readers = await makeReaders(makeSchemas(defaultLimits), ['Recommend', 'Write'], defaultLimits);
    const said = (reader: Reader, body: unknown): string | undefined => {
      try {
        reader(body);
        return undefined;
      } catch (error) {
        return (error as RequestError).mistakes[0]!.message;
      }
    };
    const rounded = /has more than 15 digits, and JSON rounds such numbers/;
    expect(said(readers.Recommend, { user: 9007199254740991 })).toBeUndefined();
    expect(said(readers.Recommend, { user: 2 ** 53 })).toMatch(rounded);
    expect(said(readers.Recommend, { user: '9007199254740993', exclude: [1, -(2 ** 53)] })).toMatch(rounded);
    expect(said(readers.Write, { key: 1e19, columns: {} })).toMatch(rounded);
    const fields = [
      { name: 'maker', kind: fieldKind('BIGINT', true), needed: false },
      { name: 'makers', kind: fieldKind('UBIGINT[]', false), needed: false },
    ];
    const mistakes = (columns: GivenColumns) => checkColumns('item', columns, fields, ['item']).mistakes.length;
    expect(mistakes({ maker: '9007199254740993', makers: ['18446744073709551615', 7] })).toBe(0);
    expect(mistakes({ maker: 2 ** 53, makers: [2 ** 64] })).toBe(2);
  });
});
