/** Routes that need no place in the queue: what the model takes, the page, and how the server is. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Reader } from './body.ts';
import type { Gate } from './gate.ts';
import type { Limits } from './limits.ts';
import type { Metrics } from './metrics.ts';
import { pageHeaders, pageText } from './page.ts';
import type { OwnRouteName } from './routes.ts';
import type { SearchQuery, UsersQuery } from './schemas.ts';
import type { Versions } from './versions/versions.ts';

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

export interface Plain {
  readonly limits: Limits;
  readonly metrics: Metrics;
  isStopping(): boolean;
  readonly versions: Versions;
  readonly readers: Readonly<Record<'Users' | 'Search', Reader>>;
  readonly gate: Gate;
  readonly description: unknown;
}

export function plainHandlers({ versions, readers, gate, metrics, limits, description, isStopping }: Plain) {
  const state = (status: string) => ({ status, version: versions.current.stable.id });
  return {
    users: async ({ query }) => {
      const [asked] = readers.Users(parametersIn(query)).bodies;
      return versions.use(({ stable }) => stable.answers.users(asked as UsersQuery));
    },
    // A search reads all titles: it waits for its turn, as questions do.
    findItems: async (request) => {
      const [asked] = readers.Search(parametersIn(request.query)).bodies;
      return gate.pass((isLate) => {
        const isOver = (): boolean => isLate() || request.raw.socket?.destroyed;
        return versions.use(({ stable }) => stable.answers.search(asked as SearchQuery, { isOver }));
      }, limits.deadline);
    },
    about: async () => ({ ...versions.current.stable.answers.about(), mostItems: limits.k }),
    page: async (_, reply) => {
      reply.headers(pageHeaders);
      return pageText;
    },
    health: async () => state('ok'),
    ready: async (_, reply) => {
      if (isStopping()) reply.code(503);
      return state(isStopping() ? 'stopping' : 'ready');
    },
    metrics: async (_, reply) => {
      reply.type(metrics.contentType);
      return metrics.text();
    },
    openapi: async () => description,
  } satisfies Partial<Record<OwnRouteName, Handler>>;
}

/** Parameters of an address are texts. A whole number among them is one. */
const parametersIn = (query: unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(query as object).map(([name, value]) => [
      name,
      name === 'limit' && /^\d{1,9}$/.test(value) ? Number(value) : value,
    ]),
  );
