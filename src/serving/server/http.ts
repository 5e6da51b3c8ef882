/** Does what all routes share: ids, hosts, the token, JSON bodies and their schemas, refusals, the log. The handlers of routes are in `server.ts`. */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import { quotedList } from '../../base/diagnostics/wording.ts';
import { loadSchemaCompiler } from '../../base/util/json_schema.ts';
import { unknownFacts } from '../../retrieval/top_request.ts';
import { hostNameIn, type Listener, makeHostCheck, makeTokenCheck, refuseUnparsed } from './door.ts';
import { type Limits, maxAddressKeyLength, maxBodyDepth, maxErrors } from './limits.ts';
import type { ServerMetrics } from './metrics.ts';
import { dependencyRefusal, errorDetailOf, internalError, pointer, RequestError, refused } from './refused.ts';
import type { Gate } from './request_gate.ts';
import { isQuestion, noRoute, type Route, type RouteName, routes, urlOf } from './routes.ts';
import type { ErrorDetail, Schemas } from './schemas.ts';
import type { VersionChanges } from './versions/swaps.ts';
import type { EventIntake } from './writes/events.ts';
import type { ItemIntake } from './writes/items.ts';

export interface ServerOptions {
  readonly tower: string;
  readonly limits?: Partial<Limits>;
  readonly token?: string;
  /** Further names in the header `Host` that a server without a token accepts, in addition to those of this machine. */
  readonly hosts?: readonly string[];
  /** Absent: writes of items are refused. */
  readonly items?: ItemIntake;
  /** Absent: events are refused. */
  readonly events?: EventIntake;
  /** Called with one line of JSON for each request, without a line end. */
  readonly log?: (line: string) => void;
  /** True to also log users and items of each answer, for evaluations. */
  readonly logsShown?: boolean;
  readonly listener?: Listener;
  /** Absent: the versions do not change. */
  readonly versionChanges?: VersionChanges;
  /** Returns the metrics of all processes of the server. Absent: there is one process. */
  readonly allMetrics?: () => Promise<string>;
}

export interface ServerContext {
  readonly limits: Limits;
  readonly gate: Gate;
  readonly metrics: ServerMetrics;
  readonly options: ServerOptions;
  isStopping(): boolean;
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

/** Registers a route of the table, which the hooks of `makeHttp` find by its name. */
export function addRoute(http: FastifyInstance, name: RouteName, handler: Handler): void {
  const { method, path } = routes[name];
  http.route({ method, url: urlOf(path), config: { name }, handler: async (...args) => handler(...args) });
}

/** Returns the route of a request; undefined if there is none. */
const routeOf = ({ routeOptions }: FastifyRequest): Route | undefined =>
  routes[(routeOptions.config as { readonly name?: RouteName }).name!];

export async function makeHttp(context: ServerContext, listener: Listener): Promise<FastifyInstance> {
  const { default: fastify } = await import('fastify');
  const { limits, gate, metrics, options } = context;
  const http = fastify({
    bodyLimit: limits.body,
    serverFactory: () => listener.http,
    routerOptions: { maxParamLength: maxAddressKeyLength },
    genReqId: ({ headers }) => validRequestId(headers['x-request-id']) ?? randomUUID(),
    // Requests that arrive while the server stops are answered.
    return503OnClosing: false,
    clientErrorHandler(error, socket) {
      const status = refuseUnparsed(error, socket);
      if (status !== undefined) metrics.answered('none', status, 0);
    },
    frameworkErrors: (_, request, reply) => {
      reply.header('x-request-id', request.id);
      return answerError(context, noRoute(request), request as FastifyRequest, reply as unknown as FastifyReply);
    },
  });
  http.removeAllContentTypeParsers();
  http.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => {
      refuseEncoded(request.headers);
      // Many clients send their content type with a `DELETE` too, which has no body.
      return bytes.length === 0 && routeOf(request)?.writes === 'nothing' ? undefined : parseBody(bytes);
    },
  );
  // Hooks that take `done` create no promise, which matters because they run for each request.
  http.addHook('onSend', (_, reply, __, done) => {
    if (context.isStopping()) reply.header('connection', 'close');
    done();
  });
  const refuseHost = makeHostRefusal(options);
  const hasValidToken = options.token === undefined ? undefined : makeTokenCheck(options.token);
  http.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    refuseHost(request.raw);
    const route = routeOf(request);
    const { authorization } = request.headers;
    if (!route?.open && hasValidToken !== undefined && !hasValidToken(authorization)) {
      reply.header('www-authenticate', 'Bearer');
      return done(refused(401, diagnose('request-token', undefined, { given: authorization !== undefined })));
    }
    // Before the body is read.
    if (route && isQuestion(route)) gate.refuseIfFull();
    done();
  });
  http.addHook('onResponse', (request, reply, done) => {
    logRequest(context, request, reply);
    done();
  });
  http.setNotFoundHandler((request) => {
    throw noRoute(request);
  });
  http.setErrorHandler((error: unknown, request, reply) => answerError(context, error, request, reply));
  return http;
}

/** @throws RequestError 400 */
function parseBody(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) {
    const advice = 'encode its texts as UTF-8';
    throw refused(400, diagnose('request-body', undefined, { reason: 'is no text in UTF-8', advice }));
  }
  const text = bytes.toString();
  let parsedBody: unknown;
  try {
    parsedBody = JSON.parse(text);
  } catch {
    if (text.trim() === '') throw missingBodyError();
    throw refused(400, diagnose('request-body', undefined, { reason: 'is not JSON', advice: bodyAdvice }));
  }
  if (isDeeperThan(parsedBody, maxBodyDepth)) {
    const reason = `has more than ${maxBodyDepth} lists or objects inside of each other`;
    throw refused(400, diagnose('request-body', undefined, { reason, advice: 'send values as the data has them' }));
  }
  return parsedBody;
}

/** Compressed bodies are refused, because the size of the unpacked body has no bound. So are charsets other than that of JSON. @throws RequestError 415 */
function refuseEncoded({ 'content-encoding': encoding, 'content-type': type = '' }: IncomingHttpHeaders): void {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type)?.[1] ?? 'utf-8';
  const refuse = (reason: string, advice: string): never => {
    throw refused(415, diagnose('request-body', undefined, { reason, advice }));
  };
  if (encoding && encoding !== 'identity')
    refuse(`is compressed by \`${truncateName(encoding)}\``, 'send it without compression');
  if (!/^utf-?8$/i.test(charset)) refuse(`has the charset \`${truncateName(charset)}\``, 'encode its texts as UTF-8');
}

/** True if a value is nested too deeply. A body may be as deep as it is long, so the recursion ends at the limit. */
function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels < 0) return true;
  // Vectors are long, so no list of their values is made.
  if (Array.isArray(value)) return value.some((element) => isDeeperThan(element, levels - 1));
  return Object.values(value).some((entry) => isDeeperThan(entry, levels - 1));
}

const bodyAdvice = 'send one JSON object, or an array of objects';

const missingBodyError = (): RequestError =>
  refused(400, diagnose('request-body', undefined, { reason: 'is empty', advice: bodyAdvice }));

/** @throws RequestError 400, 413 */
export type Reader = (body: unknown) => { readonly bodies: readonly unknown[]; readonly isArray: boolean };

export async function makeReaders<N extends keyof Schemas>(
  schemas: Schemas,
  names: readonly N[],
  limits: Limits,
): Promise<Readonly<Record<N, Reader>>> {
  const compile = await loadSchemaCompiler({ allowUnionTypes: true, verbose: true });
  const readers = names.map((name) => [name, makeReader(compile(schemas[name]), limits)]);
  return Object.fromEntries(readers) as Record<N, Reader>;
}

function makeReader(validate: ValidateFunction, { batch }: Limits): Reader {
  return (body) => {
    if (body === undefined) throw missingBodyError();
    const isArray = Array.isArray(body);
    const bodyList: readonly unknown[] = isArray ? body : [body];
    if (bodyList.length > batch) {
      throw refused(413, diagnose('request-size', undefined, { what: 'an array', limit: batch, unit: 'requests' }));
    }
    const errorDetails: ErrorDetail[] = [];
    for (const [index, requestBody] of bodyList.entries()) {
      if (errorDetails.length === maxErrors) break;
      if (!validate(requestBody)) errorDetails.push(errorDetailIn(validate.errors![0]!, isArray ? pointer(index) : ''));
    }
    if (errorDetails.length > 0) throw new RequestError(400, errorDetails);
    return { bodies: bodyList, isArray };
  };
}

function errorDetailIn(error: ErrorObject, prefix: string): ErrorDetail {
  const { keyword, params, instancePath: path, parentSchema } = error;
  if (keyword === 'additionalProperties') {
    const name: string = params.additionalProperty;
    const knownEntries = Object.keys(parentSchema!.properties);
    const { nearest, ...unknown } = unknownFacts('entry of a request', name, knownEntries);
    // A body has more entries than messages list by themselves.
    const suggestion = nearest === undefined ? { advice: `use one of ${quotedList(knownEntries)}` } : { nearest };
    const facts = { ...unknown, ...suggestion, name: truncateName(name) };
    return errorDetailOf(diagnose('unknown-name', undefined, facts), prefix + path + pointer(name));
  }
  return errorDetailOf(diagnosticOf(error), prefix + path);
}

function diagnosticOf({ keyword, params, instancePath: path, data }: ErrorObject): Diagnostic {
  if (path === '' && keyword === 'type') {
    const reason = `has ${describeJsonType(data)} in the place of an object`;
    return diagnose('request-body', undefined, { reason, advice: bodyAdvice });
  }
  const entry = keyword === 'required' ? params.missingProperty : path.slice(1).replaceAll('/', '.');
  const [reason, advice] = reasonAndAdvice(keyword, params, data);
  return diagnose('request-value', undefined, { entry, reason, advice });
}

function reasonAndAdvice(
  keyword: string,
  params: Readonly<Record<string, unknown>>,
  data: unknown,
): readonly [reason: string, advice: string] {
  switch (keyword) {
    case 'required':
      return ['is missing', 'give its value'];
    case 'type':
      return [`is ${describeJsonType(data)}`, `give ${[params.type].flat().map(typeWords).join(' or ')}`];
    case 'minimum':
    case 'maximum':
      if (Math.abs(Number(params.limit)) === Number.MAX_SAFE_INTEGER)
        return ['has more than 15 digits, and JSON rounds such numbers', 'send it as a text, within quotes'];
      return keyword === 'maximum'
        ? [`is ${data}`, `give a number up to ${params.limit}`]
        : [`is ${data}`, `give a number from ${params.limit}`];
    case 'minItems':
      return ['is an empty list', 'give a list with elements'];
    default:
      return ['is too long', `give ${params.limit ?? lengthLimitText} at most`];
  }
}

const lengthLimitText = 'as much as `/openapi.json` allows';

const typeWords = (type: unknown): string =>
  ({
    string: 'a text',
    integer: 'a whole number',
    number: 'a number',
    boolean: '`true` or `false`',
    array: 'a list',
    object: 'an object',
  })[String(type)] ?? String(type);

function describeJsonType(value: unknown): string {
  if (value === null) return '`null`';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isFinite(value) ? `the number ${value}` : 'a number past all bounds';
  if (typeof value === 'boolean') return `\`${value}\``;
  return typeof value === 'string' ? 'a text' : 'an object';
}

const truncateName = (name: string): string => (name.length > 60 ? `${name.slice(0, 60)}…` : name);

/**
 * Refuses ambiguous requests: HTTP/1.1 requires one host, and of two a proxy may have read the other (RFC 9112, 3.2). Node.js gives no explanation if there is
 * none, and takes the first of two. Without a token it also refuses the names of other sites.
 */
function makeHostRefusal({ token, hosts: names = [] }: ServerOptions): (request: IncomingMessage) => void {
  const isAllowed = token === undefined ? makeHostCheck(names) : () => true;
  const headerError = (entry: string, reason: string, advice: string, status = 400): RequestError =>
    refused(status, diagnose('request-value', undefined, { entry, reason, advice }));
  return ({ httpVersion, rawHeaders, headers: { host, expect } }) => {
    let hostCount = 0;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index]!;
      if (name.length === 4 && name.toLowerCase() === 'host') hostCount++;
    }
    if (hostCount > 1) throw headerError('host', 'is there more than once', 'send one header `Host`');
    if (hostCount === 0 && httpVersion === '1.1') throw headerError('host', 'is missing', 'send the header `Host`');
    if (host !== undefined && !isAllowed(host)) {
      throw refused(421, diagnose('request-host', undefined, { host: hostNameIn(host) ?? host.slice(0, 100) }));
    }
    if (expect !== undefined && !/^100-continue$/i.test(expect)) {
      throw headerError('expect', 'is not `100-continue`', 'leave the header out', 417);
    }
  };
}

/** Returns the client's own request id, if it can go into a log unchanged. */
const validRequestId = (header: string | readonly string[] | undefined): string | undefined =>
  typeof header === 'string' && /^[\w.:-]{1,128}$/.test(header) ? header : undefined;

function answerError(
  context: ServerContext,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const requestError = refusalOf(error, context.limits);
  const ownReason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const reason = requestError ? requestError.reason : ownReason;
  if (reason !== undefined) logLine(context.options, { level: 'error', id: request.id, reason });
  const { status, mistakes, headers } = requestError ?? new RequestError(500, [internalError()]);
  return reply.code(status).headers(headers).send({ request: request.id, errors: mistakes });
}

/** Returns the refusal for an error; undefined for an internal error. */
function refusalOf(error: unknown, { body }: Limits): RequestError | undefined {
  const requestError = error instanceof RequestError ? error : dependencyRefusal(error);
  if (requestError) return requestError;
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

/** Logs a line for each request: the route and the result, but never who sent it or for which user. */
function logRequest({ metrics, options }: ServerContext, request: FastifyRequest, reply: FastifyReply): void {
  const route = routeOf(request)?.path ?? 'none';
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
