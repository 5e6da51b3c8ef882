/** Codes of data files that addresses name: in object stores, and on web servers. */
import { row } from '../code_row.ts';
import { bytesWords, shellWord } from '../wording.ts';

export const remote = {
  /** `allow`: what would permit it; absent where nothing can. */
  'data-file-remote': row<{ path: string; allow?: string }>({
    severity: 'error',
    message: ({ path, allow }) =>
      allow === undefined
        ? `\`${path}\` is an address, and this is read from a file of this machine`
        : `\`${path}\` is an address that nobody allowed`,
    hint: ({ allow }) =>
      allow === undefined
        ? 'copy the file into the project, and name its path'
        : `allow what you trust: \`--allow ${shellWord(allow)}\`, or set \`TOWER_REMOTE\` to it`,
    means:
      'A data block names an object store or a web address. A block may come from a stranger, so Tower opens a connection only to what you allow. Files that features name, such as vocabularies and vectors, are never read from an address.',
    remedy:
      'Allow the folder with `--allow s3://BUCKET/FOLDER/`. Programs that nobody gives options to read `TOWER_REMOTE`, with commas between addresses. Or copy the files first, for example with `aws s3 sync`.',
  }),

  'remote-address': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `\`${path}\` ${reason}`,
    hint: () => 'write it as `s3://BUCKET/KEY`, `gs://BUCKET/KEY` or `https://HOST/PATH`',
    means:
      'An address in a data block, in `--allow`, in `TOWER_REMOTE` or in `AWS_ENDPOINT_URL` has a form that Tower does not read. An address has one spelling, so that it is known what lies below it. It has no password and no signature, because a run keeps its data block.',
    remedy:
      'Write the address as `s3://BUCKET/KEY`, `gs://BUCKET/KEY` or `https://HOST/PATH`. Patterns such as `*` are for stores alone. Keys of a store belong in the environment.',
  }),

  'remote-extension': row<{ path: string; reason?: string }>({
    severity: 'error',
    message: ({ path, reason }) =>
      reason === undefined
        ? `\`${path}\` needs the extension \`httpfs\` of the database, which is not set up here`
        : `\`${path}\` needs the extension \`httpfs\` of the database, which does not load: ${reason}`,
    hint: () => 'run `npx tower engines --setup httpfs`, once a machine',
    means:
      'Object stores are read by an extension of DuckDB, which is 21 MB and not part of the package. Tower never fetches it by itself. DuckDB loads only an extension of its own version with its signature.',
    remedy: 'Run `npx tower engines --setup httpfs`, once a machine. Or copy the files, and name their paths.',
  }),

  'remote-failed': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `\`${path}\` cannot be read: ${reason}`,
    hint: ({ reason }) => (/HTTP 40[13]/.test(reason) ? 'set the keys of the store in the environment' : undefined),
    means:
      'An object store or a web server did not give the file. A request that fails is made three times. A server may be silent for 30 seconds, or for the seconds in `TOWER_REMOTE_TIMEOUT`.',
    remedy:
      'Check the address, and the keys in the environment. Keys come from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`. `AWS_REGION` names the region, and `AWS_ENDPOINT_URL` another store. For `gs://` they are `GS_ACCESS_KEY_ID` and `GS_SECRET_ACCESS_KEY`. `AWS_PROFILE` and files of keys are not read: `aws configure export-credentials --format env` prints what to set.',
  }),

  'remote-timeout': row<{ value: string }>({
    severity: 'error',
    message: ({ value }) =>
      `\`TOWER_REMOTE_TIMEOUT\` is \`${value}\`, and not a whole number of seconds from 1 to 3600`,
    hint: () => 'set it to a number such as 60, or remove it',
    means:
      '`TOWER_REMOTE_TIMEOUT` is how long an object store or a web server may be silent before a request is made again.',
    remedy: 'Set the variable to a whole number of seconds, such as 60. Without it the time is 30 seconds.',
  }),

  'remote-size': row<{ path: string; bytes: number; most: number }>({
    severity: 'error',
    message: ({ path, bytes, most }) =>
      `\`${path}\` has ${bytesWords(bytes)}, and text of an object store is copied up to ${bytesWords(most)}`,
    hint: ({ path }) =>
      `copy it, and name its path: \`${path.startsWith('gs:') ? 'gcloud storage cp' : 'aws s3 cp'} ${shellWord(path)} .\``,
    means:
      'Tower copies CSV, JSON and lines from an object store before it reads them. The database holds such a file in memory as a whole. Parquet has no such limit: it is read where it is.',
    remedy: 'Copy the file with the program of the store, and name its path. Or write the rows as Parquet.',
  }),

  'setup-failed': row<{ what: string; reason: string; byHand: string }>({
    severity: 'error',
    message: ({ what, reason }) => `${what} could not be set up: ${reason}`,
    hint: ({ byHand }) => byHand,
    means:
      'An optional part of Tower could not be fetched, is not what its checksum says, or could not be written. What was there before is unchanged.',
    remedy:
      'Try again where the index of packages answers, or name a wheel that you have with `--from FILE`. Behind a proxy, Node 22.21 and later take `HTTPS_PROXY` if `NODE_USE_ENV_PROXY=1` is set. `PIP_INDEX_URL` names another index of packages.',
  }),
};
