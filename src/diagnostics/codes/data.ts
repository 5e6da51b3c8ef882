/** Codes of data blocks, data files and their rows. */
import { row } from '../code_row.ts';
import { among, bytesWords, didYouMean, shellWord } from '../wording.ts';

export const data = {
  'misplaced-by': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` takes no \`by\``,
    hint: () => 'remove `by` here: only `items` and `users` take it',
    means: '`by` names the column that joins a file to the events. The events are the file that others are joined to.',
    wrong: 'data views {\n  events = "views.csv" by user_id\n  split = random(test: 10%)\n}\n',
    right: 'data views {\n  events = "views.csv"\n  split = random(test: 10%)\n}\n',
  }),

  'missing-key': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` names no column to join by`,
    hint: ({ name }) =>
      `add the column, such as \`${name} = "${name}.csv" by ${name === 'users' ? 'user_id' : 'item_id'}\``,
    means:
      'A file of items or users has one row for each of them. The column that it shares with the events joins the two.',
    wrong: 'data views {\n  events = "views.csv"\n  items = "movies.csv"\n  split = random(test: 10%)\n}\n',
    right: 'data views {\n  events = "views.csv"\n  items = "movies.csv" by movie_id\n  split = random(test: 10%)\n}\n',
  }),

  'time-needed': row<{ what: string }>({
    severity: 'error',
    message: ({ what }) => `\`${what}\` needs the order of events, but the data block has no \`time\``,
    hint: () => 'name the column that orders the events, such as `time = "timestamp"`',
    means:
      'A history and a split by time need to know which event came earlier. Without a time, a row could see what happened after it.',
    wrong: 'data views {\n  events = "views.csv"\n  split = by_time(validation: 10%, test: 10%)\n}\n',
    right:
      'data views {\n  events = "views.csv"\n  time = "seen_at"\n  split = by_time(validation: 10%, test: 10%)\n}\n',
  }),

  'split-share': row<{ held: number }>({
    severity: 'error',
    message: ({ held }) => `the split holds ${Math.round(held * 100)}% out, so nothing is left to train on`,
    hint: () => 'lower the shares of validation and test',
    means: 'Validation and test take all rows, so nothing is left to train on.',
    wrong: 'data views {\n  events = "views.csv"\n  split = random(validation: 50%, test: 50%)\n}\n',
    right: 'data views {\n  events = "views.csv"\n  split = random(validation: 10%, test: 10%)\n}\n',
  }),

  'data-file-missing': row<{ path: string; folder: string; nearest?: string | undefined }>({
    severity: 'error',
    message: ({ path, folder }) => `there is no file \`${path}\` in ${folder}`,
    hint: didYouMean,
    means:
      'A path of the data block leads to no file. The path starts from the folder of the `.tower` file with the block.',
    remedy: 'Correct the path, or fetch the data first: `tower data` lists the sets it can fetch.',
  }),

  'data-file-outside': row<{ path: string; target: string; project?: string | undefined; allow: string }>({
    severity: 'error',
    message: ({ path, target, project }) => {
      const place = path === target ? `\`${path}\`` : `\`${path}\` is ${target}, which`;
      const folder = project === undefined ? 'the folders that are allowed' : `the project ${project}`;
      return `${place} is outside ${folder}`;
    },
    hint: ({ allow }) => `move the file into the project, or allow its folder: \`--allow ${shellWord(allow)}\``,
    means:
      'A path of the data block leads out of the project. The project is the nearest folder above the `.tower` file that has a `package.json` or a `.git`; without one it is the folder of the file. A link counts as the file that it leads to.',
    remedy:
      'Move the file into the project. If the block may read that folder, allow it: with `--allow FOLDER` on the command line, or `allow` in the library.',
  }),

  'data-file-kind': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `\`${path}\` has an unknown file type`,
    hint: () => 'use a .csv, .tsv or .txt file (each also .gz), .parquet, .jsonl, .ndjson or .json',
    means: 'The ending of a file name says how to read the file, and this ending is unknown.',
    remedy:
      'Use a file with one of the endings .csv, .tsv, .txt, .parquet, .jsonl, .ndjson or .json. Text files may also end in .gz.',
  }),

  'data-file-unreadable': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `\`${path}\` cannot be read: ${reason}`,
    hint: () => undefined,
    means: 'The file exists, but it cannot be opened, or its contents do not match its ending.',
    remedy: 'Check its permissions, and open the file with another program.',
  }),

  'values-not-in-file': row<{ path: string; name: string; value: string; first: string }>({
    severity: 'error',
    message: ({ path, name, value, first }) =>
      `\`${path}\` has no value of \`${name}\`: its first line is \`${first.slice(0, 40)}\`, and the data has \`${value.slice(0, 40)}\``,
    hint: ({ name }) => `write the values of \`${name}\` as the data has them, one a line`,
    means:
      'A vocabulary file, or the keys of vectors, must have at least one value that the column has. With none, each value would be unknown, and no vector would be used.',
    remedy:
      'Compare the lines of the file with the column: prefixes, quotes, leading zeros, `.0` at the end of numbers.',
  }),

  'data-file-damaged': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `\`${path}\` is damaged: ${reason}`,
    means:
      'A compressed or Parquet file ends too early, or its contents contradict themselves. Tower uses nothing of the file, because the missing rows are unknown.',
    remedy: 'Fetch or write the file again: Tower uses nothing of a damaged file.',
  }),

  'data-file-shape': row<{ path: string; line: number; reason: string }>({
    severity: 'error',
    message: ({ path, line, reason }) => `line ${line} of \`${path}\` cannot be read: ${reason}`,
    means:
      'One line makes the whole file unreadable. It may be a header with one name twice, a quote that never closes, text in UTF-16, or a JSON array that is cut off.',
    remedy: 'Correct that line, and save the file as UTF-8.',
  }),

  'data-file-changed': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `\`${path}\` changed while Tower read it`,
    means:
      'The size or time of the file changed between its first and its last reading. Rows of two versions may be mixed, so Tower uses none.',
    remedy: 'Run again after the program that writes the file has ended.',
  }),

  'data-file-uncounted': row<{ path: string; read: number; records: number }>({
    severity: 'error',
    message: ({ path, read, records }) =>
      `\`${path}\` has ${records.toLocaleString('en')} records, but the database read ${read.toLocaleString('en')}`,
    means:
      'Tower counts the records of each file itself. The database read a different number, and it is unknown which records differ. Tower uses nothing of the file.',
    remedy: 'Write the file again, in Parquet if possible, and report the original as a bug.',
  }),

  'data-file-twice': row<{ path: string; first: string; second: string }>({
    severity: 'error',
    message: ({ path, first, second }) => `\`${path}\` is in the ${first} part and in the ${second} part`,
    hint: () => 'name each file in one part',
    means:
      'Two parts of the data block name one file, perhaps through a pattern or a link. What is trained on would also be tested.',
    remedy: 'Name each file in one part. If a pattern of `events` matches the test file, name the training files.',
  }),

  'data-file-headers': row<{ path: string; first: string; column: string }>({
    severity: 'error',
    message: ({ path, first, column }) => `\`${path}\` has no column \`${column}\`, but \`${first}\` has`,
    means:
      'A pattern, or a data block with a file for each part, names several files, which are read as one. These files do not have the same columns.',
    remedy: 'Give all the files the same columns, or name fewer files.',
  }),

  'no-rows': row<{ path: string; filtered: boolean }>({
    severity: 'error',
    message: ({ path, filtered }) => (filtered ? `no row of \`${path}\` passes \`where\`` : `\`${path}\` has no rows`),
    hint: ({ filtered }) => (filtered ? 'change the condition of `where`' : 'name a file that has rows'),
    means: 'There is nothing to read. The file has only a header, or `where` excludes every row.',
    remedy: 'Check the file, and the condition of `where`.',
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
        ? [`compute it in the data block: columns { ${name} = "…" }`, among(known)].filter(Boolean).join('; ')
        : `if it is \`${nearest}\`, write columns { ${name} = "${nearest}" }`,
    means: 'A feature, label or key reads the column of its own name, and no file has such a column.',
    remedy: 'Compute it in `columns { name = "expression" }`, or correct the name.',
  }),

  'column-type': row<{ name: string; needs: string; found: string; hint?: string | undefined }>({
    severity: 'error',
    formerly: 'column-sort',
    message: ({ name, needs, found }) => `\`${name}\` needs ${needs}, but its column is ${found}`,
    hint: ({ hint }) => hint,
    means:
      'The feature cannot read the type of its column: the column is text where numbers are needed, or one value where a list is.',
    remedy: 'Convert it in `columns`, such as `tags = "string_split(tags, \'|\')"`, or choose another kind of feature.',
  }),

  'column-side': row<{ feature: string; tower: string; file: string }>({
    severity: 'error',
    message: ({ feature, tower, file }) =>
      `\`${feature}\` belongs to tower \`${tower}\`, but is computed from the ${file} file of the other side`,
    means:
      'A feature of one tower is computed from the file of the other side. The two sides may meet in the score only.',
    remedy: 'Use a column of the events or of the file of its own side.',
  }),

  'sql-refused': row<{ reason: string }>({
    severity: 'error',
    message: ({ reason }) => `this SQL is not allowed: ${reason}`,
    hint: () => 'write one expression over the columns of the block’s files',
    means:
      'A text of the data block must be one expression over the rows of its files. Statements, other tables, and functions that read files, settings or the environment are not allowed.',
    remedy:
      'Write one expression over the columns: `rating >= 4`. A query in parentheses may read `events`, `items` and `users`.',
  }),

  'ids-look-alike': row<{ name: string; first: string; second: string; count: number; differ: string }>({
    severity: 'warning',
    message: ({ name, first, second, count, differ }) => {
      const ids = `\`${name}\` has the ids ${JSON.stringify(first)} and ${JSON.stringify(second)}`;
      const how = differ === 'blanks' ? 'which differ in blanks alone' : 'which look alike and have other bytes';
      return `${ids}, ${how}${count > 1 ? `; so have ${count - 1} more pairs` : ''}`;
    },
    hint: ({ name, differ }) =>
      `write both in one form if they are one: \`columns { ${name} = "${differ === 'blanks' ? 'trim' : 'nfc_normalize'}(${name})" }\``,
    means:
      'Ids are compared byte by byte. `é` may be one character, or an `e` with an accent: the forms NFC and NFD of Unicode. A blank may follow an id in one file only. To a model these are two users or two items. A join does not find them.',
    remedy:
      'Compute the key in `columns`, for all files that have it: `columns { item = "nfc_normalize(trim(item))" }`. Ids that are meant to differ may stay.',
  }),

  'rounded-ids': row<{ path: string; name: string; id: string }>({
    severity: 'error',
    message: ({ path, name, id }) =>
      `\`${name}\` of \`${path}\` is a column of fractions, and its id ${id} has more digits than these hold`,
    hint: () => 'write the file again with ids as whole numbers or texts',
    means:
      'A fraction of 64 bits holds whole numbers below 9,007,199,254,740,992. Larger ids were rounded when the file was written, and two of them may have become one. pandas makes fractions of whole numbers when a value is missing.',
    remedy:
      'Write the file again with ids as whole numbers or texts. In pandas: `astype("Int64")` before rows are joined.',
  }),

  'unrepeatable-sql': row<{ call: string }>({
    severity: 'warning',
    message: ({ call }) => `\`${call}\` gives another value each time the rows are read, so no run can be repeated`,
    hint: () => 'use a column of the file instead, or a hash of one, such as `hash(user_id) % 10 = 0`',
    means:
      'Training, `--resume`, `evaluate` and `compare` read the rows again and need the same values. Random numbers and the time of day differ between two reads.',
    wrong:
      'data views {\n  events = "views.csv"\n  columns { fold = "CASE WHEN random() < 0.1 THEN \'test\' ELSE \'train\' END" }\n  split = column("fold")\n}\n',
    right:
      'data views {\n  events = "views.csv"\n  columns { fold = "CASE WHEN hash(user_id) % 10 = 0 THEN \'test\' ELSE \'train\' END" }\n  split = column("fold")\n}\n',
  }),

  'empty-histories': row<{ name: string; kind: string; share: number }>({
    severity: 'warning',
    message: ({ name, share }) => `\`${name}\` is empty for ${Math.round(share * 100)} % of the training events`,
    hint: ({ kind }) =>
      kind === 'past'
        ? 'write `others(…)` for `past(…)`, with a random split, if the events of a user have one time as those of a basket do'
        : 'let the query tower read what else is known of users, for most of them have one event',
    means:
      '`past` holds the events of a user that are strictly earlier, and `others` the other events of the user. Where most events have none, the query tower reads nothing and ranks nearly alike for all. All events of a user may have the same time, as the lines of an order have. Or most users have one event.',
    remedy:
      'Write `others(item, 50)` with `split = random(…)` and without `time` for baskets: the other items of a basket then describe it. Give the query tower features of the user or of the moment where users have one event.',
  }),

  'data-memory': row<{ bytes: number; spill?: string | undefined }>({
    severity: 'error',
    message: ({ bytes, spill }) =>
      `the data needs more than the ${bytesWords(bytes)} of memory that the database may use${spill === undefined ? '' : `; and ${spill}`}`,
    hint: ({ spill }) =>
      spill === undefined
        ? 'allow more with `--memory`, read fewer rows, or write expressions with smaller values'
        : 'set `TMPDIR` to a writable folder, so that the database can put rows there',
    means:
      'The database may use half of the machine’s memory, or half of what `--memory` allows. Beyond that it puts rows into temporary files. The data, or a value of one expression, is larger than both.',
    remedy:
      'Read fewer rows or columns, or write expressions with smaller values. Set `TMPDIR` to a folder with free space.',
  }),

  'sql-fails': row<{ reason: string; nearest?: string | undefined }>({
    severity: 'error',
    message: ({ reason }) => `this SQL cannot be computed: ${reason}`,
    hint: didYouMean,
    means: 'An expression of the data block is not valid SQL, or names a column that does not exist.',
    remedy:
      'Correct the expression. The functions are described at https://duckdb.org/docs/stable/sql/functions/overview.',
  }),

  'key-does-not-join': row<{ key: string; file: string; reason: string; hint?: string | undefined }>({
    severity: 'error',
    message: ({ key, file, reason }) => `${file} cannot be joined by \`${key}\`: ${reason}`,
    hint: ({ hint }) => hint,
    means: 'The column after `by` is missing in one of the two files, or the two files have no value in common.',
    remedy: 'Name the column that both files have, or compute it in `columns`.',
  }),

  'data-needs': row<{ what: string; needs: string }>({
    severity: 'error',
    message: ({ what, needs }) => `\`${what}\` needs ${needs}`,
    hint: () => undefined,
    means: 'An entry of the data block needs something that the model or another entry does not give.',
    remedy: 'Add what the message names.',
  }),

  'empty-split': row<{ part: string; rows: number; reason: string }>({
    severity: 'error',
    message: ({ part, rows, reason }) => `the ${part} part is empty: of ${rows.toLocaleString('en')} rows ${reason}`,
    means: 'A part of the split has no rows, so it cannot be used to train, validate or test.',
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
      `${count.toLocaleString('en')} of ${total.toLocaleString('en')} rows of \`${path}\` ${count === 1 ? 'is' : 'are'} invalid (${((100 * count) / total).toFixed(1)}%), and the limit is ${+(100 * limit).toFixed(4)}%: ${first}`,
    hint: ({ file }) =>
      `correct them, exclude them with \`where\`, or raise \`reject\`${file === undefined ? '' : `; ${file} lists them all`}`,
    means:
      'More rows are invalid than the block allows. The message shows the first one. `rejected.jsonl` lists all of them with file, line and reason.',
    remedy: 'Correct the rows, exclude them with `where`, or raise `reject`.',
  }),

  'fetch-failed': row<{ what: string; tried: readonly string[]; byHand: string }>({
    severity: 'error',
    message: ({ what, tried }) => `${what} could not be fetched: ${tried.join('; ')}`,
    hint: ({ byHand }) => byHand,
    means: 'The data set could not be fetched from any of its sources.',
    remedy: 'Try again later, or fetch it yourself as the message says.',
  }),

  'originals-needed': row<{ set: string; files: readonly string[]; home: string }>({
    severity: 'error',
    message: ({ set, files }) =>
      `\`${set}\` is made from the original files ${files.join(', ')}, and \`--from\` is missing`,
    hint: ({ set, home }) => `get them from ${home}, then run: tower data ${set} --from FOLDER`,
    means: 'This data set is made from files that you have to get yourself.',
    remedy: 'Get the files from the page that the message names, and give their folder with `--from`.',
  }),

  'set-has-one-size': row<{ set: string; option: string }>({
    severity: 'error',
    message: ({ set, option }) => `\`${set}\` has one size, so it takes no \`--${option}\``,
    hint: () => 'remove the option, or draw a set of any size: tower data synthetic',
    means: 'Only the set `synthetic` is drawn by Tower, so only its size and seed can be chosen.',
    remedy: 'Remove the option, or use `tower data synthetic`.',
  }),

  'synthetic-shape': row<{ option: string; value: number; from: number; to: number }>({
    severity: 'error',
    message: ({ option, value, from, to }) =>
      `\`--${option} ${value}\` is not between ${from.toLocaleString('en')} and ${to.toLocaleString('en')}`,
    means:
      'A synthetic set cannot have this size. It has at least two clusters, at most one for each item, and at most 16,777,216 items in each.',
    remedy: 'Choose a number in the range of the message.',
  }),

  'other-synthetic-set': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `${folder} holds a synthetic set of another size or seed`,
    hint: () => 'give another folder with `--out`, or delete this one',
    means:
      'The folder has rows that were drawn with other options, and `plan.json` says which. New rows among them would be a set of no known structure.',
    remedy: 'Choose another folder with `--out`, or delete the folder.',
  }),

  'disk-too-small': row<{ folder: string; needed: number; free: number }>({
    severity: 'error',
    message: ({ folder, needed, free }) =>
      `${folder} needs about ${bytesWords(needed)}, and its disk has ${bytesWords(free)} free`,
    hint: () => 'free some space, or choose a folder on another disk',
    means: 'The files would not fit on the disk. Nothing was written.',
    remedy: 'Free some space, choose a folder on another disk, or fewer rows.',
  }),

  'set-is-fetched': row<{ set: string }>({
    severity: 'error',
    message: ({ set }) => `\`${set}\` is fetched, so it takes no \`--from\``,
    hint: ({ set }) => `run \`tower data ${set}\``,
    means: 'Tower fetches this data set from the network. It takes no files of yours.',
    remedy: 'Remove the files from the command.',
  }),
} as const;
