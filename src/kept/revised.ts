/** A table that follows another shares all with it but what changed. */
import { follow, type Table } from './history.ts';

/** The table with other values at names that it has, in the same order; the same table where none is another. */
export function revised<V>(table: Table<V>, values: Iterable<readonly [string, V]>): Table<V> {
  const changes = new Map<string, V>();
  for (const [name, value] of values) if (table.get(name) !== value) changes.set(name, value);
  if (changes.size === 0) return table;
  const next = table instanceof Revised ? table.with(changes) : new Revised(table, changes);
  return follow(table, next, [...changes.keys()], true);
}

/** Entries that came and went in one place of a table. */
export interface Splice<V> {
  /** The name before them. */
  readonly after: string;
  readonly gone: readonly string[];
  readonly come: readonly (readonly [string, V])[];
}

export function spliced<V>(table: Table<V>, { after, gone, come }: Splice<V>): Table<V> {
  const left = new Set(gone);
  const next = new Map<string, V>();
  for (const [name, value] of table) {
    if (!left.has(name)) next.set(name, value);
    if (name === after) for (const [own, other] of come) next.set(own, other);
  }
  return follow(table, next, [...new Set([...gone, ...come.map(([name]) => name)])], false);
}

/** More names than a keystroke changes: what follows from such a table is found anew. */
const many = 1000;

/**
 * A table that was made anew, as one that follows another: the other itself where both hold the same in the same order. One that has
 * names in another order follows none.
 */
export function following<V>(before: Table<V> | undefined, next: Table<V>): Table<V> {
  const change = before && differing(before, next);
  if (!before || !change) return next;
  return change.names.length === 0 ? before : follow(before, next, change.names, change.same);
}

interface Difference {
  readonly names: readonly string[];
  /** Whether both have the same names. */
  readonly same: boolean;
}

/** Nothing where they differ in more than some names. */
function differing<V>(before: Table<V>, next: Table<V>): Difference | undefined {
  const names: string[] = [];
  const olds = before.entries();
  let old = olds.next();
  let same = true;
  /** Passes names that only the table before has. */
  const passGone = (): void => {
    for (; !old.done && !next.has(old.value[0]); old = olds.next()) {
      names.push(old.value[0]);
      same = false;
    }
  };
  for (const [name, value] of next) {
    if (!old.done && old.value[0] !== name) passGone();
    if (!old.done && old.value[0] === name) {
      if (old.value[1] !== value) names.push(name);
      old = olds.next();
    } else {
      if (before.has(name)) return undefined;
      names.push(name);
      same = false;
    }
    if (names.length > many) return undefined;
  }
  passGone();
  return { names, same };
}

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
