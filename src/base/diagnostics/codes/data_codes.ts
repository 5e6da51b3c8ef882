/** Codes of data blocks, data files and their rows, also of files in object stores and on web servers. */

import {
  didYouMean,
  formatBytes,
  formatMemoryOption,
  namesHint,
  quotedList,
  quoteForShell,
  row,
  type Suggestion,
} from '../wording.ts';

export const data = {
  'misplaced-by': row<{ name: string }>({
    message: ({ name }) => `\`${name}\` takes no \`by\``,
    hint: 'remove `by` here: only `items` and `users` take it',
  }),

  'missing-key': row<{ name: string }>({
    message: ({ name }) => `\`${name}\` names no column to join by`,
    hint: ({ name }) =>
      `add the column, such as \`${name} = "${name}.csv" by ${name === 'users' ? 'user_id' : 'item_id'}\``,
  }),

  'time-needed': row<{ what: string }>({
    message: ({ what }) => `\`${what}\` needs the order of events, but the data block has no \`time\``,
    hint: 'name the column that orders the events, such as `time = "timestamp"`',
  }),

  'split-share': row<{ held: number }>({
    message: ({ held }) => `the split holds ${Math.round(held * 100)}% out, so nothing is left to train on`,
    hint: 'lower the shares of validation and test',
  }),

  'data-file-missing': row<{ path: string; folder: string; nearest?: string | undefined }>({
    message: ({ path, folder }) => `there is no file \`${path}\` in ${folder}`,
    hint: didYouMean,
  }),

  'data-file-outside': row<{ path: string; target: string; project?: string | undefined; allow: string }>({
    message: ({ path, target, project }) => {
      const place = path === target ? `\`${path}\`` : `\`${path}\` is ${target}, which`;
      const folder = project === undefined ? 'the folders that are allowed' : `the project ${project}`;
      return `${place} is outside ${folder}`;
    },
    hint: ({ allow }) => `move the file into the project, or allow its folder: \`--allow ${quoteForShell(allow)}\``,
  }),

  'data-file-kind': row<{ path: string; endings: readonly string[] }>({
    message: ({ path }) => `\`${path}\` has an unknown file type`,
    hint: ({ endings }) => `use a file that ends in .${endings.join(', .')}; text may also end in .gz`,
  }),

  'data-file-unreadable': row<{ path: string; reason: string }>({
    message: ({ path, reason }) => `\`${path}\` cannot be read: ${reason}`,
  }),

  'values-not-in-file': row<{ path: string; name: string; value: string; first: string }>({
    message: ({ path, name, value, first }) =>
      `\`${path}\` has no value of \`${name}\`: its first line is \`${first.slice(0, 40)}\`, and the data has \`${value.slice(0, 40)}\``,
    hint: ({ name }) => `write the values of \`${name}\` as the data has them, one a line`,
  }),

  'data-file-damaged': row<{ path: string; reason: string }>({
    message: ({ path, reason }) => `\`${path}\` is damaged: ${reason}`,
    hint: 'fetch or write the file again: Tower uses nothing of a damaged file',
  }),

  'data-file-shape': row<{ path: string; line: number; reason: string }>({
    message: ({ path, line, reason }) => `line ${line} of \`${path}\` cannot be read: ${reason}`,
    hint: 'correct that line, and save the file as UTF-8',
  }),

  'data-file-changed': row<{ path: string }>({
    message: ({ path }) => `\`${path}\` changed while Tower read it`,
    hint: 'run again after the program that writes the file has ended',
  }),

  'data-file-uncounted': row<{ path: string; read: number; records: number }>({
    message: ({ path, read, records }) =>
      `\`${path}\` has ${records.toLocaleString('en')} records, but the database read ${read.toLocaleString('en')}`,
    hint: 'write the file again, in Parquet if possible, and report the original as a bug',
  }),

  'data-file-twice': row<{ path: string; first: string; second: string }>({
    message: ({ path, first, second }) => `\`${path}\` is in the ${first} part and in the ${second} part`,
    hint: 'name each file in one part',
  }),

  'data-file-headers': row<{ path: string; first: string; column: string }>({
    message: ({ path, first, column }) => `\`${path}\` has no column \`${column}\`, but \`${first}\` has`,
    hint: 'give all the files the same columns, or name fewer files',
  }),

  'no-rows': row<{ path: string; filtered: boolean }>({
    message: ({ path, filtered }) => (filtered ? `no row of \`${path}\` passes \`where\`` : `\`${path}\` has no rows`),
    hint: ({ filtered }) => (filtered ? 'change the condition of `where`' : 'name a file that has rows'),
  }),

  'unfed-column': row<Suggestion & { what: string; name: string; files: string; known: readonly string[] }>({
    message: ({ what, name, files }) => `no column of ${files} feeds ${what} \`${name}\``,
    hint: ({ nearest, name, known }) =>
      nearest === undefined
        ? [`compute it in the data block: columns { ${name} = "…" }`, namesHint(known)].filter(Boolean).join('; ')
        : `if it is \`${nearest}\`, write columns { ${name} = "${nearest}" }`,
  }),

  'column-type': row<{ name: string; needs: string; found: string; hint?: string | undefined }>({
    message: ({ name, needs, found }) => `\`${name}\` needs ${needs}, but its column is ${found}`,
    hint: ({ hint }) => hint,
  }),

  'column-side': row<{ feature: string; tower: string; file: string }>({
    message: ({ feature, tower, file }) =>
      `\`${feature}\` belongs to tower \`${tower}\`, but is computed from the ${file} file of the other side`,
    hint: 'use a column of the events or of the file of its own side',
  }),

  'sql-refused': row<{ reason: string }>({
    message: ({ reason }) => `this SQL is not allowed: ${reason}`,
    hint: 'write one expression over the columns of the block’s files',
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
  }),

  'rounded-ids': row<{ path: string; name: string; id: string }>({
    message: ({ path, name, id }) =>
      `\`${name}\` of \`${path}\` is a column of fractions, and its id ${id} has more digits than these hold`,
    hint: 'write the file again with ids as whole numbers or texts',
  }),

  'unrepeatable-sql': row<{ call: string }>({
    severity: 'warning',
    message: ({ call }) => `\`${call}\` gives another value each time the rows are read, so no run can be repeated`,
    hint: 'use a column of the file instead, or a hash of one, such as `hash(user_id) % 10 = 0`',
  }),

  'empty-histories': row<{ name: string; kind: string; share: number; part: 'training' | 'validation' }>({
    severity: 'warning',
    message: ({ name, share, part }) => `\`${name}\` is empty for ${Math.round(share * 100)} % of the ${part} events`,
    hint: ({ kind }) =>
      kind === 'past'
        ? 'write `others(…)` for `past(…)`, with a random split, if the events of a user have one time as those of a basket do'
        : 'let the query tower read what else is known of users, for most of them have one event',
  }),

  'unknown-elements': row<{ name: string; owner: string }>({
    severity: 'warning',
    message: ({ name, owner }) => `no element of \`${name}\` is a value that \`${owner}\` has in the training events`,
    hint: ({ owner }) => `compare both columns: the elements must be written as the values of \`${owner}\` are`,
  }),

  'reads-held-out': row<{ name: string; rows: 'later' | 'all' }>({
    severity: 'warning',
    message: ({ name, rows }) =>
      rows === 'later'
        ? `\`${name}\` is computed from later events, which do not exist yet when a model is asked`
        : `\`${name}\` is computed from all events, those of validation and test included`,
    hint: 'end the window before the row: `OVER (… ORDER BY … ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`',
  }),

  'feature-from-label': row<{ features: readonly string[]; label: string }>({
    severity: 'warning',
    message: ({ features, label }) =>
      `${quotedList(features)} ${features.length === 1 ? 'has' : 'have'} all the columns that label \`${label}\` is computed from, so the model reads the answer`,
    hint: ({ features }) => `remove ${quotedList(features)} from the towers, or read earlier values with \`past(…)\``,
  }),

  'history-of-other': row<{ name: string; kind: string; of: string; max: number; owner: string; column: string }>({
    severity: 'warning',
    message: ({ name, kind, of, max, owner }) =>
      `the elements of \`${name}\` are values of \`${owner}\`, but \`${kind}(${of}, ${max})\` gives other values`,
    hint: ({ name, kind, max, column }) => `write \`${name} = ${kind}(${column}, ${max})\``,
  }),

  'history-too-short': row<{ name: string; kind: string; of: string; max: number; places: number }>({
    severity: 'warning',
    message: ({ name, kind, of, max, places }) =>
      `\`${name}\` has ${places} places, but \`${kind}(${of}, ${max})\` gives at most ${max} elements`,
    hint: ({ name, kind, of, max, places }) =>
      `write \`${name} = ${kind}(${of}, ${places})\` in the data block, or \`max: ${max}\` in the model`,
  }),

  'unknown-users': row<{ tower: string; name: string; history: string }>({
    severity: 'warning',
    message: ({ tower, name }) =>
      `\`by_user\` holds out whole users, and tower \`${tower}\` reads nothing but \`${name}\`, which training has of none of them: all get the same answer`,
    hint: ({ history }) =>
      `let the tower read what a user gives, \`history = ${history}(…)\` in the data block, or hold out events of known users with \`random(…)\``,
  }),

  'data-memory': row<{ bytes: number; enough: number; spill?: string | undefined }>({
    message: ({ bytes, spill }) =>
      `the data needs more than the ${formatBytes(bytes)} of memory that the database may use${spill === undefined ? '' : `; and ${spill}`}`,
    hint: ({ enough, spill }) =>
      spill === undefined
        ? `allow more with \`--memory\`, such as \`--memory ${formatMemoryOption(enough)}\`, read fewer rows, or write expressions with smaller values`
        : 'set `TMPDIR` to a writable folder, so that the database can put rows there',
  }),

  'sql-fails': row<{ reason: string; nearest?: string | undefined }>({
    message: ({ reason }) => `this SQL cannot be computed: ${reason}`,
    hint: didYouMean,
  }),

  'key-does-not-join': row<{ key: string; file: string; reason: string; hint?: string | undefined }>({
    message: ({ key, file, reason }) => `${file} cannot be joined by \`${key}\`: ${reason}`,
    hint: ({ hint }) => hint,
  }),

  'data-needs': row<{ what: string; needs: string }>({ message: ({ what, needs }) => `\`${what}\` needs ${needs}` }),

  'empty-split': row<{ part: string; rows: number; reason: string }>({
    message: ({ part, rows, reason }) => `the ${part} part is empty: of ${rows.toLocaleString('en')} rows ${reason}`,
    hint: 'give it a larger share, or read more rows',
  }),

  'too-many-rejected': row<{
    path: string;
    count: number;
    total: number;
    limit: number;
    first: string;
    file?: string | undefined;
  }>({
    message: ({ path, count, total, limit, first }) =>
      `${count.toLocaleString('en')} of ${total.toLocaleString('en')} rows of \`${path}\` ${count === 1 ? 'is' : 'are'} invalid (${((100 * count) / total).toFixed(1)}%), and the limit is ${+(100 * limit).toFixed(4)}%: ${first}`,
    hint: ({ file }) =>
      `correct them, exclude them with \`where\`, or raise \`reject\`${file === undefined ? '' : `; ${file} lists them all`}`,
  }),

  'fetch-failed': row<{ what: string; tried: readonly string[]; byHand: string }>({
    message: ({ what, tried }) => `${what} could not be fetched: ${tried.join('; ')}`,
    hint: ({ byHand }) => byHand,
  }),

  'originals-needed': row<{ set: string; files: readonly string[]; home: string }>({
    message: ({ set, files }) =>
      `\`${set}\` is made from the original files ${files.join(', ')}, and \`--from\` is missing`,
    hint: ({ home }) => `get them from ${home}, and give their folder: \`--from FOLDER\``,
  }),

  'set-has-one-size': row<{ set: string; option: string }>({
    message: ({ set, option }) => `\`${set}\` has one size, so it takes no \`--${option}\``,
    hint: 'remove the option, or draw a set of any size: tower data synthetic',
  }),

  'synthetic-shape': row<{ option: string; value: number; from: number; to: number }>({
    message: ({ option, value, from, to }) =>
      `\`--${option} ${value}\` is not between ${from.toLocaleString('en')} and ${to.toLocaleString('en')}`,
    hint: 'choose a number in the range of the message',
  }),

  'other-synthetic-set': row<{ folder: string }>({
    message: ({ folder }) => `${folder} holds a synthetic set of another size or seed`,
    hint: 'give another folder with `--out`, or delete this one',
  }),

  'disk-too-small': row<{ folder: string; needed: number; free: number }>({
    message: ({ folder, needed, free }) =>
      `${folder} needs about ${formatBytes(needed)}, and its disk has ${formatBytes(free)} free`,
    hint: 'free some space, or choose a folder on another disk',
  }),

  'set-is-fetched': row<{ set: string }>({
    message: ({ set }) => `\`${set}\` is fetched, so it takes no \`--from\``,
    hint: ({ set }) => `run \`tower data ${set}\``,
  }),

  /** `allow`: the option that would permit it; absent if none can. */
  'data-file-remote': row<{ path: string; allow?: string }>({
    message: ({ path, allow }) =>
      allow === undefined
        ? `\`${path}\` is an address, and this is read from a file of this machine`
        : `\`${path}\` is an address that nobody allowed`,
    hint: ({ allow }) =>
      allow === undefined
        ? 'copy the file into the project, and name its path'
        : `allow what you trust: \`--allow ${quoteForShell(allow)}\`, or set \`TOWER_REMOTE\` to it`,
  }),

  'remote-address': row<{ path: string; reason: string }>({
    message: ({ path, reason }) => `\`${path}\` ${reason}`,
    hint: 'write it as `s3://BUCKET/KEY`, `gs://BUCKET/KEY` or `https://HOST/PATH`',
  }),

  'remote-extension': row<{ path: string; reason?: string }>({
    message: ({ path, reason }) =>
      reason === undefined
        ? `\`${path}\` needs the extension \`httpfs\` of the database, which is not set up here`
        : `\`${path}\` needs the extension \`httpfs\` of the database, which does not load: ${reason}`,
    hint: 'run `npx tower engines --setup httpfs`, once a machine',
  }),

  'remote-failed': row<{ path: string; reason: string }>({
    message: ({ path, reason }) => `\`${path}\` cannot be read: ${reason}`,
    hint: ({ reason }) => (/HTTP 40[13]/.test(reason) ? 'set the keys of the store in the environment' : undefined),
  }),

  'remote-timeout': row<{ value: string }>({
    message: ({ value }) =>
      `\`TOWER_REMOTE_TIMEOUT\` is \`${value}\`, and not a whole number of seconds from 1 to 3600`,
    hint: 'set it to a number such as 60, or remove it',
  }),

  'remote-size': row<{ path: string; bytes: number; most: number }>({
    message: ({ path, bytes, most }) =>
      `\`${path}\` has ${formatBytes(bytes)}, and text of an object store is copied up to ${formatBytes(most)}`,
    hint: ({ path }) =>
      `copy it, and name its path: \`${path.startsWith('gs:') ? 'gcloud storage cp' : 'aws s3 cp'} ${quoteForShell(path)} .\``,
  }),

  'setup-failed': row<{ what: string; reason: string; byHand: string }>({
    message: ({ what, reason }) => `${what} could not be set up: ${reason}`,
    hint: ({ byHand }) => byHand,
  }),
} as const;
