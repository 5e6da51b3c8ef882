/** Days of a model in use: events of a server become files, judge the version that answered, and train the next one, each exactly once. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type CloseRequest, closeDay, load, serve, train } from '../../../src/api.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../../src/base/random/random.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
const at = (...parts: readonly string[]): string => join(root, ...parts);

const random = makeRandom(4);
const draw = (): readonly [user: string, film: string] => [`u${random.integer(25)}`, `f${random.integer(20)}`];

async function start(): Promise<void> {
  mkdirSync(at('views'));
  const events = Array.from({ length: 400 }, (_, moment) => [...draw(), moment].join());
  writeFileSync(at('views/views.csv'), `person,film,moment\n${events.join('\n')}\n`);
  writeFileSync(
    at('films.csv'),
    `film,title\n${Array.from({ length: 20 }, (_, film) => `f${film},Film ${film}`).join('\n')}\n`,
  );
  writeFileSync(
    at('data.tower'),
    `data films {
      events = "views/**/*.{csv,parquet}", items = "films.csv" by film
      columns { user = "person" }
      time = "moment", split = by_time(validation: 10%, test: 10%)
      history = past(film, 5)
    }`,
  );
  writeFileSync(
    at('model.tower'),
    `model films
    features { user : id(dim: 4), history : list(film, max: 5, pool: mean), film : id(dim: 4) }
    tower person(user, history) keyed by user { channel main = concat(user, history) -> dense(4) }
    tower movie(film) keyed by film { channel main = film -> dense(4) }
    task watch { score = dot(person, movie), loss = softmax(in_batch) }
    train { batch = 32, epochs = 1 }`,
  );
  await train(at('model.tower'), { data: at('data.tower'), out: at('first'), engine: 'onnx' });
  mkdirSync(at('live'));
  await train(undefined, { final: at('first'), out: at('live/1') });
}

/** Sends events to a server of a version, and returns how many later ones it had in memory before. */
async function takeDay(version: string, first: number, count: number): Promise<number> {
  const run = await load(at('live', version));
  const server = await serve(run, { port: 0, events: at('events') });
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  const events = Array.from({ length: count }, (_, i) => {
    const [user, item] = draw();
    return { user, item, time: first + i };
  });
  const body = JSON.stringify(events);
  const answer = await fetch(`${server.url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(answer.status).toBe(200);
  await server.close();
  await run.close();
  return Number(/^tower_later_events\{.*\} (\d+)$/m.exec(metrics)![1]);
}

const request = (): CloseRequest => ({ events: at('events'), into: at('views') });

it('each event is taken, judged and trained exactly once', async () => {
  await start();
  let [version, moment, rows] = ['1', 1000, 400];
  for (const count of [120, 150, 110]) {
    // What the files have, the server does not have a second time.
    expect(await takeDay(version, moment, count)).toBe(0);
    const day = await closeDay(at('live'), request());
    rows += count;
    moment += count;
    expect(day).toMatchObject({ events: count, version, until: moment - 1 });
    expect(Object.keys(day.figures!)).toEqual(expect.arrayContaining(['now', 'popularity', 'ease']));
    if (day.published === undefined) throw new Error(day.reason);
    version = day.published;
    const run = await load(at('live', version));
    const { parts } = await run.dataset();
    expect(parts.train.rows).toBe(rows);
    expect(run.trained.manifest.data.until).toEqual({ time: moment - 1, events: 1 });
    await run.close();
  }
  expect((await closeDay(at('live'), request())).outcome).toBe('nothing new');
  const days = readFileSync(at('live/days.jsonl'), 'utf8').trim().split('\n');
  expect(days.map((line) => JSON.parse(line).events)).toEqual([120, 150, 110]);
  expect(readFileSync(at('live/days.html'), 'utf8')).toMatch(/Day after day/);
}, 120_000);

it('keeps as many versions as it is asked to', async () => {
  await takeDay(newest(), 5000, 100);
  await closeDay(at('live'), { ...request(), keep: 2 });
  expect(versions()).toHaveLength(2);
}, 60_000);

it('refuses a folder that the data block does not read, and loses nothing', async () => {
  await takeDay(newest(), 6000, 100);
  const failed = await closeDay(at('live'), { ...request(), into: at('elsewhere') }).catch((error: unknown) => error);
  expect((failed as Failure).diagnostics[0]).toMatchObject({ code: 'data-needs' });
  expect(failed).toBeInstanceOf(Failure);
  expect((await closeDay(at('live'), request())).events).toBe(100);
}, 60_000);

it('reads data that were moved where it is told, and the next version names the new place', async () => {
  await takeDay(newest(), 7000, 100);
  mkdirSync(at('moved'));
  for (const name of ['views', 'films.csv', 'data.tower']) renameSync(at(name), at('moved', name));
  const moved = { ...request(), into: at('moved/views') };
  await expect(closeDay(at('live'), moved)).rejects.toThrow(Failure);
  const day = await closeDay(at('live'), { ...moved, data: at('moved/data.tower') });
  expect(day).toMatchObject({ events: 100, outcome: 'published' });
  expect((await closeDay(at('live'), moved)).outcome).toBe('nothing new');
}, 60_000);

it('needs a version', async () => {
  mkdirSync(at('empty'));
  const failed = await closeDay(at('empty'), request()).catch((error: unknown) => error);
  expect((failed as Failure).diagnostics[0]!.code).toBe('no-version');
});

const versions = (): string[] =>
  readdirSync(at('live')).filter((name) => existsSync(at('live', name, 'manifest.json')));
const newest = (): string => {
  const written = (name: string): number =>
    JSON.parse(readFileSync(at('live', name, 'manifest.json'), 'utf8')).data.until.time;
  return versions().sort((a, b) => written(b) - written(a))[0]!;
};
