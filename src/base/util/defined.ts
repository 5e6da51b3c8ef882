/**
 * Small helpers for objects, rows and promises. `defined` removes undefined properties, since `exactOptionalPropertyTypes` distinguishes an absent property
 * from an undefined one.
 */

/** The properties of `T`, with those that may be undefined made optional. */
export type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Returns a copy without the properties whose value is undefined. The others keep their order. */
export function defined<const T extends object>(values: T): Defined<T> {
  const definedValues: Record<string, unknown> = {};
  // Runs many times per request, so it makes no list of pairs.
  for (const name of Object.keys(values)) {
    const value = (values as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) definedValues[name] = value;
  }
  return definedValues as Defined<T>;
}

/** True for a JSON object: neither a list nor null. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Counts how often each value comes up, in the order in which they come. */
export function countsOf<T>(values: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

// The rows of a table by their numbers. `Int32Array.from` with a function takes 0.27 s for 10 million, this loop 0.03 s.

/** Returns the row numbers 0 … `count` − 1. */
export function everyRow(count: number): Int32Array {
  const rows = new Int32Array(count);
  for (let row = 0; row < count; row++) rows[row] = row;
  return rows;
}

/** Returns a function that runs works in the order in which they are given. Each starts when the one before it has ended, even with an error. */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let lastWork: Promise<unknown> = Promise.resolve();
  return (work) => {
    const startedWork = lastWork.then(work, work);
    lastWork = startedWork.catch(() => {});
    return startedWork;
  };
}

/** Lets pending requests, sockets and timers run. Browsers have no `setImmediate`. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve);
  });
