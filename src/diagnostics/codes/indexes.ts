/** Codes of indexes of items: what finds the best items outside of the scan. */
import { row } from '../code_row.ts';
import { countOf } from '../wording.ts';

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

export const indexes = {
  'index-address': row<{ reason: string }>({
    severity: 'error',
    message: ({ reason }) => `the address of the database ${reason}`,
    hint: () => 'write it as `postgres://USER@HOST:5432/DATABASE`',
    means:
      'The index lies in a PostgreSQL database, whose address is a URL. The message does not repeat the address, which may hold a password.',
    remedy:
      'Write the address as `postgres://USER@HOST:5432/DATABASE`. Set the password in `PGPASSWORD` or in the file `~/.pgpass`.',
  }),

  'index-table': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` cannot be the name of an index`,
    means: 'The name of an index begins the names of its tables, and PostgreSQL keeps 63 bytes of a name.',
    remedy: 'Write a letter, and then up to 39 letters, digits or `_`.',
  }),

  'index-server': row<{ address: string; reason: string; advice: string }>({
    severity: 'error',
    message: ({ address, reason }) => `the database ${address} cannot be used: ${reason}`,
    hint: ({ advice }) => advice,
    means: 'The index lies in a PostgreSQL database. The server cannot be reached, or refuses what is asked of it.',
    remedy: 'Try the same address with `psql ADDRESS`, and change what the hint names.',
  }),

  'index-extension': row<{ version: string }>({
    severity: 'error',
    message: ({ version }) =>
      `the database has version ${version} of the extension \`vector\`, and 0.8 or later is needed`,
    hint: () => 'install a newer pgvector on the server, and run `ALTER EXTENSION vector UPDATE`',
    means:
      'From version 0.8 on, pgvector continues a search where a filter removes what it found. Earlier versions give too few items.',
    remedy: 'Install a newer pgvector on the server, and run `ALTER EXTENSION vector UPDATE` in the database.',
  }),

  'index-value': row<{ what: string; text: string }>({
    severity: 'error',
    message: ({ what, text }) =>
      `the ${what} \`${text}\` of an item cannot be stored in PostgreSQL: it has the character U+0000`,
    means: 'A text of PostgreSQL holds every character but U+0000, and an item of the data has a text with it.',
    remedy: 'Remove the character from the data.',
  }),

  'index-width': row<{ width: number; most: number }>({
    severity: 'error',
    message: ({ width, most }) => `the vectors have ${width} numbers, and a graph of pgvector takes ${most} at most`,
    hint: () => 'train towers that end with fewer numbers',
    means: 'A graph of pgvector compares vectors of up to 2,000 numbers, or of up to 4,000 in float16.',
    remedy: 'Train towers that end with fewer numbers, or serve the run without an index.',
  }),

  'index-recall': row<{ recall: number; asked: number; k: number; queries: number }>({
    severity: 'error',
    message: ({ recall, asked, k, queries }) =>
      `the index finds ${percent(recall)} of the best ${k} items of ${countOf(queries, 'query')}, and ${percent(asked)} are asked for`,
    means:
      'An index was compared with the exact answers to queries of the query tower. It misses more items than `--recall` allows, even with its widest search, so nothing was kept of it.',
    remedy: 'Lower `--recall`, or serve the run without an index, which is exact.',
  }),

  'index-missing': row<{ address: string; name: string }>({
    severity: 'error',
    message: ({ address, name }) => `there is no index called \`${name}\` in ${address}`,
    hint: ({ name }) => `run \`tower index RUN --to ADDRESS${name === 'tower_items' ? '' : ` --table ${name}`}\` first`,
    means: 'The database has no index of this name. `tower index` writes one, and `--table` names it.',
    remedy: 'Run `tower index RUN --to ADDRESS`, or name another index with `--table`.',
  }),

  'index-other': row<{ address: string; name: string; reason: string }>({
    severity: 'error',
    message: ({ address, name, reason }) => `the index \`${name}\` in ${address} is of ${reason}`,
    hint: () => 'run `tower index` with the run that is served',
    means:
      'Vectors of a query belong to the items of the same model, and rows to the same data. Answers from another index would be wrong, so it is not asked.',
    remedy: 'Run `tower index` with the run that is served. Other servers go on with the index of their own run.',
  }),
} as const;
