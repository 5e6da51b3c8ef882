import { describe, expect, it } from 'vitest';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { makeTimeline, windowsAfter, windowsBefore } from '../../../src/data/rows/past_events.ts';
import type { Stream } from '../../../src/data/rows/split.ts';
import fc from '../../fast_check.ts';
import { describeData, folderWith, needsOf, valuesOf, vocabulary } from '../fixture.ts';

/** Events with few users and few times, so that ties and long timelines are common; in the order of time. */
const events = fc
  .array(
    fc.record({
      user: fc.integer({ min: -1, max: 3 }),
      time: fc.integer({ min: 0, max: 8 }),
      remembered: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map((rows) => rows.sort((a, b) => a.time - b.time));

describe('a history', () => {
  it('holds exactly the last earlier events of the same user, by brute force', () => {
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 6 }), (rows, max) => {
        const stream: Stream = {
          user: Int32Array.from(rows, ({ user }) => user),
          users: 4,
          times: rows.map(({ time }) => time),
        };
        const remembered = Uint8Array.from(rows, (row) => Number(row.remembered));
        const timeline = makeTimeline(stream, remembered);
        const asked = Int32Array.from(rows, (_, at) => at).filter((at) => at % 3 !== 1);
        const { starts, ends } = windowsBefore(stream, remembered, timeline, asked, max);
        for (const [i, place] of asked.entries()) {
          const { user, time } = rows[place]!;
          const earlier = rows.flatMap((row, at) =>
            row.remembered && row.user === user && user >= 0 && row.time < time ? [at] : [],
          );
          expect([...timeline.order.subarray(starts[i]!, ends[i]!)]).toEqual(earlier.slice(-max));
        }
        const after = windowsAfter(timeline, max);
        for (let user = 0; user < 4; user++) {
          const all = rows.flatMap((row, at) => (row.remembered && row.user === user ? [at] : []));
          expect([...timeline.order.subarray(after.starts[user]!, after.ends[user]!)]).toEqual(all.slice(-max));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('of a data set never holds its own event, a later one, one of the same time, or one of a part after its own', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ user: fc.integer({ min: 0, max: 3 }), time: fc.integer({ min: 0, max: 9 }) }), {
          minLength: 12,
          maxLength: 40,
        }),
        fc.constantFrom(
          { kind: 'by_time', validation: 0.25, test: 0.25 } as const,
          { kind: 'random', validation: 0.25, test: 0.25, seed: 3 } as const,
        ),
        async (rows, split) => {
          // Every event has an item of its own, so that a history says which events it holds.
          const csv = rows.map(({ user, time }, at) => `u${user},e${at},${time}\n`).join('');
          const folder = folderWith({ 'events.csv': `user,item,time\n${csv}` });
          const { parts, corpus } = await readDataset(
            describeData({ folder, time: 'time', split, histories: [{ name: 'history', of: 'item', max: 4 }] }),
            needsOf(
              // Declared, so that items of every part have a code: place in the file, plus 1.
              {
                user: { encoder: vocabulary },
                history: { encoder: vocabulary, gives: 'bag', encoderOf: 'item', max: 50 },
              },
              { item: { encoder: { kind: 'vocabulary', minimumCount: 1, values: rows.map((_, at) => `e${at}`) } } },
            ),
          );
          const partOf = new Map<number, number>();
          const eventOf = (item: number): number => Number(corpus.keys.at(item)!.slice(1));
          for (const [place, part] of [parts.train, parts.validation, parts.test].entries()) {
            for (const item of part.item) partOf.set(eventOf(item), place);
          }
          for (const [place, part] of [parts.train, parts.validation, parts.test].entries()) {
            const histories = valuesOf(part.features.get('history')!, part.rows) as number[][];
            for (const [row, history] of histories.entries()) {
              const own = rows[eventOf(part.item[row]!)]!;
              const expected = rows
                .map((event, at) => ({ ...event, at }))
                .filter(({ user, time, at }) => user === own.user && time < own.time && partOf.get(at)! <= place)
                .sort((a, b) => a.time - b.time || a.at - b.at)
                .slice(-4);
              expect(history).toEqual(expected.map(({ at }) => at + 1));
            }
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});
