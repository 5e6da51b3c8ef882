/**
 * Defines signatures for other servers' protocols: one row for each signature of TensorFlow Serving. In the Open Inference Protocol, which has no signatures,
 * each is a separate model. All use the same core as the other routes.
 */
import type { About } from '../about.ts';
import type { AnswerOptions, Answers } from '../answers.ts';
import type { AnsweredItem, ErrorDetail, RecommendBody, SimilarBody } from '../schemas.ts';
import type { RequestTopic as Topic } from '../versions/versions.ts';

// Named inputs and outputs of a model, as these protocols describe them: the type of each value, and its shape without the axis of rows.

/** A row of named inputs. */
export type InputRow = Readonly<Record<string, unknown>>;

/**
 * Converts a row of named inputs to the body of a request. Empty texts, `null` and NaN count as missing, and end a list early, because tensors have values in
 * all rows and lists of one length. Values that belong to the elements of a list are cut to the number of its remaining elements.
 * @param along by input: the input with that list
 */
export function bodyOf(row: InputRow, along: ReadonlyMap<string, string>): InputRow {
  const body: Record<string, unknown> = {};
  const entryGroups: Record<string, Record<string, unknown>> = {};
  for (const [input, value] of Object.entries(row)) {
    const listInput = along.get(input);
    const presentValue = listInput === undefined ? present(value) : alongside(value, present(row[listInput]));
    if (presentValue === undefined) continue;
    const [entry, name] = entryOf(input);
    if (name === undefined) body[entry] = presentValue;
    else (entryGroups[entry] ??= Object.create(null) as Record<string, unknown>)[name] = presentValue;
  }
  return { ...body, ...entryGroups };
}

const isPadding = (value: unknown): boolean => value === '' || value === null || Number.isNaN(value);

/** Removes padding at the end; undefined if nothing is left. An empty list stays one. */
function present(value: unknown): unknown {
  if (value === undefined || isPadding(value)) return undefined;
  if (!Array.isArray(value) || value.length === 0) return value;
  const end = value.findLastIndex((each) => !isPadding(each)) + 1;
  return end === 0 ? undefined : value.slice(0, end);
}

function alongside(value: unknown, list: unknown): unknown {
  if (!Array.isArray(value) || !Array.isArray(list)) return present(value);
  const ownElements = value.slice(0, list.length);
  return ownElements.map((each: unknown) => (Array.isArray(each) ? (present(each) ?? []) : each));
}

/** Position of an error within an array of bodies, in terms of a protocol. */
export interface RowPosition {
  readonly row: number;
  /** Absent: the whole row is invalid. */
  readonly input?: string;
  /** JSON pointer into the value. */
  readonly within: string;
}

/** Returns the position of an error; undefined if it is not in one of the rows. */
export function rowPositionOf({ at }: ErrorDetail): RowPosition | undefined {
  const [, row, entry, ...rest] = at.split('/');
  if (row === undefined || !/^\d+$/.test(row)) return undefined;
  if (entry === undefined) return { row: Number(row), within: '' };
  const isGroup = entry === 'values' || entry === 'weights';
  const name = isGroup ? rest.shift() : unescaped(entry);
  if (name === undefined) return { row: Number(row), within: '' };
  const pointerWithin = rest.map((each) => `/${each}`).join('');
  const input = isGroup ? nameIn(entry, unescaped(name)) : name;
  return { row: Number(row), input, within: pointerWithin };
}

const nameIn = (group: 'values' | 'weights', name: string): string =>
  group === 'weights' ? `weights.${name}` : inputOf(name);
const unescaped = (segment: string): string => segment.replaceAll('~1', '/').replaceAll('~0', '~');

export interface TensorField {
  readonly name: string;
  readonly type: TensorFieldType;
  /** Shape within a row: [] is one value, [-1] a list of any length. */
  readonly shape: readonly number[];
}

type TensorFieldType = 'text' | 'integer' | 'number' | 'truth' | 'score';

/** Names of types in both protocols. Scores are inner products in float64. */
export const typeNames: Readonly<Record<TensorFieldType, { readonly tensorflow: string; readonly inference: string }>> =
  {
    text: { tensorflow: 'DT_STRING', inference: 'BYTES' },
    integer: { tensorflow: 'DT_INT32', inference: 'INT32' },
    number: { tensorflow: 'DT_FLOAT', inference: 'FP32' },
    truth: { tensorflow: 'DT_BOOL', inference: 'BOOL' },
    score: { tensorflow: 'DT_DOUBLE', inference: 'FP64' },
  };

const one = (name: string, type: TensorFieldType): TensorField => ({ name, type, shape: [] });
const user = one('user', 'text');
const removeSeen = one('removeSeen', 'truth');
const item = one('item', 'text');
const selectionFields: readonly TensorField[] = [
  one('k', 'integer'),
  one('filter', 'text'),
  { name: 'exclude', type: 'text', shape: [-1] },
];
/** Inputs that are not features. A feature with such a name is called `values.NAME`. */
const own: ReadonlySet<string> = new Set([
  'vector',
  ...[user, removeSeen, item, ...selectionFields].map(({ name }) => name),
]);

const hasUsers = ({ query }: About): boolean => query.key !== undefined;
const asker = (about: About): readonly TensorField[] => (hasUsers(about) ? [user] : []);
const seen = (about: About): readonly TensorField[] => (hasUsers(about) ? [removeSeen] : []);
const weightFields = ({ objectives }: About): readonly TensorField[] =>
  objectives.map(({ name }) => one(`weights.${name}`, 'number'));

type FeatureValueKind = About['query']['features'][number]['kind'];
const valueTypes: Readonly<Record<FeatureValueKind, TensorFieldType>> = {
  category: 'text',
  item: 'text',
  text: 'text',
  moment: 'text',
  number: 'number',
  vector: 'number',
};

const featureFields = ({ query }: About): readonly TensorField[] =>
  query.features.map(({ name, kind, list, each, size }) => ({
    name: inputOf(name),
    type: valueTypes[kind],
    shape: [...(list ? [-1] : []), ...(each ? [-1] : []), ...(size === undefined ? [] : [size])],
  }));

const inputOf = (feature: string): string =>
  own.has(feature) || /^(?:values|weights)\./.test(feature) ? `values.${feature}` : feature;

/** Returns the entry of a body of `/v1/recommend` that an input fills. */
function entryOf(input: string): readonly [entry: string, name?: string] {
  const [, prefix, rest] = /^(values|weights)\.(.+)$/s.exec(input) ?? [];
  if (prefix !== undefined) return [prefix, rest!];
  return own.has(input) ? [input] : ['values', input];
}

/** Outputs of one row by name: each a list, or a list of vectors. */
export type RowOutputs = Readonly<Record<string, NestedValue>>;
export type NestedValue = string | number | boolean | readonly NestedValue[];

export interface ServingSignature {
  readonly summary: string;
  /** The input that gets the values of a request without names. */
  readonly first: string;
  readonly schema: 'Recommend' | 'Similar';
  inputs(about: About): readonly TensorField[];
  outputs(about: About): readonly TensorField[];
  ask(answers: Answers, body: never, options: AnswerOptions): Promise<RowOutputs>;
  /** Returns the part of the body that selects a version. Vectors of two versions cannot be compared, so requests for vectors go to `stable`. */
  topic(body: Topic): Topic;
}

const ranked: readonly TensorField[] = [
  { name: 'keys', type: 'text', shape: [-1] },
  { name: 'titles', type: 'text', shape: [-1] },
  { name: 'scores', type: 'score', shape: [-1] },
];
const vectorOf = ({ width }: About): TensorField => ({ name: 'vector', type: 'number', shape: [width] });

const recommended = async (answers: Answers, body: RecommendBody, options: AnswerOptions): Promise<RowOutputs> =>
  columnsOf((await answers.recommend(body, options)).items);

export const signatures = {
  serving_default: {
    summary: 'The best items for a user, or for feature values.',
    first: 'user',
    schema: 'Recommend',
    inputs: (about) => [
      ...asker(about),
      ...featureFields(about),
      ...selectionFields,
      ...seen(about),
      ...weightFields(about),
    ],
    outputs: () => ranked,
    ask: recommended,
    topic: (body) => body,
  },
  search: {
    summary: 'The best items for a vector of the query tower.',
    first: 'vector',
    schema: 'Recommend',
    inputs: (about) => [vectorOf(about), ...asker(about), ...selectionFields, ...seen(about), ...weightFields(about)],
    outputs: () => ranked,
    ask: recommended,
    topic: () => ({}),
  },
  similar: {
    summary: 'The items near an item.',
    first: 'item',
    schema: 'Similar',
    inputs: () => [item, ...selectionFields],
    outputs: () => ranked,
    ask: async (answers, body: SimilarBody, options) => columnsOf((await answers.similar(body, options)).items),
    topic: (body) => body,
  },
  query_vector: {
    summary: 'The vector of the query tower for a user, or for feature values; with interests a vector for each.',
    first: 'user',
    schema: 'Recommend',
    inputs: (about) => [...asker(about), ...featureFields(about)],
    outputs: (about) => [
      {
        ...vectorOf(about),
        shape: about.query.interests === undefined ? [about.width] : [about.query.interests, about.width],
      },
    ],
    async ask(answers, body: RecommendBody) {
      const vectors = (await answers.vectors(body)).map((each) => [...each]);
      return { vector: answers.about().query.interests === undefined ? vectors[0]! : vectors };
    },
    topic: () => ({}),
  },
  item_vector: {
    summary: 'The vector of the item tower for an item.',
    first: 'item',
    schema: 'Similar',
    inputs: () => [item],
    outputs: (about) => [vectorOf(about)],
    ask: async (answers, body: SimilarBody) => ({ vector: [...(await answers.vectors(body))[0]!] }),
    topic: () => ({}),
  },
} as const satisfies Readonly<Record<string, ServingSignature>>;

export type SignatureName = keyof typeof signatures;
export const signatureList = Object.entries(signatures) as readonly (readonly [SignatureName, ServingSignature])[];
export const servingSignature = (name: string): ServingSignature | undefined =>
  Object.hasOwn(signatures, name) ? signatures[name as SignatureName] : undefined;

/** Returns the outputs for items. A missing title is an empty text, so that all lists have the same length. */
const columnsOf = (items: readonly AnsweredItem[]): RowOutputs => ({
  keys: items.map(({ key }) => key),
  titles: items.map(({ title }) => title ?? ''),
  scores: items.map(({ score }) => score),
});
