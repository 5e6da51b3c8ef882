/**
 * Takes the address of a server before a run is loaded, so a port in use is known within milliseconds. Until the run can answer, every request except those for
 * liveness and for the page gets 503. So a load balancer sees a process that is starting, and not a missing one.
 */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import {
  createServer,
  type Server as HttpServer,
  maxHeaderSize,
  type RequestListener,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { type AddressInfo, isIPv6, Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import { type Diagnostic, describeSystemError, diagnose, failure } from '../../base/diagnostics/diagnostic.ts';
import { page } from './generated_page.ts';
import { maxArrivalTime } from './limits.ts';
import { busy, refused } from './refused.ts';
import { noRoute, routeNames, routeOf } from './routes.ts';

/** Serves the page and its icon, with a content security policy, even before a run is loaded. */
export const browserFiles = {
  page: {
    text: page.html,
    /** A browser may only run the page's own script. It requests the page anew each time, because a later version of Tower has another page. */
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': page.policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    },
  },
  /** The page includes its icon. Browsers request this one when they show another URL of the server. */
  icon: {
    text: "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><path fill='#0b62c4' d='M2 6h5v9H2zM9 1h5v14H9z'/></svg>",
    headers: { 'content-type': 'image/svg+xml', 'cache-control': 'max-age=86400' },
  },
} as const;

export interface Listener {
  readonly http: HttpServer;
  /** Takes the address, unless it has been taken. Returns the URL. @throws Failure `cannot-listen` */
  listen(host: string, port: number): Promise<string>;
  open(handler: RequestListener): void;
  /**
   * Resolves when all connections have ended. Requests that were sent before are answered: idle connections stay open for a moment, in which the handler must
   * end each connection with its next answer.
   * @param grace milliseconds after which unanswered requests are cut off
   */
  close(grace?: number): Promise<void>;
}

/** Milliseconds after which an idle connection is closed: longer than load balancers keep theirs. */
const idleTimeout = 72_000;
/** Milliseconds in which a request that was sent before the end must arrive: several round trips. */
const arrivalTime = 500;

/**
 * @param isShared true if other processes have the same address: one of them may have a request that this one is about to accept
 * @param requestTimeout milliseconds until a request has arrived as a whole
 */
export function makeListener(isShared = false, requestTimeout = maxArrivalTime): Listener {
  let currentHandler: RequestListener = answerWhileStarting;
  // By default, Node.js looks for late requests every 30 seconds.
  const connectionsCheckingInterval = Math.ceil(requestTimeout / 60);
  const http = createServer(
    { requestTimeout, connectionsCheckingInterval, keepAliveTimeout: idleTimeout, requireHostHeader: false },
    (request, response) => currentHandler(request, response),
  );
  // By default, Node.js closes a CONNECT without an answer, and refuses an `Expect` without an explanation.
  http.on('connect', ({ url = '' }, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    const facts = { method: 'CONNECT', path: url.slice(0, 100), routes: routeNames() };
    endConnection(socket, 404, diagnose('request-route', undefined, facts));
  });
  http.on('checkExpectation', (request, response) => currentHandler(request, response));
  let listeningUrl: Promise<string> | undefined;
  const listenOnce = (host: string, port: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const onError = (error: Error): void => reject(listenError(error, host, port));
      http.once('error', onError);
      http.listen({ host, port }, () => {
        http.off('error', onError);
        resolve(urlOf(host, (http.address() as AddressInfo).port));
      });
    });
  const hasConnections = (): Promise<boolean> =>
    new Promise((resolve) => http.getConnections((_, count) => resolve(count > 0)));
  return {
    http,
    listen: (host, port) =>
      (listeningUrl ??= listenOnce(host, port).catch((error: unknown) => {
        listeningUrl = undefined;
        throw error;
      })),
    open(requestHandler) {
      currentHandler = requestHandler;
    },
    async close(grace = 0) {
      const cutTimer = setTimeout(() => http.closeAllConnections(), grace);
      // Waiting connections are accepted in a turn of the event loop.
      await delay(1);
      // A proxy sends a refused request to another server, but a reset `POST` to none. At a shared address a connection may wait for this process alone.
      if (!isShared) NetServer.prototype.close.call(http);
      if (isShared || (await hasConnections())) await delay(Math.min(arrivalTime, grace));
      // Closing a server that does not listen only gives an error.
      await new Promise<void>((resolve) => http.close(() => resolve()));
      clearTimeout(cutTimer);
    },
  };
}

/** Returns a URL that clients can use: `0.0.0.0` stands for all addresses, so this machine's own is shown. */
function urlOf(host: string, port: number): string {
  const name = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `http://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}

const answerWhileStarting: RequestListener = ({ url = '', method = '' }, response) => {
  const route = routeOf(method, url);
  // The page itself waits until the run can answer.
  if (route === 'page' || route === 'icon') {
    return void response.writeHead(200, browserFiles[route].headers).end(browserFiles[route].text);
  }
  const earlyAnswer = route && earlyAnswers[route];
  if (earlyAnswer !== undefined) return sendJson(response, ...earlyAnswer);
  const { status, mistakes, headers } = route ? busy('it is starting') : noRoute({ method, url });
  sendJson(response, status, { request: randomUUID(), errors: mistakes }, headers);
};

/** Answers while no run is loaded, by name of the route. */
const earlyAnswers: Readonly<Record<string, readonly [status: number, body: object]>> = {
  health: [200, { status: 'ok' }],
  ready: [503, { status: 'starting' }],
};

function sendJson(response: ServerResponse, status: number, body: object, headers = {}): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { ...headers, 'content-type': jsonType, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

const jsonType = 'application/json; charset=utf-8';

/** Answers a request that the parser of Node.js refuses, and ends the connection. Returns the status; undefined if the client is gone. */
export function refuseUnparsed({ code }: { readonly code?: string }, socket: Duplex): number | undefined {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const body = (reason: string, advice: string) => diagnose('request-body', undefined, { reason, advice });
  if (code === 'HPE_HEADER_OVERFLOW') {
    const what = 'the headers of a request';
    const facts = { what, limit: maxHeaderSize, unit: 'bytes', advice: 'send fewer headers' };
    return endConnection(socket, 431, diagnose('request-size', undefined, facts));
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const reason = `does not arrive within ${maxArrivalTime / 1000} seconds`;
    return endConnection(socket, 408, body(reason, 'send the whole request without a pause'));
  }
  return endConnection(socket, 400, body('does not arrive as HTTP', 'send a whole request in HTTP/1.1'));
}

/** The client's request id has not been read, so the refusal has a new id. */
function endConnection(socket: Duplex, status: number, diagnostic: Diagnostic): number {
  const text = JSON.stringify({ request: randomUUID(), errors: refused(status, diagnostic).mistakes });
  const responseHead = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${jsonType}\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close`;
  socket.end(`${responseHead}\r\n\r\n${text}`, () => socket.destroy());
  return status;
}

function listenError(error: Error, host: string, port: number): Error {
  const { code = '' } = error as NodeJS.ErrnoException;
  const knownReasons: Readonly<Record<string, readonly [reason: string, advice: string]>> = {
    EADDRINUSE: ['another program uses it', 'choose another port with `--port`'],
    EACCES: ['it may not be used', 'choose a port from 1024 with `--port`'],
    EADDRNOTAVAIL: ['this machine does not have the address', 'give an address of this machine with `--host`'],
    ENOTFOUND: ['there is no such host', 'give an address of this machine with `--host`'],
  };
  const [reason, advice] = knownReasons[code] ?? [
    describeSystemError(error),
    'choose another address with `--host` and `--port`',
  ];
  return reason === undefined ? error : failure('cannot-listen', { host, port, reason, advice: advice! });
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Makes a function that compares tokens in constant time, so that the duration reveals nothing about the token. */
export function makeTokenCheck(token: string): (header: string | undefined) => boolean {
  const ownDigest = digest(token);
  return (header) => {
    const bearerToken = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
    return bearerToken !== undefined && timingSafeEqual(digest(bearerToken), ownDigest);
  };
}

/** Returns why a text cannot be a token; undefined if it is valid. RFC 6750 defines the characters. */
export function tokenComplaint(token: string): string | undefined {
  if (token === '') return 'is empty';
  if (!/^[\w.~+/-]+=*$/.test(token)) return 'has characters that no header can hold';
  return token.length < 16 ? `has ${token.length} characters, which can be guessed` : undefined;
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);

/** Reads the name in `localhost:8321`, `[::1]:8321` or `http://127.0.0.1:8321`; undefined if there is none. */
export function hostNameIn(text: string): string | undefined {
  const url = text.includes('://') ? text : `http://${text}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[(.*)\]$/, '$1') : undefined;
}

/**
 * Makes the check of a `Host` header for a server without a token. The server only listens on loopback, but the page of another site can have its own name
 * resolved to this machine (DNS rebinding), and could then read every answer. The browser sends that name in the header.
 */
export function makeHostCheck(allowed: readonly string[]): (header: string) => boolean {
  const names = new Set(allowed.map((name) => hostNameIn(name) ?? name));
  return (header) => {
    const name = hostNameIn(header);
    return name !== undefined && (isLoopback(name) || names.has(name));
  };
}

const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** True if a request comes from this machine, and neither from a proxy, which passes on requests of others, nor from a page of another site. */
export function isFromThisMachine({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): boolean {
  if (proxyHeaders.some((name) => headers[name] !== undefined) || !isLoopback(ip.replace(/^::ffff:/, ''))) return false;
  return [headers.host ?? '', headers.origin ?? 'localhost'].every((text) => isLoopback(hostNameIn(text) ?? ''));
}
