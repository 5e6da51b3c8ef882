/**
 * Answers over HTTP. Requests pass one after the other: limits of the body, the token, JSON, the schema, the gate, the core. Whatever fails answers with a
 * code, a place and a hint. The core alone knows what an answer is: `answers.ts`.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { defined } from '../defined.ts';
import { diagnose } from '../diagnostics/diagnose.ts';
import { makeReaders, mostMistakes, type Reader } from './body.ts';
import { type Door, makeDoor } from './door.ts';
import { makeEarlyRefusal } from './early.ts';
import { makeGate } from './gate.ts';
import { makeHttp, type Place, type ServerOptions } from './http.ts';
import { itemHandlers } from './items/handlers.ts';
import { type Limits, usualLimits } from './limits.ts';
import { makeMetrics } from './metrics.ts';
import { deadlineHeader, openApi } from './openapi.ts';
import { type Handler, plainHandlers } from './plain.ts';
import type { Choose } from './protocols/ask.ts';
import { addProtocols } from './protocols/handlers.ts';
import type { Row } from './protocols/rows.ts';
import { mistakesOf, Refused, refused, within } from './refused.ts';
import { type OwnRouteName, routes, urlOf } from './routes.ts';
import { type Mistake, makeSchemas } from './schemas.ts';
import { versionHandlers } from './versions/handlers.ts';
import type { About } from './versions/sides.ts';
import type { Versions } from './versions/versions.ts';

export type { ServerOptions } from './http.ts';

export interface Server {
  /** For tests and for programs that embed it. */
  readonly http: FastifyInstance;
  /** @throws Failure `cannot-listen` */
  listen(host: string, port: number): Promise<string>;
  /** Takes no new requests, and ends when those that have arrived are answered, or `grace` milliseconds later. */
  close(grace?: number): Promise<void>;
}

export async function makeServer(versions: Versions, options: ServerOptions): Promise<Server> {
  const limits = { ...usualLimits, ...options.limits };
  const { swaps } = options;
  const schemas = makeSchemas(limits);
  const names = [
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
  const readers = await makeReaders(schemas, names, limits);
  const gate = makeGate(limits);
  const metrics = makeMetrics({ gate, versions, ...defined({ items: options.items }) });
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
    ...plainHandlers({ versions, readers, gate, metrics, limits, description, isStopping: () => stopping }),
    ...itemHandlers({
      ...defined({ writes: options.items }),
      readers,
      hasToken: options.token !== undefined,
      written: metrics.written,
    }),
    ...versionHandlers({ versions, ...defined({ swaps }), readers, hasToken: options.token !== undefined }),
  };
  for (const [name, handler] of Object.entries(handlers)) {
    const { method, path } = routes[name as OwnRouteName];
    http.route({ method, url: urlOf(path), handler });
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

  return serverOf(http, door, place, () => {
    stopping = true;
  });
}

function serverOf(http: FastifyInstance, door: Door, place: Place, stop: () => void): Server {
  return {
    http,
    async listen(host, port) {
      await http.ready();
      const url = await door.listen(host, port);
      const refuse = makeEarlyRefusal(place);
      door.open((request, response) => {
        if (!refuse.parsed(request, response)) http.routing(request, response);
      }, refuse.unparsed);
      return url;
    },
    async close(grace = 10_000) {
      stop();
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
