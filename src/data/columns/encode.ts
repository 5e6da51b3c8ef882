/** From raw columns to encoded ones: fit on the training part, then map codes and numbers; no object a row. */

import { defined } from '../../defined.ts';
import { invariant } from '../../diagnostics/failure.ts';
import { everyRow } from '../../every_row.ts';
import { elementPlan, type FeaturePlan } from '../../plan/plan.ts';
import type { Texts } from '../../text/texts.ts';
import type { BagColumn, Column, Encoding, IndexedColumn } from '../dataset.ts';
import { gather } from '../rows/gather.ts';
import type { RawColumn } from '../rows/raw.ts';
import type { Sample } from './encoders/contract.ts';
import { makeCoder } from './encoders/table.ts';

const none: Texts = [''];

/** What an encoder learns from. `weights[row]`: how many training events have this row. */
export function sampleColumn(raw: RawColumn, weights: ArrayLike<number>, dictionary: Texts = none): Sample {
  const counts = new Float64Array(dictionary.length);
  let sample: Sample = {
    texts: { texts: dictionary, counts },
    numbers: { values: new Float64Array(0), weights: [] },
  };
  if (raw.kind === 'codes') {
    for (let row = 0; row < raw.values.length; row++) counts[raw.values[row]!]! += weights[row]!;
  } else if (raw.kind === 'numbers') {
    if (raw.width === 1) sample = { ...sample, numbers: { values: raw.values, weights } };
  } else if (raw.values instanceof Int32Array) {
    for (let row = 0; row < raw.starts.length; row++) {
      for (let at = raw.starts[row]!; at < raw.ends[row]!; at++) counts[raw.values[at]!]! += weights[row]!;
    }
  } else {
    const each = new Float64Array(raw.values.length);
    for (let row = 0; row < raw.starts.length; row++) each.fill(weights[row]!, raw.starts[row]!, raw.ends[row]!);
    sample = { ...sample, numbers: { values: raw.values, weights: each } };
  }
  counts[0] = 0;
  return sample;
}

/** A column at work: gives the encoded column of any rows of it. */
export interface ColumnEncoder {
  /** `ids[i]` is the row that row i of the result has, or −1 where it has none and is missing. */
  encode(ids: Int32Array): IndexedColumn;
}

/** @param items of a list that goes through the item tower: the corpus row of each value of `raw`, −1 where there is none */
export function makeColumnEncoder(
  plan: FeaturePlan,
  encoding: Encoding,
  raw: RawColumn,
  dictionary: Texts = none,
  items?: Int32Array,
  weights?: RawColumn,
): ColumnEncoder {
  const coder = makeCoder(encoding);
  const max = plan.max ?? Number.POSITIVE_INFINITY;
  if (coder.reads === 'text' && coder.gives === 'bag') {
    // One bag a distinct text; rows only point at it.
    const bags = bagsOf(Array.from(dictionary, (text) => coder.codes(text).slice(0, max)));
    const codes = raw.kind === 'codes' ? raw.values : new Int32Array(0);
    return { encode: (ids) => ({ column: bags, index: ids.map((id) => (id < 0 ? 0 : codes[id]!)) }) };
  }
  if (raw.kind === 'bags') {
    const { starts, ends } = raw;
    const all: BagColumn = {
      kind: 'bags',
      starts,
      ends,
      values: elementsOf(encoding, raw.values, dictionary),
      ...defined({ weights: weights && weightsOf(raw, weights), items }),
    };
    return bagEncoder(plan, keptElements(plan, all, all));
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

/** A feature, its encoding, its column, and the texts that the column's codes represent. */
export type ToEncode = readonly [
  plan: FeaturePlan,
  encoding: Encoding,
  raw: RawColumn,
  dictionary: Texts | undefined,
  items?: Int32Array | undefined,
];

/** The encoder of what belongs to the elements of a list, row by row as many: it keeps those that the list keeps. */
export function makeAlongEncoder(own: ToEncode, list: ToEncode): ColumnEncoder {
  const codesOf = ([, encoding, raw, dictionary = none, items]: ToEncode): BagColumn => {
    invariant(raw.kind === 'bags', 'a list has bags');
    const { starts, ends, values } = raw;
    return {
      kind: 'bags',
      starts,
      ends,
      values: elementsOf(encoding, values, dictionary),
      ...defined({ items }),
    };
  };
  const [plan] = list;
  return bagEncoder(plan, keptElements(plan, codesOf(own), codesOf(list)));
}

/** Bags of which a feature keeps the elements at one end. */
function bagEncoder(
  { max = Number.POSITIVE_INFINITY, keeps }: FeaturePlan,
  { starts, ends, ...elements }: BagColumn,
): ColumnEncoder {
  const latest = keeps === 'latest';
  return {
    encode: (ids) => ({
      column: {
        ...elements,
        starts: ids.map((id) => (id < 0 ? 0 : latest ? Math.max(starts[id]!, ends[id]! - max) : starts[id]!)),
        ends: ids.map((id) => (id < 0 ? 0 : latest ? ends[id]! : Math.min(ends[id]!, starts[id]! + max))),
      },
    }),
  };
}

/**
 * The elements of bags whose counterpart in a list is kept: one of code 0 is not where the list leaves unseen values out, nor is one that
 * the corpus does not have where the list goes through the item tower.
 */
function keptElements({ skipsUnseen }: FeaturePlan, own: BagColumn, list: BagColumn): BagColumn {
  const leavesOut = (at: number): boolean =>
    (skipsUnseen && list.values[at] === 0) || (list.items !== undefined && list.items[at]! < 0);
  const whole = !skipsUnseen && list.items === undefined;
  if (whole || (own === list && !list.values.some((_, at) => leavesOut(at)))) return own;
  const starts = new Int32Array(own.starts.length);
  const ends = new Int32Array(own.starts.length);
  const kept: number[] = [];
  for (let row = 0; row < starts.length; row++) {
    starts[row] = kept.length;
    // Rows that were left out may be of unequal length.
    const count = Math.min(own.ends[row]! - own.starts[row]!, list.ends[row]! - list.starts[row]!);
    for (let at = 0; at < count; at++) if (!leavesOut(list.starts[row]! + at)) kept.push(own.starts[row]! + at);
    ends[row] = kept.length;
  }
  const places = Int32Array.from(kept);
  return {
    kind: 'bags',
    starts,
    ends,
    values: gather(own.values, places),
    ...(own.weights ? { weights: Float32Array.from(places, (place) => own.weights![place]!) } : {}),
    ...(own.items ? { items: gather(own.items, places) } : {}),
  };
}

/** The weight of each element of a list. Rows that were left out may be of unequal length. */
function weightsOf(list: RawColumn, weights: RawColumn): Float32Array {
  invariant(list.kind === 'bags' && weights.kind === 'bags', 'a list and its weights have bags');
  const own = new Float32Array(list.values.length);
  for (let row = 0; row < list.starts.length; row++) {
    const [to, from] = [list.starts[row]!, weights.starts[row]!];
    const count = Math.min(list.ends[row]! - to, weights.ends[row]! - from);
    for (let at = 0; at < count; at++) own[to + at] = weights.values[from + at]!;
  }
  return own;
}

/**
 * The encoded elements of a history, one a row of its column; −1 where the row has none, or one that is left out. What belongs to the
 * elements of another list leaves none out: a missing value has a code too.
 */
export function encodeElements(
  plan: Pick<FeaturePlan, 'skipsUnseen' | 'along'>,
  encoding: Encoding,
  raw: RawColumn,
  dictionary: Texts = none,
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

/** The elements of a history that are bags themselves: the bags, and of each row of their column which of them it has. */
export function encodeBags(
  plan: FeaturePlan,
  encoding: Encoding,
  raw: RawColumn,
  dictionary: Texts | undefined,
): { readonly elements: Int32Array; readonly inner: BagColumn } {
  const rows = raw.kind === 'bags' ? raw.starts.length : raw.values.length;
  const all = everyRow(rows);
  const { column, index = all } = makeColumnEncoder(elementPlan(plan), encoding, raw, dictionary).encode(all);
  invariant(column.kind === 'bags', 'several values are a bag');
  return { elements: index, inner: column };
}

/** The code of a missing value. */
export function missingCode(encoding: Encoding): number {
  const coder = makeCoder(encoding);
  if (coder.gives !== 'code') return 0;
  return coder.reads === 'text' ? coder.code('') : coder.code(Number.NaN);
}

function zeroWhereMissing(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

function codesColumn(values: Int32Array): IndexedColumn {
  const column: Column = { kind: 'codes', values };
  return { column };
}

/** The last table of each encoding: data that is read in pieces asks for the same one with each piece. */
const codeTables = new WeakMap<Encoding, { readonly dictionary: Texts; readonly table: Int32Array }>();

/** Code of each text of a dictionary: only distinct values are encoded. */
function codeTable(encoding: Encoding, dictionary: Texts): Int32Array {
  const coder = makeCoder(encoding);
  if (coder.reads !== 'text' || coder.gives !== 'code') return new Int32Array(dictionary.length);
  const last = codeTables.get(encoding);
  if (last?.dictionary === dictionary) return last.table;
  const table = coder.codesOf?.(dictionary) ?? new Int32Array(dictionary.length);
  if (!coder.codesOf) for (let at = 0; at < table.length; at++) table[at] = coder.code(dictionary.at(at)!);
  codeTables.set(encoding, { dictionary, table });
  return table;
}

function elementsOf(encoding: Encoding, values: Int32Array | Float64Array, dictionary: Texts): Int32Array {
  if (values instanceof Int32Array) {
    const table = codeTable(encoding, dictionary);
    return values.map((code) => table[code]!);
  }
  const coder = makeCoder(encoding);
  return Int32Array.from(values, coder.reads === 'number' && coder.gives === 'code' ? coder.code : () => 0);
}

function bagsOf(bags: readonly (readonly number[])[]): BagColumn {
  const starts = new Int32Array(bags.length);
  const ends = new Int32Array(bags.length);
  let length = 0;
  for (const [at, bag] of bags.entries()) {
    starts[at] = length;
    length += bag.length;
    ends[at] = length;
  }
  const values = new Int32Array(length);
  for (const [at, bag] of bags.entries()) values.set(bag, starts[at]!);
  return { kind: 'bags', starts, ends, values };
}
