/** A server whose items are searched in PostgreSQL: the same answers, and 503 while the database does not answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres, type PostgresIndex } from '../../../src/plugins/postgres/search_postgres.ts';
import { writeIndex } from '../../../src/plugins/postgres/write_postgres.ts';
import { exactAnswersOf } from '../../../src/serving/live/recommender.ts';
import { makeAnswers } from '../../../src/serving/server/answers.ts';
import type { Server } from '../../../src/serving/server/server.ts';
import { ask, type Served, serveSmall } from '../../serving/server/served.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { absent, type Cluster, password, programs, startCluster } from './cluster.ts';

describe.skipIf(!programs)(`a server with an index in PostgreSQL${absent}`, () => {
  const root = temporaryFolder();
  let cluster: Cluster;
  let served: Served;
  let index: PostgresIndex;
  let server: Server;
  const lines: string[] = [];

  beforeAll(async () => {
    [cluster, served] = await Promise.all([startCluster(), serveSmall(root)]);
    const { recommender } = served;
    const { snapshot } = recommender;
    const truth = exactAnswersOf(snapshot, await recommender.sample(20), 3);
    await writeIndex(cluster.url(), snapshot, truth, {
      name: 'tower_items',
      recall: 0.9,
      half: false,
      dropsOlder: false,
    });
    index = await openPostgres(cluster.url(), snapshot, { name: 'tower_items' });
    const answers = makeAnswers({
      recommender: { ...recommender, snapshot: { ...snapshot, index } },
      removesSeen: true,
      notes: ['A note.'],
    });
    server = await served.server({ log: (line) => lines.push(line) }, answers);
  });
  afterAll(async () => {
    await server?.close();
    await index?.close();
    await cluster?.remove();
  });

  it('answers as the scan does, and says that it is not proved', async () => {
    const plain = await served.server();
    const vector = [...served.recommender.snapshot.itemVector(1)];
    const bodies = [
      { user: 'u1', k: 3 },
      { user: 'u1', k: 3, removeSeen: false, columns: ['year', 'genres'] },
      { user: 'u2', k: 4, filter: "year > 1980 and not ('War' in genres)", history: 2 },
      { vector, k: 3, exclude: ['absent'] },
      { vector, user: 'u1', k: 3, weights: { watch: 2 } },
    ];
    const id = { 'x-request-id': 'one' };
    const own = await ask(server, '/v1/recommend', bodies, id);
    const expected = await ask(plain, '/v1/recommend', bodies, id);
    expect([own.status, expected.status]).toEqual([200, 200]);
    for (const [at] of bodies.entries()) {
      const { items, ...rest } = own.body[at]!;
      const { items: scanned, ...same } = expected.body[at]!;
      expect(rest).toEqual({ ...same, exact: false });
      expect(items.map(({ score: _, ...item }) => item)).toEqual(scanned.map(({ score: _, ...item }) => item));
      for (const [place, { score }] of items.entries()) expect(score).toBeCloseTo(scanned[place]!.score, 5);
    }
    expect((await ask(server, '/v1/recommend', { user: 'u1', filter: 'yaer > 1' })).status).toBe(400);
    await plain.close();
  });

  it('answers 503 while the database does not, and goes on when it does', async () => {
    const before = await ask(server, '/v1/recommend', { user: 'u1', k: 3 });
    await cluster.kill();
    const { status, headers, body, text } = await ask(server, '/v1/recommend', { user: 'u1', k: 3 });
    expect([status, headers['retry-after']]).toEqual([503, '5']);
    expect(body.errors[0]).toMatchObject({ code: 'server-busy', hint: 'send the request again after 5 seconds' });
    expect(text).toContain('its index does not answer');
    expect(text).not.toContain('127.0.0.1');
    const logged = lines.find((line) => line.includes('cannot be used'))!;
    expect(JSON.parse(logged)).toMatchObject({ level: 'error', id: body.request });
    expect(logged).toContain(`postgres://tower@127.0.0.1:${cluster.port}/postgres`);
    expect(lines.join()).not.toMatch(new RegExp(`${password}|${encodeURIComponent(password)}`));
    await cluster.start();
    expect((await ask(server, '/v1/recommend', { user: 'u1', k: 3 })).body.items).toEqual(before.body.items);
  });
});
