/**
 * Answers over HTTP. Requests pass one after the other: limits of the body, the token, JSON, the schema, the gate, the core. Whatever fails answers with a
 * code, a place and a hint. The core alone knows what an answer is: `answers.ts`.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { defined } from '../defined.ts';
import { diagnose } from '../diagnostics/diagnose.ts';
import { makeReaders, mostMistakes, parseBody, type Reader } from './body.ts';
import { type Door, makeDoor } from './door.ts';
import { busy, type Gate, makeGate, overload } from './gate.ts';
import { type Limits, usualLimits } from './limits.ts';
import { type Metrics, makeMetrics } from './metrics.ts';
import { deadlineHeader, openApi } from './openapi.ts';
import { type Handler, plainHandlers } from './plain.ts';
import type { Choose } from './protocols/ask.ts';
import { errorText, isForeign } from './protocols/error_text.ts';
import { addProtocols } from './protocols/handlers.ts';
import type { Row } from './protocols/rows.ts';
import { indexRefusal, mistakesOf, ourMistake, Refused, refused, within } from './refused.ts';
import { methodsOf, type OwnRouteName, pathOf, routeList, routeNames, routes, urlOf } from './routes.ts';
import { type Mistake, makeSchemas } from './schemas.ts';
import { makeTokenCheck } from './token.ts';
import { versionHandlers } from './versions/handlers.ts';
import type { About } from './versions/sides.ts';
import type { Swaps } from './versions/swaps.ts';
import type { Versions } from './versions/versions.ts';

export interface ServerOptions {
  /** The version of Tower. */
  readonly tower: string;
  readonly limits?: Partial<Limits>;
  readonly token?: string;
  /** Gets one line of JSON for each request, without a line end. */
  readonly log?: (line: string) => void;
  /** The address, if it is taken already. */
  readonly door?: Door;
  /** Changes the versions. Absent: they stay. */
  readonly swaps?: Swaps;
}

export interface Server {
  /** For tests and for programs that embed it. */
  readonly http: FastifyInstance;
  /** @throws Failure `cannot-listen` */
  listen(host: string, port: number): Promise<string>;
  /** Takes no new requests, and ends when those that have arrived are answered, or `grace` milliseconds later. */
  close(grace?: number): Promise<void>;
}

interface Place {
  readonly limits: Limits;
  readonly gate: Gate;
  readonly metrics: Metrics;
  readonly options: ServerOptions;
  isStopping(): boolean;
}

export async function makeServer(versions: Versions, options: ServerOptions): Promise<Server> {
  const limits = { ...usualLimits, ...options.limits };
  const { swaps } = options;
  const schemas = makeSchemas(limits);
  const readers = await makeReaders(
    schemas,
    ['Recommend', 'Similar', 'Users', 'Predict', 'Infer', 'Change', 'Share'],
    limits,
  );
  const gate = makeGate(limits);
  const metrics = makeMetrics({ gate, versions });
  let stopping = false;
  const place: Place = { limits, gate, metrics, options, isStopping: () => stopping };
  const { door = makeDoor() } = options;
  const http = await makeHttp(place, door);

  const pass = makePass(place, versions);
  const answerAll = (name: 'recommend' | 'similar', read: Reader): Handler => {
    return async (request) => {
      const asked = read(request.body);
      const { bodies, isArray } = asked;
      const all = await pass(
        request,
        asked,
        (sides) =>
          (body, options): Promise<Answered> =>
            sides.of(body as About).answers[name](body as never, options),
      );
      for (const { version, items } of all) metrics.question(routes[name].path, version, items.length);
      if (all.length > 0)
        versions.recent.add(name, bodies[0] as object, Number(request.headers['content-length'] ?? 0));
      return isArray ? all : all[0];
    };
  };
  const description = openApi({ schemas, version: options.tower, hasToken: options.token !== undefined });
  const handlers: Readonly<Record<OwnRouteName, Handler>> = {
    recommend: answerAll('recommend', readers.Recommend),
    similar: answerAll('similar', readers.Similar),
    ...plainHandlers({ versions, readers, metrics, limits, description, isStopping: () => stopping }),
    ...versionHandlers({ versions, ...defined({ swaps }), readers, hasToken: options.token !== undefined }),
  };
  for (const [name, handler] of Object.entries(handlers)) {
    const { method, path } = routes[name as OwnRouteName];
    http.route({ method, url: path, handler });
  }
  await addProtocols(http, {
    tower: options.tower,
    limits,
    readers,
    versions,
    isStopping: () => stopping,
    answer: (request, bodies, choose) => pass(request, { bodies, isArray: true }, choose),
    answered: metrics.question,
  });

  return {
    http,
    async listen(host, port) {
      await http.ready();
      const url = await door.listen(host, port);
      door.open((request, response) => {
        const path = request.url ?? '';
        if (gate.isFull && passes.has(path)) refuseEarly(place, path, request, response);
        else http.routing(request, response);
      });
      return url;
    },
    async close(grace = 10_000) {
      stopping = true;
      const timer = setTimeout(() => http.server.closeAllConnections(), grace);
      await door.close();
      await http.close();
      clearTimeout(timer);
    },
  };
}

type Pass = <T>(request: FastifyRequest, asked: ReturnType<Reader>, choose: Choose<T>) => Promise<T[]>;

/** Takes the bodies of a request through the gate to the versions of that moment. */
const makePass =
  ({ gate, limits }: Place, versions: Versions): Pass =>
  (request, { bodies, isArray }, choose) =>
    gate.pass(
      (isLate) => {
        const isOver = (): boolean => isLate() || request.raw.socket?.destroyed;
        return versions.use((sides) => {
          const one = choose(sides);
          return allOf(bodies, (body) => one(body, { isOver }), isArray);
        });
      },
      deadlineOf(request, limits),
    );

interface Answered {
  readonly version: string;
  readonly items: readonly unknown[];
}

/** Answers the bodies of one request together, or refuses all of them with the mistakes of each. */
async function allOf<T>(bodies: readonly unknown[], one: (body: Row) => Promise<T>, isArray: boolean): Promise<T[]> {
  const settled = await Promise.allSettled(bodies.map((body) => one(body as Row)));
  const mistakes: Mistake[] = [];
  for (const [at, each] of settled.entries()) {
    if (each.status === 'fulfilled') continue;
    const own = mistakesOf(each.reason);
    if (own === undefined) throw each.reason;
    mistakes.push(...(isArray ? own.map((mistake) => within(at, mistake)) : own));
  }
  if (mistakes.length > 0) throw new Refused(400, mistakes.slice(0, mostMistakes));
  return settled.map((each) => (each as PromiseFulfilledResult<Awaited<T>>).value);
}

/** @throws Refused 400 */
function deadlineOf({ headers }: FastifyRequest, { deadline }: Limits): number {
  const given = headers[deadlineHeader];
  if (given === undefined) return deadline;
  const milliseconds = Number(given);
  if (Number.isSafeInteger(milliseconds) && milliseconds > 0) return Math.min(milliseconds, deadline);
  const facts = { entry: deadlineHeader, reason: 'is no number of milliseconds', advice: 'give a whole number from 1' };
  throw refused(400, diagnose('request-value', undefined, facts));
}

async function makeHttp(place: Place, door: Door): Promise<FastifyInstance> {
  const { default: fastify } = await import('fastify');
  const http = fastify({
    bodyLimit: place.limits.body,
    serverFactory: () => door.http,
    genReqId: ({ headers }) => idIn(headers['x-request-id']) ?? randomUUID(),
    // The hook below answers in our form.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => refuseNoise(error, socket),
    frameworkErrors: (_, request, reply) => {
      reply.header('x-request-id', request.id);
      return answerError(place, noRoute(request), request as FastifyRequest, reply as unknown as FastifyReply);
    },
  });
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('application/json', { parseAs: 'string' }, (_, text, done) => {
    try {
      done(null, parseBody(text as string));
    } catch (error) {
      done(error as Error);
    }
  });
  http.addHook('onSend', async (_, reply) => {
    if (place.isStopping()) reply.header('connection', 'close');
  });
  const isOurs = place.options.token === undefined ? undefined : makeTokenCheck(place.options.token);
  const open = new Set(routeList.flatMap(([, { path, open: isOpen }]) => (isOpen ? urlOf(path) : [])));
  http.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    const isOpen = open.has(request.routeOptions.url ?? '');
    if (place.isStopping() && !isOpen) throw busy('it is stopping');
    const { authorization } = request.headers;
    if (!isOpen && isOurs !== undefined && !isOurs(authorization)) {
      reply.header('www-authenticate', 'Bearer');
      throw refused(401, diagnose('request-token', undefined, { given: authorization !== undefined }));
    }
    // Before the body is read.
    if (place.gate.isFull && passes.has(request.routeOptions.url ?? '')) throw overload;
  });
  http.addHook('onResponse', async (request, reply) => record(place, request, reply));
  http.setNotFoundHandler((request) => {
    throw noRoute(request);
  });
  http.setErrorHandler((error: unknown, request, reply) => answerError(place, error, request, reply));
  return http;
}

/** What a client calls its request, if a log can hold it as it is. */
const idIn = (given: string | readonly string[] | undefined): string | undefined =>
  typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : undefined;

function noRoute({ method, url }: Pick<FastifyRequest, 'method' | 'url'>): Refused {
  const [path = ''] = url.split('?');
  const allowed = methodsOf(path);
  const shown = path.length > 100 ? `${path.slice(0, 100)}…` : path;
  const mistake = diagnose('request-route', undefined, { method, path: shown, routes: routeNames(isForeign(url)) });
  return allowed.length > 0 ? refused(405, mistake, '', { allow: allowed.join(', ') }) : refused(404, mistake);
}

const answerTypes = 'application/json; charset=utf-8';

function answerError(place: Place, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalOf(error, place.limits);
  if (refusal === undefined) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    logLine(place.options, { level: 'error', id: request.id, reason });
  }
  if (refusal?.reason !== undefined) logLine(place.options, { level: 'error', id: request.id, reason: refusal.reason });
  const { status, mistakes, headers } = refusal ?? new Refused(500, [ourMistake()]);
  const refused = isForeign(request.url) ? { error: errorText(mistakes) } : { request: request.id, errors: mistakes };
  return reply.code(status).headers(headers).type(answerTypes).send(refused);
}

/** Undefined of an error of ours. */
function refusalOf(error: unknown, { body }: Limits): Refused | undefined {
  const known = error instanceof Refused ? error : indexRefusal(error);
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

/** Bytes that are not HTTP, and requests that never end. */
function refuseNoise(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const facts = { reason: 'does not arrive as HTTP', advice: 'send a whole request in HTTP/1.1' };
  const { mistakes } = refused(400, diagnose('request-body', undefined, facts));
  const text = JSON.stringify({ request: randomUUID(), errors: mistakes });
  const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: ${answerTypes}\r\nContent-Length: ${Buffer.byteLength(text)}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${text}`);
}

/** Routes whose bodies pass the gate. */
const passes: ReadonlySet<string> = new Set([routes.recommend.path, routes.similar.path]);

/**
 * Of a server that has more than it can answer, before anything is read or routed: what it does for a refusal, it cannot do for those that it
 * accepts.
 */
function refuseEarly(place: Place, route: string, request: IncomingMessage, response: ServerResponse): void {
  const { status, mistakes, headers } = overload;
  const id = idIn(request.headers['x-request-id']) ?? randomUUID();
  const text = JSON.stringify({ request: id, errors: mistakes });
  const bytes = Buffer.byteLength(text);
  response.writeHead(status, { ...headers, 'x-request-id': id, 'content-type': answerTypes, 'content-length': bytes });
  response.end(text);
  place.metrics.answered(route, status, 0);
  logLine(place.options, { level: 'info', id, method: request.method, route, status, ms: 0, bytes });
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

function logLine({ log }: ServerOptions, entry: Readonly<Record<string, unknown>>): void {
  log?.(JSON.stringify({ time: new Date().toISOString(), ...entry }));
}
