/** Codes of data files at addresses: in object stores and on web servers. */
import { formatBytes, quoteForShell, row } from '../wording.ts';

export const remote = {
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
};
