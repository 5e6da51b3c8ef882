/** Words of the grammar and entries of its declarations: what `tower explain` says of each. */
import { entryTables } from '../model/entry_names.ts';

export interface Word {
  readonly word: string;
  /** What it is: "declaration", "entry of `train`". */
  readonly what: string;
  readonly doc: string;
  readonly example: string;
}

const declarations: Readonly<Record<string, readonly [what: string, doc: string, example: string]>> = {
  model: ['declaration', 'The name of the model: the first line of a file that is one.', 'model films'],
  use: [
    'declaration',
    'Brings the features, groups, blocks, constants and data of another file into scope. The path starts at the folder of the file that uses.',
    'use "features/films.tower"',
  ],
  let: [
    'declaration',
    'A constant: a number with a name, wherever a number may be. `--set width=128` gives it another value for one run.',
    'let width = 64',
  ],
  features: [
    'declaration',
    'What is read: `name : kind(arguments)`. The name is that of the column; the kind says how its values become numbers.',
    'features {\n  user_id : id(dim: 32)\n  age     : number(standardize)\n}',
  ],
  labels: [
    'declaration',
    'What is predicted: `name : binary` or `name : number`. A task names one with `label =`. No tower may read a label.',
    'labels {\n  clicked : binary\n  seconds : number\n}',
  ],
  group: [
    'declaration',
    'A name for several features, which a tower lets in and a flow begins with.',
    'group person = user_id, age',
  ],
  block: [
    'declaration',
    'A name for steps of a flow. Each use has weights of its own; those of a `shared block` are the same for all uses.',
    'block deep = flatten -> mlp(256, 128) -> dense(64)',
  ],
  shared: [
    'word before `block`',
    'All uses of a shared block have the same weights: a siamese pair is two towers over one.',
    'shared block body = mlp(300, 128, activation: tanh)',
  ],
  tower: [
    'declaration',
    'One side of the model. In parentheses it names what it reads; `keyed by` names the feature that tells one user or item from another. Its lines are steps; those with `channel` are its outputs.',
    'tower item(film) keyed by movie_id {\n  channel main = film -> flatten -> mlp(128, 64)\n}',
  ],
  keyed: [
    'word of a tower',
    'Names the feature that tells one user, or one item, from another.',
    'tower user(person) keyed by user_id { channel main = person -> flatten -> dense(64) }',
  ],
  by: [
    'word of a tower and of a data file',
    'After `keyed` it names the key of a tower; after a file of items or users the column that joins it to the events.',
    'items = "movies.csv" by movie_id',
  ],
  channel: [
    'word of a tower',
    'An output of a tower. A score pairs the channels of the two towers by name, and two that pair have one width.',
    'channel main = film -> flatten -> mlp(128, 64)',
  ],
  task: [
    'declaration',
    'What is learnt: a score of the two towers and a loss; a label where the loss needs one.',
    'task watch {\n  score = cosine(user, item)\n  loss  = softmax(in_batch, temperature: 0.05)\n}',
  ],
  objective: [
    'declaration',
    'What training minimises: a weighted sum of the losses of the tasks, or a weighting that changes as it learns.',
    'objective = 1.0 * click + 0.5 * stay',
  ],
  retrieve: [
    'declaration',
    'What a query ranks by: a weighted sum of the scores of the tasks. Without it, all scores are summed.',
    'retrieve = 0.7 * click + 0.3 * stay',
  ],
  train: [
    'declaration',
    'How the model is trained: batch, epochs, seed, optimizers, and when to stop. All have defaults.',
    'train {\n  batch = 1024, epochs = 10\n  dense = adam(rate: 1e-3), embeddings = adagrad(rate: 0.05)\n}',
  ],
  data: [
    'declaration',
    'Where the rows are, in a file of its own: `tower train MODEL --data FILE`.',
    'data movielens {\n  events = "ratings.csv"\n  items  = "movies.csv" by movie_id\n  split  = random(validation: 10%, test: 10%)\n}',
  ],
  columns: [
    'block of `data`',
    'Columns whose name differs from their feature, or which are computed: `name = "DuckDB SQL"`.',
    'columns {\n  user_id = "userId"\n  genres  = "string_split(genres, \'|\')"\n}',
  ],
  binary: ['sort of label', 'A label that is 0 or 1, yes or no.', 'labels { clicked : binary }'],
  past: [
    'entry of `data`',
    "A column of the user's earlier events: never this one, never a later one. It needs `time`.",
    'history = past(movie_id, 50)',
  ],
};

const examples: Readonly<Record<string, string>> = {
  score: 'score = cosine(user, item)',
  loss: 'loss = softmax(in_batch, temperature: 0.05)',
  label: 'label = clicked',
  weight: 'weight = seconds',
  only: 'only = clicked',
  batch: 'batch = 1024',
  epochs: 'epochs = 10',
  seed: 'seed = 7',
  dense: 'dense = adam(rate: 1e-3)',
  embeddings: 'embeddings = adagrad(rate: 0.05)',
  stop: 'stop = recall(50, patience: 2)',
  events: 'events = "ratings.csv"',
  items: 'items = "movies.csv" by movie_id',
  users: 'users = "users.csv" by user_id',
  where: 'where = "rating >= 1"',
  time: 'time = "timestamp"',
  split: 'split = by_time(validation: 10%, test: 10%)',
  seen: 'seen = excluded',
  reject: 'reject = 1%',
};

/** Plain words that people ask for, and the word that answers. */
const aliases: Readonly<Record<string, string>> = {
  feature: 'features',
  column: 'columns',
  key: 'keyed',
  history: 'past',
};

/** Every word, the declarations first. A word may be an entry of one declaration and a word of another. */
export const words: readonly Word[] = [
  ...Object.entries(declarations).map(([word, [what, doc, example]]) => ({ word, what, doc, example })),
  ...Object.entries(entryTables).flatMap(([place, table]) =>
    Object.entries(table).map(([word, doc]) => ({
      word,
      what: `entry of \`${place}\``,
      doc,
      example: examples[word] ?? `${word} = …`,
    })),
  ),
];

export const wordsNamed = (name: string): readonly Word[] => {
  const meant = Object.hasOwn(aliases, name) ? aliases[name] : name;
  return words.filter(({ word }) => word === meant);
};

/** In the terminal: what it is, what it does, and how it is written. */
export function wordText({ word, what, doc, example }: Word): string {
  const lines = example.split('\n').map((line) => `  ${line}`);
  return [`${word} · ${what}`, doc, 'Example:', lines.join('\n')].join('\n\n');
}
