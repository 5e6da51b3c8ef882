/** What the JSON files of an export for browsers must look like, before anything is computed from them. */
import { isObject } from '../../base/util/is_object.ts';
import { clockParts } from '../../graph/plan/plan.ts';
import { pageFiles } from '../serve/page_files.ts';

/** Shapes of values that came from elsewhere, as data: a shape gives what is wrong with a value, with its place. */
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

const orNull =
  (shape: JsonShape): JsonShape =>
  (value, at) =>
    value === null ? undefined : shape(value, at);

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

/** An object with these entries, and no others. */
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

/** An object whose `kind` says which shape it has. */
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

const sha256: JsonShape = (value, at) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? undefined : `${at} is not a SHA-256`;

export const indexShape = entries({
  format: oneOf('tower-page-1'),
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

export const queryShape = entries({
  plan: entries({ towers: pair(tower(), entries({}, { key: text })), features: listOf(feature) }),
  seen: oneOf('excluded', 'kept'),
  histories: recordOf(whole(1)),
  encodings: recordOf(encoding),
  objectives: listOf(entries({ name: text, from: whole(), to: whole(1), factor: number })),
  width: whole(1, 2 ** 20),
  interests: whole(1, 2 ** 16),
  graph,
});

function tower(): JsonShape {
  return entries({ name: text, features: listOf(text) }, { key: text });
}

function pair(first: JsonShape, second: JsonShape): JsonShape {
  return (value, at) =>
    listOf(anything, 2)(value, at) ??
    first((value as unknown[])[0], `${at}/0`) ??
    second((value as unknown[])[1], `${at}/1`);
}

/** Each list has a value an item. */
export const itemsShape: JsonShape = (value, at) => {
  const rows = isObject(value) && Array.isArray(value.keys) ? value.keys.length : 0;
  return entries({ keys: listOf(text), columns: recordOf(column(rows)) }, { titles: listOf(text, rows) })(value, at);
};

const column =
  (rows: number): JsonShape =>
  (value, at) => {
    const words = isObject(value) && Array.isArray(value.words) ? value.words.length : 0;
    const word = whole(0, words - 1);
    return byKind({
      number: [{ values: listOf(orNull(number), rows) }],
      text: [{ words: listOf(text), values: listOf(whole(-1, words - 1), rows) }],
      texts: [{ words: listOf(text), values: listOf(orNull(listOf(word)), rows) }],
      truth: [{ values: listOf(orNull(truth), rows) }],
    })(value, at);
  };
