import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/data/files/duckdb.ts';
import { numberFormOf, numberForms } from '../../../src/data/init/column_profile.ts';

/** Columns as files have them, and the numbers that they are. */
const columns: readonly (readonly [string, readonly string[], readonly number[]])[] = [
  ['a comma before the fraction', ['1.234,50', '7', '0,125'], [1234.5, 7, 0.125]],
  ['a comma before the fraction', ['0,950', '1,125', '12,500'], [0.95, 1.125, 12.5]],
  ['groups of three by a comma', ['1,234.50', '1,234,567.00', '7.25'], [1234.5, 1_234_567, 7.25]],
  ['groups of three by a comma', ['1,234', '56', '-12,345'], [1234, 56, -12_345]],
  ['groups of three by a comma', ['$1,234.50', '$ 7', 'USD 12.00'], [1234.5, 7, 12]],
  ['groups of three by a comma', ['1 234', '56', '1\u00a0234\u202f567'], [1234, 56, 1_234_567]],
  ['groups of three by a comma', ["1'234.50 CHF", '12.00 CHF'], [1234.5, 12]],
  ['a comma before the fraction, and a currency', ['1.234,50 €', '7 €', '-0,50 €'], [1234.5, 7, -0.5]],
  ['a comma before the fraction, and a currency', ['1 234,50', '7,00'], [1234.5, 7]],
];

describe('a form of numbers', () => {
  it('is known for a column, and its SQL reads what it reads itself', async () => {
    const database = await openDatabase();
    try {
      for (const [name, texts, numbers] of columns) {
        const form = numberFormOf(texts);
        expect(form?.name, texts[0]).toBe(name);
        expect(texts.map(form!.value), texts[0]).toEqual(numbers);
        const values = texts.map((text, at) => `(${at}, '${text.replaceAll("'", "''")}')`).join(', ');
        const rows = await database.rows(
          `SELECT ${form!.sql('n')} AS number FROM (VALUES ${values}) AS t(place, n) ORDER BY place`,
        );
        expect(
          rows.map(({ number }) => number),
          texts[0],
        ).toEqual(numbers);
      }
    } finally {
      database.close();
    }
    expect(new Set(columns.map(([name]) => name))).toEqual(new Set(numberForms.map(({ name }) => name)));
  });

  it.each([
    ['lists of codes', ['101,205,310', '101', '205,310']],
    ['lists of codes of any length', ['28,12,878', '28', '12,99']],
    ['words', ['A1,2', 'kr', '€']],
    ['dates', ['03.04.2021', '31.12.2021']],
    ['sizes', ['10-20', '20-30']],
  ])('is none of %s', (_, texts) => {
    expect(numberFormOf(texts)).toBeUndefined();
  });
});
