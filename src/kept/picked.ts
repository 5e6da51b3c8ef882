/** The values of a table at a list of names, as one object: the same list for as long as they are the same values. */
import { changesOf, type Table } from './revised.ts';

interface Known<V> {
  table: Table<V>;
  readonly values: readonly (V | undefined)[];
}

export class Picked<V> {
  readonly #known = new WeakMap<readonly string[], Known<V>>();

  /** @param names a list that stays the same object while it names the same */
  of(names: readonly string[], table: Table<V>): readonly (V | undefined)[] {
    const known = this.#known.get(names);
    if (known?.table === table) return known.values;
    const since = changesOf(table);
    if (known && since?.before === known.table && !since.names.some((name) => names.includes(name))) {
      known.table = table;
      return known.values;
    }
    const values = names.map((name) => table.get(name));
    this.#known.set(names, { table, values });
    return values;
  }
}
