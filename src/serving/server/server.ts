/**
 * The HTTP server: routes and their handlers; long because of their number. Checks run in this order: body size, token, JSON, schema, queue (gate).
 * `answers.ts` then computes the answer. Each failure is answered with a code, a position and a hint.
 */

import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { diagnose, Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { withDefaults } from '../../base/util/objects.ts';
import { depthOf } from '../../retrieval/rerank.ts';
import type { GivenEvent } from '../live/event_writes.ts';
import type { ItemWrite } from '../live/item_writes.ts';
import type { AnswerOptions } from './answers.ts';
import { browserFiles, isFromThisMachine, makeListener } from './door.ts';
import {
  addRoute,
  type Handler,
  logLine,
  makeHttp,
  makeReaders,
  type Reader,
  type ServerContext,
  type ServerOptions,
} from './http.ts';
import { defaultLimits, type Limits, maxErrors, maxKeyLength } from './limits.ts';
import { makeMetrics } from './metrics.ts';
import { atIndex, errorDetailsOf, pointer, RequestError, refused, throwWithStatus } from './refused.ts';
import { makeGate } from './request_gate.ts';
import { deadlineHeader, openApi, type Route, type RouteName, routes } from './routes.ts';
import {
  type AnsweredItem,
  type ChangeBody,
  type ErrorDetail,
  type EventAnswer,
  type EventBody,
  type EventOutcome,
  makeSchemas,
  type RecommendBody,
  type SearchQuery,
  type Selection,
  type UsersQuery,
  type VectorsAnswer,
  type VectorsBody,
  type VersionsAnswer,
  type WriteBody,
  type WriteOutcome,
  type WrittenAnswer,
} from './schemas.ts';
import type { VersionChanges } from './versions/swaps.ts';
import type { Version, Versions } from './versions/versions.ts';
import type { EventIntake } from './writes/events.ts';
import type { ItemIntake } from './writes/items.ts';

/** The intake of item writes, with the checks and counters of its routes. */
interface ItemHandlerContext {
  /** Absent: the server accepts no items. */
  readonly writes?: ItemIntake;
  readonly readers: Readonly<Record<'Item' | 'Write', Reader>>;
  /** True if the server has a token, so all requests that arrive here have it. */
  readonly hasToken: boolean;
  readonly countWrite: (outcome: WriteOutcome) => void;
}

function itemHandlers({ writes, readers, hasToken, countWrite }: ItemHandlerContext) {
  const writeAll = async (
    request: FastifyRequest,
    itemWrites: readonly ItemWrite[],
    isArray: boolean,
  ): Promise<WrittenAnswer[]> => {
    if (!hasToken && !isFromThisMachine(request)) throw refused(403, diagnose('request-local', undefined, {}));
    if (!writes) return refuseItemWrites();
    const outcomes = await writes.write(itemWrites, isArray).catch((error: unknown) => throwWithStatus(503, error));
    outcomes.forEach(countWrite);
    return outcomes.map((outcome, index) => ({ key: itemWrites[index]!.key, outcome }));
  };
  const writeOne = async (request: FastifyRequest, itemWrite: ItemWrite): Promise<WrittenAnswer> =>
    (await writeAll(request, [itemWrite], false))[0]!;
  return {
    putItem: async (request: FastifyRequest) => {
      const { bodies, isArray } = readers.Item(request.body);
      if (isArray) {
        const facts = { reason: 'has a list in the place of an object', advice: 'send an array to `POST /v1/items`' };
        throw refused(400, diagnose('request-body', undefined, facts));
      }
      return writeOne(request, { key: readKey(request), columns: bodies[0] as WriteBody['columns'] & object });
    },
    deleteItem: async (request: FastifyRequest) => writeOne(request, { key: readKey(request), deleted: true }),
    writeItems: async (request: FastifyRequest) => {
      const { bodies, isArray } = readers.Write(request.body);
      const itemWrites = (bodies as readonly WriteBody[]).map(
        ({ key, columns }): ItemWrite =>
          columns === null ? { key: String(key), deleted: true } : { key: String(key), columns },
      );
      const answers = itemWrites.length === 0 ? [] : await writeAll(request, itemWrites, isArray);
      return isArray ? answers : answers[0];
    },
  };
}

interface EventHandlerContext {
  /** Absent: the server accepts no events. */
  readonly events?: EventIntake;
  readonly read: Reader;
  /** True if the server has a token, so all requests that arrive here have it. */
  readonly hasToken: boolean;
  readonly countEvent: (outcome: EventOutcome | 'deleted') => void;
}

function eventHandlers({ events, read, hasToken, countEvent }: EventHandlerContext) {
  const requireEventIntake = (request: FastifyRequest): EventIntake => {
    if (!hasToken && !isFromThisMachine(request)) throw refused(403, diagnose('request-local', undefined, {}));
    if (events) return events;
    const facts = { reason: 'it has no folder to keep them in', advice: 'start the server with `--events FOLDER`' };
    throw refused(403, diagnose('events-closed', undefined, facts));
  };
  const as503 = (error: unknown): never => throwWithStatus(503, error);
  return {
    writeEvents: async (request: FastifyRequest) => {
      const { bodies, isArray } = read(request.body);
      const givenEvents = (bodies as readonly EventBody[]).map(
        ({ user, item, columns = {}, ...others }): GivenEvent => ({
          ...others,
          user: String(user),
          item: String(item),
          columns,
        }),
      );
      const writes = requireEventIntake(request);
      const outcomes = givenEvents.length === 0 ? [] : await writes.write(givenEvents, isArray).catch(as503);
      outcomes.forEach(countEvent);
      const answers = outcomes.map((outcome, index): EventAnswer => {
        const { user, item } = givenEvents[index]!;
        return { user, item, outcome };
      });
      return isArray ? answers : answers[0];
    },
    deleteUser: async (request: FastifyRequest) => {
      const user = readKey(request);
      await requireEventIntake(request).remove(user).catch(as503);
      countEvent('deleted');
      return { user, outcome: 'deleted' };
    },
  };
}

function readKey({ params }: FastifyRequest): string {
  const { key } = params as { readonly key: string };
  if (key.length <= maxKeyLength) return key;
  const facts = { entry: 'key', reason: 'is too long', advice: `give ${maxKeyLength} characters at most` };
  throw refused(400, diagnose('request-value', undefined, facts));
}

function refuseItemWrites(): never {
  const facts = { reason: 'it has no folder to keep them in', advice: 'start the server with `--items FOLDER`' };
  throw refused(403, diagnose('items-closed', undefined, facts));
}

interface VersionHandlerContext {
  readonly versions: Versions;
  readonly versionChanges?: VersionChanges;
  readonly readers: Readonly<Record<'Change', Reader>>;
  /** True if the server has a token, so all requests that arrive here have it. */
  readonly hasToken: boolean;
}

function versionHandlers({ versions, versionChanges, readers, hasToken }: VersionHandlerContext) {
  const rollback = async (request: FastifyRequest): Promise<VersionsAnswer> => {
    if (!hasToken && !isFromThisMachine(request)) throw refused(403, diagnose('request-local', undefined, {}));
    const { bodies, isArray } = readers.Change(request.body);
    const advice = 'send one JSON object';
    if (isArray) throw refused(400, diagnose('request-body', undefined, { reason: 'is an array', advice }));
    const { version } = bodies[0] as ChangeBody;
    if (version !== undefined && !/^[0-9a-f]{64}$/.test(version)) {
      const advice = 'give the checksum that `GET /v1/versions` shows';
      const facts = { entry: 'version', reason: 'is no checksum', advice };
      throw refused(400, diagnose('request-value', undefined, facts), '/version');
    }
    try {
      if (versionChanges === undefined) {
        const advice = 'start the server with `--watch FOLDER`';
        throw failure('version-change', { reason: 'the server has one version', advice });
      }
      await versionChanges.rollback(version);
    } catch (error) {
      const isDown = error instanceof Failure && ['log-server', 'server-busy'].includes(error.diagnostics[0]!.code);
      throwWithStatus(isDown ? 503 : 409, error);
    }
    return answerOf(versions, versionChanges);
  };
  return { versions: async () => answerOf(versions, versionChanges), rollback };
}

function answerOf({ current }: Versions, versionChanges: VersionChanges | undefined): VersionsAnswer {
  const { before } = versionChanges ?? {};
  return {
    current: versionSummary(current),
    ...(before ? { before: { version: before.id, folder: before.folder } } : {}),
  };
}

const versionSummary = ({ id, folder, loaded, answers }: Version) => ({
  version: id,
  folder,
  loaded: loaded.toISOString(),
  items: answers.snapshot.count,
});

export type { ServerOptions } from './http.ts';

export interface Server {
  /** For tests, and for programs that embed the server. */
  readonly http: FastifyInstance;
  /** Returns the metrics of this process as plain data, to be added up. */
  metrics(): Promise<object>;
  /** @throws Failure `cannot-listen` */
  listen(host: string, port: number): Promise<string>;
  /**
   * Resolves when all requests that have arrived are answered.
   * @param grace milliseconds after which they are cut off
   * @param drain milliseconds before that in which new requests are answered too, so that a load balancer notices the answers of `/readyz` first
   */
  close(grace?: number, drain?: number): Promise<void>;
}

/** The function is long because it creates and connects all parts of the server. */
export async function makeServer(versions: Versions, options: ServerOptions): Promise<Server> {
  const limits = withDefaults(defaultLimits, options.limits);
  const schemas = makeSchemas(limits);
  const readers = await makeReaders(schemas, bodySchemas, limits);
  const gate = makeGate(limits);
  const metrics = makeMetrics({ gate, versions, items: options.items, events: options.events });
  let isStopping = false;
  const context: ServerContext = { limits, gate, metrics, options, isStopping: () => isStopping };
  const { listener = makeListener(), versionChanges, items: writes, events, tower } = options;
  const { allMetrics = metrics.text } = options;
  const hasToken = options.token !== undefined;
  const http = await makeHttp(context, listener);

  const passThroughGate = makePass(context, versions);
  const answerRoute = (name: 'recommend' | 'similar', read: Reader): Handler => {
    return async (request, reply) => {
      const requestBodies = read(request.body);
      const { bodies, isArray } = requestBodies;
      const answers = await passThroughGate(
        request,
        requestBodies,
        (version) =>
          (body, options): Promise<VersionedAnswer> =>
            version.answers[name](body as never, options),
      );
      for (const { version, items } of answers) metrics.question(routes[name].path, version, items.length);
      // Each answer of an array has an id of its own, which later events can name.
      const named = answers.map((answer, index) => ({
        request: isArray ? `${request.id}.${index}` : request.id,
        ...answer,
      }));
      if (options.logsShown) {
        for (const [index, answer] of named.entries())
          logShown(options, routes[name], answer, bodies[index] as Selection);
      }
      if (answers.length > 0)
        versions.recent.add(name, bodies[0] as object, Number(request.headers['content-length'] ?? 0));
      return isArray ? reply.type('application/json; charset=utf-8').send(await serializeAnswers(named)) : named[0];
    };
  };
  const answerVectors: Handler = async (request) => {
    const requestBodies = readers.Vectors(request.body);
    // Vectors of two versions cannot be compared.
    const answers = await passThroughGate(request, requestBodies, (version) => async (body): Promise<VectorsAnswer> => {
      const vectors = await version.answers.vectors(body as VectorsBody);
      return { version: version.id, vectors: vectors.map((vector) => [...vector]) };
    });
    for (const { version } of answers) metrics.question(routes.vectors.path, version, 0);
    return requestBodies.isArray ? answers : answers[0];
  };
  const stateAnswer = (status: string) => ({ status, version: versions.current.id });
  const showFile =
    ({ headers, text }: (typeof browserFiles)['page' | 'icon']): Handler =>
    (_, reply) =>
      reply.headers(headers).send(text);
  const description = openApi({ schemas, version: tower, hasToken });
  const handlers: Readonly<Record<RouteName, Handler>> = {
    recommend: answerRoute('recommend', readers.Recommend),
    similar: answerRoute('similar', readers.Similar),
    vectors: answerVectors,
    users(request) {
      const [usersQuery] = readers.Users(parametersIn(request)).bodies;
      return versions.use(({ answers }) => answers.users(usersQuery as UsersQuery));
    },
    // A search reads all titles, so it waits for its turn like a query.
    findItems(request) {
      const [searchQuery] = readers.Search(parametersIn(request)).bodies;
      const search = (isLate: () => boolean) => {
        const isOver = (): boolean => isLate() || request.raw.socket?.destroyed;
        return versions.use(({ answers }) => answers.search(searchQuery as SearchQuery, { isOver }));
      };
      return gate.pass(search, { milliseconds: limits.deadline });
    },
    async about() {
      const { answers, state } = versions.current;
      return { ...answers.about(), mostItems: limits.k, state: (await state?.())?.sentences ?? [] };
    },
    page: showFile(browserFiles.page),
    icon: showFile(browserFiles.icon),
    health: () => stateAnswer('ok'),
    ready: (_, reply) => reply.code(isStopping ? 503 : 200).send(stateAnswer(isStopping ? 'stopping' : 'ready')),
    metrics: async (_, reply) => reply.type(metrics.contentType).send(await allMetrics()),
    openapi: () => description,
    ...itemHandlers({ writes, readers, hasToken, countWrite: metrics.countWrite }),
    ...eventHandlers({ events, read: readers.Event, hasToken, countEvent: metrics.countEvent }),
    ...versionHandlers({ versions, versionChanges, readers, hasToken }),
  };
  for (const [name, handler] of Object.entries(handlers)) addRoute(http, name as RouteName, handler);

  return {
    http,
    metrics: metrics.data,
    async listen(host, port) {
      await http.ready();
      const url = await listener.listen(host, port);
      listener.open(http.routing);
      return url;
    },
    async close(grace = 10_000, drain = 0) {
      isStopping = true;
      await delay(drain);
      await listener.close(grace);
      await http.close();
    },
  };
}

const bodySchemas = ['Recommend', 'Similar', 'Vectors', 'Users', 'Search', 'Change', 'Item', 'Write', 'Event'] as const;

/** Returns the function that answers one body with a version. */
type AnswererOf<T> = (version: Version) => (body: object, options: AnswerOptions) => Promise<T>;

type PassThroughGate = <T>(
  request: FastifyRequest,
  requestBodies: ReturnType<Reader>,
  answererOf: AnswererOf<T>,
) => Promise<T[]>;

/** Makes a function that sends the bodies of a request through the gate to the current versions. */
const makePass =
  ({ gate, limits }: ServerContext, versions: Versions): PassThroughGate =>
  (request, { bodies, isArray }, answererOf) => {
    const slices = splitIntoSlices(bodies as readonly object[]);
    const answerSlices = (isLate: () => boolean) => {
      const isOver = (): boolean => isLate() || request.raw.socket?.destroyed;
      return versions.use((version) => {
        const answerOne = answererOf(version);
        return answerAllSlices(slices, isArray, isOver, (body) => answerOne(body, { isOver }));
      });
    };
    // Only one slice of a long request runs at a time.
    const cost = Math.ceil(
      slices.reduce((largest, { work }) => Math.max(largest, Math.min(work, workOfSlice)), 0) / workOfRequest,
    );
    return gate.pass(answerSlices, { milliseconds: deadlineOf(request, limits), cost: Math.max(1, cost) });
  };

/** Cost unit = one answered item or one list element. An ordinary request costs 1000; a slice holds up to 4000, which take some milliseconds. */
const workOfRequest = 1000;
const workOfSlice = 4 * workOfRequest;

interface BodySlice {
  readonly bodies: readonly object[];
  readonly work: number;
}

/** Splits an array into slices of bodies that are answered together before others get a turn. A body with more work than a slice is alone in one. */
function splitIntoSlices(bodies: readonly object[]): readonly BodySlice[] {
  const bodySlices: { bodies: object[]; work: number }[] = [];
  for (const body of bodies) {
    const { k = 10, values, ...otherFields } = body as RecommendBody;
    const listLengths = Object.values(values ?? {}).map((value) => (Array.isArray(value) ? value.length : 1));
    // `because` and `average` run the query tower once for each past item.
    const fixedWork = depthOf({ ...otherFields, k }) + (otherFields.because || otherFields.average ? workOfRequest : 0);
    const work = listLengths.reduce((sum, length) => sum + length, fixedWork);
    const lastSlice = bodySlices.at(-1);
    if (lastSlice === undefined || lastSlice.work + work > workOfSlice) bodySlices.push({ bodies: [body], work });
    else {
      lastSlice.bodies.push(body);
      lastSlice.work += work;
    }
  }
  return bodySlices;
}

interface VersionedAnswer {
  readonly version: string;
  readonly items: readonly AnsweredItem[];
  /** For `recommend`. */
  readonly user?: string;
  /** For `similar`. */
  readonly item?: string;
  readonly seed?: number;
}

/** Logs which items an answer has, with what an evaluation needs: places, scores and probabilities. */
function logShown(
  options: ServerOptions,
  { path: route }: Route,
  { request, version, user, item, seed, items }: VersionedAnswer & { readonly request: string },
  { offset }: Selection,
): void {
  const shownItems = items.map(({ key, score, probability }) => ({ key, score, probability }));
  logLine(options, { level: 'info', shown: request, route, version, user, item, offset, seed, items: shownItems });
}

async function answerAllSlices<T>(
  slices: readonly BodySlice[],
  isArray: boolean,
  isOver: () => boolean,
  answerOne: (body: object) => Promise<T>,
): Promise<T[]> {
  const settledAnswers: PromiseSettledResult<T>[] = [];
  for (const { bodies } of slices) {
    if (settledAnswers.length > 0) await nextTurn();
    // The client has gone or the deadline has passed: the partial result is thrown away.
    if (settledAnswers.length > 0 && isOver()) break;
    for (const settledAnswer of await Promise.allSettled(bodies.map(answerOne))) settledAnswers.push(settledAnswer);
  }
  const errorDetails: ErrorDetail[] = [];
  for (const [index, settledAnswer] of settledAnswers.entries()) {
    if (settledAnswer.status === 'fulfilled') continue;
    const ownDetails = errorDetailsOf(settledAnswer.reason);
    if (ownDetails === undefined) throw settledAnswer.reason;
    for (const mistake of ownDetails) errorDetails.push(isArray ? atIndex(index, mistake) : mistake);
  }
  if (errorDetails.length > 0) throw new RequestError(400, errorDetails.slice(0, maxErrors));
  return settledAnswers.map((settledAnswer) => (settledAnswer as PromiseFulfilledResult<Awaited<T>>).value);
}

/** Serializes the answers to an array in slices, between which others get a turn. */
async function serializeAnswers(answers: readonly VersionedAnswer[]): Promise<string> {
  const answerTexts: string[] = [];
  let sliceItems = 0;
  for (const answer of answers) {
    answerTexts.push(JSON.stringify(answer));
    sliceItems += answer.items.length;
    if (sliceItems < workOfSlice) continue;
    sliceItems = 0;
    await nextTurn();
  }
  return `[${answerTexts.join(',')}]`;
}

/** @throws RequestError 400 */
function deadlineOf({ headers }: FastifyRequest, { deadline }: Limits): number {
  const deadlineText = headers[deadlineHeader];
  if (deadlineText === undefined) return deadline;
  const milliseconds = Number(deadlineText);
  if (Number.isSafeInteger(milliseconds) && milliseconds > 0) return Math.min(milliseconds, deadline);
  const facts = { entry: deadlineHeader, reason: 'is no number of milliseconds', advice: 'give a whole number from 1' };
  throw refused(400, diagnose('request-value', undefined, facts));
}

/** Parses the parameters of a URL, which are texts. A `limit` that is a number becomes one. @throws RequestError 400 */
function parametersIn({ query, raw: { url = '' } }: FastifyRequest): Readonly<Record<string, unknown>> {
  const undecodable = url
    .replace(/^[^?]*\??/, '')
    .split('&')
    .find((parameter) => !isDecodable(parameter));
  if (undecodable !== undefined) {
    const entry = undecodable.replace(/=.*$/s, '');
    const facts = { entry, reason: 'is no text in UTF-8', advice: 'encode it as UTF-8, with `%25` for a percent sign' };
    throw refused(400, diagnose('request-value', undefined, facts), pointer(entry));
  }
  const isNumber = (name: string, value: unknown) => name === 'limit' && /^-?\d+(\.\d+)?$/.test(String(value));
  return Object.fromEntries(
    Object.entries(query as object).map(([name, value]) => [name, isNumber(name, value) ? Number(value) : value]),
  );
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
