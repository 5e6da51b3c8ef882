/** Checks the keys of users and items as a whole: ids that a column cannot hold, and ids that look alike. */
import { diagnose } from '../../diagnostics/diagnose.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { Failure } from '../../diagnostics/failure.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import { type Database, enclose, quoteText } from '../files/duckdb.ts';
import { computedQuery, largestWhole, tableOf } from './staged_tables.ts';

/** Blanks that nobody sees at the end of an id. */
const blanks = ' \t\r\n\u00a0\u200b\u2060\ufeff';

/**
 * @returns a warning for each key of which ids look alike
 * @throws Failure `rounded-ids` where a key is a column of fractions, and one of its ids has more digits than these hold
 */
export async function checkIds(
  database: Database,
  wanted: ColumnRequests,
  layout: Layout,
): Promise<readonly Diagnostic[]> {
  const warnings: Diagnostic[] = [];
  for (const key of [wanted.userKey, wanted.itemKey]) {
    if (key === undefined) continue;
    for (const request of [key.inEvents, key.inFile]) {
      if (request === undefined) continue;
      const { at, name } = request.column;
      const { sql, types } = await computedQuery(database, at, [request], layout);
      const largest = largestWhole(types[0]!);
      if (largest === undefined) continue;
      const [rounded] = await database.rows(
        `SELECT CAST(c0 AS VARCHAR) AS id FROM (${sql}) WHERE abs(c0) >= ${largest} AND isfinite(c0) LIMIT 1`,
      );
      const { path, span } = layout.sources.get(at)!.described;
      if (rounded) throw new Failure([diagnose('rounded-ids', span, { path, name, id: String(rounded.id) })]);
    }
    const { column, dictionary } = key.inEvents;
    const { span } = layout.sources.get(column.at)!.described;
    for (const ids of await alike(database, tableOf(dictionary!))) {
      warnings.push(diagnose('ids-look-alike', span, { name: column.name, ...ids }));
    }
  }
  return warnings;
}

/** Few ids differ from their plain form, so few are joined with the others. */
async function alike(database: Database, table: string) {
  const plain = `trim(nfc_normalize(value), ${quoteText(blanks)})`;
  const groups = await database.rows(
    `WITH odd AS MATERIALIZED (SELECT value, ${plain} AS plain FROM ${table} WHERE value <> ${enclose(plain)}),
       forms AS (SELECT * FROM odd UNION ALL SELECT value, value FROM ${table} WHERE value IN (SELECT plain FROM odd)),
       pairs AS (SELECT min(value) AS first, max(value) AS second FROM forms GROUP BY plain HAVING count(*) > 1)
     SELECT first, second, count(*) OVER () AS count FROM pairs ORDER BY first LIMIT 1`,
  );
  return groups.map(({ first, second, count }) => {
    const isBlank = String(first).normalize('NFC') !== String(second).normalize('NFC');
    return {
      first: String(first),
      second: String(second),
      count: Number(count),
      differ: isBlank ? 'blanks' : 'letters',
    };
  });
}
