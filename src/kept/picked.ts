/** The values of a table at a list of names, as one object: the same list for as long as they are the same values. */
import { Latest, type Table } from './history.ts';

type Values<V> = readonly (V | undefined)[];

export class Picked<V> {
  readonly #known = new WeakMap<readonly string[], Latest<Values<V>>>();

  /** @param names a list that stays the same object while it names the same */
  of(names: readonly string[], table: Table<V>): Values<V> {
    const latest = this.#known.get(names) ?? new Latest<Values<V>>();
    this.#known.set(names, latest);
    const last = latest.of(table);
    if (last && last.names.length === 0) return last.known;
    const isKnown = last && !last.names.some((name) => names.includes(name));
    const values = isKnown ? last.known : names.map((name) => table.get(name));
    latest.set(table, values);
    return values;
  }
}
