/** Small helpers for objects, rows and promises. */

/** Returns the defaults, replaced by the overrides. A property whose override is undefined keeps its default. */
export function withDefaults<T extends object>(defaults: T, overrides: Partial<NoInfer<T>> | undefined): T {
  const definedOverrides = Object.entries(overrides ?? {}).filter(([, value]) => value !== undefined);
  return Object.assign({ ...defaults }, Object.fromEntries(definedOverrides));
}

/** True for a JSON object: neither a list nor null. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** True for values that are equal as JSON, where a property that is undefined is absent. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((value, index) => isSameJson(value, b[index]));
  if (!isObject(a) || !isObject(b)) return Object.is(a, b);
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => isSameJson(a[name], b[name]));
}

/** Counts how often each value comes up, in the order in which they come. */
export function countValues<T>(values: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Adds a value to the list of its key. */
export function appendToList<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** Returns lists of values by key. Keys and values are in the order in which they come. */
export function groupBy<K, V>(values: Iterable<V>, keyOf: (value: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) appendToList(groups, keyOf(value), value);
  return groups;
}

// The rows of a table by their numbers. `Int32Array.from` with a function takes 0.27 s for 10 million, this loop 0.03 s.

/** Returns the row numbers 0 … `count` − 1. */
export function listRowIndexes(count: number): Int32Array {
  const rows = new Int32Array(count);
  for (let row = 0; row < count; row++) rows[row] = row;
  return rows;
}

/** Returns a function that returns `length` numbers. They are those of its last call, so that each batch does not allocate. */
export const reuseFloats = () => reuseNumbers((length) => new Float32Array(length));
export const reuseIntegers = () => reuseNumbers((length) => new Int32Array(length));

function reuseNumbers<T extends Float32Array | Int32Array>(allocate: (length: number) => T): (length: number) => T {
  let buffer = allocate(0);
  return (length) => {
    if (buffer.length < length) buffer = allocate(length);
    return buffer.subarray(0, length) as T;
  };
}

/** Returns a function that runs asynchronous tasks in the order of the calls. Each starts when the one before it has ended, even with an error. */
export function makeSerialQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let lastTask: Promise<unknown> = Promise.resolve();
  return (task) => {
    const startedTask = lastTask.then(task, task);
    lastTask = startedTask.catch(() => {});
    return startedTask;
  };
}

/** Lets pending requests, sockets and timers run. Browsers have no `setImmediate`. */
export const yieldToEventLoop = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve);
  });
