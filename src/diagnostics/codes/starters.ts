/** Codes of `tower init`, which writes a starter project. */
import { row } from '../code_row.ts';

export const starters = {
  'starter-exists': row<{ path: string; isUnfinished?: boolean }>({
    severity: 'error',
    message: ({ path }) => `${path} exists, and is not overwritten`,
    hint: ({ isUnfinished = false }) =>
      isUnfinished
        ? 'remove what an import left that did not end, or write another project: `--out FOLDER`'
        : 'train the model that is there with `tower train`, or write another project: `--out FOLDER`',
    means:
      '`tower init` and `tower import` write new files only. The folder has a file of the name that the project needs.',
    remedy: 'Choose another folder with `--out`, or move the file.',
  }),

  'starter-no-files': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `${folder} has no file of rows`,
    hint: () => 'name the files: `tower init ratings.csv movies.csv`',
    means:
      '`tower init` without files looks into the current folder for CSV, TSV, Parquet and JSON, and into the folders in it.',
    remedy: 'Name the files, or change to their folder.',
  }),

  'starter-no-table': row<{ reasons: readonly string[] }>({
    severity: 'error',
    message: ({ reasons }) => `no file is a table of rows: ${reasons.join('; ')}`,
    hint: () => 'use CSV, TSV, Parquet or JSON lines, each also with .gz, and one row for each event',
    means:
      '`tower init` reads tables: CSV, TSV, Parquet and JSON, with a row for each event, item or user. None of the files is one.',
    remedy: 'Save the data as CSV with a line of names, one row for each event.',
  }),

  'starter-no-events': row<{ reason: string }>({
    severity: 'error',
    message: ({ reason }) => `nothing can be learned from these files: ${reason}`,
    hint: () => 'name the columns: `--user COLUMN --item COLUMN`, or add the file of events',
    means:
      'A retrieval model learns from pairs: a user and an item, a question and the text that answers it, a situation and what was chosen in it. Each row of a file of events is such a pair.',
    remedy:
      'Add the file of events. If a column has a name that says nothing, name it with `--user`, `--item` or `--time`.',
  }),

  'starter-fails': row<{ model: string }>({
    severity: 'error',
    message: ({ model }) => `${model} was written, and does not check`,
    hint: ({ model }) => `correct the lines of the other messages, then run \`tower check ${model}\``,
    means: '`tower init` wrote a project that `tower check` refuses: the files are not what their sample shows.',
    remedy: 'Correct the lines that the messages name. Please report the case, with the header of the file.',
  }),
} as const;
