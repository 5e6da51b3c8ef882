/** Defines the contracts of written items and events, checks names and values of their columns, and reads what is valid in batches. */
import { type Diagnostic, diagnose, Failure } from '../../base/diagnostics/diagnostic.ts';
import { findNearest } from '../../base/text/nearest.ts';
import { makeSerialQueue } from '../../base/util/objects.ts';
import type { IndexedColumn } from '../dataset.ts';
import { elementOf, isList, isNumber } from '../files/duckdb.ts';

export interface WrittenField {
  readonly name: string;
  /** Undefined for a type that requests cannot contain, such as a structure. */
  readonly kind: 'text' | 'number' | 'whole' | 'truth' | 'moment' | 'texts' | 'numbers' | 'wholes' | undefined;
  /** True if the column is read, so it may be null but not omitted: by the item tower for items, by the data block for events. */
  readonly needed: boolean;
}

/** What is written, which selects the words of messages. */
export type WrittenKind = 'item' | 'event';

/** By column: the value as text, or the texts of a list; null if missing. */
export type TextRow = ReadonlyMap<string, CellText>;
export type CellText = string | readonly string[] | null;

/** JSON values by column. */
export type GivenColumns = Readonly<Record<string, unknown>>;

export function fieldKind(type: string, isWhole: boolean): WrittenField['kind'] {
  if (isList(type)) {
    const elementType = elementOf(type);
    if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(elementType)) return 'wholes';
    return elementType === 'VARCHAR' ? 'texts' : isNumber(elementType) ? 'numbers' : undefined;
  }
  if (isNumber(type)) return isWhole ? 'whole' : 'number';
  if (type === 'BOOLEAN') return 'truth';
  if (/^(DATE|TIMESTAMP|TIME)/.test(type)) return 'moment';
  return /^(VARCHAR|UUID|ENUM|JSON)/.test(type) ? 'text' : undefined;
}

/**
 * Returns the columns of an item or event under their exact names, or errors: first unknown names, then invalid values. As in a file, case does not matter.
 * @param elsewhere columns whose values are not among the given ones, such as a key in the address of the request
 */
export function checkColumns(
  kind: WrittenKind,
  values: GivenColumns,
  fields: readonly WrittenField[],
  elsewhere: readonly string[],
): { readonly columns: ReadonlyMap<string, unknown>; readonly mistakes: readonly Diagnostic[] } {
  const byName = new Map(fields.map((field) => [field.name.toLowerCase(), field]));
  const columns = new Map<string, unknown>();
  const mistakes: Diagnostic[] = [];
  for (const [name, value] of Object.entries(values)) {
    const field = byName.get(name.toLowerCase());
    if (field === undefined) {
      const knownNames = fields.map((field) => field.name);
      const facts = {
        what: `column of the ${kind}s file`,
        name: shortened(name),
        nearest: findNearest(name, knownNames),
        known: knownNames,
      };
      mistakes.push(diagnose('unknown-name', undefined, facts));
      continue;
    }
    if (columns.has(field.name)) mistakes.push(writtenError(kind, name, 'is given twice', 'give it once'));
    const complaint = value === null ? undefined : errorOf(value, field);
    if (complaint) mistakes.push(writtenError(kind, name, ...complaint));
    columns.set(field.name, value);
  }
  for (const { name, needed } of fields) {
    if (!needed || elsewhere.includes(name) || columns.has(name)) continue;
    const reason = `is missing, and the ${kind === 'item' ? 'item tower' : 'data block'} reads it`;
    mistakes.push(writtenError(kind, name, reason, 'give its value, or `null` for none'));
  }
  return { columns, mistakes };
}

/** Maximum number of rows in one query. */
const maxRows = 256;

/**
 * Returns a function that checks what is given, and reads the rows of what is valid, some at once. A Failure stands in place of what is invalid.
 * Batches are read one after another, because their rows are in one table.
 */
export function writtenReader<Given>(check: (value: Given) => TextRow | Failure) {
  const inTurn = makeSerialQueue();
  return async <Read>(
    values: readonly Given[],
    readRows: (rows: readonly TextRow[], batch: readonly Given[]) => Promise<(Read | Failure)[]>,
  ): Promise<(Read | Failure)[]> => {
    const answers = new Array<Read | Failure>(values.length);
    const valid: { readonly index: number; readonly row: TextRow }[] = [];
    for (const [index, one] of values.entries()) {
      const row = check(one);
      if (row instanceof Failure) answers[index] = row;
      else valid.push({ index, row });
    }
    for (let start = 0; start < valid.length; start += maxRows) {
      const batch = valid.slice(start, start + maxRows);
      const rows = batch.map(({ row }) => row);
      const results = await inTurn(() =>
        readRows(
          rows,
          batch.map(({ index }) => values[index]!),
        ),
      );
      for (const [i, { index }] of batch.entries()) answers[index] = results[i]!;
    }
    return answers;
  };
}

export const writtenError = (kind: WrittenKind, column: string, reason: string, advice: string): Diagnostic =>
  diagnose(`${kind}-value`, undefined, { column: shortened(column), reason, advice });

type ValueError = readonly [reason: string, advice: string];

const maxElements = 10_000;

/** Returns the error of a value that is not null. */
export function errorOf(value: unknown, { kind }: Pick<WrittenField, 'kind'>): ValueError | undefined {
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? textError(value) : wrongValue(value, 'a text');
    case 'moment':
      return typeof value === 'string' ? textError(value) : wrongValue(value, 'a text such as "2026-01-31"');
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : wrongValue(value, 'a finite number');
    case 'whole':
      return isWhole(value)
        ? undefined
        : wrongValue(value, Number.isInteger(value) ? longWholeWords : 'a whole number');
    case 'truth':
      return typeof value === 'boolean' ? undefined : wrongValue(value, '`true` or `false`');
    case 'texts':
    case 'numbers':
    case 'wholes':
      return listError(value, kind);
    default:
      return ['has a type that a request cannot give', 'leave it out'];
  }
}

/** Parsing JSON rounds numbers of more than 15 digits, so such an id must be a text. */
const isWhole = (value: unknown): boolean =>
  Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d{16,38}$/.test(value));

const longWholeWords = 'a whole number of more than 15 digits as a text';

const listKinds = {
  texts: { wanted: 'a list of texts', fits: (element: unknown) => typeof element === 'string' },
  numbers: {
    wanted: 'a list of numbers',
    fits: (element: unknown) => typeof element === 'number' && Number.isFinite(element),
  },
  wholes: { wanted: 'a list of whole numbers, with those of more than 15 digits as texts', fits: isWhole },
};

function listError(value: unknown, kind: keyof typeof listKinds): ValueError | undefined {
  const { wanted, fits } = listKinds[kind];
  if (!Array.isArray(value)) return wrongValue(value, wanted);
  if (value.length > maxElements) return [`has ${value.length} elements`, `give ${maxElements} at most`];
  for (const element of value as unknown[]) {
    if (!fits(element)) return [`has ${shownValue(element)} among its elements`, `give ${wanted}`];
    const complaint = typeof element === 'string' ? textError(element) : undefined;
    if (complaint) return complaint;
  }
  return undefined;
}

/** Returns the error of a key that is given apart from the columns. */
export const keyComplaint = (key: string): ValueError | undefined =>
  key === '' ? ['is empty', 'give a key'] : textError(key);

/** Returns the error of a text that UTF-8 or the database cannot represent. */
function textError(text: string): ValueError | undefined {
  if (text.includes('\0')) return ['has the character U+0000', 'remove the character'];
  return /\p{Surrogate}/u.test(text) ? ['has half of a surrogate pair', 'give text in UTF-8'] : undefined;
}

const wrongValue = (value: unknown, advice: string): ValueError => [`is ${shownValue(value)}`, `give ${advice}`];

function shownValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return `the text ${JSON.stringify(shortened(value))}`;
  return typeof value === 'object' && value !== null ? 'an object' : `\`${String(value)}\``;
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

export interface GivenItem {
  readonly key: string;
  readonly columns: GivenColumns;
}

export interface ReadItem {
  readonly key: string;
  /** By feature of the item tower that comes from the items file, without derived features. */
  readonly features: ReadonlyMap<string, IndexedColumn>;
  /** Absent if the items file has no titles. */
  readonly title?: string;
  /** By column that filters may read. */
  readonly values: ReadonlyMap<string, unknown>;
}

export interface ItemReader {
  readonly fields: readonly WrittenField[];
  /** The values of an item without events, by feature of the item tower that comes from the events. */
  readonly missing: ReadonlyMap<string, IndexedColumn>;
  /** Returns a Failure in place of an invalid item: `unknown-name`, `item-value`. */
  read(items: readonly GivenItem[]): Promise<(ReadItem | Failure)[]>;
  close(): void;
}

/** The columns of an event by their names in the events files. The log of a server stores it. */
export interface GivenEvent {
  readonly user: string;
  readonly item: string;
  /** A text for a column of dates or times, otherwise a number. Absent if the time is computed from `columns`. */
  readonly time?: string | number;
  /** An event with the id of an earlier one is that event, sent again. */
  readonly id?: string;
  /** The id of the request whose answer led to the event. */
  readonly request?: string;
  readonly columns: GivenColumns;
}

export interface ReadEvent extends Pick<GivenEvent, 'user' | 'item'> {
  /** In the unit of `Dataset.knownUntil`. */
  readonly time: number;
  /** False if the data block leaves the event out, by `where`. */
  readonly counts: boolean;
  /**
   * Row `row` of these columns has what the event adds to each history, as a bag of one element or none, and the features of the query tower that come from
   * the events.
   */
  readonly columns: ReadonlyMap<string, IndexedColumn>;
  readonly row: number;
}

/** Where an event has the value that it adds to a feature of the query tower. */
export type EventSource = { readonly entry: 'item' | 'time' } | { readonly column: string };

export interface EventReader {
  readonly fields: readonly WrittenField[];
  /** By feature of the query tower that comes from events, and by weights of its lists. Undefined for a value that SQL computes, or that an item has. */
  readonly sources: ReadonlyMap<string, EventSource | undefined>;
  /** Columns that an event must have beside its user, item and time. */
  readonly neededColumns: readonly string[];
  /** True if an event may only be of an item that the items have. */
  readonly hasItemsFile: boolean;
  /** Returns the time for an event that is given without one; undefined if the times of the data are neither dates nor seconds or milliseconds since 1970. */
  timeOf(now: Date): GivenEvent['time'] | undefined;
  /** Returns a Failure in place of an invalid event: `unknown-name`, `event-value`. @param corpusRow −1 for an item that the corpus lacks */
  read(events: readonly GivenEvent[], corpusRow: (key: string) => number): Promise<(ReadEvent | Failure)[]>;
  close(): void;
}
