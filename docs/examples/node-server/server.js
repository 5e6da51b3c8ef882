/** Recommendations of a Node.js server: it opens the export of a model from the disk, and the events of the users lie in PostgreSQL. */
import { readFile } from 'node:fs/promises';
import { Failure, open } from '@tower-lang/runtime';
import fastify from 'fastify';
import pg from 'pg';

/** Older events say little about what comes next. */
const mostEvents = 200;

const schema = `
  CREATE TABLE IF NOT EXISTS user_events (
    user_key text NOT NULL,
    item text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX IF NOT EXISTS user_events_by_time ON user_events (user_key, at DESC)`;

const lastEvents = `
  SELECT item, extract(epoch FROM at)::float8 AS time FROM user_events
  WHERE user_key = $1 ORDER BY at DESC LIMIT ${mostEvents}`;

/** `fetch` of Node.js reads no files. */
const fromDisk = async (url) => new Response(await readFile(new URL(url)));
const model = await open(new URL('model/', import.meta.url), { fetch: fromDisk });

// Of the address, or of PGHOST, PGUSER and the other variables of PostgreSQL.
const database = new pg.Pool({ connectionString: process.env.DATABASE_URL });
database.on('error', ({ message }) => server.log.error(`a connection to PostgreSQL ended: ${message}`));
await database.query(schema);

const server = fastify({ logger: { level: process.env.LOG_LEVEL ?? 'info' } });
const text = { type: 'string', minLength: 1, maxLength: 200 };

server.get(
  '/recommend',
  {
    schema: {
      querystring: {
        type: 'object',
        required: ['user'],
        properties: { user: text, k: { type: 'integer', minimum: 1, maximum: 1000 }, filter: { type: 'string' } },
      },
    },
  },
  async ({ query: { user, k, filter } }) => {
    const { rows } = await database.query(lastEvents, [user]);
    return model.with(rows).recommend({ k, filter });
  },
);

server.post(
  '/events',
  { schema: { body: { type: 'object', required: ['user', 'item'], properties: { user: text, item: text } } } },
  async ({ body: { user, item } }, reply) => {
    await database.query('INSERT INTO user_events (user_key, item) VALUES ($1, $2)', [user, item]);
    return reply.code(204).send();
  },
);

server.setErrorHandler((error, _request, reply) => {
  if (error instanceof Failure) return reply.code(400).send({ diagnostics: error.diagnostics });
  if (!error.validation) server.log.error(error);
  return reply.send(error);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await server.close();
    await database.end();
  });
}
await server.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? '127.0.0.1' });
