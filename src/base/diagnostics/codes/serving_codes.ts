/** Codes of requests to a trained model, of exports that `tower-lang/runtime` opens, and of indexes, which find the best items without a scan. */

import { countText, quoteForShell, row } from '../wording.ts';

export const serving = {
  'filter-syntax': row<{ found: string; expected: string; advice?: string | undefined; entry?: string }>({
    message: ({ found, expected }) => `the filter has ${found} where ${expected} is expected`,
    hint: ({ advice }) =>
      advice ?? "compare a column with a value, such as `'Drama' in genres`; `and`, `or` and `not` join conditions",
  }),

  'filter-type': row<{ what: string; reason: string; advice: string; entry?: string }>({
    message: ({ what, reason }) => `${what} ${reason}`,
    hint: ({ advice }) => advice,
  }),

  'request-value': row<{ entry: string; reason: string; advice: string }>({
    message: ({ entry, reason }) => `\`${entry}\` of the request ${reason}`,
    hint: ({ advice }) => advice,
  }),

  'request-body': row<{ reason: string; advice: string }>({
    message: ({ reason }) => `the body of the request ${reason}`,
    hint: ({ advice }) => advice,
  }),

  'request-size': row<{ what: string; limit: number; unit: string; advice?: string }>({
    message: ({ what, limit, unit }) => `${what} may have ${limit.toLocaleString('en')} ${unit} at most`,
    hint: ({ advice = 'send several smaller requests' }) => advice,
  }),

  'request-route': row<{ method: string; path: string; routes: readonly string[] }>({
    message: ({ method, path }) => `the server has no route ${method} ${path}`,
    hint: ({ routes }) => `use one of ${routes.join(', ')}`,
  }),

  'request-token': row<{ given: boolean }>({
    message: ({ given }) =>
      given ? 'the bearer token of the request is not that of the server' : 'the request has no bearer token',
    hint: 'send the header `Authorization: Bearer TOKEN` with the token of the server',
  }),

  'request-host': row<{ host: string }>({
    message: ({ host }) => `this server does not answer for the host name \`${host}\``,
    hint: ({ host }) => `send requests to \`localhost\`, or start the server with \`--allow-host ${host}\``,
  }),

  'server-busy': row<{ reason: string; seconds: number }>({
    message: ({ reason }) => `the server cannot take the request: ${reason}`,
    hint: ({ seconds }) => `send the request again after ${countText(seconds, 'second')}`,
  }),

  'server-late': row<{ milliseconds: number }>({
    message: ({ milliseconds }) => `the answer was not ready within ${countText(milliseconds, 'millisecond')}`,
    hint: 'send smaller requests, or raise `--deadline` of the server',
  }),

  'item-value': row<{ column: string; reason: string; advice: string }>({
    message: ({ column, reason }) => `\`${column}\` of the item ${reason}`,
    hint: ({ advice }) => advice,
  }),

  'event-value': row<{ column: string; reason: string; advice: string }>({
    message: ({ column, reason }) => `\`${column}\` of the event ${reason}`,
    hint: ({ advice }) => advice,
  }),

  'events-closed': row<{ reason: string; advice: string }>({
    message: ({ reason }) => `events cannot be read one by one: ${reason}`,
    hint: ({ advice }) => advice,
  }),

  'items-closed': row<{ reason: string; advice: string }>({
    message: ({ reason }) => `this server takes no items: ${reason}`,
    hint: ({ advice }) => advice,
  }),

  'items-log': row<{ path: string; line?: number | undefined; reason: string; advice: string }>({
    message: ({ path, line, reason }) => `${path}${line === undefined ? '' : `, line ${line}`}: ${reason}`,
    hint: ({ advice }) => advice,
  }),

  'log-address': row<{ reason: string }>({
    message: ({ reason }) => `the address of the log ${reason}`,
    hint: 'write it as `redis://HOST:6379/NAME`, or give a folder',
  }),

  'log-server': row<{ log: string; reason: string; advice: string }>({
    message: ({ log, reason }) => `the log ${log} cannot be used: ${reason}`,
    hint: ({ advice }) => advice,
  }),

  'cannot-listen': row<{ host: string; port: number; reason: string; advice: string }>({
    message: ({ host, port, reason }) => `cannot listen on port ${port} of ${host}: ${reason}`,
    hint: ({ advice }) => advice,
  }),

  'token-needed': row<{ host: string }>({
    message: ({ host }) => `${host} can be reached from other machines, so the server needs a token`,
    hint: 'name a file with a secret text: `--token-file FILE`',
  }),

  'token-value': row<{ path?: string | undefined; reason: string }>({
    message: ({ path, reason }) => `the token${path === undefined ? '' : ` in ${path}`} ${reason}`,
    hint: 'write 16 or more letters, digits or `-._~+/=`: `openssl rand -hex 32` prints such a text',
  }),

  'no-version': row<{ folder: string; refused: number }>({
    message: ({ folder, refused }) =>
      refused === 0
        ? `${folder} has no run`
        : `${folder} has no run that can be served: ${countText(refused, 'run')} failed`,
    hint: 'put a run of `tower train` into the folder',
  }),

  'version-process': row<{ folder: string; reason: string }>({
    message: ({ folder, reason }) => `${folder} could not be loaded: ${reason}`,
    hint: 'check in the log of the system whether memory ran out',
  }),

  'version-change': row<{ reason: string; advice: string }>({
    message: ({ reason }) => `the versions cannot be changed: ${reason}`,
    hint: ({ advice }) => advice,
  }),

  'request-local': row<object>({
    message: () => 'versions and items are changed only from this machine, or with a token',
    hint: 'start the server with `--token-file FILE`, and send the token',
  }),

  'export-unreachable': row<{ url: string; reason: string }>({
    message: ({ url, reason }) => `${url} cannot be fetched: ${reason}`,
    hint: 'copy the whole folder of the export to the server, and give `open` its address',
  }),

  'export-damaged': row<{ url: string; reason: string }>({
    message: ({ url, reason }) => `${url} is damaged: ${reason}`,
    hint: 'run `tower export --browser` again, and copy the whole folder to the server',
  }),

  'kernels-refused': row<{ reason: string }>({
    message: ({ reason }) => `this host compiles no WebAssembly: ${reason}`,
    hint: 'allow `wasm-unsafe-eval` as a source of scripts in a page; give `open` the imported `kernels.wasm` as `kernels` in a worker',
  }),

  'page-insecure': row<{ url: string }>({
    message: ({ url }) =>
      `the checksums of ${url} cannot be computed: browsers do that only for pages from https or localhost`,
    hint: 'use https for the page, or localhost',
  }),

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

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
