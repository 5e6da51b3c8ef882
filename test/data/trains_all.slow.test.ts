/** A split of which no part is held out: all events are for training, in memory and in shards. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDataset } from '../../src/data/read_dataset.ts';
import { describeData, folderWith, needsOf, vocabulary } from './fixture.ts';
import { block, bothWays, byId, eventsText, needs, restOf, rowsOf, shardRows } from './shards/both_ways.ts';

const span = describeData({ folder: '' }).span;
const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'number' ? +each.toPrecision(6) : each)));
const file = (path: string) => ({ path, span });

describe.each([
  ['by time', { kind: 'by_time', validation: 0.1, test: 0.1 }],
  ['leave one out', { kind: 'leave_one_out' }],
  ['at random', { kind: 'random', validation: 0.1, test: 0.1, seed: 4 }],
  ['by a column', { kind: 'column', column: 'fold' }],
  ['by files', { kind: 'files', validation: file('valid.csv'), test: file('test.csv') }],
] as const)('a split %s that holds nothing out', (_, split) => {
  const whole = () => {
    const of = block({ split, trainsAll: true });
    if (split.kind !== 'files') return of;
    writeFileSync(join(of.folder, 'valid.csv'), eventsText(100, 5));
    writeFileSync(join(of.folder, 'test.csv'), eventsText(100, 6));
    return of;
  };

  it('trains every event once, in memory and in shards', async () => {
    const [memory, shards] = await bothWays(whole());
    const rows = split.kind === 'files' ? 1100 : 900;
    const { train, validation, test } = memory.parts;
    expect([train.rows, validation.rows, test.rows, memory.rejected.count]).toEqual([rows, 0, 0, 0]);
    expect([...train.ids!].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, at) => at));
    expect(memory.protocol[0]).toBe(
      `All events are for training: ${rows.toLocaleString('en')} training events, no validation and no test part.`,
    );
    expect(rounded(restOf(shards))).toEqual(rounded(restOf(memory)));
    expect(rounded(byId(rowsOf(await shardRows(shards), false)))).toEqual(rounded(byId(rowsOf(train, false))));
  });

  it('learns values that the split would hold out', async () => {
    const of = whole();
    appendFileSync(
      join(of.folder, split.kind === 'files' ? 'test.csv' : 'events.csv'),
      'u0,i44,9999,5,watch,1.00,test\n',
    );
    const { encodings } = await readDataset(describeData({ reject: 1, ...of }), needs);
    expect([...(encodings.get('device') as { values: Iterable<string> }).values]).toContain('watch');
  });
});

it('needs no event for a part that the split asks for', async () => {
  const folder = folderWith({ 'events.csv': 'user,item,time\na,x,1\na,y,2\n' });
  const plain = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });
  const split = { kind: 'by_time', validation: 0.1, test: 0.1 } as const;
  const { parts } = await readDataset(describeData({ folder, time: 'time', split, trainsAll: true }), plain);
  expect(parts.train.rows).toBe(2);
});
