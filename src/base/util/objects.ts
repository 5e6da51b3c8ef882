/** Small helpers for objects, rows and promises. */

/** Returns the defaults, replaced by what is given. A property that is given as undefined keeps its default. */
export function withDefaults<T extends object>(defaults: T, given: Partial<NoInfer<T>> | undefined): T {
  const givenEntries = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  return Object.assign({ ...defaults }, Object.fromEntries(givenEntries));
}

/** True for a JSON object: neither a list nor null. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** True for values that are equal as JSON, where a property that is undefined is absent. */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((value, index) => isSameJson(value, other[index]));
  if (!isObject(one) || !isObject(other)) return Object.is(one, other);
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => isSameJson(one[name], other[name]));
}

/** Counts how often each value comes up, in the order in which they come. */
export function countsOf<T>(values: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Adds a value to the list of its key. */
export function addTo<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** Returns lists of values by key. Keys and values are in the order in which they come. */
export function groupedBy<K, V>(values: Iterable<V>, keyOf: (value: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) addTo(groups, keyOf(value), value);
  return groups;
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
