/** Codes of requests to a trained model. */
import { row } from '../code_row.ts';
import { countOf } from '../wording.ts';

export const serving = {
  'filter-syntax': row<{ found: string; expected: string; advice?: string | undefined }>({
    severity: 'error',
    message: ({ found, expected }) => `the filter has ${found} where ${expected} is expected`,
    hint: ({ advice }) => advice ?? "write a condition such as `year >= 1990 and 'Drama' in genres`",
    means:
      'A filter compares columns of the items with values, and joins comparisons by `and`, `or`, `not` and parentheses. The text cannot be read as one.',
    remedy: "Write a filter such as `year >= 1990 and 'Drama' in genres` or `not (country in ('NL', 'BE'))`.",
  }),

  'filter-type': row<{ what: string; reason: string; advice: string }>({
    severity: 'error',
    message: ({ what, reason }) => `${what} ${reason}`,
    hint: ({ advice }) => advice,
    means:
      "The two sides of a comparison have different types, or the comparison is not one for their type. Numbers and texts are compared by `=`, `!=`, `<`, `<=`, `>`, `>=` and `in`. A list is searched by `in`: `'Drama' in genres`.",
    remedy: 'Compare the column with a value of its type.',
  }),

  'request-value': row<{ entry: string; reason: string; advice: string }>({
    severity: 'error',
    message: ({ entry, reason }) => `\`${entry}\` of the request ${reason}`,
    hint: ({ advice }) => advice,
    means: 'A request has an entry with a value that has no meaning there, so there is no answer to it.',
    remedy: 'Correct the value of the entry that the message names.',
  }),

  'request-body': row<{ reason: string; advice: string }>({
    severity: 'error',
    message: ({ reason }) => `the body of the request ${reason}`,
    hint: ({ advice }) => advice,
    means: 'A server reads the body of a request as JSON in UTF-8. This body is missing, or cannot be read.',
    remedy: 'Send one JSON object, or an array of objects, with the header `Content-Type: application/json`.',
  }),

  'request-size': row<{ what: string; limit: number; unit: string; advice?: string }>({
    severity: 'error',
    message: ({ what, limit, unit }) => `${what} may have ${limit.toLocaleString('en')} ${unit} at most`,
    hint: ({ advice = 'send several smaller requests' }) => advice,
    means: 'The request is larger than the server accepts. The limit keeps one request from delaying all others.',
    remedy: 'Send several smaller requests, or start the server with higher limits.',
  }),

  'request-route': row<{ method: string; path: string; routes: readonly string[] }>({
    severity: 'error',
    message: ({ method, path }) => `the server has no route ${method} ${path}`,
    hint: ({ routes }) => `use one of ${routes.join(', ')}`,
    means: 'The server has no route with this method and this path.',
    remedy: 'Use a route that `/openapi.json` of the server lists.',
  }),

  'request-token': row<{ given: boolean }>({
    severity: 'error',
    message: ({ given }) =>
      given ? 'the bearer token of the request is not that of the server' : 'the request has no bearer token',
    hint: () => 'send the header `Authorization: Bearer TOKEN` with the token of the server',
    means: 'The server was started with a token, and answers only requests that send this token.',
    remedy: 'Send the header `Authorization: Bearer TOKEN`. The token is in the file that `--token-file` names.',
  }),

  'request-host': row<{ host: string }>({
    severity: 'error',
    message: ({ host }) => `this server does not answer for the host name \`${host}\``,
    hint: ({ host }) => `send requests to \`localhost\`, or start the server with \`--allow-host ${host}\``,
    means:
      'A server without a token answers for the names of its own machine only: `localhost`, `127.0.0.1` and `[::1]`. A page of another site could otherwise have its own name resolved to your machine, and read all answers in your browser.',
    remedy:
      'Send requests to a name of its own machine. Behind a proxy that passes on its public name, start the server with `--allow-host NAME` or with a token.',
  }),

  'server-busy': row<{ reason: string; seconds: number }>({
    severity: 'error',
    message: ({ reason }) => `the server cannot take the request: ${reason}`,
    hint: ({ seconds }) => `send the request again after ${countOf(seconds, 'second')}`,
    means: 'More requests arrive than the server answers, or it is starting. It refuses new requests early.',
    remedy: 'Send the request again after the seconds in the header `Retry-After`, or to another server.',
  }),

  'server-late': row<{ milliseconds: number }>({
    severity: 'error',
    message: ({ milliseconds }) => `the answer was not ready within ${countOf(milliseconds, 'millisecond')}`,
    hint: () => 'send smaller requests, or raise `--deadline` of the server',
    means: 'The request has a deadline, and the server stops working on an answer that nobody waits for.',
    remedy: 'Send smaller requests, or raise the deadline.',
  }),

  'item-value': row<{ column: string; reason: string; advice: string }>({
    severity: 'error',
    message: ({ column, reason }) => `\`${column}\` of the item ${reason}`,
    hint: ({ advice }) => advice,
    means:
      'An item that is written has the columns of the items file. Each value has the type that its column has there, or is `null` where the item has none.',
    remedy: 'Correct the value of the column that the message names.',
  }),

  'items-closed': row<{ reason: string; advice: string }>({
    severity: 'error',
    message: ({ reason }) => `this server takes no items: ${reason}`,
    hint: ({ advice }) => advice,
    means:
      'A server takes items if it has a folder to keep them in. The features of each item must be computed from its own row.',
    remedy: 'Start the server with `--items FOLDER`, or change the items file and start the server again.',
  }),

  'items-log': row<{ path: string; line?: number | undefined; reason: string; advice: string }>({
    severity: 'error',
    message: ({ path, line, reason }) => `${path}${line === undefined ? '' : `, line ${line}`}: ${reason}`,
    hint: ({ advice }) => advice,
    means:
      'The folder of written items has a file of records, a line each, with a checksum. A line is damaged, or was not written by Tower. Only the last line may be incomplete: that is what a crash leaves.',
    remedy:
      'Restore the file from a copy, or move it away: the items of the data file are then served without the writes.',
  }),

  'cannot-listen': row<{ host: string; port: number; reason: string; advice: string }>({
    severity: 'error',
    message: ({ host, port, reason }) => `cannot listen on port ${port} of ${host}: ${reason}`,
    hint: ({ advice }) => advice,
    means: 'The operating system does not let the server listen at this address.',
    remedy: 'Choose another port with `--port`, or another address of this machine with `--host`.',
  }),

  'token-needed': row<{ host: string }>({
    severity: 'error',
    message: ({ host }) => `${host} can be reached from other machines, so the server needs a token`,
    hint: () => 'name a file with a secret text: `--token-file FILE`',
    means:
      'Without a token, anyone who reaches the address could ask the model what users have seen. A server on 127.0.0.1 needs none.',
    remedy: 'Name a file with a secret text by `--token-file FILE`, or remove `--host`.',
  }),

  'token-value': row<{ path?: string | undefined; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `the token${path === undefined ? '' : ` in ${path}`} ${reason}`,
    hint: () => 'write 16 or more letters, digits or `-._~+/=`: `openssl rand -hex 32` prints such a text',
    means: 'The token of a server is one line that a header can hold, and that cannot be guessed.',
    remedy: 'Write 16 or more letters, digits or signs of `-._~+/=` into the file.',
  }),

  'no-version': row<{ folder: string; refused: number }>({
    severity: 'error',
    message: ({ folder, refused }) =>
      refused === 0
        ? `${folder} has no run`
        : `${folder} has no run that can be served: ${countOf(refused, 'run')} failed`,
    hint: () => 'put a run of `tower train` into the folder',
    means: 'A server that watches a folder needs one run in it to begin with: a folder with a `manifest.json`.',
    remedy: 'Put a run of `tower train` into the folder, and start the server again.',
  }),

  'version-process': row<{ folder: string; reason: string }>({
    severity: 'error',
    message: ({ folder, reason }) => `${folder} could not be loaded: ${reason}`,
    hint: () => 'check in the log of the system whether memory ran out',
    means:
      'A server reads a new version in a process of its own. That process ended before it was ready, and the version before goes on.',
    remedy: 'Give the server more memory: while a version is loaded, two versions need theirs.',
  }),

  'version-change': row<{ reason: string; advice: string }>({
    severity: 'error',
    message: ({ reason }) => `the versions cannot be changed: ${reason}`,
    hint: ({ advice }) => advice,
    means: 'A canary is promoted or gets another share only where there is one. A rollback needs a version before.',
    remedy: 'Read which versions there are, with `GET /v1/versions`.',
  }),

  'request-local': row<object>({
    severity: 'error',
    message: () => 'versions and items are changed only from this machine, or with a token',
    hint: () => 'start the server with `--token-file FILE`, and send the token',
    means:
      'Without a token, a server takes changes of versions and items from its own machine only. No proxy and no page of another site may pass them on.',
    remedy: 'Send the change from the machine of the server. For other machines, start it with `--token-file FILE`.',
  }),
} as const;
