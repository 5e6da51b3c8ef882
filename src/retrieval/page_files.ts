/**
 * The folder that `tower export --browser` writes and `tower-lang/runtime` opens. `tower.json` has the checksum of every other file, and is written last.
 * Numbers are in safetensors files: `query.safetensors` has the parameters of the graph by name, `items.safetensors` has `vectors`, float32 [items, width].
 * For a score that is fitted as a whole they have `fittedNumbers`, and the graph is empty.
 * A matrix may be stored as bytes, in a quarter of the space: `codedRows`. `items.packed` has keys, titles and columns as a server keeps them, `PublicItems`: a
 * safetensors file in gzip. The names of files that are JSON in gzip end with `.jsonz`: with `.gz` in its name, some hosts of files would unpack it on the
 * way, and its checksum would be that of other bytes.
 */

import type { StoredTensor } from '../base/storage/tensor_header.ts';
import { isObject } from '../base/util/objects.ts';
import type { Encoding, Seen } from '../data/dataset.ts';
import type { EventSource } from '../data/written/fields.ts';
import type { Graph } from '../graph/graph.ts';
import { clockParts, type FittedPlan } from '../graph/plan/plan.ts';
import type { QueryPlan } from './prepare.ts';
import type { RetrievalObjective } from './vectors.ts';

export const pageIndex = 'tower.json';
export const pageFiles = ['query.jsonz', 'query.safetensors', 'items.packed', 'items.safetensors'] as const;
export type PageFile = (typeof pageFiles)[number];
export const itemVectors = 'vectors';
/** Names of the numbers of a fitted score: the first three in `query.safetensors`, `codes` in `items.safetensors`. */
export const fittedNumbers = {
  neighbours: 'neighbours',
  weights: 'weights',
  events: 'events',
  codes: 'codes',
} as const;

/** The name of the scales of a matrix that is stored as bytes. */
export const scalesOf = (name: string): string => `${name}/scales`;

/** The byte that stands for 0. */
const zeroByte = 128;
const largestByte = 127;

/**
 * Stores each number of a row as one byte, and with each row its scale: a number is off by at most 1/254 of the largest of its row.
 * @returns uint8 [rows, width], and float32 [rows]
 */
export function codedRows({ name, shape, data }: StoredTensor<Float32Array>): StoredTensor[] {
  const [rows, width] = shape as [number, number];
  const codes = new Uint8Array(rows * width);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const [start, end] = [row * width, (row + 1) * width];
    let largest = 0;
    for (let index = start; index < end; index++) largest = Math.max(largest, Math.abs(data[index]!));
    const scale = Math.fround(largest / largestByte);
    scales[row] = scale;
    for (let index = start; index < end; index++) {
      const code = scale === 0 ? 0 : Math.round(data[index]! / scale);
      codes[index] = zeroByte + Math.max(-largestByte, Math.min(largestByte, code));
    }
  }
  return [
    { name, shape, data: codes },
    { name: scalesOf(name), shape: [rows], data: scales },
  ];
}

/** @param codes uint8 [rows, width] @param scales float32 [rows] @returns float32 [rows, width], the same bits on every host */
export function rowsOfCodes(codes: Uint8Array, scales: Float32Array): Float32Array {
  const width = codes.length / scales.length;
  const data = new Float32Array(codes.length);
  for (let row = 0, index = 0; row < scales.length; row++) {
    const scale = scales[row]!;
    for (const end = index + width; index < end; index++) data[index] = (codes[index]! - zeroByte) * scale;
  }
  return data;
}

export interface PageIndex {
  readonly format: 'tower-page-3';
  readonly tower: string;
  readonly model: string;
  /** Identifies the model: the checksum of the run's manifest. */
  readonly version: string;
  readonly notes: readonly string[];
  readonly files: Readonly<Record<PageFile, { readonly sha256: string; readonly bytes: number }>>;
}

/** `query.jsonz`: everything that maps feature values to the vector of the query tower. */
export interface PageQuery {
  readonly plan: QueryPlan;
  readonly seen: Seen;
  readonly histories: Readonly<Record<string, number>>;
  readonly encodings: Readonly<Record<string, Encoding>>;
  readonly objectives: readonly RetrievalObjective[];
  readonly width: number;
  readonly interests: number;
  /** The result of `servingGraph`. */
  readonly graph: Graph;
  /** Present if the score is fitted as a whole: the list that it reads, with `keep` weights from each item. */
  readonly fitted?: Pick<FittedPlan, 'list' | 'keep'>;
  /** What the features of a user are made of, or the reason why events alone do not give them. */
  readonly events: PageEvents | { readonly closed: string };
}

interface PageEvents {
  readonly sources: Readonly<Record<string, EventSource>>;
  /** Columns of the events files, also those that the query tower does not read. */
  readonly columns: readonly string[];
}

// JSON Schemas of the files, which are validated before use.

/** A shape of a value from elsewhere. Returns what is wrong with the value, and where; undefined if it is valid. */
export type JsonShape = (value: unknown, at: string) => string | undefined;

const is = (holds: (value: unknown) => boolean, expected: string): JsonShape => {
  return (value, at) => (holds(value) ? undefined : `${at} is not ${expected}`);
};

const anything: JsonShape = () => undefined;
const text = is((value) => typeof value === 'string', 'a text');
const truth = is((value) => typeof value === 'boolean', 'true or false');
const number = is((value) => Number.isFinite(value), 'a finite number');

const whole = (least = 0, most = 2 ** 31 - 1): JsonShape =>
  is(
    (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
    `a whole number from ${least} to ${most}`,
  );

const oneOf = (...values: readonly (string | true)[]): JsonShape =>
  is((value) => values.includes(value as string), `one of ${values.join(', ')}`);

const either =
  (first: JsonShape, second: JsonShape): JsonShape =>
  (value, at) =>
    first(value, at) === undefined ? undefined : second(value, at);

const listOf =
  (each: JsonShape, length?: number): JsonShape =>
  (value, at) => {
    if (!Array.isArray(value)) return `${at} is not a list`;
    if (length !== undefined && value.length !== length) return `${at} has ${value.length} elements, not ${length}`;
    for (let i = 0; i < value.length; i++) {
      const elementError = each(value[i], `${at}/${i}`);
      if (elementError !== undefined) return elementError;
    }
    return undefined;
  };

const recordOf =
  (each: JsonShape): JsonShape =>
  (value, at) =>
    isObject(value)
      ? firstOf(Object.entries(value), ([name, entry]) => each(entry, `${at}/${name}`))
      : `${at} is not an object`;

type JsonShapes = Readonly<Record<string, JsonShape>>;

/** Makes the shape of an object with these entries and no others. */
const entries =
  (required: JsonShapes, optional: JsonShapes = {}): JsonShape =>
  (value, at) => {
    if (!isObject(value)) return `${at} is not an object`;
    const missingEntry = Object.keys(required).find((name) => !Object.hasOwn(value, name));
    if (missingEntry !== undefined) return `${at} has no \`${missingEntry}\``;
    return firstOf(Object.entries(value), ([name, entry]) => {
      const shapes = Object.hasOwn(required, name) ? required : optional;
      return Object.hasOwn(shapes, name) ? shapes[name]!(entry, `${at}/${name}`) : `${at} has an entry \`${name}\``;
    });
  };

/** Makes the shape of an object whose `kind` selects its entries. */
const byKind =
  (kinds: Readonly<Record<string, readonly [required: JsonShapes, optional?: JsonShapes]>>): JsonShape =>
  (value, at) => {
    const kind = isObject(value) ? value.kind : undefined;
    if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) return `${at} is of no known kind`;
    const [required, optional] = kinds[kind]!;
    return entries({ kind: anything, ...required }, optional)(value, at);
  };

function firstOf<T>(values: readonly T[], find: (value: T) => string | undefined): string | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

const sha256 = is((value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value), 'a SHA-256');

export const indexShape = entries({
  format: oneOf('tower-page-3'),
  tower: text,
  model: text,
  version: text,
  notes: listOf(text),
  files: entries(
    Object.fromEntries(pageFiles.map((name) => [name, entries({ sha256, bytes: whole(0, Number.MAX_SAFE_INTEGER) })])),
  ),
});

const encoding = byKind({
  vocabulary: [{ values: listOf(text) }],
  hash: [{ buckets: whole(1) }],
  boundaries: [{ boundaries: listOf(number), log: truth }],
  standardize: [{ mean: number, deviation: number, log: truth }],
  number: [{ log: truth }],
  clock: [{ part: oneOf(...Object.keys(clockParts)) }],
  vector: [{ size: whole(1) }],
  words: [{ buckets: whole(1) }, { values: listOf(text) }],
  bigrams: [{ buckets: whole(1) }, { values: listOf(text) }],
  trigrams: [{ buckets: whole(1) }, { values: listOf(text) }],
});

const feature = entries(
  {
    name: text,
    tower: text,
    gives: oneOf('code', 'bag', 'numbers'),
    column: text,
    encoderOf: text,
    encoder: isKind,
    width: whole(),
  },
  {
    crosses: listOf(text),
    last: text,
    along: text,
    each: entries({ max: whole(1), pool: oneOf('mean', 'sum') }, { skipsUnseen: oneOf(true) }),
    weights: text,
    max: whole(1),
    through: entries({ tower: text, channel: text }),
    keeps: oneOf('latest'),
    skipsUnseen: oneOf(true),
  },
);

function isKind(value: unknown, at: string): string | undefined {
  return isObject(value) ? text(value.kind, `${at}/kind`) : `${at} is not an object`;
}

const dim = either(whole(), entries({ symbol: oneOf('batch'), times: whole(1) }));
const leaf = { name: text, node: whole() };

const graph = entries({
  name: text,
  nodes: listOf(
    entries({
      op: text,
      inputs: listOf(whole()),
      attributes: recordOf(anything),
      type: entries({ dtype: oneOf('float32', 'int32', 'bool'), shape: listOf(dim) }),
      label: text,
    }),
  ),
  inputs: listOf(entries(leaf)),
  parameters: listOf(entries({ ...leaf, initial: anything, trainable: truth })),
  outputs: listOf(entries(leaf)),
  updates: listOf(anything, 0),
});

export const queryShape = entries(
  {
    plan: entries({
      towers: pair(entries({ name: text, features: listOf(text) }, { key: text }), entries({}, { key: text })),
      features: listOf(feature),
    }),
    seen: oneOf('excluded', 'kept'),
    histories: recordOf(whole(1)),
    encodings: recordOf(encoding),
    objectives: listOf(entries({ name: text, from: whole(), to: whole(1), factor: number })),
    width: whole(1, 2 ** 20),
    interests: whole(1, 2 ** 16),
    graph,
    events: either(
      entries({ closed: text }),
      entries({
        sources: recordOf(either(entries({ entry: oneOf('item', 'time') }), entries({ column: text }))),
        columns: listOf(text),
      }),
    ),
  },
  { fitted: entries({ list: text, keep: whole(1, 2 ** 16) }) },
);

function pair(first: JsonShape, second: JsonShape): JsonShape {
  return (value, at) =>
    listOf(anything, 2)(value, at) ??
    first((value as unknown[])[0], `${at}/0`) ??
    second((value as unknown[])[1], `${at}/1`);
}
