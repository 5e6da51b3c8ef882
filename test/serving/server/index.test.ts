/** A server whose model has an index: it says what is not proved, and how right its answers are. The index here is the scan without one item. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { makeRecallGauge } from '../../../src/plugins/lists/index_folder.ts';
import type { ApproximateIndex } from '../../../src/retrieval/scan/approximate.ts';
import { Bits } from '../../../src/retrieval/scan/bits.ts';
import type { Scan } from '../../../src/retrieval/scan/scan.ts';
import { makeAnswers } from '../../../src/serving/server/answers.ts';
import type { Server } from '../../../src/serving/server/server.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { ask, corpus, type Served, serveSmall, users } from './served.ts';

let served: Served;
let server: Server;
/** The item that the index does not know: the best of the first user. */
let missed: number;
const [user] = users.keys as [string, ...string[]];

beforeAll(async () => {
  served = await serveSmall(temporaryFolder());
  const exact = await served.recommender.ask({ key: user }, { k: 1, removeSeen: false });
  missed = [...corpus.keys].indexOf(exact.items[0]!.key);
  const { snapshot } = served.recommender;
  const known = Bits.all(snapshot.rows);
  known.delete(missed);
  const indexOf = (scan: Scan): ApproximateIndex => ({
    gauge: makeRecallGauge({ every: 1, pause: 5 }),
    search: ({ vectors, k, isFiltered }) =>
      k > 3 || isFiltered ? undefined : scan.top([{ vectors, k, allowed: known }])[0],
  });
  const recommender = { ...served.recommender, snapshot: snapshot.withIndex(indexOf) };
  server = await served.server({}, makeAnswers({ recommender, removesSeen: true, notes: [] }));
});

const body = { user, k: 3, removeSeen: false };

describe('a server with an index', () => {
  it('says `exact: false` of what the index answers, and misses what it misses', async () => {
    const answer = await ask(server, '/v1/recommend', body);
    expect(answer.body).toMatchObject({ exact: false });
    expect(answer.body.items.map(({ key }) => key)).not.toContain(corpus.keys.at(missed));
    expect(answer.body.items).toHaveLength(3);
  });

  it.each([
    ['more is asked for than it is certified for', { k: 4 }],
    ['weights change the query', { weights: { watch: 2 } }],
    ['there is a filter', { filter: 'year = 1981' }],
  ])('is exact, and does not say so, where %s', async (_, change) => {
    const answer = await ask(server, '/v1/recommend', { ...body, ...change });
    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty('exact');
    const plain = await ask(await served.server(), '/v1/recommend', { ...body, ...change });
    expect(answer.body.items).toEqual(plain.body.items);
  });

  it('finds items near an item exactly: an index of inner products has another order', async () => {
    const near = { item: corpus.keys.at(0), k: 3 };
    const answer = await ask(server, '/v1/similar', near);
    expect(answer.body).not.toHaveProperty('exact');
    expect(answer.body.items).toEqual((await ask(await served.server(), '/v1/similar', near)).body.items);
  });

  it('measures its answers again, and shows their recall', async () => {
    await ask(server, '/v1/recommend', body);
    await vi.waitFor(async () => {
      const { text } = await ask(server, '/metrics');
      expect(text).toMatch(/^tower_index_recall\{version="v1"\} 0\.66\d*$/m);
      expect(text).toMatch(/^tower_index_checked\{version="v1"\} [1-9]/m);
    });
    expect((await ask(await served.server(), '/metrics')).text).not.toMatch(/^tower_index_recall\{/m);
  });
});
