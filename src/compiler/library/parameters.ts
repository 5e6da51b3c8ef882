/**
 * Constructors of parameter rows. Each carries the TypeScript type of its checked argument, so that `Arguments<P>` follows from the declaration, and `lower` of
 * a kind is typed without a second declaration.
 */
import type {
  Arguments,
  FeatureArgument,
  FlowArgument,
  KindRow,
  Parameter,
  ParameterType,
  SideArgument,
} from './contract.ts';

interface Options<T> {
  readonly doc: string;
  readonly default?: T;
  readonly required?: true;
  readonly positional?: true;
  readonly also?: readonly string[];
  readonly near?: readonly string[];
}

/** `T`, or `T | undefined` if the argument is optional and has no default. */
type ArgumentOf<T, O> = O extends { readonly default: unknown } | { readonly required: true } ? T : T | undefined;

type Bounds<K extends ParameterType['is']> = Omit<Extract<ParameterType, { readonly is: K }>, 'is'>;

function parameter<T, O extends Options<T>>(type: ParameterType, options: O): Parameter<ArgumentOf<T, O>> {
  const { doc, required, positional, also, near } = options;
  const usual = 'default' in options ? { default: options.default as ArgumentOf<T, O> } : {};
  return { type, doc, ...usual, required, positional, also, near };
}

/** Declares an integer: `max: 50`. */
export function integer<const O extends Options<number> & Bounds<'integer'>>(
  options: O,
): Parameter<ArgumentOf<number, O>> {
  return parameter<number, O>({ is: 'integer', ...bounds(options, ['min', 'max']) }, options);
}

/** Declares a number: `rate: 1e-3`. `min` and `max` are inclusive, `above` and `below` exclusive. */
export function number<const O extends Options<number> & Bounds<'number'>>(
  options: O,
): Parameter<ArgumentOf<number, O>> {
  return parameter<number, O>({ is: 'number', ...bounds(options, ['min', 'max', 'above', 'below']) }, options);
}

/** Declares a number, or a call of one of a small set of kinds: `temperature: learned(0.07)`. */
export function numberOr<
  const T extends Readonly<Record<string, KindRow>>,
  const O extends Options<number> & Bounds<'number'>,
>(or: T, options: O): Parameter<ArgumentOf<number | BoundIn<T>, O>> {
  const { type, ...rest } = number(options);
  return { ...rest, type: { ...type, or } } as Parameter<ArgumentOf<number | BoundIn<T>, O>>;
}

/** Declares one of a few words: `pool: mean`. */
export function choice<const C extends string, const O extends Options<C>>(
  of: readonly C[],
  options: O,
): Parameter<ArgumentOf<C, O>> {
  return parameter<C, O>({ is: 'choice', of }, options);
}

/** Declares a flag, given by its bare name: `number(standardize)`. */
export function flag(options: { readonly doc: string }): Parameter<boolean> {
  return { type: { is: 'flag' }, doc: options.doc, default: false, positional: true };
}

/** Makes the constructor of a type without settings of its own. */
const ofType =
  <T>(is: 'text' | 'column' | 'side' | 'feature' | 'flow') =>
  <const O extends Options<T>>(options: O): Parameter<ArgumentOf<T, O>> =>
    parameter<T, O>({ is }, options);

/** Declares a text in quotes: `"F"`. */
export const text = ofType<string>('text');
/** Declares the name of a data column: `weights: stars`. */
export const column = ofType<string>('column');
/** Declares a tower, or one of its channels: `through: item`, `through: item.main`. */
export const side = ofType<SideArgument>('side');
/** Declares a feature's name, or a call of a feature kind: `list(category(dim: 16))`. */
export const feature = ofType<FeatureArgument>('feature');
/** Declares blocks in the order of the data: `residual(mlp(128, 64))`. */
export const flow = ofType<FlowArgument>('flow');

/** Declares a list of numbers: `[18, 25, 35]`. */
export function numbers<const O extends Options<readonly number[]> & Bounds<'numbers'>>(
  options: O,
): Parameter<ArgumentOf<readonly number[], O>> {
  return parameter<readonly number[], O>({ is: 'numbers', ...(options.ascending ? { ascending: true } : {}) }, options);
}

/** Declares the name of a declaration in the file. */
export function name<const O extends Options<string>>(
  of: Extract<ParameterType, { readonly is: 'name' }>['of'],
  options: O,
): Parameter<ArgumentOf<string, O>> {
  return parameter<string, O>({ is: 'name', of }, options);
}

/** The checked call of one of a small set of kinds. */
export type BoundIn<T extends Readonly<Record<string, KindRow>>> = {
  readonly [K in keyof T & string]: { readonly kind: K; readonly arguments: Arguments<T[K]['parameters']> };
}[keyof T & string];

/** Declares a call of one of a small set of kinds: `negatives: sampled(4)`. */
export function kind<const T extends Readonly<Record<string, KindRow>>, const O extends Options<BoundIn<T>>>(
  of: T,
  options: O,
): Parameter<ArgumentOf<BoundIn<T>, O>> {
  return parameter<BoundIn<T>, O>({ is: 'kind', of }, options);
}

/** Takes all remaining positional arguments of one type as a list; at least one with `required`. */
export function rest<T>(of: Parameter<T>): Parameter<readonly NonNullable<T>[]> {
  const { type, doc, required } = of;
  return { type, doc, positional: true, rest: true, ...(required ? { required } : { default: [] }) };
}

function bounds<N extends string>(options: { readonly [B in N]?: number }, names: readonly N[]): { [B in N]?: number } {
  const setBounds: { [B in N]?: number } = {};
  for (const bound of names) if (options[bound] !== undefined) setBounds[bound] = options[bound];
  return setBounds;
}
