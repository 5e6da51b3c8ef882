/** The names of one kind that something reads. */
import { Facts } from '../kept/facts.ts';
import type { Table } from '../kept/history.ts';

/** Sets that are larger are not copied: the groups of a large file read ten thousand features. */
const large = 64;

export class Reads {
  readonly #note: (name: string) => void;
  readonly #own = new Set<string>();
  readonly #large: ReadonlySet<string>[] = [];

  /** @param note is given each name */
  constructor(note: (name: string) => void) {
    this.#note = note;
  }

  add(name: string): void {
    this.#note(name);
    this.#own.add(name);
  }

  /** All that a part of the text reads. The set stays as it is. */
  addAll(names: ReadonlySet<string>): void {
    for (const name of names) this.#note(name);
    if (names.size > large) this.#large.push(names);
    else for (const name of names) this.#own.add(name);
  }

  has(name: string): boolean {
    return this.#own.has(name) || this.#large.some((names) => names.has(name));
  }

  *[Symbol.iterator](): Iterator<string> {
    yield* new Set([...this.#own, ...this.#large.flatMap((names) => [...names])]);
  }

  /** The entries of a table that nothing reads. */
  missing<V>(table: Table<V>): readonly V[] {
    let left: Table<unknown> = table;
    for (const names of this.#large) {
      left = unread.of(left, (name, value) => (names.has(name) ? undefined : value), { around: [names] });
    }
    const values: V[] = [];
    for (const [name, value] of left) if (!this.#own.has(name)) values.push(value as V);
    return values;
  }
}

/** Entries that a large set does not name. */
const unread = new Facts<unknown, unknown>();
