/**
 * Days of a model in use. Events of a server become files and judge a candidate that was trained before them; unless it is worse, it is published, and the next
 * candidate is trained on all events. The days are those of docs/guide/daily.md: none, 5, 500 and 50,000 events, a holiday, corrected files, a rollback.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type CloseRequest, closeDay, load, serve, train } from '../../../src/api.ts';
import type { ClosedDay } from '../../../src/app/report/days_page.ts';
import type { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeLogFiles } from '../../../src/base/storage/record_log/lines.ts';
import { openWriteLog } from '../../../src/base/storage/record_log/write_log.ts';
import { decisionLog } from '../../../src/serving/server/versions/swaps.ts';
import { eventLog, makeEventCompaction } from '../../../src/serving/server/writes/event_log.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
const at = (...parts: readonly string[]): string => join(root, ...parts);

const random = makeRandom(4);
/** Half of all views are of four films. */
const draw = (): readonly [user: string, film: string] => [
  `u${random.integer(25)}`,
  `f${random.integer(random.integer(2) === 0 ? 4 : 20)}`,
];

const day = 86_400;
/** The time of the next event. */
let now = 1_600_000_000;

async function start(): Promise<void> {
  mkdirSync(at('views'));
  const events = Array.from({ length: 400 }, () => [...draw(), (now += 60)].join());
  writeFileSync(at('views/views.csv'), `person,film,moment\n${events.join('\n')}\n`);
  const films = Array.from({ length: 20 }, (_, film) => `f${film},Film ${film}`);
  writeFileSync(at('films.csv'), `film,title\n${films.join('\n')}\n`);
  writeFileSync(
    at('data.tower'),
    `data films {
      events = "views/**/*.{csv,parquet}", items = "films.csv" by film
      columns { user = "person" }
      time = "moment", split = by_time(validation: 10%, test: 10%)
      history = past(film, 5), seen = kept
    }`,
  );
  writeFileSync(
    at('model.tower'),
    `model films
    features { user : id(dim: 4), history : list(film, max: 5, pool: mean), film : id(dim: 4) }
    tower person(user, history) keyed by user { channel main = concat(user, history) -> dense(4) }
    tower movie(film) keyed by film { channel main = film -> dense(4) }
    task watch { score = dot(person, movie), loss = softmax(all) }
    train { batch = 32, epochs = 4, metrics = recall(4) }`,
  );
  mkdirSync(at('events'));
  await train(at('model.tower'), { data: at('data.tower'), out: at('first'), engine: 'onnx' });
  mkdirSync(at('live'));
  await train(undefined, { final: at('first'), out: at('live/1') });
}

const events = (count: number, step = 60) =>
  Array.from({ length: count }, () => {
    const [user, item] = draw();
    return { user, item, time: (now += step) };
  });

/** Sends events to a server of a version, and returns how many later ones it had in memory before. */
async function sendEvents(version: string, count: number): Promise<number> {
  const run = await load(at('live', version));
  const server = await serve(run, { port: 0, events: at('events') });
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  const answer = await fetch(`${server.url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events(count)),
  });
  expect(answer.status).toBe(200);
  await server.close();
  await run.close();
  return Number(/^tower_later_events\{.*\} (\d+)$/m.exec(metrics)![1]);
}

/** Writes events into the log, as a server does that nobody asks. */
async function logEvents(given: ReturnType<typeof events>): Promise<void> {
  const log = await openWriteLog(makeLogFiles(at('events')), eventLog, { compaction: makeEventCompaction });
  await log.append([given.map((event) => ({ ...event, columns: {} }))]);
  await log.close();
}

const close = (request: Partial<CloseRequest> = {}): Promise<ClosedDay> =>
  closeDay(at('live'), { events: at('events'), into: at('views'), ...request });
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: Failure) => error.diagnostics[0]!.code,
  );
const untilIn = (folder: string): number =>
  JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')).data.until.time;
const versions = (): string[] =>
  readdirSync(at('live')).filter((name) => existsSync(at('live', name, 'manifest.json')));
const trainedRows = async (folder: string): Promise<number> => {
  const run = await load(folder);
  const { parts } = await run.dataset();
  await run.close();
  return parts.train.rows;
};

it('trains nothing without events, and a candidate for the first ones', async () => {
  await start();
  expect(await close()).toMatchObject({ events: 0, outcome: 'nothing new' });
  expect(existsSync(at('live.candidate'))).toBe(false);
  // What the files have, the server does not have a second time.
  expect(await sendEvents('1', 5)).toBe(0);
  expect(await close()).toMatchObject({ events: 5, version: '1', outcome: 'waiting' });
  expect(await trainedRows(at('live.candidate'))).toBe(405);
  expect(versions()).toEqual(['1']);
  expect(await close()).toMatchObject({ outcome: 'nothing new' });
}, 120_000);

it('keeps the version that answers while the events are too few to judge', async () => {
  const candidate = untilIn(at('live.candidate'));
  await logEvents(events(5));
  const waiting = await close();
  expect(waiting).toMatchObject({ events: 5, outcome: 'waiting', reason: expect.stringContaining('500 events') });
  expect(Object.keys(waiting.figures!)).toEqual(['now', 'next', 'popularity', 'ease']);
  expect(untilIn(at('live.candidate'))).toBe(candidate);
  expect(await close()).toMatchObject({ outcome: 'nothing new' });
}, 60_000);

it('judges by fifty events after a holiday of a week', async () => {
  now += 8 * day;
  const candidate = untilIn(at('live.candidate'));
  await logEvents(events(45));
  const closed = await close();
  expect(closed).toMatchObject({ events: 50, version: '1', outcome: 'published' });
  expect(untilIn(at('live', closed.published!))).toBe(candidate);
  // The next candidate knows all events.
  expect(await trainedRows(at('live.candidate'))).toBe(455);
}, 60_000);

it('judges by the 500 events of a day, none of which a version was trained on', async () => {
  await logEvents(events(500, 1));
  const closed = await close();
  expect(closed).toMatchObject({ events: 500, outcome: 'published' });
  expect(Object.keys(closed.figures!)).toEqual(expect.arrayContaining(['now', 'next', 'before', 'popularity']));
  const days = readFileSync(at('live/days.jsonl'), 'utf8').trim().split('\n');
  expect(days.map((line) => JSON.parse(line).outcome)).toEqual(['waiting', 'waiting', 'published', 'published']);
  expect(readFileSync(at('live/days.html'), 'utf8')).toMatch(/the candidate/);
}, 60_000);

it('refuses a candidate that is worse by its interval, and trains the next one', async () => {
  await train(at('model.tower'), { data: at('data.tower'), out: at('bad'), set: { steps: '1' } });
  rmSync(at('live.candidate'), { recursive: true });
  await logEvents(events(5, 1));
  await close({ final: at('bad') });
  await logEvents(events(600, 1));
  const before = versions();
  const closed = await close({ final: at('first') });
  expect(closed).toMatchObject({ events: 600, outcome: 'refused', reason: expect.stringContaining('is worse than') });
  expect(versions()).toEqual(before);
  await logEvents(events(600, 1));
  expect(await close()).toMatchObject({ outcome: 'published' });
}, 120_000);

it('takes a day of 50,000 events', async () => {
  await logEvents(events(50_000, 1));
  expect(await close()).toMatchObject({ events: 50_000, outcome: 'published' });
}, 300_000);

it('judges against the version that answers after a rollback', async () => {
  const newest = versions().sort((a, b) => untilIn(at('live', b)) - untilIn(at('live', a)));
  const { checksum } = JSON.parse(readFileSync(at('live', newest[0]!, 'manifest.json'), 'utf8'));
  const log = await openWriteLog(makeLogFiles(at('events')), decisionLog);
  await log.append([[{ version: checksum, role: 'rejected' }]]);
  await log.close();
  await logEvents(events(500, 1));
  expect(await close()).toMatchObject({ version: newest[1], events: 500 });
}, 300_000);

it('counts events that come late, trains them with the next candidate, and says so if nothing can be judged', async () => {
  const late = events(3).map((event) => ({ ...event, time: event.time - 20 * day }));
  await logEvents([...late, ...events(500, 1)]);
  expect(await close()).toMatchObject({ events: 500, late: 3 });
  await logEvents(late);
  expect(await codeOf(close({ continue: true }))).toBe('no-later-events');
}, 300_000);

it('trains another candidate where the corrected data end before it', async () => {
  const last = readdirSync(at('views'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1)!;
  const until = untilIn(at('live.candidate'));
  rmSync(at('views', last));
  expect(await close()).toMatchObject({ outcome: 'waiting' });
  expect(untilIn(at('live.candidate'))).toBeLessThan(until);
}, 300_000);

it('keeps as many versions as it is asked to, and the first of this month', async () => {
  const [first] = versions().sort((a, b) => untilIn(at('live', a)) - untilIn(at('live', b)));
  now += day;
  await logEvents(events(500, 1));
  expect(await close({ keep: 2 })).toMatchObject({ outcome: 'published' });
  expect(versions()).toHaveLength(3);
  expect(versions()).toContain(first);
}, 300_000);

it('refuses a folder that the data block does not read, and loses nothing', async () => {
  await logEvents(events(100, 1));
  expect(await codeOf(close({ into: at('elsewhere') }))).toBe('data-needs');
  expect((await close()).events).toBe(100);
}, 300_000);

it('reads data that were moved where it is told, and the next version names the new place', async () => {
  mkdirSync(at('moved'));
  for (const name of ['views', 'films.csv', 'data.tower']) renameSync(at(name), at('moved', name));
  await logEvents(events(400, 1));
  const moved = { into: at('moved/views') };
  expect(await codeOf(close(moved))).not.toBe('none');
  expect(await close({ ...moved, data: at('moved/data.tower') })).toMatchObject({ events: 500, outcome: 'published' });
  expect(await close({ ...moved, data: at('moved/data.tower') })).toMatchObject({ outcome: 'nothing new' });
}, 300_000);

it('needs a version', async () => {
  mkdirSync(at('empty'));
  expect(await codeOf(closeDay(at('empty'), { events: at('events'), into: at('views') }))).toBe('no-version');
});
