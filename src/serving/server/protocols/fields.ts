/** Named inputs and outputs of a model, as protocols of others describe them: what each value is, and its shape without the axis of rows. */
import type { About } from '../about.ts';

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
export const selection: readonly TensorField[] = [
  one('k', 'integer'),
  one('filter', 'text'),
  { name: 'exclude', type: 'text', shape: [-1] },
];
/** Inputs that are no features. A feature with such a name is called `values.NAME`. */
const own: ReadonlySet<string> = new Set(['vector', ...[user, removeSeen, item, ...selection].map(({ name }) => name)]);

const hasUsers = ({ query }: About): boolean => query.key !== undefined;
export const asker = (about: About): readonly TensorField[] => (hasUsers(about) ? [user] : []);
export const seen = (about: About): readonly TensorField[] => (hasUsers(about) ? [removeSeen] : []);
export const weights = ({ objectives }: About): readonly TensorField[] =>
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

export const features = ({ query }: About): readonly TensorField[] =>
  query.features.map(({ name, kind, list, each, size }) => ({
    name: inputOf(name),
    type: valueTypes[kind],
    shape: [...(list ? [-1] : []), ...(each ? [-1] : []), ...(size === undefined ? [] : [size])],
  }));

export const inputOf = (feature: string): string =>
  own.has(feature) || /^(?:values|weights)\./.test(feature) ? `values.${feature}` : feature;

/** The entry of a body of `/v1/recommend` that an input fills. */
export function entryOf(input: string): readonly [entry: string, name?: string] {
  const [, prefix, rest] = /^(values|weights)\.(.+)$/s.exec(input) ?? [];
  if (prefix !== undefined) return [prefix, rest!];
  return own.has(input) ? [input] : ['values', input];
}
