/** Files of events that a server has taken: read beside the files that were there, and compared with the log by their names. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { filedThrough, fileEvents } from '../../../src/data/written/event_files.ts';
import type { GivenEvent } from '../../../src/data/written/fields.ts';
import { describeData, folderWith, needsOf, vocabulary } from '../fixture.ts';

const log = '01234567-89ab-cdef-0123-456789abcdef';
const named = (from: number, to: number, day = '2026-11-29', of = log): string =>
  join(`day=${day}`, `tower-events-${of}-${from}-${to}.parquet`);

test.each<[readonly string[], number | undefined]>([
  [[], undefined],
  [['events.csv'], undefined],
  [[named(1, 5)], 5],
  [[named(1, 5), named(1, 5, '2026-11-30'), named(6, 9)], 9],
  // The second file is missing.
  [[named(1, 5), named(8, 9)], 5],
  // Somebody has joined the earlier files.
  [[named(6, 9), named(10, 12)], 12],
])('%j have the log up to %j', (paths, through) => {
  expect(filedThrough(paths).get(log)).toBe(through);
});

const day = 86_400;
const event = (user: string, item: string, time: number, columns = {}): GivenEvent => ({ user, item, time, columns });

function place() {
  const folder = folderWith({ 'events.csv': 'who,item,time,stars\nu1,7,86400,4\nu2,8,86401,\n' });
  const description = describeData({ folder, events: '**/*.{csv,parquet}', time: 'time', columns: { user: 'who' } });
  const needs = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });
  return { folder, description, needs, into: join(folder, 'taken') };
}

/** The log after `before`, as its entries were read. */
const logged = (before: number, ...entries: readonly (readonly GivenEvent[])[]) => ({
  ...{ log, before, end: before + entries.length },
  entries: entries.map((events, at) => ({ position: before + at + 1, events })),
});

test('the data has them after the others, and says up to which entry', async () => {
  const { description, needs, into } = place();
  const { eventBasis } = await readDataset(description, needs);
  const options = { description, needs, types: eventBasis!.types };
  const first = [
    [event('u1', '8', 5 * day, { stars: 2.5 })],
    [],
    [event('new', 'nine', 5 * day + 1), event('u2', '7', 6 * day)],
  ];
  expect((await fileEvents(into, logged(0, ...first), options)).events).toHaveLength(3);
  const { users, corpus, eventBasis: later, knownUntil } = await readDataset(description, needs);
  expect([...users.keys]).toEqual(['new', 'u1', 'u2']);
  expect([...corpus.keys]).toEqual(['7', '8', 'nine']);
  expect(knownUntil).toBe(6 * day);
  expect(later!.filed.get(log)).toBe(3);
  expect(readdirSync(into).sort()).toEqual(['day=1970-01-06', 'day=1970-01-07', `tower-events-${log}.json`]);
  // Nothing is written twice, and a file of a run that was cut short is written again.
  const all = [...first, [event('u3', '7', 6 * day + 5)]];
  expect((await fileEvents(into, logged(0, ...all), options)).events).toHaveLength(1);
  expect((await fileEvents(into, logged(2, ...all.slice(2)), options)).events).toHaveLength(0);
  rmSync(join(into, `tower-events-${log}.json`));
  expect((await fileEvents(into, logged(0, ...all), options)).events).toHaveLength(4);
  const again = await readDataset(description, needs);
  expect(again.parts.train.rows).toBe(6);
  expect(again.eventBasis!.filed.get(log)).toBe(4);
});

test('entries without an event leave no gap between the files', async () => {
  const { description, needs, into } = place();
  const { eventBasis } = await readDataset(description, needs);
  const options = { description, needs, types: eventBasis!.types };
  const entries = [[event('u1', '8', 5 * day)], [], [event('u2', '7', 6 * day)]];
  for (const count of [1, 2, 3]) await fileEvents(into, logged(0, ...entries.slice(0, count)), options);
  expect((await readDataset(description, needs)).eventBasis!.filed.get(log)).toBe(3);
});
