/**
 * Tables by name that follow one another: a keystroke in a file of thousands of features changes one. What is known of a table is known of
 * each later one too, but for the names in which they differ. Texts with mistakes may lie between the two.
 */

export type Table<V> = ReadonlyMap<string, V>;

/** Tables of which it is still known what changed since. */
const remembered = 256;

/** Which names changed, from table to table. */
class History {
  #first = 0;
  readonly #changes: (readonly string[])[] = [];

  get latest(): number {
    return this.#first + this.#changes.length;
  }

  add(names: readonly string[]): void {
    this.#changes.push(names);
    if (this.#changes.length <= remembered) return;
    this.#first += remembered / 2;
    this.#changes.splice(0, remembered / 2);
  }

  since(version: number): readonly string[] | undefined {
    const from = version - this.#first;
    if (from < 0) return undefined;
    return this.#changes.length - from === 1 ? this.#changes[from] : [...new Set(this.#changes.slice(from).flat())];
  }
}

/** Where a table is in its history. */
interface Place {
  readonly history: History;
  readonly version: number;
  /** One object for tables that have the same names, in the same order. */
  readonly names: object;
}

const places = new WeakMap<Table<unknown>, Place>();

function placeOf(table: Table<unknown>): Place {
  const known = places.get(table);
  if (known) return known;
  const place = { history: new History(), version: 0, names: {} };
  places.set(table, place);
  return place;
}

/** The same object for tables that follow one another and have the same names, in the same order. */
export const sharedNames = (table: Table<unknown>): object => placeOf(table).names;

/**
 * Notes that a table follows another. A table that two follow has a history with the first alone.
 * @param names all others are in both tables or in neither, with the same value and in the same order
 * @param same whether the tables have the same names, in the same order
 */
export function follow<T extends Table<unknown>>(
  before: Table<unknown>,
  next: T,
  names: readonly string[],
  same: boolean,
): T {
  const { history, version, names: shared } = placeOf(before);
  if (version !== history.latest) return next;
  history.add(names);
  places.set(next, { history, version: history.latest, names: same ? shared : {} });
  return next;
}

/** Something that is known of the last table of each history of which it was asked. */
export class Latest<K> {
  readonly #known = new WeakMap<History, { readonly version: number; readonly known: K }>();

  /** What is known, and the names in which the table differs from that of which it is known. */
  of(table: Table<unknown>): { readonly known: K; readonly names: readonly string[] } | undefined {
    const { history, version } = placeOf(table);
    const last = this.#known.get(history);
    if (last?.version === version) return { known: last.known, names: none };
    const names = last && version === history.latest ? history.since(last.version) : undefined;
    return last && names && { known: last.known, names };
  }

  set(table: Table<unknown>, known: K): void {
    const { history, version } = placeOf(table);
    this.#known.set(history, { version, known });
  }
}

const none: readonly never[] = [];
