/** Facts of the entries of a table. Of a table that follows another, they are made again only where the two differ. */
import { isSame } from './kept.ts';
import { changesOf, revised, type Table } from './revised.ts';

interface Known<B> {
  readonly around: readonly unknown[];
  readonly facts: Table<B>;
}

export interface FactOptions {
  /** All that facts follow from besides their entry. */
  readonly around?: readonly unknown[];
  /** Names of entries whose facts follow from other entries too. */
  readonly again?: Iterable<string>;
}

/**
 * The law: a fact follows from the name and the value of its entry, and from what is around the table. So the facts of two tables
 * differ at most where the tables do. An entry may have none. The same facts are the same table: what follows from them is kept too.
 */
export class Facts<A, B> {
  readonly #known = new WeakMap<Table<A>, Known<B>>();

  of(
    table: Table<A>,
    make: (name: string, value: A) => B | undefined,
    { around = none, again = none }: FactOptions = {},
  ): Table<B> {
    const known = this.#known.get(table);
    if (known && isSame(known.around, around)) return known.facts;
    const since = changesOf(table);
    const before = since && this.#known.get(since.before);
    const facts =
      since && before && isSame(before.around, around)
        ? remade(table, before.facts, new Set([...since.names, ...again]), make)
        : made(table, make);
    this.#known.set(table, { around, facts });
    return facts;
  }
}

const none: readonly never[] = [];

function made<A, B>(table: Table<A>, make: (name: string, value: A) => B | undefined): Table<B> {
  const facts = new Map<string, B>();
  for (const [name, value] of table) {
    const fact = make(name, value);
    if (fact !== undefined) facts.set(name, fact);
  }
  return facts;
}

function remade<A, B>(
  table: Table<A>,
  before: Table<B>,
  names: Iterable<string>,
  make: (name: string, value: A) => B | undefined,
): Table<B> {
  const found = new Map<string, B>();
  let hasOthers = false;
  for (const name of names) {
    const value = table.get(name);
    const fact = value === undefined ? undefined : make(name, value);
    if (fact !== undefined) found.set(name, fact);
    else if (before.has(name)) hasOthers = true;
    if (fact !== undefined && !before.has(name)) hasOthers = true;
  }
  if (!hasOthers) return revised(before, found);
  const changed = new Set(names);
  return made(table, (name) => (changed.has(name) ? found.get(name) : before.get(name)));
}
