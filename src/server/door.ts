/**
 * The address of a server. It is taken before a run is loaded, so a port in use is known within milliseconds; until the run answers, every request but
 * those for liveness and for the page gets 503. A load balancer sees a process that starts, and not one that is missing.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { failure } from '../diagnostics/failure.ts';
import { systemReason } from '../diagnostics/system_reason.ts';
import { slowest } from './limits.ts';
import { hasRoute, noRoute } from './no_route.ts';
import { refuseTunnels } from './noise.ts';
import { busy } from './overload.ts';
import { pageHeaders, pageText } from './page.ts';
import { inTurns } from './pipeline.ts';
import { errorText, isForeign } from './protocols/error_text.ts';
import { routes } from './routes.ts';
import { sendJson } from './send_json.ts';
import type { TakenAddress } from './taken_address.ts';
import { type AnswerUnparsed, answerUnparsed } from './unparsed.ts';

export interface Door extends TakenAddress {
  readonly http: HttpServer;
  /** From now on these answer. */
  open(handler: RequestListener, unparsed: AnswerUnparsed): void;
}

/** Milliseconds that a connection without a request stays open: longer than load balancers keep theirs. */
const idle = 72_000;

export function makeDoor(): Door {
  let handler: RequestListener = starting;
  let unparsed: AnswerUnparsed = () => undefined;
  const turns = inTurns((request, response) => handler(request, response));
  const http = createServer(
    { requestTimeout: slowest, keepAliveTimeout: idle, requireHostHeader: false },
    turns.listener,
  );
  refuseTunnels(http);
  answerUnparsed(http, turns.isIdle, (request) => unparsed(request));
  let listening: Promise<string> | undefined;
  const take = (host: string, port: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const refuse = (error: unknown): void => {
        try {
          refuseAddress(error, host, port);
        } catch (refusal) {
          reject(refusal);
        }
      };
      http.once('error', refuse);
      http.listen({ host, port }, () => {
        http.off('error', refuse);
        resolve(urlOf(host, (http.address() as AddressInfo).port));
      });
    });
  return {
    http,
    async listen(host, port) {
      listening ??= take(host, port);
      try {
        return await listening;
      } catch (error) {
        listening = undefined;
        throw error;
      }
    },
    open(parsed, other) {
      handler = parsed;
      unparsed = other;
    },
    close: () =>
      new Promise((resolve) => {
        // Of a server that does not listen it is an error, and nothing else.
        http.close(() => resolve());
      }),
  };
}

/** A name that clients can ask: `0.0.0.0` is all addresses, this machine's own among them. */
function urlOf(host: string, port: number): string {
  const name = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `http://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}

const starting: RequestListener = ({ url = '', method = '' }, response) => {
  const [path] = url.split('?');
  const isRoute = hasRoute(method, url);
  // It waits by itself until the run answers.
  if (isRoute && path === routes.page.path) return void response.writeHead(200, pageHeaders).end(pageText);
  const early = isRoute ? earlyAnswers.get(path) : undefined;
  if (early !== undefined) return void sendJson(response, ...early);
  const { status, mistakes, headers } = isRoute ? busy('it is starting') : noRoute({ method, url });
  sendJson(
    response,
    status,
    isForeign(url) ? { error: errorText(mistakes) } : { request: randomUUID(), errors: mistakes },
    headers,
  );
};

/** By path, before there is a run. */
const earlyAnswers: ReadonlyMap<string | undefined, readonly [status: number, body: object]> = new Map([
  [routes.health.path, [200, { status: 'ok' }]],
  [routes.inferenceLive.path, [200, { live: true }]],
  [routes.ready.path, [503, { status: 'starting' }]],
  [routes.inferenceReady.path, [503, { ready: false }]],
]);

function refuseAddress(error: unknown, host: string, port: number): never {
  const { code = '' } = error as NodeJS.ErrnoException;
  const known: Readonly<Record<string, readonly [reason: string, advice: string]>> = {
    EADDRINUSE: ['another program uses it', 'choose another port with `--port`'],
    EACCES: ['it may not be used', 'choose a port from 1024 with `--port`'],
    EADDRNOTAVAIL: ['this machine does not have the address', 'give an address of this machine with `--host`'],
    ENOTFOUND: ['there is no such host', 'give an address of this machine with `--host`'],
  };
  const [reason, advice] = known[code] ?? [systemReason(error), 'choose another address with `--host` and `--port`'];
  if (reason === undefined) throw error;
  throw failure('cannot-listen', { host, port, reason, advice: advice! });
}
