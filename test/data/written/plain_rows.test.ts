/** Law: a text that is read without the database has the value that the database gives. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import type { ColumnRequest } from '../../../src/data/binding/data_layout.ts';
import { castToText, type Database, openDatabase } from '../../../src/data/files/duckdb.ts';
import { numberIn, withDoubledMark } from '../../../src/data/rows/staged_tables.ts';
import { plainReader } from '../../../src/data/written/plain_rows.ts';

const random = makeRandom(7);
const drawn = (texts: () => string): string[] => Array.from({ length: 200 }, texts);
const digits = (most: number): string => `${random.integer(10 ** Math.min(9, 1 + random.integer(most)))}`;
const texts: Readonly<Record<string, readonly string[]>> = {
  whole: [
    ...['0', '-0', '007', '+1', ' 1', '1 ', '1.0', '1e3', '', 'one', '127', '128', '-128', '32768', '2147483648'],
    ...['999999999999999', '1000000000000000', '9007199254740993', '-999999999999999', '1_000', '0x10'],
    ...drawn(() => `${random.integer(2) ? '-' : ''}${digits(9)}`),
  ],
  fraction: [
    ...['0.1', '-0.0', '.5', '5.', '1e-3', 'nan', 'inf', '1,5', '0.30000000000000004', '123456789012345.67'],
    ...drawn(() => `${random.integer(2) ? '-' : ''}${digits(9)}.${digits(9)}${digits(8)}`),
    ...drawn(() => String((random.integer(1e9) - 5e8) / (1 + random.integer(1e6)))),
  ],
  moment: [
    ...['2026-11-30T10:15:00Z', '2026-11-30T10:15:00.250Z', '1969-12-31T23:59:59.999Z', '2026-02-30T00:00:00Z'],
    ...['2026-11-30', '2026-11-30T10:15:00+02:00', '2026-11-30 10:15:00', '2024-02-29T00:00:00.001Z', 'yesterday'],
    ...drawn(() => new Date(random.integer(2 ** 31) * 1000 + random.integer(1000)).toISOString()),
  ],
  text: ['', 'a', '\uFEFFmarked', '\uFEFF', 'ä', '42', ' '],
};
const allTexts = Object.values(texts).flat();

let database: Database;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

const requestOf = (form: 'code' | 'number', kind: string): ColumnRequest =>
  ({ form, column: { bare: 'value', kind } }) as unknown as ColumnRequest;

/** What a query gives for each text; undefined if the text is not of the type. */
async function fromDatabase(type: string, sql: string): Promise<readonly unknown[]> {
  const query = await database.prepare(
    `SELECT ${sql}, value IS NULL FROM (SELECT TRY_CAST(text AS ${type}) AS value, place FROM
      (SELECT unnest(from_json($1::VARCHAR, '["VARCHAR"]')) AS text, unnest(range(${allTexts.length})) AS place))
      ORDER BY place`,
  );
  return (await query(JSON.stringify(allTexts))).map(([value, isNull]) => (isNull ? undefined : value));
}

const types = ['VARCHAR', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'DOUBLE'];
const moments = ['TIMESTAMP', 'TIMESTAMP WITH TIME ZONE'];

describe.each([
  ...types.map((type) => [type, 'code', 'other', withDoubledMark(castToText('value', type))] as const),
  ...types.map((type) => [type, 'number', 'other', numberIn(requestOf('number', 'other'), 'value', type)] as const),
  ...moments.map((type) => [type, 'number', 'time', numberIn(requestOf('number', 'time'), 'value', type)] as const),
  ...moments.map((type) => [type, 'number', 'moment', numberIn(requestOf('number', 'moment'), 'value', type)] as const),
])('%s as a %s (%s)', (type, form, kind, sql) => {
  it('has the values of the database', async () => {
    const read = plainReader([requestOf(form, kind)], new Map([['value', type]]));
    const expected = await fromDatabase(type, sql);
    const own = allTexts.map((text) => read?.([new Map([['value', text]])])?.[0]?.[0]);
    const wrong = own.flatMap((value, at) =>
      value === undefined || Object.is(value, expected[at])
        ? []
        : [{ text: allTexts[at], value, expected: expected[at] }],
    );
    expect(wrong).toEqual([]);
    expect(own.filter((value) => value !== undefined).length > 5).toBe(type !== 'VARCHAR' || form === 'code');
  });
});

it('leaves to the database what it cannot read', () => {
  const request = requestOf('code', 'other');
  const computed = { ...request, column: { ...request.column, bare: undefined } } as unknown as ColumnRequest;
  expect(plainReader([computed], new Map([['value', 'VARCHAR']]))).toBeUndefined();
  expect(plainReader([request], new Map([['value', 'DECIMAL(3,1)']]))).toBeUndefined();
  const read = plainReader([request], new Map(Object.entries({ value: 'VARCHAR', stars: 'FLOAT' })))!;
  expect(read([new Map([['value', 'a']])])).toEqual([['a']]);
  expect(read([new Map(Object.entries({ value: 'a', stars: '4.5' }))])).toBeUndefined();
  expect(read([new Map([['value', null]])])).toEqual([[null]]);
});
