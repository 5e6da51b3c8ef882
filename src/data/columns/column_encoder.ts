/** Encodes raw columns and crosses of them. It works on typed arrays and makes no object for each row. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { Texts } from '../../base/text/texts.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import { elementPlan, type FeaturePlan } from '../../graph/plan/plan.ts';
import type { BagColumn, Encoding, IndexedColumn } from '../dataset.ts';
import { makeCoder } from '../encoders/encoders.ts';
import { crossedText } from '../encoders/text_pieces.ts';
import { gatherCodes } from '../rows/gather_rows.ts';
import { bagSpans, type RawColumn } from '../rows/raw.ts';

const noTexts: Texts = [''];

export interface ColumnEncoder {
  /** Encodes rows: row i of the result is row `ids[i]` of the column; −1 stands for a missing row. */
  encode(ids: Int32Array): IndexedColumn;
}

/** @param items for a list that goes through the item tower, the corpus row of each value of `raw`; −1 if the corpus lacks the value */
export function makeColumnEncoder(
  plan: FeaturePlan,
  encoding: Encoding,
  raw: RawColumn,
  dictionary: Texts = noTexts,
  items?: Int32Array,
  weights?: RawColumn,
): ColumnEncoder {
  const coder = makeCoder(encoding);
  const max = plan.max ?? Number.POSITIVE_INFINITY;
  if (coder.reads === 'text' && coder.gives === 'bag') {
    // Each distinct text has one bag, to which the rows point.
    const bags = joinBags(Array.from(dictionary, (text) => coder.codes(text).slice(0, max)));
    const codes = raw.kind === 'codes' ? raw.values : new Int32Array(0);
    return { encode: (ids) => ({ column: bags, index: ids.map((id) => (id < 0 ? 0 : codes[id]!)) }) };
  }
  if (raw.kind === 'bags') {
    const { starts, ends } = raw;
    const allBags: BagColumn = {
      kind: 'bags',
      starts,
      ends,
      values: encodeValues(encoding, raw.values, dictionary),
      weights: weights && weightsOf(raw, weights),
      items,
    };
    return bagEncoder(plan, keptElements(plan, allBags, allBags));
  }
  if (raw.kind === 'codes') {
    const table = codeTable(encoding, dictionary);
    return { encode: (ids) => codesColumn(ids.map((id) => table[id < 0 ? 0 : raw.values[id]!]!)) };
  }
  if (coder.reads === 'number' && coder.gives === 'code') {
    return { encode: (ids) => codesColumn(ids.map((id) => coder.code(id < 0 ? Number.NaN : raw.values[id]!))) };
  }
  const number = coder.reads === 'number' && coder.gives === 'numbers' ? coder.number : zeroWhereMissing;
  const { width } = raw;
  return {
    encode(ids) {
      const values = new Float32Array(ids.length * width);
      for (let i = 0; i < ids.length; i++) {
        for (let k = 0; k < width; k++) {
          values[i * width + k] = number(ids[i]! < 0 ? Number.NaN : raw.values[ids[i]! * width + k]!);
        }
      }
      return { column: { kind: 'numbers', width, values } };
    },
  };
}

export type EncoderArguments = readonly [
  plan: FeaturePlan,
  encoding: Encoding,
  raw: RawColumn,
  dictionary: Texts | undefined,
  items?: Int32Array | undefined,
];

/** Makes the encoder of a feature along the elements of a list: it keeps the elements whose counterparts in the list are kept. */
export function makeAlongEncoder(ownArguments: EncoderArguments, listArguments: EncoderArguments): ColumnEncoder {
  const codesOf = ([, encoding, raw, dictionary = noTexts, items]: EncoderArguments): BagColumn => {
    invariant(raw.kind === 'bags', 'a list has bags');
    const { starts, ends, values } = raw;
    return { kind: 'bags', starts, ends, values: encodeValues(encoding, values, dictionary), items };
  };
  const [plan] = listArguments;
  return bagEncoder(plan, keptElements(plan, codesOf(ownArguments), codesOf(listArguments)));
}

/** Encodes bags, truncated to the first or last `max` elements. */
function bagEncoder(
  { max = Number.POSITIVE_INFINITY, keeps }: FeaturePlan,
  { starts, ends, ...elements }: BagColumn,
): ColumnEncoder {
  const keepsLatest = keeps === 'latest';
  return {
    encode: (ids) => ({
      column: {
        ...elements,
        starts: ids.map((id) => (id < 0 ? 0 : keepsLatest ? Math.max(starts[id]!, ends[id]! - max) : starts[id]!)),
        ends: ids.map((id) => (id < 0 ? 0 : keepsLatest ? ends[id]! : Math.min(ends[id]!, starts[id]! + max))),
      },
    }),
  };
}

/**
 * Returns the elements of `ownBags` whose counterparts in `listBags` are kept. Not kept are unseen values (code 0) if the list skips them, and items outside
 * of the corpus if the list goes through the item tower.
 */
function keptElements({ skipsUnseen }: FeaturePlan, ownBags: BagColumn, listBags: BagColumn): BagColumn {
  const leavesOut = (index: number): boolean =>
    (skipsUnseen && listBags.values[index] === 0) || (listBags.items !== undefined && listBags.items[index]! < 0);
  const keepsAll = !skipsUnseen && listBags.items === undefined;
  if (keepsAll || (ownBags === listBags && !listBags.values.some((_, index) => leavesOut(index)))) return ownBags;
  const starts = new Int32Array(ownBags.starts.length);
  const ends = new Int32Array(ownBags.starts.length);
  const keptIndexes: number[] = [];
  for (let row = 0; row < starts.length; row++) {
    starts[row] = keptIndexes.length;
    // In invalid rows the two bags may have unequal lengths.
    const count = Math.min(ownBags.ends[row]! - ownBags.starts[row]!, listBags.ends[row]! - listBags.starts[row]!);
    for (let offset = 0; offset < count; offset++)
      if (!leavesOut(listBags.starts[row]! + offset)) keptIndexes.push(ownBags.starts[row]! + offset);
    ends[row] = keptIndexes.length;
  }
  const indexes = Int32Array.from(keptIndexes);
  return {
    kind: 'bags',
    starts,
    ends,
    values: gatherCodes(ownBags.values, indexes),
    ...(ownBags.weights ? { weights: Float32Array.from(indexes, (index) => ownBags.weights![index]!) } : {}),
    ...(ownBags.items ? { items: gatherCodes(ownBags.items, indexes) } : {}),
  };
}

/** Returns the weight of each element of a list. In invalid rows the two bags may have unequal lengths. */
export function weightsOf(list: RawColumn, weights: RawColumn): Float32Array {
  invariant(list.kind === 'bags' && weights.kind === 'bags', 'a list and its weights have bags');
  const elementWeights = new Float32Array(list.values.length);
  for (let row = 0; row < list.starts.length; row++) {
    const [listStart, weightStart] = [list.starts[row]!, weights.starts[row]!];
    const count = Math.min(list.ends[row]! - listStart, weights.ends[row]! - weightStart);
    for (let offset = 0; offset < count; offset++)
      elementWeights[listStart + offset] = weights.values[weightStart + offset]!;
  }
  return elementWeights;
}

/** The element that each row of a column adds to a history. */
export interface HistoryElements {
  /** The code of the row's element, or its row in `inner`; −1 if the row adds none. */
  readonly elements: Int32Array;
  readonly inner?: BagColumn;
  /** The corpus row of each element that is an item; −1 if the corpus lacks it. */
  readonly items?: Int32Array;
  /** A missing weight is 0. */
  readonly weights?: Float32Array;
}

/** @param items corpus rows by row of the column @param weights one number for each row */
export function historyElements(
  [plan, encoding, raw, dictionary, items]: EncoderArguments,
  weights?: RawColumn,
): HistoryElements {
  const encoded = plan.each
    ? encodeBags(plan, encoding, raw, dictionary)
    : { elements: encodeElements(plan, encoding, raw, dictionary) };
  if (plan.through) {
    invariant(items, `the elements of ${plan.name} are items`);
    items.forEach((item, row) => {
      if (item < 0) encoded.elements[row] = -1;
    });
  }
  const numbers = weights && Float32Array.from(weights.values, (weight) => (Number.isNaN(weight) ? 0 : weight));
  return { ...encoded, items, weights: numbers };
}

/** Returns a bag for each of these rows, with the element of the row or empty. */
export function elementBags({ elements, inner, items, weights }: HistoryElements, rows: Int32Array): BagColumn {
  const codesOfRows = (codes: Int32Array): Int32Array => rows.map((row) => Math.max(0, codes[row]!));
  return {
    kind: 'bags',
    starts: rows.map((_, index) => index),
    ends: rows.map((row, index) => (elements[row]! < 0 ? index : index + 1)),
    values: codesOfRows(elements),
    inner,
    weights: weights && Float32Array.from(rows, (row) => weights[row]!),
    items: items && codesOfRows(items),
  };
}

/**
 * Encodes the column whose rows are the elements of a history; −1 for a missing value, or an unseen one that is skipped. A feature along another list
 * skips nothing: a missing value has a code.
 */
function encodeElements(
  plan: Pick<FeaturePlan, 'skipsUnseen' | 'along'>,
  encoding: Encoding,
  raw: RawColumn,
  dictionary: Texts = noTexts,
): Int32Array {
  const coder = makeCoder(encoding);
  const missing = plan.along === undefined ? -1 : missingCode(encoding);
  if (raw.kind === 'codes') {
    const table = codeTable(encoding, dictionary).map((code) => (plan.skipsUnseen && code === 0 ? -1 : code));
    return raw.values.map((code) => (code === 0 ? missing : table[code]!));
  }
  const code = coder.reads === 'number' && coder.gives === 'code' ? coder.code : () => -1;
  return Int32Array.from(raw.values as Float64Array, (value) => (Number.isNaN(value) ? missing : code(value)));
}

/** Encodes a history whose elements are bags. Returns the bags, and the index of the bag of each row of the column. */
function encodeBags(
  plan: FeaturePlan,
  encoding: Encoding,
  raw: RawColumn,
  dictionary: Texts | undefined,
): { readonly elements: Int32Array; readonly inner: BagColumn } {
  const rows = raw.kind === 'bags' ? raw.starts.length : raw.values.length;
  const allRows = listRowIndexes(rows);
  const { column, index = allRows } = makeColumnEncoder(elementPlan(plan), encoding, raw, dictionary).encode(allRows);
  invariant(column.kind === 'bags', 'several values are a bag');
  return { elements: index, inner: column };
}

export function missingCode(encoding: Encoding): number {
  const coder = makeCoder(encoding);
  if (coder.gives !== 'code') return 0;
  return coder.reads === 'text' ? coder.code('') : coder.code(Number.NaN);
}

const zeroWhereMissing = (value: number): number => (Number.isNaN(value) ? 0 : value);

const codesColumn = (values: Int32Array): IndexedColumn => ({ column: { kind: 'codes', values } });

/** Caches the last table of each encoding, because data that is read in pieces needs the same table for each piece. */
const codeTables = new WeakMap<Encoding, { readonly dictionary: Texts; readonly table: Int32Array }>();

/** Returns the code of each text of a dictionary, so that only distinct values are encoded. */
function codeTable(encoding: Encoding, dictionary: Texts): Int32Array {
  const coder = makeCoder(encoding);
  if (coder.reads !== 'text' || coder.gives !== 'code') return new Int32Array(dictionary.length);
  const cachedTable = codeTables.get(encoding);
  if (cachedTable?.dictionary === dictionary) return cachedTable.table;
  const table = coder.codesOf?.(dictionary) ?? new Int32Array(dictionary.length);
  if (!coder.codesOf)
    for (let index = 0; index < table.length; index++) table[index] = coder.code(dictionary.at(index)!);
  codeTables.set(encoding, { dictionary, table });
  return table;
}

function encodeValues(encoding: Encoding, values: Int32Array | Float64Array, dictionary: Texts): Int32Array {
  if (values instanceof Int32Array) {
    const table = codeTable(encoding, dictionary);
    return values.map((code) => table[code]!);
  }
  const coder = makeCoder(encoding);
  return Int32Array.from(values, coder.reads === 'number' && coder.gives === 'code' ? coder.code : () => 0);
}

function joinBags(bags: readonly (readonly number[])[]): BagColumn {
  const spans = bagSpans(Int32Array.from(bags, (bag) => bag.length));
  const values = new Int32Array(spans.ends.at(-1) ?? 0);
  for (const [index, bag] of bags.entries()) values.set(bag, spans.starts[index]!);
  return { ...spans, values };
}

// Crosses combine columns of codes. They have no column in any file.

/** Returns the cross of some columns of the same rows. Hashing each combination is faster than caching the hashes. */
export function crossColumns(encoding: Encoding, crossed: readonly IndexedColumn[], rows: number): IndexedColumn {
  const coder = makeCoder(encoding);
  invariant(coder.reads === 'text' && coder.gives === 'code', 'a cross is encoded as one text');
  const columns = crossed.map(({ column, index }) => {
    invariant(column.kind === 'codes', 'a cross is of codes');
    return { values: column.values, index };
  });
  const values = new Int32Array(rows);
  const codes = columns.map(() => 0);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < columns.length; i++) {
      const { values: columnValues, index } = columns[i]!;
      codes[i] = columnValues[index ? index[row]! : row]!;
    }
    values[row] = coder.code(crossedText(codes));
  }
  return { column: { kind: 'codes', values } };
}

/** Returns a column with one code for each row: that of the bag's last element, or of a missing value if the bag is empty. */
export function lastColumn(encoding: Encoding, { column, index }: IndexedColumn): IndexedColumn {
  invariant(column.kind === 'bags', 'the last element is of a bag');
  const { starts, ends, values } = column;
  const missing = missingCode(encoding);
  const lastCode = (_: unknown, bag: number): number => (ends[bag]! > starts[bag]! ? values[ends[bag]! - 1]! : missing);
  return { column: { kind: 'codes', values: ends.map(lastCode) }, index };
}
