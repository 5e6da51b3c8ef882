/**
 * Answers over HTTP. Requests pass one after the other: limits of the body, the token, JSON, the schema, the gate, the core. Whatever fails answers with a
 * code, a place and a hint. The core alone knows what an answer is: `answers.ts`.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { defined } from '../defined.ts';
import { diagnose } from '../diagnostics/diagnose.ts';
import { makeReaders, mostMistakes, type Reader } from './body.ts';
import { makeDoor } from './door.ts';
import { makeGate } from './gate.ts';
import { addRoute, type Handler, makeHttp, type Place, type ServerOptions } from './http.ts';
import { itemHandlers } from './items/handlers.ts';
import { type Limits, usualLimits } from './limits.ts';
import { makeMetrics } from './metrics.ts';
import { deadlineHeader, openApi } from './openapi.ts';
import { browserFiles } from './page.ts';
import type { Choose } from './protocols/ask.ts';
import { addProtocols } from './protocols/handlers.ts';
import type { Row } from './protocols/rows.ts';
import { mistakesOf, Refused, refused, within } from './refused.ts';
import { type OwnRouteName, routes } from './routes.ts';
import { type Mistake, makeSchemas, type RecommendBody, type SearchQuery, type UsersQuery } from './schemas.ts';
import { versionHandlers } from './versions/handlers.ts';
import type { About, Versions } from './versions/versions.ts';

export type { ServerOptions } from './http.ts';

export interface Server {
  /** For tests and for programs that embed it. */
  readonly http: FastifyInstance;
  /** @throws Failure `cannot-listen` */
  listen(host: string, port: number): Promise<string>;
  /** Ends when what has arrived is answered, or `grace` milliseconds later. */
  close(grace?: number): Promise<void>;
}

/** Long because it makes each part of the server, and gives it to the others. */
export async function makeServer(versions: Versions, options: ServerOptions): Promise<Server> {
  const limits = { ...usualLimits, ...options.limits };
  const schemas = makeSchemas(limits);
  const readers = await makeReaders(schemas, bodySchemas, limits);
  const gate = makeGate(limits);
  const metrics = makeMetrics({ gate, versions, ...defined({ items: options.items }) });
  let stopping = false;
  const place: Place = { limits, gate, metrics, options, isStopping: () => stopping };
  const { door = makeDoor(), swaps, items: writes, tower } = options;
  const hasToken = options.token !== undefined;
  const http = await makeHttp(place, door);

  const pass = makePass(place, versions);
  const answerAll = (name: 'recommend' | 'similar', read: Reader): Handler => {
    return async (request, reply) => {
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
      return isArray ? reply.type('application/json; charset=utf-8').send(await jsonOf(all)) : all[0];
    };
  };
  const state = (status: string) => ({ status, version: versions.current.stable.id });
  const show =
    ({ headers, text }: (typeof browserFiles)['page' | 'icon']): Handler =>
    (_, reply) =>
      reply.headers(headers).send(text);
  const description = openApi({ schemas, version: tower, hasToken });
  const handlers: Readonly<Record<OwnRouteName, Handler>> = {
    recommend: answerAll('recommend', readers.Recommend),
    similar: answerAll('similar', readers.Similar),
    users({ query }) {
      const [asked] = readers.Users(parametersIn(query)).bodies;
      return versions.use(({ stable }) => stable.answers.users(asked as UsersQuery));
    },
    // A search reads all titles: it waits for its turn, as questions do.
    findItems(request) {
      const [asked] = readers.Search(parametersIn(request.query)).bodies;
      const search = (isLate: () => boolean) => {
        const isOver = (): boolean => isLate() || request.raw.socket?.destroyed;
        return versions.use(({ stable }) => stable.answers.search(asked as SearchQuery, { isOver }));
      };
      return gate.pass(search, { milliseconds: limits.deadline });
    },
    about: () => ({ ...versions.current.stable.answers.about(), mostItems: limits.k }),
    page: show(browserFiles.page),
    icon: show(browserFiles.icon),
    health: () => state('ok'),
    ready: (_, reply) => reply.code(stopping ? 503 : 200).send(state(stopping ? 'stopping' : 'ready')),
    metrics: async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()),
    openapi: () => description,
    ...itemHandlers({ ...defined({ writes }), readers, hasToken, written: metrics.written }),
    ...versionHandlers({ versions, ...defined({ swaps }), readers, hasToken }),
  };
  for (const [name, handler] of Object.entries(handlers)) addRoute(http, name as OwnRouteName, handler);
  await addProtocols(http, {
    tower,
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
      door.open(http.routing);
      return url;
    },
    async close(grace = 10_000) {
      stopping = true;
      await door.close(grace);
      await http.close();
    },
  };
}

const bodySchemas = [
  'Recommend',
  'Similar',
  'Users',
  'Search',
  'Predict',
  'Infer',
  'Change',
  'Share',
  'Item',
  'Write',
] as const;

type Pass = <T>(request: FastifyRequest, asked: ReturnType<Reader>, choose: Choose<T>) => Promise<T[]>;

/** Takes the bodies of a request through the gate to the versions of that moment. */
const makePass =
  ({ gate, limits }: Place, versions: Versions): Pass =>
  (request, { bodies, isArray }, choose) => {
    const slices = slicesOf(bodies as readonly Row[]);
    const answerAll = (isLate: () => boolean) => {
      const isOver = (): boolean => isLate() || request.raw.socket?.destroyed;
      return versions.use((sides) => {
        const one = choose(sides);
        return allOf(slices, { one: (body) => one(body, { isOver }), isOver, isArray });
      });
    };
    // Of a long request one slice is in work at a time.
    const cost = Math.ceil(Math.max(0, ...slices.map(({ work }) => Math.min(work, workOfSlice))) / workOfRequest);
    return gate.pass(answerAll, { milliseconds: deadlineOf(request, limits), cost: Math.max(1, cost) });
  };

/** Work that an ordinary request may be, and that a slice of an array is: items of answers and elements of lists. A slice takes some milliseconds. */
const workOfRequest = 1000;
const workOfSlice = 4 * workOfRequest;

interface Slice {
  readonly bodies: readonly Row[];
  readonly work: number;
}

/** Bodies of an array that are answered together, before others have their turn. One that is more than a slice is alone in it. */
function slicesOf(all: readonly Row[]): readonly Slice[] {
  const slices: { bodies: Row[]; work: number }[] = [];
  for (const body of all) {
    const { k = 10, values } = body as RecommendBody;
    const lists = Object.values(values ?? {}).map((value) => (Array.isArray(value) ? value.length : 1));
    const work = lists.reduce((sum, length) => sum + length, k);
    const last = slices.at(-1);
    if (last === undefined || last.work + work > workOfSlice) slices.push({ bodies: [body], work });
    else {
      last.bodies.push(body);
      last.work += work;
    }
  }
  return slices;
}

interface Answered {
  readonly version: string;
  readonly items: readonly unknown[];
}

interface AllOf<T> {
  one(body: Row): Promise<T>;
  isOver(): boolean;
  readonly isArray: boolean;
}

/** Answers the bodies of one request, or refuses all of them with the mistakes of each. */
async function allOf<T>(slices: readonly Slice[], { one, isOver, isArray }: AllOf<T>): Promise<T[]> {
  const settled: PromiseSettledResult<T>[] = [];
  for (const { bodies } of slices) {
    if (settled.length > 0) await nextTurn();
    // Nobody waits for the rest.
    if (settled.length > 0 && isOver()) break;
    settled.push(...(await Promise.allSettled(bodies.map(one))));
  }
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

/** The answers to an array as JSON, written in slices as they were made. */
async function jsonOf(answers: readonly Answered[]): Promise<string> {
  const texts: string[] = [];
  let items = 0;
  for (const answer of answers) {
    texts.push(JSON.stringify(answer));
    items += answer.items.length;
    if (items < workOfSlice) continue;
    items = 0;
    await nextTurn();
  }
  return `[${texts.join(',')}]`;
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

/** Parameters of an address are texts. A whole number among them is one. */
const parametersIn = (query: unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(query as object).map(([name, value]) => [
      name,
      name === 'limit' && /^\d{1,9}$/.test(value) ? Number(value) : value,
    ]),
  );
