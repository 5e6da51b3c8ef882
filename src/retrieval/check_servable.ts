/** Checks plain data of a stranger's file before anything reads it as a servable. */
import { findKeyPartsError, type KeyParts } from '../base/text/key_table.ts';
import { type BagColumn, type Column, type Encoding, rowsOf } from '../data/dataset.ts';
import { computedTableName, type FeaturePlan, type Plan } from '../graph/plan/plan.ts';
import { layoutOf } from './scan/codes.ts';
import type { Servable } from './servable.ts';

interface ServedModel {
  readonly plan: Plan;
  readonly encodings: ReadonlyMap<string, Encoding>;
}

/**
 * Returns the first invalid entry: a number outside the memory that it indexes, a list of another length than the others. Floats have been checked to be
 * finite, except in columns of numbers. A stranger's file may have other vectors than the model computes, but nothing that breaks its readers.
 */
export function servedComplaint(value: unknown, model: ServedModel): string | undefined {
  return misfitIn(() => checkServed(value, model));
}

/** Returns the words of the first entry that does not fit; undefined if all fit. */
export function misfitIn(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Misfit) return error.message;
    throw error;
  }
}

class Misfit extends Error {}

/** @throws the complaint */
export function demand(fits: boolean, what: string): asserts fits {
  if (!fits) throw new Misfit(`${what} does not fit`);
}

// biome-ignore lint/suspicious/noExplicitAny: plain data of a file, each entry of which is checked
export type Loose = any;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
export const areTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((element) => typeof element === 'string');

function checkServed(value: unknown, { plan, encodings }: ServedModel): asserts value is Servable {
  const { items, users, knownUntil, eventBasis, notes } = (value ?? {}) as Loose;
  checkShared(value);
  demand(areTexts(notes), 'the notes');
  demand(knownUntil === undefined || Number.isFinite(knownUntil), 'the time of the last event');
  const { data, rows, width, interests } = items?.vectors ?? {};
  const [query, item] = plan.towers;
  demand(isCount(rows) && width === item.width && interests === item.interests, 'the shape of the vectors');
  demand(isArrayOf(data, Float32Array, rows * width * (interests ?? 1)), 'the vectors');
  checkCodes(items.coded, rows, plan);
  checkPublicItems(items, rows);
  checkTables(items.tables, rows, plan);

  checkTexts(users?.keys, 'the keys of the users');
  const count = users.keys.ends.length;
  const featuresContext = { plan, encodings, items: rows };
  checkFeatures(items.features, rows, featuresContext);
  checkFeatures(users.features, count, featuresContext);
  checkBags(users.had, 'what users had', { least: -1, most: rows - 1, items: rows });
  demand(users.had.starts.length === count, 'what users had');
  demand(users.asOfLastEvent === undefined || areTexts(users.asOfLastEvent), 'the features of last events');
  checkEventBasis(eventBasis ?? {}, rows, featuresContext);
  const missingFeature =
    count > 0 && query.key !== undefined && query.features.find((name) => !users.features.has(name));
  demand(!missingFeature, `the feature ${JSON.stringify(missingFeature)} of users`);
}

/** Checks what a page has, too. */
export function checkShared(value: unknown): void {
  const { seen, histories } = (value ?? {}) as Loose;
  demand(seen === 'excluded' || seen === 'kept', 'what is seen');
  demand(histories instanceof Map && [...histories.values()].every(isCount), 'the lengths of histories');
}

/** A fitted score has no item vectors, and so no codes of them. Sets of vectors have none either. */
function checkCodes(coded: Loose, rows: number, { fitted, towers: [, { width, interests }] }: Plan): void {
  const hasNone = fitted !== undefined || interests !== undefined;
  demand(!hasNone || coded === undefined, 'the codes of the vectors');
  if (hasNone) return;
  const { codes, records, centre } = coded ?? {};
  const layout = layoutOf(rows, width);
  demand(isArrayOf(codes, Uint8Array, layout.codeBytes), 'the codes of the vectors');
  demand(isArrayOf(records, Float64Array, 4 * layout.blocks), 'the records of the vectors');
  demand(records.every(Number.isFinite), 'a record of the vectors');
  demand(isArrayOf(centre, Float32Array, width) && centre.every(Number.isFinite), 'the centre of the vectors');
}

type TypedArray = new (length: number) => ArrayLike<number>;

/** True for a typed array of this kind, and of this length if one is given. */
export const isArrayOf = (value: Loose, type: TypedArray, length?: number): boolean =>
  value instanceof type && (length === undefined || value.length === length);

function checkTexts(parts: Loose, what: string, count?: number): asserts parts is KeyParts {
  const { bytes, ends, slots } = parts ?? {};
  demand(isArrayOf(bytes, Uint8Array) && isArrayOf(ends, Uint32Array, count), what);
  demand(slots === undefined || isArrayOf(slots, Uint32Array), what);
  const reason = findKeyPartsError({ bytes, ends, slots });
  if (reason !== undefined) throw new Misfit(`${what}: ${reason}`);
}

export function checkPublicItems({ keys, titles, columns }: Loose, rows: number): void {
  checkTexts(keys, 'the keys of the items', rows);
  if (titles !== undefined) checkTexts(titles, 'the titles', rows);
  checkColumns(columns, rows);
}

function checkColumns(columns: Loose, rows: number): void {
  demand(columns instanceof Map, 'the columns of the items');
  for (const [name, column] of columns as Map<string, Loose>) {
    const what = `column ${JSON.stringify(name)}`;
    const { kind, values, words, codes, starts, ends } = column ?? {};
    if (kind === 'number') demand(isArrayOf(values, Float64Array, rows), what);
    else if (kind === 'truth') demand(isArrayOf(values, Int8Array, rows), what);
    else {
      if (kind !== 'text' && kind !== 'texts') throw new Misfit(`${what} is of no known kind`);
      checkTexts(words, what);
      demand(isArrayOf(codes, Int32Array, kind === 'text' ? rows : undefined), what);
      demand(areWithin(codes, -1, words.ends.length - 1), what);
      if (kind === 'texts') demand(isArrayOf(starts, Int32Array, rows) && areSpans(starts, ends, codes.length), what);
    }
  }
}

function checkTables(tables: Loose, rows: number, { features }: Plan): void {
  const neededWidths = new Map(
    features.flatMap(({ through, width }) => (through ? [[computedTableName(through), width] as const] : [])),
  );
  demand(tables instanceof Map && tables.size === neededWidths.size, 'the tables of the item tower');
  for (const [name, width] of neededWidths) {
    demand(isArrayOf(tables.get(name), Float32Array, Math.max(1, rows) * width), `table ${JSON.stringify(name)}`);
  }
}

/** @param model including the number of rows in the corpus */
function checkFeatures(
  columns: Loose,
  rows: number,
  { plan, encodings, items }: ServedModel & { readonly items: number },
): void {
  demand(columns instanceof Map, 'the features');
  for (const [name, indexed] of columns as Map<string, Loose>) {
    const what = `feature ${JSON.stringify(name)}`;
    const feature = plan.features.find((candidate) => candidate.name === name);
    demand(feature !== undefined && typeof indexed === 'object' && indexed !== null, what);
    const codes = rowsOf(encodings.get(feature.encoderOf)!);
    const { column, index } = indexed;
    const rowCount = checkColumn(column, what, { feature, codes, items });
    if (index === undefined) demand(rowCount >= rows, what);
    else demand(isArrayOf(index, Int32Array, rows) && areWithin(index, 0, rowCount - 1), what);
  }
}

function checkEventBasis(
  { types, itemElements, filed }: Loose,
  rows: number,
  { plan, encodings, items }: ServedModel & { readonly items: number },
): void {
  const isType = (type: unknown): boolean => typeof type === 'string' && /^[\w ,()[\]"']{1,10000}$/.test(type);
  demand(types instanceof Map && [...types.values()].every(isType), 'the types of the events');
  demand(filed instanceof Map && [...filed.values()].every(isCount), 'the positions of logs');
  demand(itemElements instanceof Map, 'the elements of items');
  for (const [name, column] of itemElements as Map<string, Loose>) {
    const feature = plan.features.find((candidate) => candidate.name === name);
    const what = `feature ${JSON.stringify(name)}`;
    demand(feature !== undefined && feature.gives === 'bag', what);
    const codes = rowsOf(encodings.get(feature.encoderOf)!);
    demand(checkColumn(column, what, { feature: { ...feature, max: 1 }, codes, items }) === rows, what);
  }
}

interface ColumnContext {
  readonly feature: FeaturePlan;
  readonly codes: number;
  readonly items: number;
}

const kinds: Readonly<Record<FeaturePlan['gives'], Column['kind']>> = {
  code: 'codes',
  bag: 'bags',
  numbers: 'numbers',
};

/** @returns the number of rows */
function checkColumn(column: Loose, what: string, { feature, codes, items }: ColumnContext): number {
  demand(column?.kind === kinds[feature.gives], what);
  const { values, width } = column;
  switch (column.kind as Column['kind']) {
    case 'codes':
      demand(values instanceof Int32Array && areWithin(values, 0, codes - 1), what);
      return values.length;
    case 'numbers':
      demand(width === feature.width && values instanceof Float32Array && values.length % width === 0, what);
      return values.length / width;
    case 'bags':
      checkBags(column, what, { least: 0, most: codes - 1, items, longest: [feature.max, feature.each?.max] });
      demand((column.inner === undefined) === (feature.each === undefined), what);
      demand((column.weights === undefined) === (feature.weights === undefined), what);
      demand((column.items === undefined) === (feature.through === undefined), what);
      return column.starts.length;
  }
}

interface BagBounds {
  /** Range of the values. */
  readonly least: number;
  readonly most: number;
  /** Rows of the corpus. */
  readonly items: number;
  /** Maximum elements of a bag, and of its inner bags. Absent: any number. */
  readonly longest?: readonly (number | undefined)[];
}

function checkBags(
  column: Loose,
  what: string,
  { least, most, items, longest = [] }: BagBounds,
): asserts column is BagColumn {
  const { starts, ends, values, inner, weights, items: places } = column ?? {};
  demand(column?.kind === 'bags' && isArrayOf(starts, Int32Array) && isArrayOf(values, Int32Array), what);
  const [limit = values.length] = longest;
  const isShort = (start: number, row: number): boolean => start >= 0 && ends[row] - start <= limit;
  demand(areSpans(starts, ends, values.length) && starts.every(isShort), what);
  if (inner !== undefined) {
    demand(inner?.inner === undefined, what);
    checkBags(inner, what, { least, most, items, longest: longest.slice(1) });
    demand(areWithin(values, 0, inner.starts.length - 1), what);
  } else demand(areWithin(values, least, most), what);
  const isWeight = (weight: number): boolean => weight >= 0;
  demand(weights === undefined || (isArrayOf(weights, Float32Array, values.length) && weights.every(isWeight)), what);
  demand(
    places === undefined || (isArrayOf(places, Int32Array, values.length) && areWithin(places, 0, items - 1)),
    what,
  );
}

function areWithin(values: Int32Array, least: number, most: number): boolean {
  for (let index = 0; index < values.length; index++) if (values[index]! < least || values[index]! > most) return false;
  return true;
}

/** True if each start is −1, for none, or within the number of values, and no end precedes its start. */
function areSpans(starts: Int32Array, ends: unknown, count: number): boolean {
  if (!(ends instanceof Int32Array) || ends.length !== starts.length) return false;
  for (let row = 0; row < starts.length; row++) {
    const [from, to] = [starts[row]!, ends[row]!];
    if (from < -1 || to > count || (from === -1 ? to > 0 : to < from)) return false;
  }
  return true;
}
