/**
 * Refusals of a server that has more than it can answer, before anything is read or routed. What it does for a refusal, it cannot do for the requests that
 * it accepts: all that does not depend on the request is made once.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { idIn, logLine, type Place } from './http.ts';
import { overload } from './overload.ts';
import { gatedUrls } from './routes.ts';
import { jsonType } from './send_json.ts';

/** Refuses a request, or returns false: it goes on to its route, which refuses routes with parameters before their bodies. */
export type Refuse = (request: IncomingMessage, response: ServerResponse) => boolean;

export function makeEarlyRefusal({ gate, metrics, options }: Pick<Place, 'gate' | 'metrics' | 'options'>): Refuse {
  const { status, mistakes, headers } = overload;
  const always = [...Object.entries(headers).flat(), 'content-type', jsonType];
  const errors = JSON.stringify(mistakes);
  return (request, response) => {
    const { url: route = '', method } = request;
    if (!gate.isFull || !gatedUrls.has(route)) return false;
    // Neither a given id nor ours has a character that JSON writes in another way.
    const id = idIn(request.headers['x-request-id']) ?? randomUUID();
    const text = `{"request":"${id}","errors":${errors}}`;
    const bytes = Buffer.byteLength(text);
    response.writeHead(status, [...always, 'x-request-id', id, 'content-length', String(bytes)]);
    response.end(text);
    metrics.answered(route, status, 0);
    logLine(options, { level: 'info', id, method, route, status, ms: 0, bytes });
    return true;
  };
}
