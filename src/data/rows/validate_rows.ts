/** Reports the rows whose values no model can learn from, once their columns are read. */
import type { FeaturePlan } from '../../graph/plan/plan.ts';
import type { ColumnRequest, ColumnRequests, DataLayout } from '../binding/layout.ts';
import type { Database } from '../files/duckdb.ts';
import type { BadRow, Role } from '../files/files.ts';
import type { Dictionaries, RawBags, RawCodes, RawNumbers, RawRows, Staged } from './raw.ts';
import { badRow } from './rejects.ts';
import { codesOfParts } from './split.ts';
import { computedQuery, textsAt } from './staged_tables.ts';

/** An error in a row; `…` in the reason represents the value. */
interface RowFinding {
  readonly row: number;
  readonly wanted: ColumnRequest;
  readonly reason: string;
}

/** The number of bad rows of one column whose values are looked up. */
const maxLookups = 10_000;

class RowFindings {
  /** 1 for a present row without a finding. */
  readonly kept: Uint8Array;
  readonly #raw: RawRows;
  readonly #staged: Staged;
  readonly #findings: RowFinding[] = [];

  constructor(raw: RawRows, staged: Staged) {
    this.kept = raw.present.slice();
    this.#raw = raw;
    this.#staged = staged;
  }

  /** Only the first error of a row counts. `reason`: `…` in it represents the value. */
  add(row: number, column: ColumnRequest, reason: string): void {
    if (this.kept[row] === 0) return;
    this.kept[row] = 0;
    this.#findings.push({ row, wanted: column, reason });
  }

  /** Calls `check` with each value of a column of this role that has one value a row; a returned text is the reason of an error. */
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

  async worded(database: Database, layout: DataLayout): Promise<BadRow[]> {
    const bad: BadRow[] = [];
    const { first = 0 } = this.#raw;
    for (const columnRequest of new Set(this.#findings.map((finding) => finding.wanted))) {
      const columnFindings = this.#findings.filter((finding) => finding.wanted === columnRequest);
      const ids = columnFindings.filter(({ reason }) => reason.includes('…')).map(({ row }) => first + row);
      const texts =
        ids.length === 0
          ? new Map<number, string | null>()
          : await textsAt(database, columnRequest.column, ids.slice(0, maxLookups), layout);
      for (const { row, reason } of columnFindings) {
        const text = texts.get(first + row);
        const value = text === undefined || text === null ? 'the value' : JSON.stringify(text.slice(0, 80));
        const reasonWithValue = reason.replace('…', () => value);
        bad.push(badRow(this.#staged, first + row, columnRequest.column.name, reasonWithValue));
      }
    }
    return bad;
  }
}

/** Values of `JoinedRows` for a key that is missing in its file, and for a key whose row there is invalid. */
export const ABSENT = -1;
export const BAD = -2;

const maxFloat32 = 3.4028234663852886e38;

/** Encoders that give a model the number itself, in some unit, and not a code. */
const numberEncoders: ReadonlySet<FeaturePlan['encoder']['kind']> = new Set(['number', 'standardize', 'vector']);

/** The rows of the files that a key must be in, by dictionary code; `ABSENT` or `BAD` where there is none. */
export interface JoinedRows {
  readonly items?: Int32Array;
  readonly users?: Int32Array;
}

interface ValidationInput {
  readonly raw: RawRows;
  readonly staged: Staged;
  readonly wanted: ColumnRequests;
  readonly layout: DataLayout;
  readonly plans: readonly FeaturePlan[];
  readonly dictionaries: Dictionaries;
  readonly joined: JoinedRows;
}

export interface ValidationResult {
  readonly kept: Uint8Array;
  readonly bad: readonly BadRow[];
}

/** Finds the good rows of a role. Only the first error of a row is reported: the order of the checks is part of the result. */
export async function validateRows(database: Database, checked: ValidationInput): Promise<ValidationResult> {
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

function checkKeys(findings: RowFindings, checked: ValidationInput): void {
  const { raw, layout, dictionaries } = checked;
  const isEvents = checked.staged.source.role === 'events';
  for (const { column, file, rows } of keysOf(checked)) {
    const { values } = raw.columns.get(column) as RawCodes;
    const path = layout.sources.get(file)?.described.path;
    const seenCodes = isEvents ? undefined : new Uint8Array(dictionaries.get(column.dictionary!)!.length);
    for (let row = 0; row < raw.rows; row++) {
      if (findings.kept[row] === 0) continue;
      const code = values[row]!;
      if (code === 0) findings.add(row, column, 'the key is empty');
      else if (rows?.[code] === ABSENT) findings.add(row, column, `… is not in ${path}`);
      else if (rows?.[code] === BAD) findings.add(row, column, `… is in no valid row of ${path}`);
      else if (seenCodes !== undefined && seenCodes[code] === 1)
        findings.add(row, column, 'the key … is in an earlier row');
      else if (seenCodes !== undefined) seenCodes[code] = 1;
    }
  }
}

interface KeyColumn {
  readonly column: ColumnRequest;
  readonly file: 'items' | 'users';
  /** For keys of events: the rows of their file, see `JoinedRows`. */
  readonly rows: Int32Array | undefined;
}

function keysOf({ wanted: columnRequest, staged, joined }: ValidationInput): KeyColumn[] {
  const { role } = staged.source;
  return (['userKey', 'itemKey'] as const).flatMap((which): KeyColumn[] => {
    const key = columnRequest[which];
    if (key === undefined) return [];
    const file = which === 'userKey' ? 'users' : 'items';
    if (role === 'events') return [{ column: key.inEvents, file, rows: joined[file] }];
    return role === file && key.inFile !== undefined ? [{ column: key.inFile, file, rows: undefined }] : [];
  });
}

function checkReadable(findings: RowFindings, { raw, wanted: columnRequest }: ValidationInput): void {
  const labels = new Set(columnRequest.labels.values());
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

function checkLabels(findings: RowFindings, { wanted: columnRequest }: ValidationInput): void {
  for (const column of columnRequest.labels.values()) {
    if (column.column.kind !== 'binary') continue;
    const fits = (value: number): boolean => value === 0 || value === 1 || Number.isNaN(value);
    findings.each(column, (value) => (fits(value) ? undefined : '… is neither 0 nor 1'));
  }
  for (const column of columnRequest.weights) {
    findings.each(column, (value) => (value < 0 ? '… is below 0, and weighs its row' : undefined));
  }
}

/** Checks that numbers fit into float32: larger ones are infinite to a model. */
function checkSizes(findings: RowFindings, { raw, staged, wanted: columnRequest, plans }: ValidationInput): void {
  const checkSize = (value: number): string | undefined => (isTooLarge(value) ? `… is ${tooLarge}` : undefined);
  for (const column of columnRequest.labels.values()) findings.each(column, checkSize);
  for (const { name, encoder } of plans) {
    const column = columnRequest.features.get(name);
    if (column === undefined || !numberEncoders.has(encoder.kind)) continue;
    if (column.form !== 'vector') {
      if (!takesLog(encoder)) findings.each(column, checkSize);
    } else if (column.column.at === staged.source.role) {
      const { values, width } = raw.columns.get(column) as RawNumbers;
      for (let index = 0; index < values.length; index++) {
        if (!isTooLarge(values[index]!)) continue;
        findings.add(Math.floor(index / width), column, `… has a number that is ${tooLarge}`);
      }
    }
  }
}

const tooLarge = 'too large: a model stores numbers up to 3.4e38';

function isTooLarge(value: number): boolean {
  return Math.abs(value) > maxFloat32;
}

function checkLogs(findings: RowFindings, { wanted: columnRequest, plans }: ValidationInput): void {
  for (const { name, encoder } of plans) {
    const column = columnRequest.features.get(name);
    if (column?.form !== 'number' || !takesLog(encoder)) continue;
    findings.each(column, (value) => (value <= -1 ? '… has no log(1 + x)' : undefined));
  }
}

function takesLog(encoder: FeaturePlan['encoder']): boolean {
  return 'log' in encoder && encoder.log;
}

/** Checks that lists of a row that belong together have as many elements, and a value in each. */
async function checkAlong(database: Database, findings: RowFindings, checked: ValidationInput): Promise<void> {
  const { wanted: columnRequest, plans, staged, layout, raw } = checked;
  const { role } = staged.source;
  const differingRows = async (lists: readonly [ColumnRequest, ColumnRequest]): Promise<readonly number[]> => {
    const rows = await rowsApart(database, role, lists, layout);
    const { first = 0 } = raw;
    return rows.map((row) => row - first).filter((row) => row >= 0 && row < raw.rows);
  };
  for (const { name, along } of plans) {
    const [ownColumn, listColumn] = [columnRequest.features.get(name), columnRequest.features.get(along ?? '')];
    if (along === undefined || ownColumn?.column.at !== role || listColumn?.column.at !== role) continue;
    for (const row of await differingRows([ownColumn, listColumn])) {
      findings.add(row, ownColumn, `… has not one value for each element of \`${along}\``);
    }
  }
  for (const [list, weights] of columnRequest.listWeights) {
    const listColumn = columnRequest.features.get(list);
    if (listColumn?.column.at !== role || weights.column.at !== role) continue;
    for (const row of await differingRows([weights, listColumn])) {
      findings.add(row, weights, `… has not one weight for each element of \`${list}\``);
    }
  }
}

function checkListWeights(findings: RowFindings, { wanted: columnRequest, raw, staged }: ValidationInput): void {
  for (const [list, weights] of columnRequest.listWeights) {
    if (weights.column.at !== staged.source.role) continue;
    const column = raw.columns.get(weights)!;
    const subject = column.kind === 'bags' ? '… has a weight that is' : '… is';
    const checkWeight = (value: number): string | undefined => {
      if (value < 0) return `${subject} below 0: it weighs an element of \`${list}\``;
      return isTooLarge(value) ? `${subject} ${tooLarge}` : undefined;
    };
    if (column.kind !== 'bags') {
      findings.each(weights, checkWeight);
      continue;
    }
    for (let row = 0; row < raw.rows; row++) {
      for (let index = column.starts[row]!; index < column.ends[row]!; index++) {
        const reason = checkWeight(column.values[index]!);
        if (reason !== undefined) findings.add(row, weights, reason);
      }
    }
  }
}

function checkFold(findings: RowFindings, { wanted: columnRequest, dictionaries }: ValidationInput): void {
  if (columnRequest.fold === undefined) return;
  const codes = codesOfParts(dictionaries.get('fold')!);
  findings.each(columnRequest.fold, (code) =>
    codes.includes(code) ? undefined : '… is not train, validation or test',
  );
}

/** Returns row ids of a role whose two lists differ in length, or have an element without a value. */
async function rowsApart(
  database: Database,
  role: Role,
  lists: readonly [ColumnRequest, ColumnRequest],
  layout: DataLayout,
): Promise<readonly number[]> {
  const { sql } = await computedQuery(database, role, lists, layout);
  const lengthOf = (list: string): string => `coalesce(len(${list}), 0)`;
  const valuesIn = (list: string): string =>
    `coalesce(len(list_filter(${list}, element -> coalesce(CAST(element AS VARCHAR), '') <> '')), 0)`;
  const differingRows = await database.rows(
    `SELECT CAST(row AS INTEGER) AS row FROM (${sql})
     WHERE ${lengthOf('c0')} <> ${lengthOf('c1')} OR ${lengthOf('c0')} <> ${valuesIn('c0')} OR ${lengthOf('c1')} <> ${valuesIn('c1')} ORDER BY row`,
  );
  return differingRows.map(({ row }) => Number(row));
}
