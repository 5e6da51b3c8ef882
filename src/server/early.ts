/**
 * Refusals of a server that has more than it can answer, before anything is read or routed. What it does for a refusal, it cannot do for the requests that
 * it accepts: all that does not depend on the request is made once.
 */
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { idIn, logLine, type Place } from './http.ts';
import { overload } from './overload.ts';
import { gatedUrls } from './routes.ts';
import { jsonType } from './send_json.ts';
import type { AnswerUnparsed } from './unparsed.ts';

export interface EarlyRefusal {
  /** The whole answer to a request that Node.js has not read. */
  readonly unparsed: AnswerUnparsed;
  /** Refuses a request, or returns false: it goes on to its route, which refuses routes with parameters before their bodies. */
  parsed(request: IncomingMessage, response: ServerResponse): boolean;
}

export function makeEarlyRefusal(place: Place): EarlyRefusal {
  const { gate, metrics, options } = place;
  const { status, mistakes, headers } = overload;
  const always = [...Object.entries(headers).flat(), 'content-type', jsonType];
  const errors = JSON.stringify(mistakes);
  const start = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...pairsOf(always)].join('\r\n');
  const isRefused = (route: string): boolean => gate.isFull && gatedUrls.has(route);
  const refuse = (method: string | undefined, route: string, given: string | string[] | undefined): Refusal => {
    // Neither a given id nor ours has a character that JSON writes in another way.
    const id = idIn(given) ?? randomUUID();
    const text = `{"request":"${id}","errors":${errors}}`;
    const bytes = Buffer.byteLength(text);
    metrics.answered(route, status, 0);
    logLine(options, { level: 'info', id, method, route, status, ms: 0, bytes });
    return { text, headers: ['x-request-id', id, 'content-length', String(bytes)] };
  };
  return {
    unparsed({ method, url, headers }) {
      // Node.js ends the connections of a server that stops.
      if (!isRefused(url) || place.isStopping()) return undefined;
      const { text, headers: own } = refuse(method, url, headers.get('x-request-id'));
      return `${[start, ...pairsOf(own), `date: ${new Date().toUTCString()}`].join('\r\n')}\r\n\r\n${text}`;
    },
    parsed({ url = '', method, headers }, response) {
      if (!isRefused(url)) return false;
      const { text, headers: own } = refuse(method, url, headers['x-request-id']);
      response.writeHead(status, [...always, ...own]);
      response.end(text);
      return true;
    },
  };
}

interface Refusal {
  readonly text: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
}

/** Lines of headers. */
const pairsOf = (flat: readonly string[]): string[] =>
  flat.flatMap((name, at) => (at % 2 === 0 ? `${name}: ${flat[at + 1]}` : []));
