/** Facts of the entries of a table. Of a table that follows another, they are made again only where the two differ. */
import { follow, Latest, type Table } from './history.ts';
import { isSame } from './kept.ts';
import { following, revised } from './revised.ts';

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
  readonly #latest = new Latest<Known<B>>();

  of(
    table: Table<A>,
    make: (name: string, value: A) => B | undefined,
    { around = none, again = none }: FactOptions = {},
  ): Table<B> {
    const last = this.#latest.of(table);
    const isAround = last !== undefined && isSame(last.known.around, around);
    if (isAround && last.names.length === 0) return last.known.facts;
    const facts = isAround
      ? remade(table, last.known.facts, new Set([...last.names, ...again]), make)
      : following(last?.known.facts, made(table, make));
    this.#latest.set(table, { around, facts });
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
  names: ReadonlySet<string>,
  make: (name: string, value: A) => B | undefined,
): Table<B> {
  const found = new Map<string, B>();
  const changed: string[] = [];
  let hasOthers = false;
  for (const name of names) {
    const value = table.get(name);
    const fact = value === undefined ? undefined : make(name, value);
    if (fact !== undefined) found.set(name, fact);
    if (fact !== before.get(name)) changed.push(name);
    if ((fact !== undefined) !== before.has(name)) hasOthers = true;
  }
  if (!hasOthers) return revised(before, found);
  const facts = new Map<string, B>();
  for (const name of table.keys()) {
    const fact = names.has(name) ? found.get(name) : before.get(name);
    if (fact !== undefined) facts.set(name, fact);
  }
  return follow(before, facts, changed, false);
}
