/** Feature values as they come from a person or a request, encoded as training encoded its columns: one row. */
import { crossColumns } from '../data/columns/crosses.ts';
import { missingCode } from '../data/columns/encode.ts';
import { type EncodedValue, encodeValue } from '../data/columns/encoders/value.ts';
import { lastColumn } from '../data/columns/last.ts';
import type { BagColumn, Column, Encoding, IndexedColumn } from '../data/dataset.ts';
import { failure, invariant } from '../diagnostics/failure.ts';
import { elementPlan, type FeaturePlan, madeOf, neededBy, type Plan, type TowerPlan } from '../plan/plan.ts';
import { nearest } from '../text/nearest.ts';
import { type Histories, type Kept, keptOf } from './kept.ts';

/** By feature; what is left out is missing. */
export type FeatureValues = Readonly<Record<string, unknown>>;

/** What values of a query are checked against. */
export type QueryTower = Pick<TowerPlan, 'name' | 'key' | 'features' | 'interests'>;

export interface QueryOptions {
  /** Of the data: what histories feed. */
  readonly histories: Histories;
  /** The corpus row of an item, by its key: what lists that go through the item tower hold. Without it they are empty. */
  readonly itemOf?: (key: string) => number | undefined;
  /** The row that gives what `values` leaves out. Without it that is missing. */
  readonly base?: { readonly columns: ReadonlyMap<string, IndexedColumn>; readonly row: number };
}

/**
 * Row 0 of the columns is the question. A feature that is made of others, such as `last(history)`, is made anew of their values.
 * @throws Failure `unknown-name`, `feature-value`
 */
export function queryColumns(
  plan: Pick<Plan, 'features'>,
  tower: QueryTower,
  encodings: ReadonlyMap<string, Encoding>,
  values: FeatureValues,
  { histories, base, itemOf = () => undefined }: QueryOptions,
): Map<string, IndexedColumn> {
  const own = plan.features.filter(({ name }) => tower.features.includes(name));
  for (const name of Object.keys(values)) refuseUnlessGiven(name, plan, tower);
  const encodingOf = (feature: FeaturePlan): Encoding => {
    const encoding = encodings.get(feature.encoderOf);
    invariant(encoding, `feature ${feature.name} has no encoding`);
    return encoding;
  };
  const lists = new Map<string, GivenList>();
  const listOf = (name: string): GivenList => {
    const known = lists.get(name);
    if (known) return known;
    const list = own.find((other) => other.name === name)!;
    const made = givenList(list, encodingOf(list), values, keptOf(list, histories), itemOf);
    lists.set(name, made);
    return made;
  };
  const columns = new Map<string, IndexedColumn>();
  const column = (feature: FeaturePlan): IndexedColumn => {
    const known = columns.get(feature.name);
    if (known) return known;
    const found = isGiven(feature, own, values) || base === undefined ? made(feature) : rowOf(feature, base);
    columns.set(feature.name, found);
    return found;
  };
  const made = (feature: FeaturePlan): IndexedColumn => {
    const encoding = encodingOf(feature);
    if (feature.along !== undefined && feature.each) {
      return { column: innerColumn(feature, encoding, values, listOf(feature.along)) };
    }
    if (feature.along !== undefined) return { column: alongColumn(feature, encoding, values, listOf(feature.along)) };
    const [first, ...rest] = madeOf(feature).map((name) => column(own.find((other) => other.name === name)!));
    if (feature.weights !== undefined) {
      return { column: weightedColumn(feature, values, listOf(feature.name)) };
    }
    if (first === undefined && feature.through) return { column: itemColumn(listOf(feature.name)) };
    if (first === undefined) return { column: columnOf(feature, encoding, values, keptOf(feature, histories)) };
    return feature.crosses ? crossColumns(encoding, [first, ...rest], 1) : lastColumn(encoding, first);
  };
  for (const feature of own) column(feature);
  return columns;
}

function refuseUnlessGiven(name: string, plan: Pick<Plan, 'features'>, tower: QueryTower): void {
  const weights = plan.features.flatMap((feature) =>
    tower.features.includes(feature.name) ? (feature.weights ?? []) : [],
  );
  const known = [...tower.features, ...weights];
  if (name !== tower.key && !known.includes(name)) {
    const what = `feature of tower \`${tower.name}\``;
    throw failure('unknown-name', { what, name, nearest: nearest(name, known), known });
  }
  const parts = madeOf(plan.features.find((feature) => feature.name === name) ?? {});
  if (parts.length === 0) return;
  const reason = `it is computed from ${parts.map((part) => `\`${part}\``).join(' and ')}: give those values`;
  throw failure('feature-value', { feature: name, reason });
}

/** Whether a feature has a value of its own among those given, or needs one that has. */
function isGiven(feature: FeaturePlan, own: readonly FeaturePlan[], values: FeatureValues): boolean {
  if (feature.name in values || (feature.weights !== undefined && feature.weights in values)) return true;
  const parts = neededBy(feature);
  return parts.some((part) => isGiven(own.find(({ name }) => name === part)!, own, values));
}

function rowOf({ name }: FeaturePlan, { columns, row }: NonNullable<QueryOptions['base']>): IndexedColumn {
  const known = columns.get(name);
  invariant(known, `feature ${name} has a column`);
  return { column: known.column, index: Int32Array.of(known.index ? known.index[row]! : row) };
}

function encode(feature: FeaturePlan, encoding: Encoding, value: unknown): EncodedValue {
  try {
    return encodeValue(encoding, value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw failure('feature-value', { feature: feature.name, reason: error.message });
  }
}

const isText = ({ kind }: Encoding): boolean => ['words', 'bigrams', 'trigrams'].includes(kind);

function columnOf(feature: FeaturePlan, encoding: Encoding, values: FeatureValues, kept: Kept): Column {
  const given = values[feature.name] ?? (feature.gives === 'bag' && !isText(encoding) ? [] : undefined);
  if (feature.gives === 'bag') return bagOf(keptCodes(feature, encoding, given, kept));
  const value = encode(feature, encoding, given);
  if (feature.gives === 'code') {
    if (value.kind !== 'code') throw failure('feature-value', { feature: feature.name, reason: 'expected one value' });
    return { kind: 'codes', values: Int32Array.of(value.code) };
  }
  if (value.kind !== 'numbers') throw failure('feature-value', { feature: feature.name, reason: 'expected numbers' });
  return { kind: 'numbers', width: value.numbers.length, values: Float32Array.from(value.numbers) };
}

/** The codes of a value or a list that a feature keeps. */
function keptCodes(feature: FeaturePlan, encoding: Encoding, value: unknown, kept: Kept): readonly number[] {
  const { skipsUnseen } = feature;
  const codesIn = (part: unknown): readonly number[] => {
    const codes = codesOf(feature, encode(feature, encoding, part));
    return skipsUnseen ? codes.filter((code) => code !== 0) : codes;
  };
  if (!Array.isArray(value)) return keptIn(codesIn(value), kept);
  return keptIn(keptParts(value, kept, (element) => codesIn([element])).flat(), kept);
}

function codesOf(feature: FeaturePlan, value: EncodedValue): readonly number[] {
  if (value.kind === 'numbers') throw failure('feature-value', { feature: feature.name, reason: 'expected a list' });
  return value.kind === 'code' ? [value.code] : value.codes;
}

/**
 * What the elements of a list become, in their order: from the side that is kept, until there is as much as is kept. A request may give many thousands of elements more,
 * and encoding them would take seconds.
 */
function keptParts<T>(
  elements: readonly unknown[],
  { keeps, atMost }: Kept,
  partsOf: (element: unknown, at: number) => readonly T[],
): readonly (readonly T[])[] {
  const found: (readonly T[])[] = [];
  let count = 0;
  for (let i = 0; i < elements.length && count < atMost; i++) {
    const at = keeps === 'latest' ? elements.length - 1 - i : i;
    const parts = partsOf(elements[at], at);
    count += parts.length;
    found.push(parts);
  }
  return keeps === 'latest' ? found.reverse() : found;
}

const keptIn = <T>(all: readonly T[], { keeps, atMost }: Kept): readonly T[] =>
  keeps === 'latest' ? all.slice(Math.max(0, all.length - atMost)) : all.slice(0, atMost);

function bagOf(codes: readonly number[]): BagColumn {
  const values = Int32Array.from(codes);
  return { kind: 'bags', starts: Int32Array.of(0), ends: Int32Array.of(values.length), values };
}

/** A list as a request gives it: the elements that it keeps. */
interface GivenList {
  readonly list: FeaturePlan;
  /** Elements that were given. */
  readonly length: number;
  readonly kept: readonly KeptElement[];
}

interface KeptElement {
  /** Its place among those that were given. */
  readonly at: number;
  readonly code: number;
  /** Of a list that goes through the item tower: the corpus row. */
  readonly item?: number;
}

/** A list keeps no element that is empty, that it skips as unseen, or that goes through the item tower and is no item. */
function givenList(
  list: FeaturePlan,
  encoding: Encoding,
  values: FeatureValues,
  kept: Kept,
  itemOf: (key: string) => number | undefined,
): GivenList {
  const given = values[list.name] ?? [];
  const elements: readonly unknown[] = Array.isArray(given) ? given : [given];
  const parts = keptParts(elements, kept, (element, at): readonly KeptElement[] => {
    const code = codesOf(list, encode(list, encoding, [element]))[0];
    if (code === undefined || (list.skipsUnseen && code === 0)) return [];
    if (!list.through) return [{ at, code }];
    const item = itemOf(String(element));
    return item === undefined ? [] : [{ at, code, item }];
  });
  return { list, length: elements.length, kept: parts.flat() };
}

/** A list and what each of its elements counts, of those that it keeps. */
function weightedColumn(feature: FeaturePlan, values: FeatureValues, { length, kept }: GivenList): BagColumn {
  const column = feature.weights!;
  const given = values[column] ?? [];
  const weights = (Array.isArray(given) ? given : [given]).map((weight: unknown) => {
    const number = typeof weight === 'number' ? Math.fround(weight) : Number.NaN;
    if (number >= 0 && Number.isFinite(number)) return number;
    const reason = `a weight is a number from 0 to 3.4e38, and not ${JSON.stringify(weight)?.slice(0, 80)}`;
    throw failure('feature-value', { feature: column, reason });
  });
  if (weights.length !== length) {
    const reason = `it has ${weights.length} weights, and \`${feature.name}\` has ${length} elements: give one for each, in the same order`;
    throw failure('feature-value', { feature: column, reason });
  }
  return {
    ...bagOf(kept.map(({ code }) => code)),
    weights: Float32Array.from(kept, ({ at }) => weights[at]!),
  };
}

/** What belongs to the elements of a list, of those that the list keeps. Without values each has the row of missing ones. */
function alongColumn(feature: FeaturePlan, encoding: Encoding, values: FeatureValues, list: GivenList): Column {
  const own = ownElements(feature, values, list);
  const missing = missingCode(encoding);
  const codeOf = (value: unknown): number => codesOf(feature, encode(feature, encoding, [value]))[0] ?? missing;
  return bagOf(list.kept.map(({ at }) => (own ? codeOf(own[at]) : missing)));
}

/** Values that belong to the elements of a list, one each; undefined where none are given. */
function ownElements({ name }: FeaturePlan, values: FeatureValues, list: GivenList): readonly unknown[] | undefined {
  if (!(name in values)) return undefined;
  const given = values[name] ?? [];
  const own: readonly unknown[] = Array.isArray(given) ? given : [given];
  refuseUnlessAsMany(name, own, list);
  return own;
}

/** A list that goes through the item tower: codes, and the rows of the corpus. */
function itemColumn({ kept }: GivenList): Column {
  return { ...bagOf(kept.map(({ code }) => code)), items: Int32Array.from(kept, ({ item }) => item!) };
}

function refuseUnlessAsMany(name: string, own: readonly unknown[], { list, length }: GivenList): void {
  if (own.length === length) return;
  const reason = `it has ${own.length} values, and \`${list.name}\` has ${length}: give one for each element, in the same order`;
  throw failure('feature-value', { feature: name, reason });
}

/** The same where each element has several values: a list of them, or a text. */
function innerColumn(feature: FeaturePlan, encoding: Encoding, values: FeatureValues, list: GivenList): BagColumn {
  const { name } = feature;
  const plan = elementPlan(feature);
  if (name in values && !Array.isArray(values[name]))
    throw failure('feature-value', { feature: name, reason: 'expected a list' });
  const own = ownElements(feature, values, list);
  const inner = list.kept.map(({ at }) => {
    const value = own?.[at];
    const of = value === undefined ? {} : { [name]: value };
    return (columnOf(plan, encoding, of, { keeps: 'first', atMost: feature.each!.max }) as BagColumn).values;
  });
  let end = 0;
  const ends = Int32Array.from(inner, (codes) => (end += codes.length));
  const starts = ends.map((last, at) => last - inner[at]!.length);
  const all = Int32Array.from(inner.flatMap((codes) => [...codes]));
  return { ...bagOf([...inner.keys()]), inner: { kind: 'bags', starts, ends, values: all } };
}
