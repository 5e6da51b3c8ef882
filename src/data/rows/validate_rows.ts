/** Reports rows whose values a model cannot learn from, after their columns are read. */
import { groupBy } from '../../base/util/objects.ts';
import type { FeaturePlan } from '../../graph/plan/plan.ts';
import type { ColumnRequest, ReadPlan } from '../binding/data_layout.ts';
import { addBadRow, type BadRow } from '../files/find_files.ts';
import { unitOf } from './fresh.ts';
import type { Dictionaries, RawBags, RawCodes, RawNumbers, RawRows, Staged } from './raw.ts';
import { codesOfParts } from './split.ts';
import { badRow } from './stage.ts';
import { type BoundTables, computedQuery, idsOf, textsAt } from './staged_tables.ts';
import { type TimeScale, timeError } from './time_scale.ts';

/** An error in a row; `…` in the reason stands for the value. */
interface RowFinding {
  readonly row: number;
  readonly request: ColumnRequest;
  readonly reason: string;
}

/** Maximum number of bad rows of one column whose values are looked up for the report. */
const maxLookups = 10_000;

/** Values in `RowContext` for a key that is missing in its file, and for a key whose row there is invalid. */
export const ABSENT = -1;
export const BAD = -2;

const maxFloat32 = 3.4028234663852886e38;

/** Encoders that pass the number itself to a model, possibly scaled, and not a code. */
const numberEncoders: ReadonlySet<FeaturePlan['encoder']['kind']> = new Set(['number', 'standardize', 'vector']);

/** Facts about all rows, by which a row is judged. */
export interface RowContext {
  /** Rows of the file in which a key must occur, by dictionary code; `ABSENT` or `BAD` if there is none. */
  readonly items?: Int32Array;
  readonly users?: Int32Array;
  /** Undefined if times are not checked. */
  readonly timeScale?: TimeScale;
}

interface ValidationInput {
  readonly tables: BoundTables;
  readonly readPlan: ReadPlan;
  readonly raw: RawRows;
  readonly staged: Staged;
  readonly dictionaries: Dictionaries;
  readonly context: RowContext;
}

/** Finds the valid rows of a role. Only the first error of a row is reported, so the order of the checks affects the result. */
export async function validateRows(input: ValidationInput) {
  const validation = new RowValidation(input);
  validation.checkKeys();
  validation.checkReadable();
  validation.checkTimes();
  validation.checkLabels();
  validation.checkSizes();
  validation.checkLogs();
  validation.checkFold();
  validation.checkListWeights();
  await validation.checkAlong();
  return { kept: validation.kept, bad: await validation.worded() };
}

class RowValidation {
  /** 1 for each present row without an error. */
  readonly kept: Uint8Array;
  readonly #findings: RowFinding[] = [];
  /** The row id of the first row. */
  private readonly first: number;
  private readonly role: Staged['source']['role'];

  constructor(private readonly input: ValidationInput) {
    const { raw, staged } = input;
    this.kept = raw.present.slice();
    this.first = raw.first ?? 0;
    this.role = staged.source.role;
  }

  /** Records an error unless the row already has one. `…` in `reason` stands for the value. */
  private add(row: number, request: ColumnRequest, reason: string): void {
    if (this.kept[row] === 0) return;
    this.kept[row] = 0;
    this.#findings.push({ row, request, reason });
  }

  private isOwn({ column }: ColumnRequest): boolean {
    return column.role === this.role;
  }

  /** Calls `check` with each value of a column of this role that has one value for each row. A returned text is the reason of an error. */
  checkValues(request: ColumnRequest | undefined, check: (value: number) => string | undefined): void {
    if (request === undefined || !this.isOwn(request)) return;
    const { columns, rows } = this.input.raw;
    const { values } = columns.get(request) as RawCodes | RawNumbers | RawBags;
    if (values.length !== rows) return;
    for (let row = 0; row < rows; row++) {
      if (this.kept[row] === 0) continue;
      const reason = check(values[row]!);
      if (reason !== undefined) this.add(row, request, reason);
    }
  }

  async worded(): Promise<BadRow[]> {
    const bad: BadRow[] = [];
    const { tables, staged } = this.input;
    for (const [request, columnFindings] of groupBy(this.#findings, (finding) => finding.request)) {
      const ids = columnFindings.filter(({ reason }) => reason.includes('…')).map(({ row }) => this.first + row);
      const texts =
        ids.length === 0
          ? new Map<number, string | null>()
          : await textsAt(tables, request.column, ids.slice(0, maxLookups));
      for (const { row, reason } of columnFindings) {
        const text = texts.get(this.first + row);
        const value = text === undefined || text === null ? 'the value' : JSON.stringify(text.slice(0, 80));
        const reasonWithValue = reason.replace('…', () => value);
        addBadRow(bad, badRow(staged, this.first + row, request.column.name, reasonWithValue));
      }
    }
    return bad;
  }

  checkKeys(): void {
    const { raw, tables, dictionaries, readPlan, context } = this.input;
    const isEvents = this.role === 'events';
    for (const file of ['users', 'items'] as const) {
      const key = file === 'users' ? readPlan.userKey : readPlan.itemKey;
      const request = isEvents ? key?.inEvents : this.role === file ? key?.inFile : undefined;
      if (request === undefined) continue;
      const fileRows = isEvents ? context[file] : undefined;
      const { values } = raw.columns.get(request) as RawCodes;
      const path = tables.layout.sources.get(file)?.described.path;
      const seenCodes = isEvents ? undefined : new Uint8Array(dictionaries.get(request.dictionary!)!.length);
      for (let row = 0; row < raw.rows; row++) {
        if (this.kept[row] === 0) continue;
        const code = values[row]!;
        if (code === 0) this.add(row, request, 'the key is empty');
        else if (fileRows?.[code] === ABSENT) this.add(row, request, `… is not in ${path}`);
        else if (fileRows?.[code] === BAD) this.add(row, request, `… is in no valid row of ${path}`);
        else if (seenCodes?.[code] === 1) this.add(row, request, 'the key … is in an earlier row');
        else if (seenCodes !== undefined) seenCodes[code] = 1;
      }
    }
  }

  checkReadable(): void {
    const { raw, readPlan } = this.input;
    const labels = new Set(readPlan.labels.values());
    for (const [request, values] of raw.columns) {
      if (values.kind === 'codes') continue;
      const reason = unreadable(request);
      const { bad, nan = [] } = values as { readonly bad: readonly number[]; readonly nan?: readonly number[] };
      for (const row of bad) this.add(row, request, reason);
      // A label that is not a number counts as missing.
      if (!labels.has(request)) for (const row of nan) this.add(row, request, reason);
    }
  }

  checkTimes(): void {
    const { readPlan, context } = this.input;
    const { timeScale } = context;
    if (readPlan.time === undefined) return;
    const unit = unitOf(readPlan.time.column.type);
    this.checkValues(readPlan.time, (value) => {
      if (Number.isNaN(value)) return 'there is no time';
      const error = timeScale && timeError(value / unit, timeScale);
      return error && `… ${error}`;
    });
  }

  checkLabels(): void {
    const { labels, weights } = this.input.readPlan;
    for (const request of labels.values()) {
      const { kind } = request.column;
      const isBinary = (value: number): boolean => value === 0 || value === 1 || Number.isNaN(value);
      if (kind === 'binary')
        this.checkValues(request, (value) => (isBinary(value) ? undefined : '… is neither 0 nor 1'));
      const isOutside = (value: number): boolean => value < 0 || value > 1;
      if (kind === 'probability')
        this.checkValues(request, (value) => (isOutside(value) ? '… is not from 0 to 1' : undefined));
    }
    for (const request of weights) {
      this.checkValues(request, (value) => (value < 0 ? '… is below 0, and weighs its row' : undefined));
    }
  }

  /** Checks that numbers fit into float32, in which larger ones would become infinite. */
  checkSizes(): void {
    const { raw, readPlan } = this.input;
    const checkSize = (value: number): string | undefined => (isTooLarge(value) ? `… is ${tooLarge}` : undefined);
    for (const request of readPlan.labels.values()) this.checkValues(request, checkSize);
    for (const { name, encoder } of readPlan.needs.features) {
      const request = readPlan.features.get(name);
      if (request === undefined || !numberEncoders.has(encoder.kind)) continue;
      if (request.form !== 'vector') {
        if (!takesLog(encoder)) this.checkValues(request, checkSize);
      } else if (this.isOwn(request)) {
        const { values, width } = raw.columns.get(request) as RawNumbers;
        for (let index = 0; index < values.length; index++) {
          if (!isTooLarge(values[index]!)) continue;
          this.add(Math.floor(index / width), request, `… has a number that is ${tooLarge}`);
        }
      }
    }
  }

  checkLogs(): void {
    const { needs, features } = this.input.readPlan;
    for (const { name, encoder } of needs.features) {
      const request = features.get(name);
      if (request?.form !== 'number' || !takesLog(encoder)) continue;
      this.checkValues(request, (value) => (value <= -1 ? '… has no log(1 + x)' : undefined));
    }
  }

  checkFold(): void {
    const { readPlan, dictionaries } = this.input;
    if (readPlan.fold === undefined) return;
    const codes = codesOfParts(dictionaries.get('fold')!);
    this.checkValues(readPlan.fold, (code) =>
      codes.includes(code) ? undefined : '… is not train, validation or test',
    );
  }

  checkListWeights(): void {
    const { readPlan, raw } = this.input;
    for (const [list, request] of readPlan.listWeights) {
      if (!this.isOwn(request)) continue;
      const column = raw.columns.get(request)!;
      const subject = column.kind === 'bags' ? '… has a weight that is' : '… is';
      const checkWeight = (value: number): string | undefined => {
        if (value < 0) return `${subject} below 0: it weighs an element of \`${list}\``;
        return isTooLarge(value) ? `${subject} ${tooLarge}` : undefined;
      };
      if (column.kind !== 'bags') {
        this.checkValues(request, checkWeight);
        continue;
      }
      for (let row = 0; row < raw.rows; row++) {
        for (let index = column.starts[row]!; index < column.ends[row]!; index++) {
          const reason = checkWeight(column.values[index]!);
          if (reason !== undefined) this.add(row, request, reason);
        }
      }
    }
  }

  /** Checks that corresponding lists of a row have equal lengths, and that each element has a value. */
  async checkAlong(): Promise<void> {
    const { needs, features, listWeights } = this.input.readPlan;
    for (const { name, along } of needs.features) {
      if (along !== undefined)
        await this.checkPair(features.get(name), features.get(along), `value for each element of \`${along}\``);
    }
    for (const [list, weights] of listWeights)
      await this.checkPair(weights, features.get(list), `weight for each element of \`${list}\``);
  }

  private async checkPair(request: ColumnRequest | undefined, list: ColumnRequest | undefined, what: string) {
    if (!request || !list || !this.isOwn(request) || !this.isOwn(list)) return;
    const { tables, raw } = this.input;
    const { sql } = await computedQuery(tables, this.role, [request, list]);
    const lengthOf = (column: string): string => `coalesce(len(${column}), 0)`;
    const valuesIn = (column: string): string =>
      `coalesce(len(list_filter(${column}, element -> coalesce(CAST(element AS VARCHAR), '') <> '')), 0)`;
    const rowsApart = `SELECT CAST(row AS INTEGER) AS row FROM (${sql})
     WHERE ${lengthOf('c0')} <> ${lengthOf('c1')} OR ${lengthOf('c0')} <> ${valuesIn('c0')} OR ${lengthOf('c1')} <> ${valuesIn('c1')} ORDER BY row`;
    for (const id of await idsOf(tables.database, rowsApart)) {
      const row = id - this.first;
      if (row >= 0 && row < raw.rows) this.add(row, request, `… has not one ${what}`);
    }
  }
}

function unreadable({ form, column, width }: ColumnRequest): string {
  if (form === 'number') return column.kind === 'time' ? '… is not a time' : '… is not a finite number';
  if (form === 'numbers') return '… has a value that is not a finite number';
  return form === 'vector' ? `… is not ${width} finite numbers` : '';
}

const tooLarge = 'too large: a model stores numbers up to 3.4e38';

const isTooLarge = (value: number): boolean => Math.abs(value) > maxFloat32;

const takesLog = (encoder: FeaturePlan['encoder']): boolean => 'log' in encoder && encoder.log;
