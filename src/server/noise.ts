/** What arrives and never becomes a request of a route: bytes that are not HTTP, headers past all limits, requests that do not end, tunnels. */
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, maxHeaderSize, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { diagnose } from '../diagnostics/diagnose.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { slowest } from './limits.ts';
import { refused } from './refused.ts';
import { routeNames } from './routes.ts';
import { jsonType, sendJson, wholeAnswer } from './send_json.ts';

/** The body of a refusal, under an id of its own: nothing that the client calls its request has been read. */
const refusalOf = (diagnostic: Diagnostic): object => ({
  request: randomUUID(),
  errors: refused(400, diagnostic).mistakes,
});

/** Answers what the parser of Node.js refuses, and ends the connection. Gives the status, if there is somebody to answer. */
export function refuseNoise({ code }: { readonly code?: string }, socket: Duplex): number | undefined {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const [status, diagnostic] = reasonOf(code);
  endWith(socket, status, refusalOf(diagnostic));
  return status;
}

function reasonOf(code = ''): readonly [status: number, diagnostic: Diagnostic] {
  const body = (reason: string, advice: string) => diagnose('request-body', undefined, { reason, advice });
  switch (code) {
    case 'HPE_HEADER_OVERFLOW': {
      const facts = {
        what: 'the headers of a request',
        limit: maxHeaderSize,
        unit: 'bytes',
        advice: 'send fewer headers',
      };
      return [431, diagnose('request-size', undefined, facts)];
    }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, body(`does not arrive within ${slowest / 1000} seconds`, 'send the whole request without a pause')];
    default:
      return [400, body('does not arrive as HTTP', 'send a whole request in HTTP/1.1')];
  }
}

function endWith(socket: Duplex, status: number, answer: object): void {
  const text = JSON.stringify(answer);
  const headers = [
    ['Content-Type', jsonType],
    ['Content-Length', String(Buffer.byteLength(text))],
    ['Connection', 'close'],
  ] as const;
  socket.end(wholeAnswer(status, headers, text), () => socket.destroy());
}

/** Without these, Node.js ends a tunnel without an answer, and refuses an expectation without a word. */
export function refuseTunnels(http: Server): void {
  http.on('connect', ({ url = '' }: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    const facts = { method: 'CONNECT', path: url.slice(0, 100), routes: routeNames(false) };
    endWith(socket, 404, refusalOf(diagnose('request-route', undefined, facts)));
  });
  http.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) => {
    const facts = { entry: 'expect', reason: 'is not `100-continue`', advice: 'leave the header out' };
    sendJson(response, 417, refusalOf(diagnose('request-value', undefined, facts)), { connection: 'close' });
  });
}
