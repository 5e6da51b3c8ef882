/**
 * Refusals of a server that has more than it can answer, before anything is read or routed. What it does for a refusal, it cannot do for the requests that
 * it accepts: all that does not depend on the request is made once.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { idIn, logLine, type Place } from './http.ts';
import { overload } from './overload.ts';
import { isGated } from './routes.ts';
import { jsonType, wholeAnswer } from './send_json.ts';
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
  const always: Refusal['headers'] = [...Object.entries(headers), ['content-type', jsonType]];
  const errors = JSON.stringify(mistakes);
  const isRefused = (method: string | undefined, route: string): boolean => gate.isFull && isGated(method, route);
  const refuse = (method: string | undefined, route: string, given: string | string[] | undefined): Refusal => {
    // Neither a given id nor ours has a character that JSON writes in another way.
    const id = idIn(given) ?? randomUUID();
    const text = `{"request":"${id}","errors":${errors}}`;
    const bytes = Buffer.byteLength(text);
    metrics.answered(route, status, 0);
    logLine(options, { level: 'info', id, method, route, status, ms: 0, bytes });
    return { text, headers: [...always, ['x-request-id', id], ['content-length', String(bytes)]] };
  };
  return {
    unparsed({ method, url, headers }) {
      // Node.js ends the connections of a server that stops.
      if (!isRefused(method, url) || place.isStopping()) return undefined;
      const { text, headers: own } = refuse(method, url, headers.get('x-request-id'));
      return wholeAnswer(status, [...own, ['date', new Date().toUTCString()]], text);
    },
    parsed({ url = '', method, headers }, response) {
      if (!isRefused(method, url)) return false;
      const { text, headers: own } = refuse(method, url, headers['x-request-id']);
      response.writeHead(status, own.flat());
      response.end(text);
      return true;
    },
  };
}

interface Refusal {
  readonly text: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}
