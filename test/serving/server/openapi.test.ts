/** The description is true: what it says of bodies is what the server takes, and its answers are what it says. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, expect, it } from 'vitest';
import { routeList } from '../../../src/serving/server/routes.ts';
import type { Server } from '../../../src/serving/server/server.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { ask, type Served, serveSmall } from './served.ts';

/** Entries for each row of the table around the best items. */
const around = {
  offset: 1,
  version: 'v1',
  candidates: 20,
  diversity: 0.3,
  most: { genres: 2 },
  boost: [{ filter: 'year > 1980', weight: 1 }],
  bury: [{ filter: 'new', weight: 1 }],
  exploration: { share: 0.5, filter: 'year > 1980', seed: 7 },
};

const root = temporaryFolder();
let served: Served;
let server: Server;

beforeAll(async () => {
  served = await serveSmall(root);
  server = await served.server();
});

it('has every route, and each of its references leads somewhere', async () => {
  const { body } = await ask(server, '/openapi.json');
  expect(body.openapi).toBe('3.1.0');
  expect(Object.keys(body.paths)).toEqual([...new Set(routeList.map(([, { path }]) => path))]);
  for (const [, { path, method }] of routeList) expect(Object.keys(body.paths[path]!)).toContain(method.toLowerCase());
  const described = Object.values<object>(body.paths).flatMap((methods) => Object.keys(methods));
  expect(described).toHaveLength(routeList.length);
  const references = [...JSON.stringify(body).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)[/"]/g)].map(
    ([, name]) => name,
  );
  expect(new Set(references)).toEqual(new Set(Object.keys(body.components.schemas)));
});

it('describes each answer and each refusal', async () => {
  const { body: document } = await ask(server, '/openapi.json');
  const ajv = new Ajv2020({ allowUnionTypes: true });
  const isAs = (name: string, value: unknown): void => {
    const validate = ajv.compile(document.components.schemas[name]!);
    validate(value);
    expect(validate.errors).toBeNull();
  };
  const full = { user: 'u3', k: 3, history: 3, shares: true, ...around, columns: ['year', 'genres', 'new', 'country'] };
  isAs('Recommend', { ...full, average: ['country'] });
  isAs('Recommended', (await ask(server, '/v1/recommend', { ...full, because: 2 })).body);
  isAs('Recommended', (await ask(server, '/v1/recommend', full)).body);
  isAs('Recommended', (await ask(server, '/v1/recommend', { values: {} })).body);
  isAs('Similars', (await ask(server, '/v1/similar', { item: 'm1', columns: ['new'] })).body);
  isAs('Vectors', { user: 'u3', values: {} });
  isAs('Computed', (await ask(server, '/v1/vectors', { item: 'm1' })).body);
  isAs('Search', { text: 'film', limit: 2 });
  isAs('FoundItems', (await ask(server, '/v1/items?text=film&limit=2')).body);
  isAs('Users', { prefix: 'u', limit: 2 });
  isAs('Found', (await ask(server, '/v1/users?prefix=u1&limit=2')).body);
  isAs('About', (await ask(server, '/v1/about')).body);
  isAs('State', (await ask(server, '/healthz')).body);
  isAs('State', (await ask(server, '/readyz')).body);
  isAs('Refusal', (await ask(server, '/nowhere')).body);
  isAs('Refusal', (await ask(server, '/v1/recommend', { user: 'u1', filter: 'year' })).body);
});
