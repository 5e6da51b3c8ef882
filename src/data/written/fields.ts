/** Defines the contract of written items, and checks their columns: names and values. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import type { Failure } from '../../base/diagnostics/failure.ts';
import { nearest } from '../../base/text/nearest.ts';
import type { IndexedColumn } from '../dataset.ts';
import { elementOf, isList, isNumber } from '../files/duckdb.ts';

export interface ItemField {
  readonly name: string;
  /** Undefined for a type that requests cannot contain, such as a structure. */
  readonly kind: 'text' | 'number' | 'whole' | 'truth' | 'moment' | 'texts' | 'numbers' | 'wholes' | undefined;
  /** True if the item tower reads the column. It may then be null but not omitted. */
  readonly needed: boolean;
}

/** JSON values by column. */
export type GivenColumns = Readonly<Record<string, unknown>>;

export function fieldKind(type: string, isWhole: boolean): ItemField['kind'] {
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
 * Returns the columns of an item under their exact names, or errors: first unknown names, then invalid values. As in a file, case does not matter.
 * @param key the column whose value is in the address of the request
 */
export function checkColumns(
  given: GivenColumns,
  fields: readonly ItemField[],
  key: string,
): { readonly columns: ReadonlyMap<string, unknown>; readonly mistakes: readonly Diagnostic[] } {
  const byName = new Map(fields.map((field) => [field.name.toLowerCase(), field]));
  const columns = new Map<string, unknown>();
  const mistakes: Diagnostic[] = [];
  for (const [name, value] of Object.entries(given)) {
    const field = byName.get(name.toLowerCase());
    if (field === undefined) {
      const knownNames = fields.map((each) => each.name);
      const facts = {
        what: 'column of the items file',
        name: shortened(name),
        nearest: nearest(name, knownNames),
        known: knownNames,
      };
      mistakes.push(diagnose('unknown-name', undefined, facts));
      continue;
    }
    if (columns.has(field.name)) mistakes.push(itemValueError(name, 'is given twice', 'give it once'));
    const complaint = value === null ? undefined : errorOf(value, field);
    if (complaint) mistakes.push(itemValueError(name, ...complaint));
    columns.set(field.name, value);
  }
  for (const { name, needed } of fields) {
    if (!needed || name === key || columns.has(name)) continue;
    mistakes.push(
      itemValueError(name, 'is missing, and the item tower reads it', 'give its value, or `null` for none'),
    );
  }
  return { columns, mistakes };
}

/** @param column the column of the item */
export const itemValueError = (column: string, reason: string, advice: string): Diagnostic =>
  diagnose('item-value', undefined, { column: shortened(column), reason, advice });

type ValueError = readonly [reason: string, advice: string];

const maxElements = 10_000;

function errorOf(value: unknown, { kind }: ItemField): ValueError | undefined {
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? textError(value) : not(value, 'a text');
    case 'moment':
      return typeof value === 'string' ? textError(value) : not(value, 'a text such as "2026-01-31"');
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : not(value, 'a finite number');
    case 'whole':
      return isWhole(value) ? undefined : not(value, Number.isInteger(value) ? longWholeWords : 'a whole number');
    case 'truth':
      return typeof value === 'boolean' ? undefined : not(value, '`true` or `false`');
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
  texts: { wanted: 'a list of texts', fits: (each: unknown) => typeof each === 'string' },
  numbers: { wanted: 'a list of numbers', fits: (each: unknown) => typeof each === 'number' && Number.isFinite(each) },
  wholes: { wanted: 'a list of whole numbers, with those of more than 15 digits as texts', fits: isWhole },
};

function listError(value: unknown, kind: keyof typeof listKinds): ValueError | undefined {
  const { wanted, fits } = listKinds[kind];
  if (!Array.isArray(value)) return not(value, wanted);
  if (value.length > maxElements) return [`has ${value.length} elements`, `give ${maxElements} at most`];
  for (const each of value as unknown[]) {
    if (!fits(each)) return [`has ${shownValue(each)} among its elements`, `give ${wanted}`];
    const complaint = typeof each === 'string' ? textError(each) : undefined;
    if (complaint) return complaint;
  }
  return undefined;
}

/** Returns the error of a text that UTF-8 or the database cannot represent. */
export function textError(text: string): ValueError | undefined {
  if (text.includes('\0')) return ['has the character U+0000', 'remove the character'];
  return /\p{Surrogate}/u.test(text) ? ['has half of a surrogate pair', 'give text in UTF-8'] : undefined;
}

const not = (value: unknown, wanted: string): ValueError => [`is ${shownValue(value)}`, `give ${wanted}`];

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
  readonly fields: readonly ItemField[];
  /** The values of an item without events, by feature of the item tower that comes from the events. */
  readonly missing: ReadonlyMap<string, IndexedColumn>;
  /** Returns a Failure in place of an invalid item: `unknown-name`, `item-value`. */
  read(items: readonly GivenItem[]): Promise<(ReadItem | Failure)[]>;
  close(): void;
}
