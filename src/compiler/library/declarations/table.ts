/** The declarations of a file. Those with entries of their own have a file each. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import { features as featureKinds } from '../features/table.ts';
import { block } from './block_declaration.ts';
import { data } from './data_declaration.ts';
import type { DeclarationRow, Entries, EntryType } from './entry.ts';
import { labels } from './labels_declaration.ts';
import { objective } from './objective_declaration.ts';
import { search } from './search_declaration.ts';
import { task } from './task_declaration.ts';
import { tower } from './tower_declaration.ts';
import { train } from './train_declaration.ts';

/** Maps keywords to declarations, in the order in which editors offer them. */
export const declarations = {
  use: {
    brief: 'Features, groups and blocks of another file.',
    doc: 'Brings the features, groups, blocks, constants and data of another file into scope. The path starts at the folder of the file that uses.',
    example: 'use "features/films.tower"',
    snippet: ['use "${1:features.tower}"'],
    value: { is: 'path' },
  },
  let: {
    brief: 'A constant, for any place that takes a number.',
    doc: 'A constant: a number with a name, for any place that takes a number. `--set width=128` gives it another value for one run.',
    example: 'let width = 64',
    snippet: ['let ${1:width} = ${2:64}'],
    value: { is: 'number' },
  },
  model: {
    brief: 'The name of the model.',
    doc: 'The name of the model: the first line of a file that is one.',
    example: 'model films',
    snippet: ['model ${1:name}'],
  },
  features: {
    brief: 'What is read: a column and how its values become numbers.',
    doc: 'The inputs of the model: `name : kind(arguments)`. The name is the name of a column; the kind says how its values become numbers.',
    example: 'features {\n  user_id : id(dim: 32)\n  age     : number(standardize)\n}',
    snippet: ['features {', '  ${1:user_id} : ${2:id(dim: 32)}', '}'],
    value: { is: 'kind', what: 'kind of feature', of: featureKinds },
  },
  labels,
  group: {
    brief: 'A name for several features.',
    doc: 'A name for several features, as an input of a tower and the start of a flow.',
    example: 'group person = user_id, age',
    snippet: ['group ${1:profile} = ${2:user_id}'],
    value: { is: 'features' },
  },
  block,
  /** `shared block`: a keyword before `block`. */
  shared: {
    brief: 'Steps with a name; every use has the same weights.',
    doc: 'All uses of a shared block have the same weights: a siamese pair is two towers over one.',
    example: 'shared block body = mlp(300, 128, activation: tanh)',
    snippet: ['shared block ${1:body} = ${2:mlp(128, 64)}'],
    value: { is: 'flow' },
  },
  loss: {
    brief: 'The loss of a row, as a formula over its scores.',
    doc: "The loss of a row as a formula over its scores: `scores[i, j]` has the row's own item and its negatives, `negatives[i, j]` its negatives alone, and `own(s)` is the score of the own item.",
    example: 'loss ranked(margin = 0.2) of (s: negatives[i, j]) {\n  give mean over j (relu(margin + s - own(s)))\n}',
    snippet: ['loss ${1:ranked} of (s: ${2:negatives[i, j]}) {', '  give ${3:mean over j (softplus(s - own(s)))}', '}'],
  },
  tower,
  task,
  objective,
  retrieve: {
    brief: 'What a query ranks by: a weighted sum of scores.',
    doc: 'What a query ranks by: a weighted sum of the scores of the tasks. Without it, all scores are summed.',
    example: 'retrieve = 0.7 * click + 0.3 * stay',
    snippet: ['retrieve = ${1:click}'],
    value: { is: 'tasks' },
  },
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
