/** What the model takes and gives, the search for users, and shares over HTTP. */
import { beforeAll, expect, it } from 'vitest';
import { textColumn } from '../../../src/retrieval/filter/filter_columns.ts';
import { makeSnapshot } from '../../../src/retrieval/snapshot.ts';
import { aboutOf } from '../../../src/serving/server/about.ts';
import type { Server } from '../../../src/serving/server/server.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { ask, corpus, type Served, serveSmall, users } from './served.ts';

const root = temporaryFolder();
let served: Served;
let server: Server;

beforeAll(async () => {
  served = await serveSmall(root);
  server = await served.server();
});

it('says what the model takes and gives', async () => {
  const { body } = await ask(server, '/v1/about');
  expect(body).toMatchObject({
    version: 'v1',
    items: corpus.rows,
    users: users.rows,
    query: { tower: 'user', key: 'user_id', features: [{ name: 'history', kind: 'item', list: true }] },
    objectives: [{ name: 'watch', factor: 1 }],
    columns: [
      { name: 'year', kind: 'number', example: 1980 },
      { name: 'country', kind: 'text', example: 'NL' },
      { name: 'genres', kind: 'texts', example: 'Drama' },
      { name: 'new', kind: 'truth', example: false },
    ],
    removeSeen: true,
    mostItems: 1000,
  });
});

it('knows columns of pictures by their addresses, never by their names alone', () => {
  const columns = new Map(
    Object.entries({
      poster: ['https://a.example/1', '/2', undefined],
      shot: ['a.example', 'x.png'],
      scan: ['https://a.example/1.JPG?w=9', '/pictures/2.webp'],
      inline: ['data:image/png;base64,AA==', 'data:image/svg+xml,x'],
      cover: ['leather', 'cloth'],
      link: ['https://a.example/1', 'https://a.example/2'],
      photo: ['javascript:alert(1)//.png', '/1.png'],
      image: [undefined, undefined],
    }).map(([name, values]) => [name, textColumn([...values, ...(values.length < 3 ? [undefined] : [])])]),
  );
  const vectors = { data: new Float32Array(3), rows: 3, width: 1 };
  const snapshot = makeSnapshot({ version: '1', items: { vectors, keys: ['a', 'b', 'c'], columns } });
  const about = aboutOf(snapshot, served.recommender.query, true);
  expect(about.columns.flatMap(({ name, picture }) => (picture ? [name] : []))).toEqual(['poster', 'scan', 'inline']);
});

it('finds users by the beginning of their keys', async () => {
  const keysOf = async (query: string) => {
    const { body } = await ask(server, `/v1/users${query}`);
    return (body as unknown as { users: { key: string }[] }).users.map(({ key }) => key);
  };
  expect(await keysOf('')).toEqual([...users.keys].slice(0, 10));
  expect(await keysOf('?prefix=u1&limit=2')).toEqual(['u1', 'u10']);
  expect(await keysOf('?prefix=nobody')).toEqual([]);
  const { body } = await ask(server, '/v1/users?prefix=u3&limit=1');
  const seen = users.seen.ends[3]! - users.seen.starts[3]!;
  expect(body).toEqual({ version: 'v1', users: [{ key: 'u3', seen }] });
});

it.each([
  ['?limit=0', 'request-value', '/limit'],
  ['?limit=9e9', 'request-value', '/limit'],
  ['?limit=101', 'request-value', '/limit'],
  ['?limit=1&limit=2', 'request-value', '/limit'],
  [`?prefix=${'x'.repeat(1001)}`, 'request-value', '/prefix'],
  ['?prefx=u', 'unknown-name', '/prefx'],
])('refuses a search %s', async (query, code, at) => {
  const { status, body } = await ask(server, `/v1/users${query}`);
  expect([status, body.errors[0].code, body.errors[0].at]).toEqual([400, code, at]);
});

it('gives the shares of a score, by user and by vector, and only where they are asked for', async () => {
  const { body } = await ask(server, '/v1/recommend', { user: 'u3', k: 4, shares: true, weights: { watch: 3 } });
  expect(body.items).toHaveLength(4);
  for (const { score, shares } of body.items) expect(shares).toEqual({ watch: expect.closeTo(score, 9) });
  const vector = Array.from({ length: served.recommender.snapshot.width }, (_, at) => at);
  const byVector = await ask(server, '/v1/recommend', { vector, k: 2, shares: true });
  for (const { score, shares } of byVector.body.items) expect(shares).toEqual({ watch: expect.closeTo(score, 9) });
  const plain = await ask(server, '/v1/recommend', { user: 'u3', k: 1 });
  expect(plain.body.items[0]).not.toHaveProperty('shares');
});
