/** Rows that were added to the data files after the training: answers know them, and figures of the run do not. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { evaluate, exportPage, exportTowers, indexItems, load, open, recommend, train } from '../../../src/api.ts';
import { serveVersions } from '../../../src/app/api/versions/serve_versions.ts';
import { failureOf } from '../../data/fixture.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { data, writeProject } from '../cli/project.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const historyOf = async (user: string): Promise<readonly string[]> => {
  const run = await load(at('run'));
  const { history, items, notes, asOf } = await recommend(run, { user, k: 100 });
  await run.close();
  const keys = history.map(({ key }) => key);
  expect(items.map(({ key }) => key).filter((key) => keys.includes(key))).toEqual([]);
  return [String(asOf), ...notes.filter((note) => note.includes('differs')), ...keys];
};

beforeAll(async () => {
  writeProject(root);
  await train(at('films.tower'), {
    ...{ data: at('data.tower'), out: at('run'), engine: 'onnx', set: { epochs: 1, width: 4 } },
  });
});

it('answers know new events of a user, of a new user and of a new item, and say so', async () => {
  const [header = '', first = ''] = readFileSync(at('ratings.csv'), 'utf8').split('\n');
  const names = header.split(',');
  const [user, item] = ['user_id', 'movie_id'].map((name) => first.split(',')[names.indexOf(name)]!);
  const before = await historyOf(user!);
  const [, film] = readFileSync(at('films.csv'), 'utf8').split('\n');
  appendFileSync(at('films.csv'), `${film!.replace(/^[^,]+/, 'new')}\n`);
  const row = (values: Readonly<Record<string, string>>): string =>
    `${names.map((name, column) => values[name] ?? first.split(',')[column]).join(',')}\n`;
  const now = '5000';
  appendFileSync(at('ratings.csv'), row({ user_id: user!, movie_id: 'new', seen_at: now }));
  appendFileSync(at('ratings.csv'), row({ user_id: 'nobody', movie_id: item!, seen_at: now }));

  const [asOf, note, ...keys] = await historyOf(user!);
  expect(asOf).toBe('5000');
  expect(note).toMatch(/^The data differs from the data of the training: /);
  expect(keys).toEqual(['new', ...before.slice(1)]);
  expect((await historyOf('nobody')).slice(2)).toEqual([item]);

  const run = await load(at('run'));
  expect((await failureOf(evaluate(run))).join()).toMatch(/^other-data /);
  const opened = await open(run);
  expect(await opened.recommend({ user: user!, history: 1 })).toMatchObject({ asOf: 5000, history: [{ key: 'new' }] });
  await opened.close();
  await run.close();
});

it('indexes and exports have the new items, and say so', async () => {
  const decisions: string[] = [];
  const run = await load(at('run'), { cache: false, onDecision: ({ rows }) => decisions.push(rows) });
  const { items } = await indexItems(run, { queries: 20 });
  const opened = await open(run, { index: at('run/index') });
  // The rows are read once, although they are not those of the training.
  expect(decisions).toEqual(['memory']);
  await opened.close();
  expect(items).toBe(run.trained.manifest.data.items + 1);
  const { serving } = await exportTowers(run, { out: at('towers'), index: true });
  expect(serving.index!.rows).toBe(items);
  const { index } = await exportPage(run, { out: at('page') });
  expect(index.notes).toEqual([
    'The data differs from the data of the training: it has 2 more events, 1 more item, 1 more user.',
  ]);
  await run.close();
});

it('a server of versions says at its start that the data has grown', async () => {
  const said: string[] = [];
  const serving = await serveVersions({ run: await load(at('run')), port: 0, say: (line) => said.push(line) });
  await serving.close();
  expect(said).toEqual([
    `${at('run')}: The data differs from the data of the training: it has 2 more events, 1 more item, 1 more user.`,
  ]);
});

it('answers of a run whose rows are in shards know them as well; a moment of the past is refused', async () => {
  const home = at('large');
  writeProject(home);
  const shardSizes = { atOnce: 150, buckets: 4, piles: 5, held: 2 };
  const [out, ratings] = [join(home, 'run'), join(home, 'ratings.csv')];
  const set = { epochs: 1, width: 4 };
  const request = { data: join(home, 'data.tower'), out, engine: 'onnx', set, shardSizes } as const;
  await train(join(home, 'films.tower'), request);
  appendFileSync(ratings, 'u1,m3,3000\nnobody,m4,3001\n');
  const run = await load(out);
  const { history, asOf, notes } = await recommend(run, { user: 'nobody', k: 3 });
  expect([history.map(({ key }) => key), asOf]).toEqual([['m4'], 3001]);
  expect(notes).toContain('The data differs from the data of the training: it has 2 more events, 1 more user.');
  expect((await failureOf(evaluate(run))).join()).toMatch(/^other-data /);
  await run.close();
  const past = load(out, { asOf: 1500 }).then((each) => each.recommender());
  expect((await failureOf(past)).join()).toMatch(/^shards-unsupported .*`asOf`.*train the run again with more memory/);
  const ofOther = await load(out, { data: request.data });
  expect((await recommend(ofOther, { user: 'nobody', k: 3 })).history.map(({ key }) => key)).toEqual(['m4']);
  expect(Object.keys((await evaluate(ofOther, { baselines: 'none' })).metrics)).not.toEqual([]);
  await ofOther.close();
});

it('a moment is a date where times are seconds alone, and a part where one is held out', async () => {
  const said = async (asOf: string, folder: string) =>
    (await failureOf(load(folder, { asOf }).then((run) => run.recommender()))).join();
  // The times of the project count from 1,000 on.
  expect(await said('2018-09-01', at('run'))).toMatch(
    /^data-needs .*`asOf: '2018-09-01'` needs times in seconds since 1970/,
  );
  expect(await said('sometime', at('run'))).toMatch(/^since-unreadable .*`asOf: 'sometime'` is neither/);
  writeFileSync(at('untimed.tower'), data.replace(/ {2}(time|history) .*\n/g, '').replace(/by_time/, 'random'));
  const untimed = load(at('run'), { data: at('untimed.tower'), asOf: 5 }).then((run) => run.recommender());
  expect((await failureOf(untimed)).join()).toMatch(/^data-needs .*`asOf: '5'` needs a time/);
  await train(undefined, { final: at('run'), out: at('final') });
  expect(await said('test', at('final'))).toMatch(/^data-needs .*`asOf: 'test'` needs a part that is held out/);
  const itself = await failureOf(train(undefined, { final: at('run'), out: at('run'), force: true }));
  expect(itself.join()).toMatch(/^from-itself .*`final` and `out` are the same folder/);
});
