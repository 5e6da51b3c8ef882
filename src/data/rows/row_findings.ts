/** What is wrong with the rows of one role: one finding a row, and its wording. */
import type { ColumnRequest } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { BadRow } from '../files/bad_row.ts';
import type { Database } from '../files/duckdb.ts';
import type { RawBags, RawCodes, RawNumbers } from './raw.ts';
import { badRow } from './rejects.ts';
import type { Staged } from './staged.ts';
import { type RawRows, textsAt } from './staged_tables.ts';

/** A row, the column to blame, and a reason in which `…` represents the value. */
interface Finding {
  readonly row: number;
  readonly wanted: ColumnRequest;
  readonly reason: string;
}

/** Past so many bad rows of one column their values are no longer looked up: the reasons say enough. */
const TEXTS = 10_000;

export class RowFindings {
  /** 1 where a row is present and nothing was found. */
  readonly kept: Uint8Array;
  readonly #raw: RawRows;
  readonly #staged: Staged;
  readonly #findings: Finding[] = [];

  constructor(raw: RawRows, staged: Staged) {
    this.kept = raw.present.slice();
    this.#raw = raw;
    this.#staged = staged;
  }

  /** Only the first mistake of a row counts. `reason`: `…` in it represents the value. */
  add(row: number, column: ColumnRequest, reason: string): void {
    if (this.kept[row] === 0) return;
    this.kept[row] = 0;
    this.#findings.push({ row, wanted: column, reason });
  }

  /** Calls `check` with each value of a column of this role that has one value a row; what it returns is a reason. */
  each(column: ColumnRequest | undefined, check: (value: number) => string | undefined): void {
    if (column === undefined || column.column.at !== this.#staged.source.role) return;
    const { values } = this.#raw.columns.get(column) as RawCodes | RawNumbers | RawBags;
    if (values.length !== this.#raw.rows) return;
    for (let row = 0; row < this.#raw.rows; row++) {
      if (this.kept[row] === 0) continue;
      const reason = check(values[row]!);
      if (reason !== undefined) this.add(row, column, reason);
    }
  }

  /** The findings with the values that they are about. */
  async worded(database: Database, layout: Layout): Promise<BadRow[]> {
    const bad: BadRow[] = [];
    const { first = 0 } = this.#raw;
    for (const wanted of new Set(this.#findings.map((finding) => finding.wanted))) {
      const own = this.#findings.filter((finding) => finding.wanted === wanted);
      const ids = own.filter(({ reason }) => reason.includes('…')).map(({ row }) => first + row);
      const texts =
        ids.length === 0
          ? new Map<number, string | null>()
          : await textsAt(database, wanted.column, ids.slice(0, TEXTS), layout);
      for (const { row, reason } of own) {
        const text = texts.get(first + row);
        const value = text === undefined || text === null ? 'the value' : JSON.stringify(text.slice(0, 80));
        const worded = reason.replace('…', () => value);
        bad.push(badRow(this.#staged, first + row, wanted.column.name, worded));
      }
    }
    return bad;
  }
}
