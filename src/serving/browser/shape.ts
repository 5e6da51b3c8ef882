/** Shapes of values that came from elsewhere, as data: a shape gives what is wrong with a value, with its place. */
import { isObject } from '../../base/util/is_object.ts';

export type JsonShape = (value: unknown, at: string) => string | undefined;

const is = (holds: (value: unknown) => boolean, expected: string): JsonShape => {
  return (value, at) => (holds(value) ? undefined : `${at} is not ${expected}`);
};

export const anything: JsonShape = () => undefined;
export const text = is((value) => typeof value === 'string', 'a text');
export const truth = is((value) => typeof value === 'boolean', 'true or false');
export const number = is((value) => Number.isFinite(value), 'a finite number');

export const whole = (least = 0, most = 2 ** 31 - 1): JsonShape =>
  is(
    (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
    `a whole number from ${least} to ${most}`,
  );

export const oneOf = (...values: readonly (string | true)[]): JsonShape =>
  is((value) => values.includes(value as string), `one of ${values.join(', ')}`);

export const orNull =
  (shape: JsonShape): JsonShape =>
  (value, at) =>
    value === null ? undefined : shape(value, at);

export const either =
  (first: JsonShape, second: JsonShape): JsonShape =>
  (value, at) =>
    first(value, at) === undefined ? undefined : second(value, at);

export const listOf =
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

export const recordOf =
  (each: JsonShape): JsonShape =>
  (value, at) =>
    isObject(value)
      ? firstOf(Object.entries(value), ([name, entry]) => each(entry, `${at}/${name}`))
      : `${at} is not an object`;

type JsonShapes = Readonly<Record<string, JsonShape>>;

/** An object with these entries, and no others. */
export const entries =
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
export const byKind =
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
