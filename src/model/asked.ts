/** Which names a stretch of resolving looked up, whatever it found: all that its answer follows from besides its node. */
import type { Table } from '../kept/history.ts';

/**
 * What a name may be looked up as. `members` are the features of a group. `written` has no names: it changes where a declared block,
 * written out, may be another.
 */
export type AskKind = 'constant' | 'feature' | 'label' | 'group' | 'block' | 'tower' | 'task' | 'members' | 'written';

export class Asked {
  readonly #names = new Map<AskKind, Set<string>>();
  /** Tables of which all was looked at. */
  readonly #whole = new Set<AskKind>();

  add(kind: AskKind, name: string): void {
    const names = this.#names.get(kind);
    if (names) names.add(name);
    else this.#names.set(kind, new Set([name]));
  }

  addWhole(kind: AskKind): void {
    this.#whole.add(kind);
  }

  join(other: Asked): void {
    for (const [kind, names] of other.#names) for (const name of names) this.add(kind, name);
    for (const kind of other.#whole) this.addWhole(kind);
  }

  has(kind: AskKind, name: string): boolean {
    return this.#whole.has(kind) || this.#names.get(kind)?.has(name) === true;
  }
}

/** Gets what is looked up in a table. */
export interface Note {
  readonly name: (name: string) => void;
  readonly whole: () => void;
}

/** A table that says what is looked up in it. */
export class NotedTable<V> implements Table<V> {
  constructor(
    private readonly table: Table<V>,
    private readonly note: Note,
  ) {}

  get size(): number {
    return this.#all.size;
  }

  has(name: string): boolean {
    this.note.name(name);
    return this.table.has(name);
  }

  get(name: string): V | undefined {
    this.note.name(name);
    return this.table.get(name);
  }

  keys(): MapIterator<string> {
    return this.#all.keys();
  }

  values(): MapIterator<V> {
    return this.#all.values();
  }

  entries(): MapIterator<[string, V]> {
    return this.#all.entries();
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.#all[Symbol.iterator]();
  }

  forEach(call: (value: V, name: string, table: Table<V>) => void): void {
    this.#all.forEach(call);
  }

  get #all(): Table<V> {
    this.note.whole();
    return this.table;
  }
}
