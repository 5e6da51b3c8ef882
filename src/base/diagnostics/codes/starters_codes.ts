/** Codes of `tower init`, which writes a starter project. */
import { row } from '../wording.ts';

export const starters = {
  'starter-exists': row<{ path: string; isUnfinished?: boolean }>({
    message: ({ path }) => `${path} exists, and is not overwritten`,
    hint: ({ isUnfinished = false }) =>
      isUnfinished
        ? 'remove what an import left that did not end, or write another project: `--out FOLDER`'
        : 'train the model that is there with `tower train`, or write another project: `--out FOLDER`',
  }),

  'starter-no-files': row<{ folder: string }>({
    message: ({ folder }) => `${folder} has no file of rows`,
    hint: 'name the files: `tower init ratings.csv movies.csv`',
  }),

  'starter-no-table': row<{ reasons: readonly string[] }>({
    message: ({ reasons }) => `no file is a table of rows: ${reasons.join('; ')}`,
    hint: 'use CSV, TSV, Parquet or JSON lines, each also with .gz, and one row for each event',
  }),

  'starter-no-events': row<{ reason: string }>({
    message: ({ reason }) => `nothing can be learned from these files: ${reason}`,
    hint: 'name the columns: `--user COLUMN --item COLUMN`, or add the file of events',
  }),

  'starter-asks': row<{ id: string; question: string; choices: readonly string[] }>({
    message: ({ question, choices }) =>
      `the files do not say it, and no answer is likely enough: ${question} ${choices.join('; ')}`,
    hint: ({ id }) => `answer with an option, such as \`--${id} COLUMN\``,
  }),

  'starter-fails': row<{ model: string }>({
    message: ({ model }) => `${model} was written, and cannot be trained`,
    hint: ({ model }) => `correct the lines of the other messages, then run \`tower check ${model}\``,
  }),
} as const;
