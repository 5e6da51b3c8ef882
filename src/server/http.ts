/**
 * The shell around all routes: the body's limits and JSON, ids, the token, refusals of what cannot be answered, the log. What the routes answer is in
 * `server.ts`.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { diagnose } from '../diagnostics/diagnose.ts';
import { parseBody, refuseCompressed } from './body.ts';
import type { Door } from './door.ts';
import type { Gate } from './gate.ts';
import type { WritesOfItems } from './items/writes.ts';
import { type Limits, longestInAddress } from './limits.ts';
import type { Metrics } from './metrics.ts';
import { noRoute } from './no_route.ts';
import { refuseNoise } from './noise.ts';
import { busy, overload } from './overload.ts';
import { errorText, isForeign } from './protocols/error_text.ts';
import { ourMistake, Refused, refusalBehind, refused } from './refused.ts';
import { isGated, pathOf, routeList, urlOf } from './routes.ts';
import { jsonType } from './send_json.ts';
import { makeTokenCheck } from './token.ts';
import type { Swaps } from './versions/swaps.ts';

export interface ServerOptions {
  /** The version of Tower. */
  readonly tower: string;
  readonly limits?: Partial<Limits>;
  readonly token?: string;
  /** Takes items that are written. Absent: they are refused. */
  readonly items?: WritesOfItems;
  /** Gets one line of JSON for each request, without a line end. */
  readonly log?: (line: string) => void;
  /** The address, if it is taken already. */
  readonly door?: Door;
  /** Changes the versions. Absent: they stay. */
  readonly swaps?: Swaps;
}

export interface Place {
  readonly limits: Limits;
  readonly gate: Gate;
  readonly metrics: Metrics;
  readonly options: ServerOptions;
  isStopping(): boolean;
}

export async function makeHttp(place: Place, door: Door): Promise<FastifyInstance> {
  const { default: fastify } = await import('fastify');
  const http = fastify({
    bodyLimit: place.limits.body,
    serverFactory: () => door.http,
    routerOptions: { maxParamLength: longestInAddress },
    genReqId: ({ headers }) => idIn(headers['x-request-id']) ?? randomUUID(),
    // The hook below answers in our form.
    return503OnClosing: false,
    clientErrorHandler(error, socket) {
      const status = refuseNoise(error, socket);
      if (status !== undefined) place.metrics.answered('none', status, 0);
    },
    frameworkErrors: (_, request, reply) => {
      reply.header('x-request-id', request.id);
      return answerError(place, noRoute(request), request as FastifyRequest, reply as unknown as FastifyReply);
    },
  });
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('application/json', { parseAs: 'string' }, ({ headers }, text, done) => {
    try {
      refuseCompressed(headers);
      done(null, parseBody(text as string));
    } catch (error) {
      done(error as Error);
    }
  });
  // Hooks that take `done` make no promise: each of them runs for each request.
  http.addHook('onSend', (_, reply, __, done) => {
    if (place.isStopping()) reply.header('connection', 'close');
    done();
  });
  const isOurs = place.options.token === undefined ? undefined : makeTokenCheck(place.options.token);
  const open = new Set(routeList.flatMap(([, { path, open: isOpen }]) => (isOpen ? urlOf(path) : [])));
  http.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    const { url = '' } = request.routeOptions;
    refuseHosts(request.raw);
    const isOpen = open.has(url);
    // What has no route gets 404 or 405 below.
    if (place.isStopping() && !isOpen && url !== '') return done(busy('it is stopping'));
    const { authorization } = request.headers;
    if (!isOpen && isOurs !== undefined && !isOurs(authorization)) {
      reply.header('www-authenticate', 'Bearer');
      return done(refused(401, diagnose('request-token', undefined, { given: authorization !== undefined })));
    }
    // Before the body is read.
    return place.gate.isFull && isGated(request.method, url) ? done(overload) : done();
  });
  http.addHook('onResponse', (request, reply, done) => {
    record(place, request, reply);
    done();
  });
  http.setNotFoundHandler((request) => {
    throw noRoute(request);
  });
  http.setErrorHandler((error: unknown, request, reply) => answerError(place, error, request, reply));
  return http;
}

/** One host in HTTP/1.1, and never two, of which a proxy may have read the other (RFC 9112, 3.2). Node.js refuses none without a word, and takes the first of two. */
function refuseHosts({ httpVersion, rawHeaders }: IncomingMessage): void {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  if (hosts === 1 || (hosts === 0 && httpVersion !== '1.1')) return;
  const [reason, advice] =
    hosts === 0 ? ['is missing', 'send the header `Host`'] : ['is there more than once', 'send one header `Host`'];
  throw refused(400, diagnose('request-value', undefined, { entry: 'host', reason, advice }));
}

/** What a client calls its request, if a log can hold it as it is. */
export const idIn = (given: string | readonly string[] | undefined): string | undefined =>
  typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : undefined;

function answerError(place: Place, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalOf(error, place.limits);
  if (refusal === undefined) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    logLine(place.options, { level: 'error', id: request.id, reason });
  }
  if (refusal?.reason !== undefined) logLine(place.options, { level: 'error', id: request.id, reason: refusal.reason });
  const { status, mistakes, headers } = refusal ?? new Refused(500, [ourMistake()]);
  const refused = isForeign(request.url) ? { error: errorText(mistakes) } : { request: request.id, errors: mistakes };
  return reply.code(status).headers(headers).type(jsonType).send(refused);
}

/** Undefined of an error of ours. */
function refusalOf(error: unknown, { body }: Limits): Refused | undefined {
  const known = error instanceof Refused ? error : refusalBehind(error);
  if (known) return known;
  const { code, statusCode = 500 } = error as FastifyError;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return refused(413, diagnose('request-size', undefined, { what: 'a body', limit: body, unit: 'bytes' }));
  }
  if (statusCode >= 500) return undefined;
  const noJson = code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE';
  const reason = noJson ? 'is not declared as JSON' : 'does not have the length that its header says';
  const advice = noJson ? 'send the header `Content-Type: application/json`' : 'send the whole body';
  return refused(statusCode, diagnose('request-body', undefined, { reason, advice }));
}

/** One line a request: what was asked of the server, and never who asked or for whom. */
function record({ metrics, options }: Place, request: FastifyRequest, reply: FastifyReply): void {
  const route = pathOf(request.routeOptions.url ?? 'none');
  const { statusCode: status, elapsedTime } = reply;
  metrics.answered(route, status, elapsedTime / 1000);
  const level = status >= 500 && status !== 503 && status !== 504 ? 'error' : 'info';
  const ms = Math.round(elapsedTime * 1000) / 1000;
  const bytes = Number(reply.getHeader('content-length') ?? 0);
  logLine(options, { level, id: request.id, method: request.method, route, status, ms, bytes });
}

export function logLine({ log }: ServerOptions, entry: Readonly<Record<string, unknown>>): void {
  log?.(JSON.stringify({ time: new Date().toISOString(), ...entry }));
}
