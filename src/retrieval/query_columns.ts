/** Encodes the feature values of a request as one row, like the columns in training. */
import { failure, invariant } from '../base/diagnostics/diagnostic.ts';
import { crossColumns, lastColumn, missingCode } from '../data/columns/column_encoder.ts';
import type { BagColumn, Column, Encoding, IndexedColumn } from '../data/dataset.ts';
import { type EncodedValue, encodeValue } from '../data/encoders/value.ts';
import {
  elementPlan,
  type FeaturePlan,
  madeOf,
  type Plan,
  requiredFeatures,
  type TowerPlan,
} from '../graph/plan/plan.ts';
import { unknownFacts } from './top_request.ts';

/** Values by feature. An absent feature has a missing value. */
export type FeatureValues = Readonly<Record<string, unknown>>;

export type QueryTower = Pick<TowerPlan, 'name' | 'key' | 'features' | 'interests'>;

export interface QueryOptions {
  readonly histories: Histories;
  /** Returns the corpus row of an item for lists that go through the item tower. If absent, these lists are empty. */
  readonly itemOf?: (key: string) => number | undefined;
  /** The row with the values of features that are not given. If absent, these are missing. */
  readonly base?: { readonly columns: ReadonlyMap<string, IndexedColumn>; readonly row: number };
}

/**
 * Returns columns whose row 0 is the query. A feature that is computed from others, such as `last(history)`, is computed from their new values.
 * @throws Failure `unknown-name`, `feature-value`
 */
export function queryColumns(
  plan: Pick<Plan, 'features'>,
  tower: QueryTower,
  encodings: ReadonlyMap<string, Encoding>,
  values: FeatureValues,
  { histories, base, itemOf = () => undefined }: QueryOptions,
): Map<string, IndexedColumn> {
  const ownFeatures = plan.features.filter(({ name }) => tower.features.includes(name));
  for (const name of Object.keys(values)) refuseUnlessGiven(name, plan, tower);
  const encodingOf = (feature: FeaturePlan): Encoding => {
    const encoding = encodings.get(feature.encoderOf);
    invariant(encoding, `feature ${feature.name} has no encoding`);
    return encoding;
  };
  const listsByName = new Map<string, GivenList>();
  const listOf = (name: string): GivenList => {
    const cachedList = listsByName.get(name);
    if (cachedList) return cachedList;
    const list = ownFeatures.find((candidate) => candidate.name === name)!;
    const newList = givenList(list, encodingOf(list), values, elementLimitOf(list, histories), itemOf);
    listsByName.set(name, newList);
    return newList;
  };
  const columns = new Map<string, IndexedColumn>();
  const column = (feature: FeaturePlan): IndexedColumn => {
    const cachedColumn = columns.get(feature.name);
    if (cachedColumn) return cachedColumn;
    const newColumn =
      isGiven(feature, ownFeatures, values) || base === undefined ? makeColumn(feature) : rowOf(feature, base);
    columns.set(feature.name, newColumn);
    return newColumn;
  };
  const makeColumn = (feature: FeaturePlan): IndexedColumn => {
    const encoding = encodingOf(feature);
    if (feature.along !== undefined && feature.each) {
      return { column: innerColumn(feature, encoding, values, listOf(feature.along)) };
    }
    if (feature.along !== undefined) return { column: alongColumn(feature, encoding, values, listOf(feature.along)) };
    const [first, ...rest] = madeOf(feature).map((name) =>
      column(ownFeatures.find((candidate) => candidate.name === name)!),
    );
    if (feature.weights !== undefined) return { column: weightedColumn(feature, values, listOf(feature.name)) };
    if (first === undefined && feature.through) {
      const { kept } = listOf(feature.name);
      return { column: { ...bagOf(kept.map(({ code }) => code)), items: Int32Array.from(kept, ({ item }) => item!) } };
    }
    if (first === undefined) return { column: columnOf(feature, encoding, values, elementLimitOf(feature, histories)) };
    return feature.crosses ? crossColumns(encoding, [first, ...rest], 1) : lastColumn(encoding, first);
  };
  for (const feature of ownFeatures) column(feature);
  return columns;
}

/**
 * Returns the columns of a query without an item of its lists, and without the values along its elements. Features that are computed from others follow.
 * Undefined if no list has the item. @param columns one row each
 */
export function columnsWithout(
  { key, item }: { readonly key: string /** The corpus row. */; readonly item: number },
  lists: readonly string[],
  columns: ReadonlyMap<string, IndexedColumn>,
  tower: Pick<TowerPlan, 'features'>,
  model: { readonly plan: Pick<Plan, 'features'>; readonly encodings: ReadonlyMap<string, Encoding> },
): ReadonlyMap<string, IndexedColumn> | undefined {
  const changedColumns = new Map<string, IndexedColumn>();
  for (const name of lists) {
    const feature = model.plan.features.find((candidate) => candidate.name === name)!;
    const { values, items } = columns.get(name)!.column as BagColumn;
    const [code] = codesOf(feature, encode(feature, model.encodings.get(feature.encoderOf)!, [key]));
    // All unknown items share the code 0.
    const kept = [...values.keys()].filter((index) =>
      items ? items[index] !== item : code === 0 || values[index] !== code,
    );
    if (kept.length === values.length) continue;
    for (const { name: other, along } of model.plan.features) {
      const indexed = columns.get(other);
      if (indexed && (other === name || along === name)) {
        changedColumns.set(other, { column: bagElements(indexed.column as BagColumn, kept) });
      }
    }
  }
  if (changedColumns.size === 0) return undefined;
  return withMadeFeatures(new Map([...columns, ...changedColumns]), 1, tower, model);
}

const bagElements = ({ values, weights, items, inner }: BagColumn, kept: readonly number[]): BagColumn => ({
  ...bagOf(kept.map((index) => values[index]!)),
  weights: weights && Float32Array.from(kept, (index) => weights[index]!),
  items: items && Int32Array.from(kept, (index) => items[index]!),
  inner,
});

/** Adds the features of a tower that are computed from others. A cross may use a last element. */
export function withMadeFeatures(
  columns: ReadonlyMap<string, IndexedColumn>,
  rows: number,
  tower: Pick<TowerPlan, 'features'>,
  { plan, encodings }: { readonly plan: Pick<Plan, 'features'>; readonly encodings: ReadonlyMap<string, Encoding> },
): ReadonlyMap<string, IndexedColumn> {
  const allColumns = new Map(columns);
  const ownFeatures = plan.features.filter(({ name }) => tower.features.includes(name));
  for (const { name, last, encoderOf } of ownFeatures) {
    if (last !== undefined) allColumns.set(name, lastColumn(encodings.get(encoderOf)!, allColumns.get(last)!));
  }
  for (const { name, crosses, encoderOf } of ownFeatures) {
    if (!crosses) continue;
    const crossedColumns = crosses.map((part) => allColumns.get(part)!);
    allColumns.set(name, crossColumns(encodings.get(encoderOf)!, crossedColumns, rows));
  }
  return allColumns;
}

function refuseUnlessGiven(name: string, plan: Pick<Plan, 'features'>, tower: QueryTower): void {
  const weights = plan.features.flatMap((feature) =>
    tower.features.includes(feature.name) ? (feature.weights ?? []) : [],
  );
  const knownFeatures = [...tower.features, ...weights];
  if (name !== tower.key && !knownFeatures.includes(name)) {
    const what = `feature of tower \`${tower.name}\``;
    throw failure('unknown-name', unknownFacts(what, name, knownFeatures));
  }
  const sourceFeatures = madeOf(plan.features.find((feature) => feature.name === name) ?? {});
  if (sourceFeatures.length === 0) return;
  const reason = `it is computed from ${sourceFeatures.map((part) => `\`${part}\``).join(' and ')}: give those values`;
  throw failure('feature-value', { feature: name, reason });
}

/** True if a value of the feature is given, or of a feature that it needs. */
function isGiven(feature: FeaturePlan, own: readonly FeaturePlan[], values: FeatureValues): boolean {
  if (feature.name in values || (feature.weights !== undefined && feature.weights in values)) return true;
  const neededFeatures = requiredFeatures(feature);
  return neededFeatures.some((part) => isGiven(own.find(({ name }) => name === part)!, own, values));
}

function rowOf({ name }: FeaturePlan, { columns, row }: NonNullable<QueryOptions['base']>): IndexedColumn {
  const baseColumn = columns.get(name);
  invariant(baseColumn, `feature ${name} has a column`);
  return { column: baseColumn.column, index: Int32Array.of(baseColumn.index ? baseColumn.index[row]! : row) };
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

function columnOf(feature: FeaturePlan, encoding: Encoding, values: FeatureValues, kept: ElementLimit): Column {
  const givenValue = values[feature.name] ?? (feature.gives === 'bag' && !isText(encoding) ? [] : undefined);
  if (feature.gives === 'bag') return bagOf(limitedCodes(feature, encoding, givenValue, kept));
  const value = encode(feature, encoding, givenValue);
  if (feature.gives === 'code') {
    if (value.kind !== 'code') throw failure('feature-value', { feature: feature.name, reason: 'expected one value' });
    return { kind: 'codes', values: Int32Array.of(value.code) };
  }
  if (value.kind !== 'numbers') throw failure('feature-value', { feature: feature.name, reason: 'expected numbers' });
  return { kind: 'numbers', width: value.numbers.length, values: Float32Array.from(value.numbers) };
}

function limitedCodes(feature: FeaturePlan, encoding: Encoding, value: unknown, kept: ElementLimit): readonly number[] {
  const { skipsUnseen } = feature;
  const codesIn = (element: unknown): readonly number[] => {
    const codes = codesOf(feature, encode(feature, encoding, element));
    return skipsUnseen ? codes.filter((code) => code !== 0) : codes;
  };
  if (!Array.isArray(value)) return limitedTo(codesIn(value), kept);
  return limitedTo(limitedParts(value, kept, (element) => codesIn([element])).flat(), kept);
}

function codesOf(feature: FeaturePlan, value: EncodedValue): readonly number[] {
  if (value.kind === 'numbers') throw failure('feature-value', { feature: feature.name, reason: 'expected a list' });
  return value.kind === 'code' ? [value.code] : value.codes;
}

/**
 * Encodes the elements of a list, from the end that the feature keeps, until it has enough. A request may have many thousands of further elements, whose
 * encoding would take seconds.
 */
function limitedParts<T>(
  elements: readonly unknown[],
  { keeps, atMost }: ElementLimit,
  partsOf: (element: unknown, index: number) => readonly T[],
): readonly (readonly T[])[] {
  const limitedElements: (readonly T[])[] = [];
  let count = 0;
  for (let i = 0; i < elements.length && count < atMost; i++) {
    const index = keeps === 'latest' ? elements.length - 1 - i : i;
    const parts = partsOf(elements[index], index);
    count += parts.length;
    limitedElements.push(parts);
  }
  return keeps === 'latest' ? limitedElements.reverse() : limitedElements;
}

const limitedTo = <T>(elements: readonly T[], { keeps, atMost }: ElementLimit): readonly T[] =>
  keeps === 'latest' ? elements.slice(Math.max(0, elements.length - atMost)) : elements.slice(0, atMost);

function bagOf(codes: readonly number[]): BagColumn {
  const values = Int32Array.from(codes);
  return { kind: 'bags', starts: Int32Array.of(0), ends: Int32Array.of(values.length), values };
}

interface GivenList {
  readonly list: FeaturePlan;
  readonly length: number;
  readonly kept: readonly ListElement[];
}

interface ListElement {
  /** Index among the given elements. */
  readonly at: number;
  readonly code: number;
  /** The corpus row, for a list that goes through the item tower. */
  readonly item?: number;
}

/** Returns the kept elements of a list: without empty ones, unseen ones to skip, and, if it goes through the item tower, ones that are no item. */
function givenList(
  list: FeaturePlan,
  encoding: Encoding,
  values: FeatureValues,
  kept: ElementLimit,
  itemOf: (key: string) => number | undefined,
): GivenList {
  const givenValue = values[list.name] ?? [];
  const elements: readonly unknown[] = Array.isArray(givenValue) ? givenValue : [givenValue];
  const listElements = limitedParts(elements, kept, (element, index): readonly ListElement[] => {
    const code = codesOf(list, encode(list, encoding, [element]))[0];
    if (code === undefined || (list.skipsUnseen && code === 0)) return [];
    if (!list.through) return [{ at: index, code }];
    const item = itemOf(String(element));
    return item === undefined ? [] : [{ at: index, code, item }];
  });
  return { list, length: elements.length, kept: listElements.flat() };
}

/** Returns the kept elements of a list and their weights. */
function weightedColumn(feature: FeaturePlan, values: FeatureValues, { length, kept }: GivenList): BagColumn {
  const column = feature.weights!;
  const givenWeights = values[column] ?? [];
  const weights = (Array.isArray(givenWeights) ? givenWeights : [givenWeights]).map((weight: unknown) => {
    const number = typeof weight === 'number' ? Math.fround(weight) : Number.NaN;
    if (number >= 0 && Number.isFinite(number)) return number;
    const reason = `a weight is a number from 0 to 3.4e38, and not ${JSON.stringify(weight)?.slice(0, 80)}`;
    throw failure('feature-value', { feature: column, reason });
  });
  if (weights.length !== length) {
    const reason = `it has ${weights.length} weights, and \`${feature.name}\` has ${length} elements: give one for each, in the same order`;
    throw failure('feature-value', { feature: column, reason });
  }
  return { ...bagOf(kept.map(({ code }) => code)), weights: Float32Array.from(kept, ({ at }) => weights[at]!) };
}

/** Returns values that belong to the elements of a list. If none are given, each is missing. */
function alongColumn(feature: FeaturePlan, encoding: Encoding, values: FeatureValues, list: GivenList): Column {
  const ownValues = ownElements(feature, values, list);
  const missingValueCode = missingCode(encoding);
  const codeOf = (value: unknown): number =>
    codesOf(feature, encode(feature, encoding, [value]))[0] ?? missingValueCode;
  return bagOf(list.kept.map(({ at }) => (ownValues ? codeOf(ownValues[at]) : missingValueCode)));
}

/** Returns values that belong to the elements of a list, one each; undefined if none are given. */
function ownElements({ name }: FeaturePlan, values: FeatureValues, list: GivenList): readonly unknown[] | undefined {
  if (!(name in values)) return undefined;
  const givenValue = values[name] ?? [];
  const ownValues: readonly unknown[] = Array.isArray(givenValue) ? givenValue : [givenValue];
  const [givenCount, neededCount] = [ownValues.length, list.length];
  if (givenCount === neededCount) return ownValues;
  const reason = `it has ${givenCount} values, and \`${list.list.name}\` has ${neededCount}: give one for each element, in the same order`;
  throw failure('feature-value', { feature: name, reason });
}

/** Like `alongColumn` if each element has several values: a list of them, or a text. */
function innerColumn(feature: FeaturePlan, encoding: Encoding, values: FeatureValues, list: GivenList): BagColumn {
  const { name } = feature;
  const innerPlan = elementPlan(feature);
  if (name in values && !Array.isArray(values[name]))
    throw failure('feature-value', { feature: name, reason: 'expected a list' });
  const ownValues = ownElements(feature, values, list);
  const innerCodes = list.kept.map(({ at }) => {
    const value = ownValues?.[at];
    const elementValues = value === undefined ? {} : { [name]: value };
    return (columnOf(innerPlan, encoding, elementValues, { keeps: 'first', atMost: feature.each!.max }) as BagColumn)
      .values;
  });
  let elementEnd = 0;
  const ends = Int32Array.from(innerCodes, (codes) => (elementEnd += codes.length));
  const starts = ends.map((last, index) => last - innerCodes[index]!.length);
  const allCodes = Int32Array.from(innerCodes.flatMap((codes) => [...codes]));
  return { ...bagOf([...innerCodes.keys()]), inner: { kind: 'bags', starts, ends, values: allCodes } };
}

// Selects the elements of a bag that a model reads. Columns, requests and serving.json share this rule.

/** Maximum number of events, by feature with a history of a data block. */
export type Histories = ReadonlyMap<string, number>;

export interface ElementLimit {
  readonly keeps: 'latest' | 'first';
  readonly atMost: number;
}

export function elementLimitOf(feature: FeaturePlan, histories: Histories): ElementLimit {
  const max = feature.max ?? Number.POSITIVE_INFINITY;
  const historyLength = histories.get(feature.name);
  if (historyLength !== undefined) return { keeps: 'latest', atMost: Math.min(historyLength, max) };
  return { keeps: feature.keeps ?? 'first', atMost: max };
}
