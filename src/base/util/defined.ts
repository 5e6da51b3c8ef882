/** Optional properties: an object without its undefined values, since `exactOptionalPropertyTypes` distinguishes an absent property from an undefined one. */

/** The properties of `T`; those that may be undefined are optional. */
export type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** A copy without the properties whose value is undefined; the order of the others stays. */
export function defined<const T extends object>(values: T): Defined<T> {
  const kept: Record<string, unknown> = {};
  // Many times a request: no list of pairs is made.
  for (const name of Object.keys(values)) {
    const value = (values as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept as Defined<T>;
}
