/** Reports the rows whose values no model can learn from, once their columns are out. */
import type { FeaturePlan } from '../../plan/plan.ts';
import type { ColumnRequest, ColumnRequests } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { BadRow } from '../files/bad_row.ts';
import type { Database } from '../files/duckdb.ts';
import type { Role } from '../files/files.ts';
import type { Dictionaries } from './dictionaries.ts';
import type { RawBags, RawCodes, RawNumbers } from './raw.ts';
import { badRow } from './rejects.ts';
import { codesOfParts } from './split.ts';
import type { Staged } from './staged.ts';
import { computedQuery, type RawRows, textsAt } from './staged_tables.ts';

// What is wrong with the rows of one role: one finding a row, and its wording.

/** A row, the column to blame, and a reason in which `…` represents the value. */
interface Finding {
  readonly row: number;
  readonly wanted: ColumnRequest;
  readonly reason: string;
}

/** Past so many bad rows of one column their values are no longer looked up: the reasons say enough. */
const TEXTS = 10_000;

class RowFindings {
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

/** What `joined` says of a key that is missing in its file, and of a key whose row there is invalid. */
export const ABSENT = -1;
export const BAD = -2;

/** The largest number of 32 bits. */
const LARGEST = 3.4028234663852886e38;

/** Encoders that give a model the number itself, in some unit, and not a code. */
const inFull: ReadonlySet<FeaturePlan['encoder']['kind']> = new Set(['number', 'standardize', 'vector']);

/** The rows of the files that a key must be in, by dictionary code; `ABSENT` or `BAD` where there is none. */
export interface JoinedRows {
  readonly items?: Int32Array;
  readonly users?: Int32Array;
}

/** The rows of a role, and what their columns are for. */
interface Checked {
  readonly raw: RawRows;
  readonly staged: Staged;
  readonly wanted: ColumnRequests;
  readonly layout: Layout;
  readonly plans: readonly FeaturePlan[];
  readonly dictionaries: Dictionaries;
  readonly joined: JoinedRows;
}

export interface Validation {
  readonly kept: Uint8Array;
  readonly bad: readonly BadRow[];
}

/** Which rows of a role are good. Only the first mistake of a row is reported: the order of the checks is part of the result. */
export async function validateRows(database: Database, checked: Checked): Promise<Validation> {
  const findings = new RowFindings(checked.raw, checked.staged);
  checkKeys(findings, checked);
  checkReadable(findings, checked);
  findings.each(checked.wanted.time, (value) => (Number.isNaN(value) ? 'there is no time' : undefined));
  checkLabels(findings, checked);
  checkSizes(findings, checked);
  checkLogs(findings, checked);
  checkFold(findings, checked);
  checkListWeights(findings, checked);
  await checkAlong(database, findings, checked);
  return { kept: findings.kept, bad: await findings.worded(database, checked.layout) };
}

/** A key is there, and in its file: once. */
function checkKeys(findings: RowFindings, checked: Checked): void {
  const { raw, layout, dictionaries } = checked;
  const ofEvents = checked.staged.source.role === 'events';
  for (const { column, file, rows } of keysOf(checked)) {
    const { values } = raw.columns.get(column) as RawCodes;
    const path = layout.sources.get(file)?.described.path;
    const seen = ofEvents ? undefined : new Uint8Array(dictionaries.get(column.dictionary!)!.length);
    for (let row = 0; row < raw.rows; row++) {
      if (findings.kept[row] === 0) continue;
      const code = values[row]!;
      if (code === 0) findings.add(row, column, 'the key is empty');
      else if (rows?.[code] === ABSENT) findings.add(row, column, `… is not in ${path}`);
      else if (rows?.[code] === BAD) findings.add(row, column, `… is in no valid row of ${path}`);
      else if (seen !== undefined && seen[code] === 1) findings.add(row, column, 'the key … is in an earlier row');
      else if (seen !== undefined) seen[code] = 1;
    }
  }
}

interface KeyColumn {
  readonly column: ColumnRequest;
  /** The file that the key is of. */
  readonly file: 'items' | 'users';
  /** For keys of events: its rows, as `joined` has them. */
  readonly rows: Int32Array | undefined;
}

function keysOf({ wanted, staged, joined }: Checked): KeyColumn[] {
  const { role } = staged.source;
  return (['userKey', 'itemKey'] as const).flatMap((which): KeyColumn[] => {
    const key = wanted[which];
    if (key === undefined) return [];
    const file = which === 'userKey' ? 'users' : 'items';
    if (role === 'events') return [{ column: key.inEvents, file, rows: joined[file] }];
    return role === file && key.inFile !== undefined ? [{ column: key.inFile, file, rows: undefined }] : [];
  });
}

/** What should be numbers could be read as numbers. */
function checkReadable(findings: RowFindings, { raw, wanted }: Checked): void {
  const labels = new Set(wanted.labels.values());
  for (const [column, values] of raw.columns) {
    if (values.kind === 'codes') continue;
    const reason = unreadable(column);
    const { bad, nan = [] } = values as { readonly bad: readonly number[]; readonly nan?: readonly number[] };
    for (const row of bad) findings.add(row, column, reason);
    // A label that is not a number is one that is missing.
    if (!labels.has(column)) for (const row of nan) findings.add(row, column, reason);
  }
}

function unreadable({ form, column, width }: ColumnRequest): string {
  if (form === 'number') return column.kind === 'time' ? '… is not a time' : '… is not a finite number';
  if (form === 'numbers') return '… has a value that is not a finite number';
  return form === 'vector' ? `… is not ${width} finite numbers` : '';
}

function checkLabels(findings: RowFindings, { wanted }: Checked): void {
  for (const column of wanted.labels.values()) {
    if (column.column.kind !== 'binary') continue;
    const fits = (value: number): boolean => value === 0 || value === 1 || Number.isNaN(value);
    findings.each(column, (value) => (fits(value) ? undefined : '… is neither 0 nor 1'));
  }
  for (const column of wanted.weights) {
    findings.each(column, (value) => (value < 0 ? '… is below 0, and weighs its row' : undefined));
  }
}

/** A model computes with 32 bits, and what they cannot hold is infinite to it. */
function checkSizes(findings: RowFindings, { raw, staged, wanted, plans }: Checked): void {
  const check = (value: number): string | undefined => (isTooLarge(value) ? `… is ${tooLarge}` : undefined);
  for (const column of wanted.labels.values()) findings.each(column, check);
  for (const { name, encoder } of plans) {
    const column = wanted.features.get(name);
    if (column === undefined || !inFull.has(encoder.kind)) continue;
    if (column.form !== 'vector') {
      if (!takesLog(encoder)) findings.each(column, check);
    } else if (column.column.at === staged.source.role) {
      const { values, width } = raw.columns.get(column) as RawNumbers;
      for (let at = 0; at < values.length; at++) {
        if (!isTooLarge(values[at]!)) continue;
        findings.add(Math.floor(at / width), column, `… has a number that is ${tooLarge}`);
      }
    }
  }
}

const tooLarge = 'too large: a model stores numbers up to 3.4e38';

function isTooLarge(value: number): boolean {
  return Math.abs(value) > LARGEST;
}

function checkLogs(findings: RowFindings, { wanted, plans }: Checked): void {
  for (const { name, encoder } of plans) {
    const column = wanted.features.get(name);
    if (column?.form !== 'number' || !takesLog(encoder)) continue;
    findings.each(column, (value) => (value <= -1 ? '… has no log(1 + x)' : undefined));
  }
}

function takesLog(encoder: FeaturePlan['encoder']): boolean {
  return 'log' in encoder && encoder.log;
}

/** Lists of a row that belong together have as many elements, and a value in each place. */
async function checkAlong(database: Database, findings: RowFindings, checked: Checked): Promise<void> {
  const { wanted, plans, staged, layout, raw } = checked;
  const { role } = staged.source;
  const apart = async (lists: readonly [ColumnRequest, ColumnRequest]): Promise<readonly number[]> => {
    const rows = await rowsApart(database, role, lists, layout);
    const { first = 0 } = raw;
    return rows.map((row) => row - first).filter((row) => row >= 0 && row < raw.rows);
  };
  for (const { name, along } of plans) {
    const [own, list] = [wanted.features.get(name), wanted.features.get(along ?? '')];
    if (along === undefined || own?.column.at !== role || list?.column.at !== role) continue;
    for (const row of await apart([own, list])) {
      findings.add(row, own, `… has not one value for each element of \`${along}\``);
    }
  }
  for (const [list, weights] of wanted.listWeights) {
    const elements = wanted.features.get(list);
    if (elements?.column.at !== role || weights.column.at !== role) continue;
    for (const row of await apart([weights, elements])) {
      findings.add(row, weights, `… has not one weight for each element of \`${list}\``);
    }
  }
}

/** No weight is below 0, or more than 32 bits hold. */
function checkListWeights(findings: RowFindings, { wanted, raw, staged }: Checked): void {
  for (const [list, weights] of wanted.listWeights) {
    if (weights.column.at !== staged.source.role) continue;
    const column = raw.columns.get(weights)!;
    const found = column.kind === 'bags' ? '… has a weight that is' : '… is';
    const check = (value: number): string | undefined => {
      if (value < 0) return `${found} below 0: it weighs an element of \`${list}\``;
      return isTooLarge(value) ? `${found} ${tooLarge}` : undefined;
    };
    if (column.kind !== 'bags') {
      findings.each(weights, check);
      continue;
    }
    for (let row = 0; row < raw.rows; row++) {
      for (let at = column.starts[row]!; at < column.ends[row]!; at++) {
        const reason = check(column.values[at]!);
        if (reason !== undefined) findings.add(row, weights, reason);
      }
    }
  }
}

function checkFold(findings: RowFindings, { wanted, dictionaries }: Checked): void {
  if (wanted.fold === undefined) return;
  const codes = codesOfParts(dictionaries.get('fold')!);
  findings.each(wanted.fold, (code) => (codes.includes(code) ? undefined : '… is not train, validation or test'));
}

// Lists that belong together, element by element, in the rows of a file.

/** Row ids of a role whose two lists differ in length, or have an element without a value. */
async function rowsApart(
  database: Database,
  role: Role,
  lists: readonly [ColumnRequest, ColumnRequest],
  layout: Layout,
): Promise<readonly number[]> {
  const { sql } = await computedQuery(database, role, lists, layout);
  const has = (list: string): string => `coalesce(len(${list}), 0)`;
  const filled = (list: string): string =>
    `coalesce(len(list_filter(${list}, element -> coalesce(CAST(element AS VARCHAR), '') <> '')), 0)`;
  const found = await database.rows(
    `SELECT CAST(row AS INTEGER) AS row FROM (${sql})
     WHERE ${has('c0')} <> ${has('c1')} OR ${has('c0')} <> ${filled('c0')} OR ${has('c1')} <> ${filled('c1')} ORDER BY row`,
  );
  return found.map(({ row }) => Number(row));
}
