/** Codes of data blocks, data files and their rows. */
import { row } from '../code_row.ts';
import { among, didYouMean, shellWord } from '../wording.ts';

export const data = {
  'misplaced-by': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` is joined by no key`,
    hint: () => '`by` belongs to `items` and `users`',
    means: '`by` says the column that joins a file to the events. The events are what is joined to.',
    wrong: 'data views {\n  events = "views.csv" by user_id\n  split = random(test: 10%)\n}\n',
    right: 'data views {\n  events = "views.csv"\n  split = random(test: 10%)\n}\n',
  }),

  'missing-key': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` does not say the column it is joined by`,
    hint: ({ name }) => `for example \`${name} = "${name}.csv" by ${name === 'users' ? 'user_id' : 'item_id'}\``,
    means: 'A file of items or users has a row for each, and is joined to the events by the column that both have.',
    wrong: 'data views {\n  events = "views.csv"\n  items = "movies.csv"\n  split = random(test: 10%)\n}\n',
    right: 'data views {\n  events = "views.csv"\n  items = "movies.csv" by movie_id\n  split = random(test: 10%)\n}\n',
  }),

  'time-needed': row<{ what: string }>({
    severity: 'error',
    message: ({ what }) => `\`${what}\` must know what comes earlier, but the data has no \`time\``,
    hint: () => 'say which column orders the events, such as `time = "timestamp"`',
    means:
      'A history, and a split by time, must know which event came earlier. Without a time a row could see what happened after it.',
    wrong: 'data views {\n  events = "views.csv"\n  split = by_time(validation: 10%, test: 10%)\n}\n',
    right:
      'data views {\n  events = "views.csv"\n  time = "seen_at"\n  split = by_time(validation: 10%, test: 10%)\n}\n',
  }),

  'split-share': row<{ held: number }>({
    severity: 'error',
    message: ({ held }) => `the split holds ${Math.round(held * 100)}% out and leaves nothing to train on`,
    means: 'What is held out for validation and test is everything, and nothing is left to train on.',
    wrong: 'data views {\n  events = "views.csv"\n  split = random(validation: 50%, test: 50%)\n}\n',
    right: 'data views {\n  events = "views.csv"\n  split = random(validation: 10%, test: 10%)\n}\n',
  }),

  'data-file-missing': row<{ path: string; folder: string; nearest?: string | undefined }>({
    severity: 'error',
    message: ({ path, folder }) => `there is no file \`${path}\` in ${folder}`,
    hint: didYouMean,
    means:
      'A path of the data block leads to no file. Paths start from the folder of the `.tower` file with the block.',
    remedy: 'Correct the path, or fetch the data first: `tower data` lists the sets it can fetch.',
  }),

  'data-file-outside': row<{ path: string; target: string; project?: string | undefined; allow: string }>({
    severity: 'error',
    message: ({ path, target, project }) => {
      const place = path === target ? `\`${path}\`` : `\`${path}\` is ${target}, which`;
      const folder = project === undefined ? 'the folders that are allowed' : `the project ${project}`;
      return `${place} is outside ${folder}`;
    },
    hint: ({ allow }) => `if the block may read that folder, allow it: \`--allow ${shellWord(allow)}\``,
    means:
      'A path of the data block leads out of the project. The project is the nearest folder above the `.tower` file that has a `package.json` or a `.git`; without one it is the folder of the file. A link counts as the file that it leads to.',
    remedy:
      'Move the file into the project. If the block may read that folder, name it: `--allow FOLDER` on the command line, `allow` in the library.',
  }),

  'data-file-kind': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `\`${path}\` is of no kind that can be read`,
    hint: () => 'name a .csv, .tsv or .txt file (each also .gz), .parquet, .jsonl, .ndjson or .json',
    means: 'The ending of a file says how it is read, and this ending is none that is known.',
    remedy:
      'Give the file one of the endings .csv, .tsv, .txt, .parquet, .jsonl, .ndjson or .json; text files may end in .gz as well.',
  }),

  'data-file-unreadable': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `\`${path}\` cannot be read: ${reason}`,
    means: 'The file is there and cannot be opened, or is not what its ending says.',
    remedy: 'Look at its permissions, and open it with another program.',
  }),

  'data-file-damaged': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `\`${path}\` is damaged: ${reason}`,
    hint: () => 'fetch or write the file again: nothing of a damaged file is used',
    means:
      'A compressed or Parquet file ends too early, or its contents contradict themselves. Nothing of it is used, since what is missing cannot be known.',
    remedy: 'Fetch or write the file again.',
  }),

  'data-file-shape': row<{ path: string; line: number; reason: string }>({
    severity: 'error',
    message: ({ path, line, reason }) => `\`${path}\` cannot be read, line ${line}: ${reason}`,
    hint: () => 'correct that line: nothing of the file is used until then',
    means:
      'One line makes the whole file unreadable: a header with one name twice or a quote that never closes, text in UTF-16, an array of JSON that is cut off.',
    remedy: 'Correct the line that the message names. Save the file as UTF-8.',
  }),

  'data-file-changed': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `\`${path}\` changed while it was read`,
    hint: () => 'run again when nothing writes to the file',
    means:
      'The size or time of the file changed between its first and its last reading. Rows of two versions may be mixed, so none is used.',
    remedy: 'Wait until the program that writes the file has ended, and run again.',
  }),

  'data-file-uncounted': row<{ path: string; read: number; records: number }>({
    severity: 'error',
    message: ({ path, read, records }) =>
      `\`${path}\` has ${records.toLocaleString('en')} records, and the database read ${read.toLocaleString('en')} of them`,
    hint: () => 'write the file again in another format, such as Parquet, and report this file',
    means:
      'Tower counts the records of each file by itself. The database read fewer records, or more, and which ones is not known. Nothing of the file is used.',
    remedy: 'Write the file again, in Parquet if possible. Report the file as a bug.',
  }),

  'data-file-headers': row<{ path: string; first: string; column: string }>({
    severity: 'error',
    message: ({ path, first, column }) => `\`${path}\` has no column \`${column}\`, and \`${first}\` has`,
    hint: () => 'all files of one pattern need the same columns',
    means: 'A pattern names several files, which are read as one, and they do not have the same columns.',
    remedy: 'Make the columns the same, or name fewer files.',
  }),

  'no-rows': row<{ path: string; filtered: boolean }>({
    severity: 'error',
    message: ({ path, filtered }) => (filtered ? `no row of \`${path}\` passes \`where\`` : `\`${path}\` has no rows`),
    means: 'There is nothing to read: the file has a header alone, or `where` leaves every row out.',
    remedy: 'Look at the file, and at `where`.',
  }),

  'unfed-column': row<{
    what: string;
    name: string;
    files: string;
    nearest?: string | undefined;
    known: readonly string[];
  }>({
    severity: 'error',
    message: ({ what, name, files }) => `no column of ${files} feeds ${what} \`${name}\``,
    hint: ({ nearest, name, known }) =>
      nearest === undefined
        ? [`say how it is computed: columns { ${name} = "…" }`, among(known)].filter(Boolean).join('; ')
        : `if it is \`${nearest}\`, say so: columns { ${name} = "${nearest}" }`,
    means: 'A feature, label or key of the model is fed by the column of its name, and no file has such a column.',
    remedy: 'Say how it is computed in `columns { name = "expression" }`, or correct the name.',
  }),

  'column-sort': row<{ name: string; needs: string; found: string; hint?: string | undefined }>({
    severity: 'error',
    message: ({ name, needs, found }) => `\`${name}\` needs ${needs}, and its column is ${found}`,
    hint: ({ hint }) => hint,
    means:
      'The column holds something that its feature cannot read: text where numbers are needed, one value where a list is.',
    remedy: 'Convert it in `columns`, such as `tags = "string_split(tags, \'|\')"`, or choose another kind of feature.',
  }),

  'column-side': row<{ feature: string; tower: string; file: string }>({
    severity: 'error',
    message: ({ feature, tower, file }) =>
      `\`${feature}\` belongs to tower \`${tower}\`, and is computed from the ${file} file of the other side`,
    hint: () => 'nothing of one side may reach the other before the score',
    means:
      'A feature of one tower is computed from the file of the other side. The score is all that both sides may share.',
    remedy: 'Take the column from the events or from the file of its own side.',
  }),

  'sql-refused': row<{ reason: string }>({
    severity: 'error',
    message: ({ reason }) => `this SQL may not run: ${reason}`,
    hint: () => 'write one expression that computes its value from the columns of the block’s files',
    means:
      'A text of the data block is more than one expression over the rows of its files. Statements, other tables, and functions that read files, settings or the environment do not run.',
    remedy:
      'Write one expression over the columns: `rating >= 4`. A query in parentheses may read `events`, `items` and `users`.',
  }),

  'data-memory': row<{ bytes: number; spill?: string | undefined }>({
    severity: 'error',
    message: ({ bytes, spill }) =>
      `the data needs more memory than the database may use, ${(bytes / 2 ** 30).toFixed(1)} GiB${spill === undefined ? '' : `; and ${spill}`}`,
    hint: ({ spill }) =>
      spill === undefined
        ? 'read fewer rows, or write expressions whose values are smaller'
        : 'set `TMPDIR` to a folder that may be written, so that the database can put rows there',
    means:
      'The database may use half of the machine’s memory, and puts rows into temporary files past that. The data, or a value of one expression, is larger.',
    remedy:
      'Read fewer rows or columns, or write expressions whose values are smaller. Give `TMPDIR` a folder with room.',
  }),

  'sql-fails': row<{ reason: string; nearest?: string | undefined }>({
    severity: 'error',
    message: ({ reason }) => `this SQL cannot be computed: ${reason}`,
    hint: didYouMean,
    means:
      'An expression of the data block is not SQL that the database understands, or names a column that is not there.',
    remedy:
      'Correct the expression. DuckDB’s functions are described at https://duckdb.org/docs/stable/sql/functions/overview.',
  }),

  'key-does-not-join': row<{ key: string; file: string; reason: string; hint?: string | undefined }>({
    severity: 'error',
    message: ({ key, file, reason }) => `${file} cannot be joined by \`${key}\`: ${reason}`,
    hint: ({ hint }) => hint,
    means: 'The column after `by` is missing in one of the two files, or its values never meet.',
    remedy: 'Name the column that both have, or compute it in `columns`.',
  }),

  'data-needs': row<{ what: string; needs: string }>({
    severity: 'error',
    message: ({ what, needs }) => `\`${what}\` needs ${needs}`,
    means: 'An entry of the data block needs something that the model or another entry does not give.',
    remedy: 'Add what the message names.',
  }),

  'empty-split': row<{ part: string; rows: number; reason: string }>({
    severity: 'error',
    message: ({ part, rows, reason }) => `the ${part} part is empty: of ${rows.toLocaleString('en')} rows ${reason}`,
    hint: () => 'give it a larger share, or read more rows',
    means: 'A part of the split has no rows, so that nothing could be trained, validated or tested with it.',
    remedy: 'Give it a larger share, or read more rows.',
  }),

  'too-many-rejected': row<{
    path: string;
    count: number;
    total: number;
    limit: number;
    first: string;
    file?: string | undefined;
  }>({
    severity: 'error',
    message: ({ path, count, total, limit, first }) =>
      `${count.toLocaleString('en')} of ${total.toLocaleString('en')} rows of \`${path}\` ${count === 1 ? 'is' : 'are'} bad (${((100 * count) / total).toFixed(1)}%), and ${+(100 * limit).toFixed(4)}% may be: ${first}`,
    hint: ({ file }) =>
      `${file === undefined ? '' : `all of them are in ${file}; `}mend them, filter them out with \`where\`, or raise \`reject\``,
    means:
      'More rows are bad than the block allows. The first of them is told, and all stand in `rejected.jsonl` with file, line and reason.',
    remedy: 'Mend them, leave them out with `where`, or raise `reject`.',
  }),

  'fetch-failed': row<{ what: string; tried: readonly string[]; byHand: string }>({
    severity: 'error',
    message: ({ what, tried }) => `${what} could not be fetched: ${tried.join('; ')}`,
    hint: ({ byHand }) => byHand,
    means: 'The data set could not be fetched from any of its sources.',
    remedy: 'Try again later, or fetch it by hand as the message says.',
  }),

  'originals-needed': row<{ set: string; files: readonly string[]; home: string }>({
    severity: 'error',
    message: ({ set, files }) =>
      `\`${set}\` is made from original files, ${files.join(', ')}, and no folder of them is given`,
    hint: ({ set, home }) => `get them from ${home}, then: tower data ${set} --from FOLDER`,
    means: 'This data set is made from files that have to be there already.',
    remedy: 'Put them where the message says.',
  }),

  'set-is-fetched': row<{ set: string }>({
    severity: 'error',
    message: ({ set }) => `\`${set}\` is fetched: it takes no \`--from\``,
    hint: ({ set }) => `tower data ${set}`,
    means: 'This data set is fetched from the network, and takes no files of yours.',
    remedy: 'Leave the files out of the command.',
  }),
} as const;
