/** Tells bad rows from good ones, once their columns are out. */
import type { FeaturePlan } from '../../plan/plan.ts';
import type { ColumnRequest, ColumnRequests } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { BadRow } from '../files/bad_row.ts';
import type { Database } from '../files/duckdb.ts';
import type { RawBags, RawCodes, RawNumbers } from './raw.ts';
import { badRow } from './rejects.ts';
import { parts } from './split.ts';
import type { Staged } from './stage.ts';
import { type Dictionaries, type RawRows, textsAt } from './staged_tables.ts';

/** A row id, the column to blame, and a reason in which `…` stands for the value. */
interface Finding {
  readonly row: number;
  readonly wanted: ColumnRequest;
  readonly reason: string;
}

/** Past so many bad rows of one column their values are no longer looked up: the reasons say enough. */
const TEXTS = 10_000;

/** What `joined` says of a key that its file lacks, and of one whose row there is bad. */
export const ABSENT = -1;
export const BAD = -2;

/** The largest number of 32 bits. */
const LARGEST = 3.4028234663852886e38;

/** Encoders that give a model the number itself, in some unit, and not a code. */
const inFull: ReadonlySet<FeaturePlan['encoder']['kind']> = new Set(['number', 'standardize', 'vector']);

export interface Validation {
  readonly kept: Uint8Array;
  readonly bad: readonly BadRow[];
}

/**
 * Which rows of a role are good. Only the first mistake of a row is told. `joined`: the rows of the files that a key must be in,
 * by dictionary code, `ABSENT` or `BAD` where there is none.
 */
export async function validateRows(
  database: Database,
  raw: RawRows,
  staged: Staged,
  wanted: ColumnRequests,
  layout: Layout,
  plans: readonly FeaturePlan[],
  dictionaries: Dictionaries,
  joined: { readonly items?: Int32Array; readonly users?: Int32Array } = {},
): Promise<Validation> {
  const role = staged.source.role;
  const kept = raw.present.slice();
  const findings: Finding[] = [];
  const find = (row: number, column: ColumnRequest, reason: string): void => {
    if (kept[row] === 0) return;
    kept[row] = 0;
    findings.push({ row, wanted: column, reason });
  };

  const keys = (['userKey', 'itemKey'] as const).flatMap((which) => {
    const key = wanted[which];
    if (key === undefined) return [];
    const file: 'users' | 'items' = which === 'userKey' ? 'users' : 'items';
    if (role === 'events') return [{ column: key.inEvents, file, rows: joined[file] }];
    return role === file && key.inFile !== undefined ? [{ column: key.inFile, file, rows: undefined }] : [];
  });
  for (const { column, file, rows } of keys) {
    const { values } = raw.columns.get(column) as RawCodes;
    const path = layout.sources.get(file)?.described.path;
    const seen = role === 'events' ? undefined : new Uint8Array(dictionaries.get(column.dictionary!)!.length);
    for (let row = 0; row < raw.rows; row++) {
      if (kept[row] === 0) continue;
      const code = values[row]!;
      if (code === 0) find(row, column, 'the key is empty');
      else if (rows?.[code] === ABSENT) find(row, column, `… is not in ${path}`);
      else if (rows?.[code] === BAD) find(row, column, `… is in no good row of ${path}`);
      else if (seen !== undefined && seen[code] === 1) find(row, column, 'the key … stands in an earlier row');
      else if (seen !== undefined) seen[code] = 1;
    }
  }
  const labelColumns = new Set(wanted.labels.values());
  for (const [wantedColumn, column] of raw.columns) {
    if (column.kind === 'codes') continue;
    const reason = {
      number: wantedColumn.column.sort === 'time' ? '… is not a time' : '… is not a finite number',
      numbers: '… holds something that is not a finite number',
      vector: `… is not ${wantedColumn.width} finite numbers`,
      code: '',
      codes: '',
    }[wantedColumn.form];
    const { bad, nan } = column as { readonly bad: readonly number[]; readonly nan?: readonly number[] };
    for (const row of bad) find(row, wantedColumn, reason);
    // A label that is not a number is one that is missing.
    if (!labelColumns.has(wantedColumn)) for (const row of nan ?? []) find(row, wantedColumn, reason);
  }
  const each = (column: ColumnRequest | undefined, check: (value: number) => string | undefined): void => {
    if (column === undefined || column.column.at !== role) return;
    const { values } = raw.columns.get(column) as RawCodes | RawNumbers | RawBags;
    if (values.length !== raw.rows) return;
    for (let row = 0; row < raw.rows; row++) {
      if (kept[row] === 0) continue;
      const reason = check(values[row]!);
      if (reason !== undefined) find(row, column, reason);
    }
  };
  each(wanted.time, (value) => (Number.isNaN(value) ? 'there is no time' : undefined));
  for (const column of wanted.labels.values()) {
    const binary = column.column.sort === 'binary';
    each(column, (value) =>
      binary && value !== 0 && value !== 1 && !Number.isNaN(value) ? '… is neither 0 nor 1' : undefined,
    );
  }
  for (const column of wanted.weights) {
    each(column, (value) => (value < 0 ? '… is below 0, and weighs its row' : undefined));
  }
  // A model computes with 32 bits, and what they cannot hold is infinite to it.
  const tooLarge = (value: number): string | undefined =>
    Math.abs(value) > LARGEST ? '… is too large: a model holds numbers up to 3.4e38' : undefined;
  for (const column of wanted.labels.values()) each(column, tooLarge);
  for (const plan of plans) {
    const column = wanted.features.get(plan.name);
    if (column === undefined || !inFull.has(plan.encoder.kind)) continue;
    if (column.form !== 'vector') {
      if (!('log' in plan.encoder && plan.encoder.log)) each(column, tooLarge);
    } else if (column.column.at === role) {
      const { values, width } = raw.columns.get(column) as RawNumbers;
      for (let at = 0; at < values.length; at++) {
        if (tooLarge(values[at]!) !== undefined) {
          find(
            Math.floor(at / width),
            column,
            '… holds a number that is too large: a model holds numbers up to 3.4e38',
          );
        }
      }
    }
  }
  for (const plan of plans) {
    const column = wanted.features.get(plan.name);
    if (column?.form !== 'number' || !('log' in plan.encoder) || !plan.encoder.log) continue;
    each(column, (value) => (value <= -1 ? '… has no log(1 + x)' : undefined));
  }
  if (wanted.fold !== undefined) {
    const known = new Set(parts.map((part) => dictionaries.get('fold')!.indexOf(part)));
    each(wanted.fold, (code) => (known.has(code) && code > 0 ? undefined : '… is not train, validation or test'));
  }
  return { kept, bad: await worded(database, findings, staged, layout) };
}

async function worded(
  database: Database,
  findings: readonly Finding[],
  staged: Staged,
  layout: Layout,
): Promise<BadRow[]> {
  const bad: BadRow[] = [];
  for (const wanted of new Set(findings.map((finding) => finding.wanted))) {
    const own = findings.filter((finding) => finding.wanted === wanted);
    const looked = own.filter(({ reason }) => reason.includes('…')).slice(0, TEXTS);
    const texts =
      looked.length === 0
        ? new Map<number, string | null>()
        : await textsAt(
            database,
            wanted.column,
            looked.map(({ row }) => row),
            layout,
          );
    for (const { row, reason } of own) {
      const text = texts.get(row);
      const value = text === undefined || text === null ? 'the value' : JSON.stringify(text.slice(0, 80));
      bad.push(
        badRow(
          staged,
          row,
          wanted.column.name,
          reason.replace('…', () => value),
        ),
      );
    }
  }
  return bad;
}
