/** Codes of data blocks, data files and their rows. */
import type { Code } from '../../diagnostics/codes.ts';
import type { Explanation } from '../explanation.ts';

export const data = {
  'misplaced-by': {
    means: '`by` says the column that joins a file to the events. The events are what is joined to.',
    wrong: 'data views {\n  events = "views.csv" by user_id\n  split = random(test: 10%)\n}\n',
    right: 'data views {\n  events = "views.csv"\n  split = random(test: 10%)\n}\n',
  },
  'missing-key': {
    means: 'A file of items or users has a row for each, and is joined to the events by the column that both have.',
    wrong: 'data views {\n  events = "views.csv"\n  items = "movies.csv"\n  split = random(test: 10%)\n}\n',
    right: 'data views {\n  events = "views.csv"\n  items = "movies.csv" by movie_id\n  split = random(test: 10%)\n}\n',
  },
  'time-needed': {
    means:
      'A history, and a split by time, must know which event came earlier. Without a time a row could see what happened after it.',
    wrong: 'data views {\n  events = "views.csv"\n  split = by_time(validation: 10%, test: 10%)\n}\n',
    right:
      'data views {\n  events = "views.csv"\n  time = "seen_at"\n  split = by_time(validation: 10%, test: 10%)\n}\n',
  },
  'split-share': {
    means: 'What is held out for validation and test is everything, and nothing is left to train on.',
    wrong: 'data views {\n  events = "views.csv"\n  split = random(validation: 50%, test: 50%)\n}\n',
    right: 'data views {\n  events = "views.csv"\n  split = random(validation: 10%, test: 10%)\n}\n',
  },
  'data-file-missing': {
    means:
      'A path of the data block leads to no file. Paths start from the folder of the `.tower` file with the block.',
    mend: 'Correct the path, or fetch the data first: `tower data` lists the sets it can fetch.',
  },
  'data-file-outside': {
    means:
      'A path of the data block leads out of the project. The project is the nearest folder above the `.tower` file that has a `package.json` or a `.git`; without one it is the folder of the file. A link counts as the file that it leads to.',
    mend: 'Move the file into the project. If the block may read that folder, name it: `--allow FOLDER` on the command line, `allow` in the library.',
  },
  'data-file-kind': {
    means: 'The ending of a file says how it is read, and this ending is none that is known.',
    mend: 'Give the file one of the endings .csv, .tsv, .txt, .parquet, .jsonl, .ndjson or .json; text files may end in .gz as well.',
  },
  'data-file-unreadable': {
    means: 'The file is there and cannot be opened, or is not what its ending says.',
    mend: 'Look at its permissions, and open it with another program.',
  },
  'data-file-damaged': {
    means:
      'A compressed or Parquet file ends too early, or its contents contradict themselves. Nothing of it is used, since what is missing cannot be known.',
    mend: 'Fetch or write the file again.',
  },
  'data-file-shape': {
    means:
      'One line makes the whole file unreadable: a header with one name twice or a quote that never closes, text in UTF-16, an array of JSON that is cut off.',
    mend: 'Correct the line that the message names. Save the file as UTF-8.',
  },
  'data-file-changed': {
    means:
      'The size or time of the file changed between its first and its last reading. Rows of two versions may be mixed, so none is used.',
    mend: 'Wait until the program that writes the file has ended, and run again.',
  },
  'data-file-uncounted': {
    means:
      'Tower counts the records of each file by itself. The database read fewer records, or more, and which ones is not known. Nothing of the file is used.',
    mend: 'Write the file again, in Parquet if possible. Report the file as a bug.',
  },
  'data-file-headers': {
    means: 'A pattern names several files, which are read as one, and they do not have the same columns.',
    mend: 'Make the columns the same, or name fewer files.',
  },
  'no-rows': {
    means: 'There is nothing to read: the file has a header alone, or `where` leaves every row out.',
    mend: 'Look at the file, and at `where`.',
  },
  'unfed-column': {
    means: 'A feature, label or key of the model is fed by the column of its name, and no file has such a column.',
    mend: 'Say how it is computed in `columns { name = "expression" }`, or correct the name.',
  },
  'column-sort': {
    means:
      'The column holds something that its feature cannot read: text where numbers are needed, one value where a list is.',
    mend: 'Convert it in `columns`, such as `tags = "string_split(tags, \'|\')"`, or choose another kind of feature.',
  },
  'column-side': {
    means:
      'A feature of one tower is computed from the file of the other side. The score is all that both sides may share.',
    mend: 'Take the column from the events or from the file of its own side.',
  },
  'sql-refused': {
    means:
      'A text of the data block is more than one expression over the rows of its files. Statements, other tables, and functions that read files, settings or the environment do not run.',
    mend: 'Write one expression over the columns: `rating >= 4`. A query in parentheses may read `events`, `items` and `users`.',
  },
  'data-memory': {
    means:
      'The database may use half of the machine’s memory, and puts rows into temporary files past that. The data, or a value of one expression, is larger.',
    mend: 'Read fewer rows or columns, or write expressions whose values are smaller. Give `TMPDIR` a folder with room.',
  },
  'sql-fails': {
    means:
      'An expression of the data block is not SQL that the database understands, or names a column that is not there.',
    mend: 'Correct the expression. DuckDB’s functions are described at https://duckdb.org/docs/stable/sql/functions/overview.',
  },
  'key-does-not-join': {
    means: 'The column after `by` is missing in one of the two files, or its values never meet.',
    mend: 'Name the column that both have, or compute it in `columns`.',
  },
  'data-needs': {
    means: 'An entry of the data block needs something that the model or another entry does not give.',
    mend: 'Add what the message names.',
  },
  'empty-split': {
    means: 'A part of the split has no rows, so that nothing could be trained, validated or tested with it.',
    mend: 'Give it a larger share, or read more rows.',
  },
  'too-many-rejected': {
    means:
      'More rows are bad than the block allows. The first of them is told, and all stand in `rejected.jsonl` with file, line and reason.',
    mend: 'Mend them, leave them out with `where`, or raise `reject`.',
  },
  'fetch-failed': {
    means: 'The data set could not be fetched from any of its sources.',
    mend: 'Try again later, or fetch it by hand as the message says.',
  },
  'originals-needed': {
    means: 'This data set is made from files that have to be there already.',
    mend: 'Put them where the message says.',
  },
  'set-is-fetched': {
    means: 'This data set is fetched from the network, and takes no files of yours.',
    mend: 'Leave the files out of the command.',
  },
} as const satisfies Partial<Record<Code, Explanation>>;
