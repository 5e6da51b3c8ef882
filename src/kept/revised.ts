/**
 * Tables by name that follow one another: a keystroke in a file of thousands of features changes one. The next table shares all else with
 * the one before, and knows in which names they differ.
 */

export type Table<V> = ReadonlyMap<string, V>;

export interface Since<V> {
  readonly before: Table<V>;
  /** All others are the same in both tables, and no name is in one of them alone. */
  readonly names: readonly string[];
}

const sinceOf = new WeakMap<Table<unknown>, Since<unknown>>();

/** Nothing where a table was made anew, or where one after it exists. */
export const changesOf = <V>(table: Table<V>): Since<V> | undefined => sinceOf.get(table) as Since<V> | undefined;

/** The table with other values at names that it has, in the same order; the same table where none is another. */
export function revised<V>(table: Table<V>, values: Iterable<readonly [string, V]>): Table<V> {
  const changes = new Map<string, V>();
  for (const [name, value] of values) if (table.get(name) !== value) changes.set(name, value);
  if (changes.size === 0) return table;
  const names = [...changes.keys()];
  const next = table instanceof Revised ? table.with(changes) : new Revised(table, changes);
  // Else each table would keep all that were before it.
  sinceOf.delete(table);
  sinceOf.set(next, { before: table, names });
  return next;
}

/** The same object for tables that follow one another: all have the same names, in the same order. */
export const sharedNames = (table: Table<unknown>): object => (table instanceof Revised ? table.base : table);

/** Values that are laid over a table before all of it is copied: a table of ten thousand takes as long to copy as a keystroke may. */
const most = 64;

class Revised<V> implements Table<V> {
  readonly base: Table<V>;
  readonly #changes: ReadonlyMap<string, V>;

  constructor(base: Table<V>, changes: ReadonlyMap<string, V>) {
    this.base = base;
    this.#changes = changes;
  }

  with(changes: ReadonlyMap<string, V>): Table<V> {
    const all = new Map([...this.#changes, ...changes]);
    return all.size > most ? new Map(new Revised(this.base, all)) : new Revised(this.base, all);
  }

  get size(): number {
    return this.base.size;
  }

  has(name: string): boolean {
    return this.base.has(name);
  }

  get(name: string): V | undefined {
    return this.#changes.get(name) ?? this.base.get(name);
  }

  keys(): MapIterator<string> {
    return this.base.keys();
  }

  *values(): MapIterator<V> {
    for (const [, value] of this) yield value;
  }

  entries(): MapIterator<[string, V]> {
    return this[Symbol.iterator]();
  }

  *[Symbol.iterator](): MapIterator<[string, V]> {
    for (const [name, value] of this.base) yield [name, this.#changes.get(name) ?? value];
  }

  forEach(call: (value: V, name: string, table: Table<V>) => void): void {
    this.base.forEach((value, name) => {
      call(this.#changes.get(name) ?? value, name, this);
    });
  }
}
