/** A score from item to item, from its file to its answers: in the library, in pages, and as a table in a database. */
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  evaluate,
  exportTowers,
  exportWeights,
  indexItems,
  inspectStep,
  load,
  recommend,
  train,
  tune,
} from '../../../src/api.ts';
import type { Run } from '../../../src/app/api/run.ts';
import { openDatabase } from '../../../src/data/files/duckdb.ts';
import { servingStateOf } from '../../../src/retrieval/servable.ts';
import { open } from '../../../src/serving/runtime/open.ts';
import { load as loadModel } from '../../../src/training/artifact/load.ts';
import { writePageExport } from '../../../src/training/export/page_folder.ts';
import { makeRetrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import type { TrainingEvent } from '../../../src/training/train_options.ts';
import { plainEngine } from '../../training/plain_engine.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { diagnosticOf } from './diagnostic_of.ts';

const root = temporaryFolder();
const at = (name: string): string => join(root, name);
const [users, items, each] = [30, 14, 8];

/** Each user walks through items that follow each other, with some leaps. */
const itemOf = (user: number, place: number): string => `i${(user * 5 + place + (place > 4 ? user % 3 : 0)) % items}`;
const userItems = Array.from({ length: users }, (_, user) =>
  Array.from({ length: each }, (_, place) => itemOf(user, place)),
);

const modelText = (fit: string): string => `model fitted
features {
  user : id(dim: 0)
  history : list(item, max: 20)
  item : id
}
tower user(history) keyed by user {}
tower item(item) keyed by item {}
task next { score = item_to_item(user, item, fit: ${fit}) }
`;

let run: Run;
const events: TrainingEvent[] = [];

beforeAll(async () => {
  writeFileSync(
    at('data.tower'),
    'data small {\n  events = "events.csv"\n  time = "time"\n  history = past(item, 20)\n  split = leave_one_out\n  seen = excluded\n}\n',
  );
  const lines = userItems.flatMap((own, user) => own.map((item, place) => `u${user},${item},${user + 100 * place}`));
  writeFileSync(at('events.csv'), `user,item,time\n${lines.join('\n')}\n`);
  for (const fit of ['item_knn', 'ease', 'slim', 'rp3beta']) writeFileSync(at(`${fit}.tower`), modelText(fit));
  const onEvent = (event: TrainingEvent): unknown => events.push(event);
  await train(at('item_knn.tower'), { data: at('data.tower'), out: at('run'), engine: 'javascript', onEvent });
  run = await load(at('run'));
});
afterAll(() => run.close());

const training = userItems.map((own) => own.slice(0, each - 2));

/** The formula of the reference, on plain sets: s(i, j) = |U(i) ∩ U(j)| ÷ (√(|U(i)| |U(j)|) + shrink), and decay ^ age. */
function scoreOf(history: readonly string[], item: string): number {
  const { setting, decay } = run.trained.manifest.training.fit!;
  const usersOf = (of: string): number[] => training.flatMap((own, user) => (own.includes(of) ? [user] : []));
  const own = usersOf(item);
  const latest = [...new Set(history.toReversed())];
  return latest.reduce((sum, other, age) => {
    const others = usersOf(other);
    const shared = others.filter((user) => own.includes(user)).length;
    if (other === item || shared === 0) return sum;
    return sum + (decay ** age * shared) / (Math.sqrt(own.length * others.length) + setting.shrink!);
  }, 0);
}

describe('a score from item to item', () => {
  it('ranks by the formula, without what the user had', async () => {
    for (const user of [0, 7, 29]) {
      const { items: answers } = await recommend(run, { user: `u${user}`, k: items });
      const left = Array.from({ length: items }, (_, item) => `i${item}`).filter(
        (item) => !userItems[user]!.includes(item),
      );
      expect(answers.map(({ key }) => key).sort()).toEqual(left.sort());
      for (const { key, score } of answers) expect(score).toBeCloseTo(scoreOf(userItems[user]!, key), 4);
    }
  });

  it('gives a new user what is popular, and the items of a list their neighbours', async () => {
    const counts = new Map<string, number>();
    for (const item of training.flat()) counts.set(item, (counts.get(item) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const { items: popular } = await recommend(run, { values: { history: [] }, k: 1 });
    expect(counts.get(popular[0]!.key)).toBe(most);
    const { items: near } = await recommend(run, { values: { history: ['i3'] }, k: 2 });
    for (const { key, score } of near) expect(score).toBeCloseTo(scoreOf(['i3'], key), 4);
  });

  it('says which items of the list an answer owes its score to', async () => {
    const { items: answers } = await recommend(run, { user: 'u0', k: 1, because: 20 });
    const [{ key, score, because } = { key: '', score: 0, because: [] }] = answers;
    expect(because!.length).toBeGreaterThan(0);
    for (const reason of because!) {
      const without = userItems[0]!.filter((item) => item !== reason.key);
      expect(reason.score).toBeCloseTo(score - scoreOf(without, key), 4);
    }
  });

  it('answers the same from its cache', async () => {
    const first = await recommend(run, { user: 'u3', k: 5 });
    const again = await load(at('run'));
    expect((await recommend(again, { user: 'u3', k: 5 })).items).toEqual(first.items);
    await again.close();
  });

  it('is evaluated next to the baseline of its name, and as good', async () => {
    const { rows } = await evaluate(run, { baselines: ['item_knn'], metrics: 'ndcg(10)' });
    const [own, reference] = rows.map(({ all }) => all['ndcg@10']!);
    // Among items without a weight the model goes by events, so it may be a little better.
    expect(own).toBeGreaterThan(reference! - 1e-6);
    expect(own).toBeLessThan(reference! + 0.05);
  });

  it.each(['ease', 'slim', 'rp3beta'])('is fitted by %s too', async (fit) => {
    await train(at(`${fit}.tower`), { data: at('data.tower'), out: at(fit), engine: 'javascript' });
    const other = await load(at(fit));
    const { rows } = await evaluate(other, { baselines: [fit], metrics: 'ndcg(10)' });
    expect(Math.abs(rows[0]!.all['ndcg@10']! - rows[1]!.all['ndcg@10']!)).toBeLessThan(0.05);
    await other.close();
  });
});

describe('its weights', () => {
  it('add up in a database to the same scores', async () => {
    const { rows, decay, weights } = await exportWeights(run, { out: at('weights') });
    const database = await openDatabase();
    const file = `'${join(at('weights'), weights)}'`;
    const [counted] = await database.rows(`SELECT count(*) AS rows FROM ${file}`);
    expect(Number(counted!.rows)).toBe(rows);
    const ages = [...new Set(userItems[4]!.toReversed())].map((item, age) => `('${item}', ${decay ** age})`);
    const sums = await database.rows(
      `SELECT neighbour, sum(weight * share) AS score FROM ${file} JOIN (VALUES ${ages.join(', ')}) AS list(item, share) USING (item) GROUP BY neighbour`,
    );
    expect(sums.length).toBeGreaterThan(items / 2);
    for (const { neighbour, score } of sums) expect(score).toBeCloseTo(scoreOf(userItems[4]!, String(neighbour)), 4);
    database.close();
  });

  it('are read by pages, which answer as the library does', async () => {
    const trained = await loadModel(at('run'));
    const dataset = await run.dataset();
    const { plan, tables, parameters } = trained;
    const retrieval = await makeRetrieval({ plan, engine: plainEngine, tables, corpus: dataset.corpus, parameters });
    const servable = { ...servingStateOf(dataset, retrieval.computed()), notes: [] };
    await writePageExport(trained, servable, {
      ...{ folder: at('page'), tower: '0.0.0', columns: [], objectives: [] },
      ...{ events: { sources: {}, columns: [] }, script: Buffer.from('export {};'), exact: true },
    });
    const page = await open('http://page.test/page/', {
      fetch: async (url) => new Response(readFileSync(at(new URL(url).pathname))),
    });
    const history = ['i2', 'i5', 'i6'];
    const { items: answers } = await page.recommend({ values: { history }, k: 4 });
    const { items: expected } = await recommend(run, { values: { history }, k: 4 });
    expect(answers).toEqual(expected);
    expect((await page.similar({ item: 'i5', k: 1 })).items[0]!.score).toBeCloseTo(
      Math.max(...Array.from({ length: items }, (_, item) => scoreOf(['i5'], `i${item}`))),
      4,
    );
  });
});

describe('a fit', () => {
  it('says what it does and how long it takes, and nothing of steps', () => {
    expect(events).toEqual([{ kind: 'fitting', by: 'item_knn', seconds: expect.any(Number) }]);
  });

  it.each(['resume', 'finish'])('that has ended is not repeated by `%s`', async (option) => {
    const written = statSync(join(at('run'), 'manifest.json')).mtimeMs;
    const seen: TrainingEvent[] = [];
    const { manifest } = await train(at('item_knn.tower'), {
      ...{ data: at('data.tower'), out: at('run'), engine: 'javascript', [option]: true },
      onEvent: (event) => seen.push(event),
    });
    expect(manifest!.checksum).toBe(run.trained.manifest.checksum);
    expect(seen).toEqual([]);
    expect(statSync(join(at('run'), 'manifest.json')).mtimeMs).toBe(written);
  });

  it('that has no model yet is not begun by `finish`', async () => {
    cpSync(at('run'), at('unfinished'), { recursive: true });
    rmSync(join(at('unfinished'), 'manifest.json'));
    const before = readdirSync(at('unfinished'));
    const finished = train(at('item_knn.tower'), {
      ...{ data: at('data.tower'), out: at('unfinished'), engine: 'javascript', finish: true },
    });
    expect((await diagnosticOf(finished)).code).toBe('nothing-to-resume');
    expect(readdirSync(at('unfinished'))).toEqual(before);
  });

  it('on all events takes the settings of the run that chose them', async () => {
    const { manifest } = await train(undefined, { final: at('run'), out: at('final'), engine: 'javascript' });
    expect(manifest!.training.fit).toEqual(run.trained.manifest.training.fit);
    expect(manifest!.data.train).toBe(users * each);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['goes on from no earlier run', () => again({ from: at('run') })],
    ['it takes no steps to measure', () => again({ profile: true })],
    ['its items have no vectors that an index could hold', () => indexItems(run)],
    ['it took no steps', () => inspectStep(run, { step: 1 })],
    ['it has no towers and no vectors to write', () => exportTowers(run, { out: at('towers') })],
    [
      'its fit chooses the settings on the validation part itself',
      () => tune(at('item_knn.tower'), { data: at('data.tower'), out: at('study') }),
    ],
  ])('%s', async (reason, work) => {
    const { code, message, hint } = await diagnosticOf(work());
    expect(code).toBe('fitted-whole');
    expect(message).toContain(reason);
    expect(hint).toBeTruthy();
  });
});

const again = (more: object): Promise<unknown> =>
  train(at('item_knn.tower'), { data: at('data.tower'), out: at('other'), engine: 'javascript', ...more });
