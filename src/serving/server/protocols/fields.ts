/** Named inputs and outputs of a model, as protocols of others describe them: what each value is, and its shape without the axis of rows. */
import type { About } from '../about.ts';
import type { ErrorDetail } from '../schemas.ts';

/** From a row of named inputs to the body of a question, and from a mistake of that body back to the input. */
export type InputRow = Readonly<Record<string, unknown>>;

/**
 * An empty text, `null` and NaN are as if the input were not given, and end a list early: tensors have values in all rows, and lists of one length.
 * The values of a feature that belong to the elements of a list, one each, are as many as the elements that are left.
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

/** Undefined where nothing is left. An empty list stays one. */
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

/** Position of an error within an array of bodies, in the words of a protocol. */
export interface RowPosition {
  readonly row: number;
  /** Absent: the whole row. */
  readonly input?: string;
  /** JSON pointer into the value. */
  readonly within: string;
}

/** Undefined for an error that is not in one of the rows. */
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

export type TensorFieldType = 'text' | 'integer' | 'number' | 'truth' | 'score';

/** Scores are inner products in float64. */
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
export const item = one('item', 'text');
export const selectionFields: readonly TensorField[] = [
  one('k', 'integer'),
  one('filter', 'text'),
  { name: 'exclude', type: 'text', shape: [-1] },
];
/** Inputs that are no features. A feature with such a name is called `values.NAME`. */
const own: ReadonlySet<string> = new Set([
  'vector',
  ...[user, removeSeen, item, ...selectionFields].map(({ name }) => name),
]);

const hasUsers = ({ query }: About): boolean => query.key !== undefined;
export const asker = (about: About): readonly TensorField[] => (hasUsers(about) ? [user] : []);
export const seen = (about: About): readonly TensorField[] => (hasUsers(about) ? [removeSeen] : []);
export const weightFields = ({ objectives }: About): readonly TensorField[] =>
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

export const featureFields = ({ query }: About): readonly TensorField[] =>
  query.features.map(({ name, kind, list, each, size }) => ({
    name: inputOf(name),
    type: valueTypes[kind],
    shape: [...(list ? [-1] : []), ...(each ? [-1] : []), ...(size === undefined ? [] : [size])],
  }));

const inputOf = (feature: string): string =>
  own.has(feature) || /^(?:values|weights)\./.test(feature) ? `values.${feature}` : feature;

/** The entry of a body of `/v1/recommend` that an input fills. */
function entryOf(input: string): readonly [entry: string, name?: string] {
  const [, prefix, rest] = /^(values|weights)\.(.+)$/s.exec(input) ?? [];
  if (prefix !== undefined) return [prefix, rest!];
  return own.has(input) ? [input] : ['values', input];
}
