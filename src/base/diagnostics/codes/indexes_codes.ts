/** Codes of indexes of items, which find the best items without a scan. */
import { countText, quoteForShell, row } from '../wording.ts';

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

export const indexes = {
  'not-an-index': row<{ folder: string }>({
    message: ({ folder }) => `${folder} contains no index: it has no index.json`,
    hint: 'build one with `tower index RUN --to FOLDER`',
  }),

  'other-index': row<{ folder: string; what: string }>({
    message: ({ folder, what }) => `the index in ${folder} does not fit the run: it is of ${what}`,
    hint: ({ folder }) =>
      `build it again with \`tower index RUN --to ${quoteForShell(folder)}\`, or serve without \`--index\``,
  }),

  'damaged-index': row<{ path: string; reason: string }>({
    message: ({ path, reason }) => `${path} is damaged: ${reason}`,
    hint: 'build the index again with `tower index`, or serve without `--index`',
  }),

  'index-address': row<{ reason: string }>({
    message: ({ reason }) => `the address of the database ${reason}`,
    hint: 'write it as `postgres://USER@HOST:5432/DATABASE`',
  }),

  'index-table': row<{ name: string }>({
    message: ({ name }) => `\`${name}\` cannot be the name of an index`,
    hint: 'write a letter, and then up to 39 letters, digits or `_`',
  }),

  'index-server': row<{ address: string; reason: string; advice: string }>({
    message: ({ address, reason }) => `the database ${address} cannot be used: ${reason}`,
    hint: ({ advice }) => advice,
  }),

  'index-extension': row<{ version: string }>({
    message: ({ version }) =>
      `the database has version ${version} of the extension \`vector\`, and 0.8 or later is needed`,
    hint: 'install a newer pgvector on the server, and run `ALTER EXTENSION vector UPDATE`',
  }),

  'index-value': row<{ what: string; text: string }>({
    message: ({ what, text }) =>
      `the ${what} \`${text}\` of an item cannot be stored in PostgreSQL: it has the character U+0000`,
    hint: 'remove the character from the data',
  }),

  'index-width': row<{ width: number; most: number }>({
    message: ({ width, most }) => `the vectors have ${width} numbers, and a graph of pgvector takes ${most} at most`,
    hint: 'train towers that end with fewer numbers',
  }),

  'index-recall': row<{ recall: number; asked: number; k: number; queries: number }>({
    message: ({ recall, asked, k, queries }) =>
      `the index finds ${percent(recall)} of the best ${k} items of ${countText(queries, 'query')}, and ${percent(asked)} are asked for`,
    hint: 'lower `--recall`, or serve the run without an index, which is exact',
  }),

  'index-missing': row<{ address: string; name: string }>({
    message: ({ address, name }) => `there is no index called \`${name}\` in ${address}`,
    hint: ({ name }) => `run \`tower index RUN --to ADDRESS${name === 'tower_items' ? '' : ` --table ${name}`}\` first`,
  }),

  'index-other': row<{ address: string; name: string; reason: string }>({
    message: ({ address, name, reason }) => `the index \`${name}\` in ${address} is of ${reason}`,
    hint: 'run `tower index` with the run that is served',
  }),
} as const;
