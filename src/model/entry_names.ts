/** What each declaration that has entries may say, with one line of doc each. */

export const taskEntries = {
  score: 'How well an item answers: `cosine(user, item)`, times or divided by a number.',
  loss: 'What is minimised: `softmax(in_batch)`, `bce`.',
  label: 'The label that is learnt, where the loss needs one.',
  weight: 'A label or feature whose value weighs each row.',
  only: 'A binary label: the task learns from the rows alone where it is 1.',
} as const;

export const trainDocs = {
  batch: 'Rows a step.',
  epochs: 'Passes over the training part; 0 leaves the first weights as they are drawn.',
  seed: 'Everything random follows from it.',
  dense: 'Optimizer of the weights; `adam(rate: 1e-3)` where not given.',
  embeddings: 'Optimizer of the embedding tables, rows seen only; `adagrad(rate: 0.05)` where not given.',
  stop: 'Ends training when this metric of the validation part no longer rises: `recall(50, patience: 2)`.',
} as const;

/** What a data block may say besides its histories. */
export const dataEntries = {
  events: 'The file with one row per event: CSV, gz, Parquet, JSON lines; a path or a glob.',
  items: 'The file with one row per item, joined by its key: the corpus that is evaluated, indexed and served.',
  users: 'The file with one row per user, joined by its key.',
  where: 'A DuckDB SQL condition: events that do not meet it are left out.',
  time: 'A DuckDB SQL expression that orders the events.',
  split: 'What is held out: `by_time(…)`, `leave_one_out`, `random(…)`, `column(…)`.',
  seen: 'Whether items that the user had before an event leave its ranking, wherever one is made: `excluded`, or `kept` where people come back to them.',
  reject: 'The share of bad rows past which the run stops.',
} as const;

export type EntryPlace = 'task' | 'train' | 'data';

export const entryTables: Readonly<Record<EntryPlace, Readonly<Record<string, string>>>> = {
  task: taskEntries,
  train: trainDocs,
  data: dataEntries,
};

const homes: Readonly<Record<EntryPlace, string>> = {
  task: '`task NAME { … }`',
  train: '`train { … }`',
  data: '`data NAME { … }`',
};

/** The other declaration that an entry belongs to. */
export function homeOf(name: string, place: EntryPlace): string | undefined {
  const found = (Object.keys(entryTables) as EntryPlace[]).find(
    (other) => other !== place && Object.hasOwn(entryTables[other], name),
  );
  return found && homes[found];
}
