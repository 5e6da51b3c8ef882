/** Feature values as they come from a person or a request, encoded as training encoded its columns: one row. */
import { crossColumns } from '../data/columns/crosses.ts';
import { missingCode } from '../data/columns/encode.ts';
import { type EncodedValue, encodeValue } from '../data/columns/encoders/value.ts';
import { lastColumn } from '../data/columns/last.ts';
import type { BagColumn, Column, Encoding, IndexedColumn } from '../data/dataset.ts';
import { defined } from '../defined.ts';
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
  const listOf = (name: string): GivenList => {
    const list = own.find((other) => other.name === name)!;
    const elements = elementsOf(list, encodingOf(list), values);
    const items = list.through && givenElements(list, values).map((key) => itemOf(String(key)));
    return { list, elements, kept: keptOf(list, histories), ...defined({ items }) };
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
      return { column: weightedColumn(feature, encoding, values, keptOf(feature, histories)) };
    }
    if (first === undefined && feature.through) return { column: itemColumn(feature, listOf(feature.name)) };
    if (first === undefined) {
      const value = encode(feature, encoding, values);
      return { column: columnOf(feature, value, keptOf(feature, histories)) };
    }
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

function encode(feature: FeaturePlan, encoding: Encoding, values: FeatureValues): EncodedValue {
  const value = values[feature.name] ?? (feature.gives === 'bag' && !isText(encoding) ? [] : undefined);
  try {
    return encodeValue(encoding, value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw failure('feature-value', { feature: feature.name, reason: error.message });
  }
}

const isText = ({ kind }: Encoding): boolean => ['words', 'bigrams', 'trigrams'].includes(kind);

function columnOf(feature: FeaturePlan, value: EncodedValue, { keeps, atMost }: Kept): Column {
  switch (feature.gives) {
    case 'code':
      if (value.kind !== 'code')
        throw failure('feature-value', { feature: feature.name, reason: 'expected one value' });
      return { kind: 'codes', values: Int32Array.of(value.code) };
    case 'numbers':
      if (value.kind !== 'numbers')
        throw failure('feature-value', { feature: feature.name, reason: 'expected numbers' });
      return { kind: 'numbers', width: value.numbers.length, values: Float32Array.from(value.numbers) };
    case 'bag': {
      const all = codesOf(feature, value);
      return bagOf(feature.skipsUnseen ? all.filter((code) => code !== 0) : all, { keeps, atMost });
    }
  }
}

function codesOf(feature: FeaturePlan, value: EncodedValue): readonly number[] {
  if (value.kind === 'numbers') throw failure('feature-value', { feature: feature.name, reason: 'expected a list' });
  return value.kind === 'code' ? [value.code] : value.codes;
}

function bagOf(codes: readonly number[], kept: Kept): BagColumn {
  const values = Int32Array.from(keptIn(codes, kept));
  return { kind: 'bags', starts: Int32Array.of(0), ends: Int32Array.of(values.length), values };
}

const keptIn = <T>(all: readonly T[], { keeps, atMost }: Kept): readonly T[] =>
  keeps === 'latest' ? all.slice(Math.max(0, all.length - atMost)) : all.slice(0, atMost);

/** A list and what each of its elements counts, of those that it keeps. */
function weightedColumn(feature: FeaturePlan, encoding: Encoding, values: FeatureValues, kept: Kept): BagColumn {
  const elements = elementsOf(feature, encoding, values);
  const column = feature.weights!;
  const given = values[column] ?? [];
  const weights = (Array.isArray(given) ? given : [given]).map((weight: unknown) => {
    const number = typeof weight === 'number' ? Math.fround(weight) : Number.NaN;
    if (number >= 0 && Number.isFinite(number)) return number;
    const reason = `a weight is a number from 0 to 3.4e38, and not ${JSON.stringify(weight)?.slice(0, 80)}`;
    throw failure('feature-value', { feature: column, reason });
  });
  if (weights.length !== elements.length) {
    const reason = `it has ${weights.length} weights, and \`${feature.name}\` has ${elements.length} elements: give one for each, in the same order`;
    throw failure('feature-value', { feature: column, reason });
  }
  const isKept = isKeptIn(feature);
  const pairs = elements.flatMap((code, at) => (isKept(code) ? [{ code: code!, weight: weights[at]! }] : []));
  return {
    ...bagOf(
      pairs.map(({ code }) => code),
      kept,
    ),
    weights: Float32Array.from(keptIn(pairs, kept), ({ weight }) => weight),
  };
}

/** Whether a list keeps an element of this code; one that is empty has none. */
const isKeptIn =
  ({ skipsUnseen }: FeaturePlan) =>
  (code: number | undefined): boolean =>
    code !== undefined && !(skipsUnseen && code === 0);

/** A list as a request gives it: what each of its elements becomes, undefined for one that is empty. */
interface GivenList {
  readonly list: FeaturePlan;
  readonly elements: readonly (number | undefined)[];
  readonly kept: Kept;
  /** Of a list that goes through the item tower: the corpus row of each, undefined where it has none. */
  readonly items?: readonly (number | undefined)[];
}

function givenElements(list: FeaturePlan, values: FeatureValues): readonly unknown[] {
  const given = values[list.name] ?? [];
  return Array.isArray(given) ? given : [given];
}

/** The elements of a list in their places, empty ones among them. */
function elementsOf(list: FeaturePlan, encoding: Encoding, values: FeatureValues): readonly (number | undefined)[] {
  return givenElements(list, values).map(
    (element) => codesOf(list, encode(list, encoding, { [list.name]: [element] }))[0],
  );
}

/** What belongs to the elements of a list, of those that the list keeps. Without values each has the row of missing ones. */
function alongColumn(feature: FeaturePlan, encoding: Encoding, values: FeatureValues, given: GivenList): Column {
  const { elements, kept } = given;
  const own = feature.name in values ? elementsOf(feature, encoding, values) : elements.map(() => undefined);
  refuseUnlessAsMany(feature, own, given);
  const missing = missingCode(encoding);
  return bagOf(
    own.flatMap((code, at) => (isKept(given, at) ? [code ?? missing] : [])),
    kept,
  );
}

/** Whether a list keeps an element that it is given. */
function isKept({ list, elements, items }: GivenList, at: number): boolean {
  const code = elements[at];
  return code !== undefined && !(list.skipsUnseen && code === 0) && !(items && items[at] === undefined);
}

/** A list that goes through the item tower: codes, and the rows of the corpus. */
function itemColumn({ name }: FeaturePlan, given: GivenList): Column {
  const { elements, items, kept } = given;
  invariant(items, `the elements of ${name} are items`);
  const places = elements.flatMap((_, at) => (isKept(given, at) ? [at] : []));
  const values = bagOf(
    places.map((at) => elements[at]!),
    kept,
  );
  const rows = bagOf(
    places.map((at) => items[at]!),
    kept,
  );
  return { ...values, items: rows.values };
}

function refuseUnlessAsMany({ name }: FeaturePlan, own: readonly unknown[], { list, elements }: GivenList): void {
  if (own.length === elements.length) return;
  const reason = `it has ${own.length} values, and \`${list.name}\` has ${elements.length}: give one for each element, in the same order`;
  throw failure('feature-value', { feature: name, reason });
}

/** The same where each element has several values: a list of them, or a text. */
function innerColumn(feature: FeaturePlan, encoding: Encoding, values: FeatureValues, given: GivenList): BagColumn {
  const { name } = feature;
  const plan = elementPlan(feature);
  const own = name in values ? values[name] : given.elements.map(() => undefined);
  if (!Array.isArray(own)) throw failure('feature-value', { feature: name, reason: 'expected a list' });
  refuseUnlessAsMany(feature, own, given);
  const bags = own.flatMap((value: unknown, at) => {
    if (!isKept(given, at)) return [];
    const of = value === undefined ? {} : { [name]: value };
    const { values: codes } = columnOf(plan, encode(plan, encoding, of), { keeps: 'first', atMost: feature.each!.max });
    return [codes as Int32Array];
  });
  const inner = [...keptIn(bags, given.kept)];
  let end = 0;
  const ends = Int32Array.from(inner, (codes) => (end += codes.length));
  const starts = ends.map((last, at) => last - inner[at]!.length);
  const all = Int32Array.from(inner.flatMap((codes) => [...codes]));
  return {
    ...bagOf([...inner.keys()], { keeps: 'first', atMost: inner.length }),
    inner: { kind: 'bags', starts, ends, values: all },
  };
}
