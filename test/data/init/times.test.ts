import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/data/files/duckdb.ts';
import { timeFormOf, timeForms } from '../../../src/data/init/times.ts';

/** 31 May 2024, 18:30:05 UTC as each form writes it, and what the database must read: without seconds or hours where there are none. */
const moments: readonly (readonly [string, string, number])[] = [
  ['seconds', '1717180205', 1_717_180_205],
  ['milliseconds', '1717180205000', 1_717_180_205],
  ['microseconds', '1717180205000000', 1_717_180_205],
  ['nanoseconds', '1717180205000000000', 1_717_180_205],
  ['iso', '2024-05-31', 1_717_113_600],
  ['iso', '2024-05-31T18:30:05Z', 1_717_180_205],
  ['iso, other zones', '2024-05-31 20:30:05+02:00', 1_717_180_205],
  ['iso, other zones', '2024-05-31T12:30:05-0600', 1_717_180_205],
  ['iso', '2024-05-31 18:30:05 UTC', 1_717_180_205],
  ['compact', '20240531', 1_717_113_600],
  ['compact time', '20240531183005', 1_717_180_205],
  ['Y/M/D h:m:s', '2024/05/31 18:30:05', 1_717_180_205],
  ['Y/M/D h:m', '2024/05/31 18:30', 1_717_180_200],
  ['Y/M/D', '2024/05/31', 1_717_113_600],
  ['D.M.Y h:m:s', '31.05.2024 18:30:05', 1_717_180_205],
  ['D.M.Y h:m', '31.05.2024 18:30', 1_717_180_200],
  ['D.M.Y', '31.05.2024', 1_717_113_600],
  ['M/D/Y h:m:s', '5/31/2024 18:30:05', 1_717_180_205],
  ['M/D/Y h:m', '05/31/2024 18:30', 1_717_180_200],
  ['M/D/Y', '05/31/2024', 1_717_113_600],
  ['D/M/Y h:m:s', '31/05/2024 18:30:05', 1_717_180_205],
  ['D/M/Y h:m', '31/05/2024 18:30', 1_717_180_200],
  ['D/M/Y', '31/05/2024', 1_717_113_600],
  ['D-M-Y h:m:s', '31-05-2024 18:30:05', 1_717_180_205],
  ['D-M-Y', '31-05-2024', 1_717_113_600],
  ['M D, Y', '05 31, 2024', 1_717_113_600],
  ['D.M.y h:m', '31.05.24 18:30', 1_717_180_200],
  ['D.M.y', '31.05.24', 1_717_113_600],
  ['M/D/Y h:m:s pm', '5/31/2024 6:30:05 PM', 1_717_180_205],
  ['M/D/Y h:m pm', '05/31/2024 06:30 pm', 1_717_180_200],
  ['M/D/y', '5/31/24', 1_717_113_600],
  ['M/D/y h:m', '5/31/24 18:30', 1_717_180_200],
  ['D/M/Y h:m:s pm', '31/05/2024 6:30:05 PM', 1_717_180_205],
  ['D/M/Y h:m pm', '31/05/2024 06:30 PM', 1_717_180_200],
  ['D/M/y', '31/05/24', 1_717_113_600],
  ['D/M/y h:m', '31/05/24 18:30', 1_717_180_200],
  ['MON D, Y h:m pm', 'May 31, 2024 6:30 PM', 1_717_180_200],
  ['MON D, Y h:m:s pm', 'May 31, 2024 06:30:05 PM', 1_717_180_205],
  ['MON D, Y', 'May 31, 2024', 1_717_113_600],
  ['MONTH D, Y', 'August 31, 2024', 1_725_062_400],
  ['D MON Y', '31 May 2024', 1_717_113_600],
  ['D MON Y h:m:s', '31 May 2024 18:30:05', 1_717_180_205],
  ['D-MON-Y', '31-May-2024', 1_717_113_600],
  ['D-MON-y', '31-MAY-24', 1_717_113_600],
  ['log', '31/May/2024:18:30:05', 1_717_180_205],
  ['mail', 'Fri, 31 May 2024 18:30:05 GMT', 1_717_180_205],
  ['twitter', 'Fri May 31 18:30:05 +0000 2024', 1_717_180_205],
];

describe('a form of times', () => {
  it('is known for each text, and its SQL reads the moment', async () => {
    const database = await openDatabase();
    try {
      for (const [name, text, seconds] of moments) {
        const form = timeFormOf([text, text]);
        expect(form?.name, text).toBe(name);
        const column = /^\d+$/.test(text) && !name.startsWith('compact') ? text : `'${text}'`;
        const sql = form!.sql('at');
        const value = sql === 'at' ? 'CAST("at" AS DOUBLE)' : sql;
        const moment = name.endsWith('seconds') || name === 'iso, other zones' ? value : `epoch(${value})`;
        const [row] = await database.rows(`SELECT CAST(${moment} AS DOUBLE) AS moment FROM (SELECT ${column} AS "at")`);
        expect(row!.moment, text).toBeCloseTo(seconds, 3);
      }
    } finally {
      database.close();
    }
  });

  it('has a case here', () => {
    expect(new Set(moments.map(([name]) => name))).toEqual(new Set(timeForms.map(({ name }) => name)));
  });

  it.each(['42', '3.5', 'Drama', '99999999', '2024-13-45', '18:30'])('is not that of %s', (text) => {
    expect(timeFormOf([text])).toBeUndefined();
  });

  it('of plain numbers needs a name that says so', async () => {
    const mixed = ['1717180205', '1717180205000'];
    const days = ['45443.770891', '45443'];
    expect([timeFormOf(mixed), timeFormOf(days)]).toEqual([undefined, undefined]);
    const database = await openDatabase();
    try {
      const read = async (texts: readonly string[]): Promise<unknown> => {
        const sql = timeFormOf(texts, true)!.sql('at');
        const rows = await database.rows(
          `SELECT CAST(${sql} AS DOUBLE) AS moment FROM (VALUES ${texts.map((text) => `('${text}')`).join(', ')}) AS t("at")`,
        );
        return rows.map(({ moment }) => Math.round(moment as number));
      };
      expect(await read(mixed)).toEqual([1_717_180_205, 1_717_180_205]);
      // 45443 is 31 May 2024 in a spreadsheet.
      expect(await read(days)).toEqual([1_717_180_205, 1_717_113_600]);
    } finally {
      database.close();
    }
  });
});
