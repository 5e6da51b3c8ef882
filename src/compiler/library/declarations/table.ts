import { block, shared } from './block.ts';
import { data } from './data.ts';
import type { DeclarationRow, Entries, EntryType } from './entry.ts';
import { features } from './features.ts';
import { group } from './group.ts';
import { labels } from './labels.ts';
import { constant } from './let.ts';
import { model } from './model.ts';
import { objective } from './objective.ts';
import { retrieve } from './retrieve.ts';
import { search } from './search.ts';
import { task } from './task.ts';
import { tower } from './tower.ts';
import { train } from './train.ts';
import { use } from './use.ts';

/** Maps the first word to its declaration, in the order in which editors offer them. */
export const declarations = {
  use,
  let: constant,
  model,
  features,
  labels,
  group,
  block,
  shared,
  tower,
  task,
  objective,
  retrieve,
  train,
  search,
  data,
} satisfies Readonly<Record<string, DeclarationRow>>;

/** Declarations whose entries have names of the language. */
export type EntryPlace = 'task' | 'train' | 'data';

export const entryTables: Readonly<Record<EntryPlace, Entries>> = {
  task: task.entries,
  train: train.entries,
  data: data.entries,
};

/** Returns the entries of a declaration by its first word; none if its entries have names of the file. */
export const entriesOf = (word: string): Entries => rowOf(word)?.entries ?? {};

/** The type of an entry of a declaration; of the declaration itself where it has no body. */
export function typeOfEntry(word: string, name: string): EntryType | undefined {
  const row = rowOf(word);
  return row?.entries && Object.hasOwn(row.entries, name) ? row.entries[name]!.type : row?.value;
}

/** Returns every type of a declaration: of its named entries, and of those with names of the file. */
export function allTypes(): readonly { readonly name: string; readonly type: EntryType }[] {
  return Object.entries<DeclarationRow>(declarations).flatMap(([word, { entries = {}, value }]) => [
    ...Object.entries(entries).map(([name, { type }]) => ({ name, type })),
    ...(value ? [{ name: word, type: value }] : []),
  ]);
}

function rowOf(word: string): DeclarationRow | undefined {
  return Object.hasOwn(declarations, word) ? declarations[word as keyof typeof declarations] : undefined;
}
