import { block, shared } from './block_declaration.ts';
import { data } from './data_declaration.ts';
import type { DeclarationRow, Entries, EntryType } from './entry.ts';
import { features } from './features_declaration.ts';
import { group } from './group_declaration.ts';
import { labels } from './labels_declaration.ts';
import { constant } from './let_declaration.ts';
import { model } from './model_declaration.ts';
import { objective } from './objective_declaration.ts';
import { retrieve } from './retrieve_declaration.ts';
import { search } from './search_declaration.ts';
import { task } from './task_declaration.ts';
import { tower } from './tower_declaration.ts';
import { train } from './train_declaration.ts';
import { use } from './use_declaration.ts';

/** Maps keywords to declarations, in the order in which editors offer them. */
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

/** Declarations whose entry names belong to the language. */
export type EntryPlace = 'task' | 'train' | 'data';

export const entryTables: Readonly<Record<EntryPlace, Entries>> = {
  task: task.entries,
  train: train.entries,
  data: data.entries,
};

/** Returns the entries of a declaration by its keyword; none if their names come from the file. */
export const entriesOf = (word: string): Entries => rowOf(word)?.entries ?? {};

/** Returns the type of an entry of a declaration, or of the declaration itself if it has no body. */
export function typeOfEntry(word: string, name: string): EntryType | undefined {
  const row = rowOf(word);
  return row?.entries && Object.hasOwn(row.entries, name) ? row.entries[name]!.type : row?.value;
}

/** Returns every type in a declaration: of its named entries, and of entries whose names come from the file. */
export function allTypes(): readonly { readonly name: string; readonly type: EntryType }[] {
  return Object.entries<DeclarationRow>(declarations).flatMap(([word, { entries = {}, value }]) => [
    ...Object.entries(entries).map(([name, { type }]) => ({ name, type })),
    ...(value ? [{ name: word, type: value }] : []),
  ]);
}

function rowOf(word: string): DeclarationRow | undefined {
  return Object.hasOwn(declarations, word) ? declarations[word as keyof typeof declarations] : undefined;
}
