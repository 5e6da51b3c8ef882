/** Filters as SQL keep the same items as filters of the scan: random expressions over random items, on a real PostgreSQL. */
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filterSql, SqlParameters } from '../../../src/plugins/postgres/filter_sql.ts';

import { conditionOf, filterRows } from '../../../src/retrieval/filter/filter.ts';
import {
  type ItemColumn,
  type ItemColumns,
  textColumn,
  textsColumn,
  wordOf,
} from '../../../src/retrieval/filter/filter_columns.ts';
import fc from '../../fast_check.ts';
import { absent, type Cluster, programs, startCluster } from './cluster.ts';

const texts = [
  '',
  'a',
  'A',
  'a b',
  "it's",
  'größe',
  '"q"\\',
  '{x,y}',
  '𝒳',
  '\ufffd',
  '\ue000',
  'NULL',
  '$1',
  'a\u0001',
];
/** Also those that no row can hold: of a request alone. */
const asked = [...texts, 'absent', 'a\0', 'a\0b', 'x\ud800', '\ud800', '\udfff', 'a\0\ud800'];
const numbers = [0, -0, 1, -1, 0.1, 1990, 1e300, -1e300, 5e-324, 0.1 + 0.2];

const rows = 300;
const pick = (seed: number, count: number): number => Math.abs(Math.imul(seed + 1, 2654435761) >> 7) % count;
const some = <T>(values: readonly T[], salt: number): (T | undefined)[] =>
  Array.from({ length: rows }, (_, row) =>
    pick(row * 31 + salt, 5) === 0 ? undefined : values[pick(row * 17 + salt, values.length)],
  );
const lists = (salt: number): (string[] | undefined)[] =>
  Array.from({ length: rows }, (_, row) =>
    pick(row * 13 + salt, 5) === 0
      ? undefined
      : Array.from({ length: pick(row * 7 + salt, 4) }, (_, at) => texts[pick(row * 3 + at + salt, texts.length)]!),
  );
const numberColumn = (salt: number): ItemColumn => ({
  kind: 'number',
  values: Float64Array.from(some(numbers, salt), (value) => value ?? Number.NaN),
});
const truthColumn = (salt: number): ItemColumn => ({
  kind: 'truth',
  values: Int8Array.from(some([0, 1], salt), (value) => value ?? -1),
});
const columns: ItemColumns = new Map<string, ItemColumn>([
  ['n', numberColumn(1)],
  ['m', numberColumn(2)],
  ['t', textColumn(some(texts, 3))],
  ['u', textColumn(some(texts, 4))],
  ['l', textsColumn(lists(5))],
  ['k', textsColumn(lists(6))],
  ['b', truthColumn(7)],
  ['c', truthColumn(8)],
]);
const types: Readonly<Record<ItemColumn['kind'], string>> = {
  number: 'float8',
  text: 'text COLLATE "C"',
  texts: 'text[] COLLATE "C"',
  truth: 'boolean',
};
const names = new Map([...columns].map(([name, column]) => [column, `"${name}"`]));

function valueAt(column: ItemColumn, row: number): unknown {
  switch (column.kind) {
    case 'number':
      return Number.isNaN(column.values[row]) ? null : column.values[row];
    case 'text':
      return wordOf(column.words, column.codes[row]!) ?? null;
    case 'texts':
      return column.starts[row]! < 0
        ? null
        : Array.from(column.codes.subarray(column.starts[row]!, column.ends[row]!), (code) =>
            wordOf(column.words, code),
          );
    case 'truth':
      return column.values[row]! < 0 ? null : column.values[row] === 1;
  }
}

const quoted = (text: string): string =>
  `'${[...text].map((each) => (/[\w ]/.test(each) ? each : `\\u{${each.codePointAt(0)!.toString(16)}}`)).join('')}'`;
const sign = fc.constantFrom('=', '!=', '<', '<=', '>', '>=');
const number = fc.oneof(
  fc.constantFrom('n', 'm'),
  fc.constantFrom(...numbers.map(String).map((each) => each.replace('e+', 'e'))),
);
const text = fc.oneof(fc.constantFrom('t', 'u'), fc.constantFrom(...asked).map(quoted));
const truth = fc.constantFrom('b', 'c', 'true', 'false');
const list = fc.constantFrom('l', 'k');
const few = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: 3 });
const simple = fc.oneof(
  fc.tuple(number, sign, number).map((parts) => parts.join(' ')),
  fc.tuple(text, sign, text).map((parts) => parts.join(' ')),
  fc.tuple(truth, fc.constantFrom('=', '!='), truth).map((parts) => parts.join(' ')),
  fc
    .tuple(fc.constantFrom('t', 'u'), few(fc.constantFrom(...asked).map(quoted)))
    .map(([t, all]) => `${t} in (${all.join(', ')})`),
  fc
    .tuple(fc.constantFrom('n', 'm', '1'), few(fc.constantFrom(...numbers.map(String))))
    .map(([n, all]) => `${n} not in (${all.join(', ')})`),
  fc.tuple(text, fc.constantFrom('in', 'not in'), list).map((parts) => parts.join(' ')),
  fc
    .tuple(fc.constantFrom(...columns.keys()), fc.constantFrom('is null', 'is not null'))
    .map((parts) => parts.join(' ')),
  truth,
);
const { filter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    simple,
    tie('filter').map((of) => `not (${of})`),
    fc.tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter')).map(([a, by, b]) => `(${a}) ${by} (${b})`),
  ),
}));

describe.skipIf(!programs)(`filters as SQL${absent}`, () => {
  let cluster: Cluster;
  let client: Client;

  beforeAll(async () => {
    cluster = await startCluster();
    client = await cluster.client();
    const defined = [...columns].map(([name, { kind }]) => `"${name}" ${types[kind]}`);
    await client.query(`CREATE TABLE items (row int, ${defined.join(', ')})`);
    for (let row = 0; row < rows; row++) {
      const values = [row, ...[...columns.values()].map((column) => valueAt(column, row))];
      await client.query(`INSERT INTO items VALUES (${values.map((_, at) => `$${at + 1}`).join(', ')})`, values);
    }
  });
  afterAll(async () => {
    await client?.end();
    await cluster?.remove();
  });

  const kept = async (text: string): Promise<readonly [scan: number[], sql: number[]]> => {
    const condition = conditionOf(text, columns);
    const bits = filterRows(condition, rows);
    const parameters = new SqlParameters();
    const where = filterSql(condition, (column) => names.get(column)!, parameters);
    const found = await client.query<{ row: number }>(
      `SELECT row FROM items WHERE ${where} ORDER BY row`,
      parameters.values,
    );
    const scanned: number[] = [];
    bits.forEach((row) => void scanned.push(row));
    return [scanned, found.rows.map(({ row }) => row)];
  };

  it('keep the items that the scan keeps', async () => {
    let some = 0;
    await fc.assert(
      fc.asyncProperty(filter, async (text) => {
        const [scan, sql] = await kept(text);
        expect(sql).toEqual(scan);
        if (scan.length > 0 && scan.length < rows) some++;
      }),
      { numRuns: 400 },
    );
    // Filters that keep nothing or everything would show little.
    expect(some).toBeGreaterThan(100);
  });

  it('compare every text with every text in the same order', async () => {
    for (const by of ['=', '!=', '<', '<=', '>', '>='])
      for (const text of asked)
        for (const written of [`t ${by} ${quoted(text)}`, `${quoted(text)} ${by} t`]) {
          const [scan, sql] = await kept(written);
          expect([written, sql]).toEqual([written, scan]);
        }
  });

  it('hold a value that would be SQL as a value', async () => {
    const [scan, sql] = await kept(String.raw`t = 'x\'); DROP TABLE items; --' or t = '$1'`);
    expect(sql).toEqual(scan);
    expect(scan.length).toBeGreaterThan(0);
  });

  it('are read however deeply they are nested', async () => {
    for (const text of [`${'not '.repeat(99)} b`, `${'b or ('.repeat(99)}c${')'.repeat(99)}`]) {
      const [scan, sql] = await kept(text);
      expect(sql).toEqual(scan);
    }
  });
});
