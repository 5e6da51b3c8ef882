import { describe, expect, it } from 'vitest';
import type { Part } from '../../../src/data/dataset.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { makeRings, wholeRings, windowsAround } from '../../../src/data/rows/rings.ts';
import type { Stream } from '../../../src/data/rows/split.ts';
import type { DataDescription } from '../../../src/graph/plan/data_description.ts';
import fc from '../../fast_check.ts';
import { describeData, folderWith, needsOf, valuesOf, vocabulary } from '../fixture.ts';

const ascending = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);

describe('others of a user', () => {
  const events = fc.array(fc.record({ user: fc.integer({ min: -1, max: 3 }), remembered: fc.boolean() }), {
    maxLength: 60,
  });

  it('are all remembered events of the user but the row’s own, or `max` of them, by brute force', () => {
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 6 }), (rows, max) => {
        const stream: Stream = { user: Int32Array.from(rows, ({ user }) => user), users: 4 };
        const rings = makeRings(
          stream,
          Uint8Array.from(rows, (row) => Number(row.remembered)),
        );
        const held = (starts: Int32Array, ends: Int32Array, at: number): number[] =>
          ascending(rings.order.subarray(starts[at]!, ends[at]!));
        const asked = Int32Array.from(rows.keys()).filter((at) => at % 3 !== 1);
        const few = windowsAround(stream, rings, asked, max);
        const all = windowsAround(stream, rings, asked, 99);
        const othersOf = (user: number, own: number): number[] =>
          rows.flatMap((row, at) => (row.remembered && user >= 0 && row.user === user && at !== own ? [at] : []));
        for (const [i, own] of asked.entries()) {
          const others = othersOf(rows[own]!.user, own);
          expect(held(all.starts, all.ends, i)).toEqual(others);
          const some = held(few.starts, few.ends, i);
          expect(some.length).toBe(Math.min(max, others.length));
          expect(new Set(some).size).toBe(some.length);
          for (const event of some) expect(others).toContain(event);
        }
        const users = wholeRings(rings, max);
        for (let user = 0; user < 4; user++) {
          expect(users.ends[user]! - users.starts[user]!).toBe(Math.min(max, othersOf(user, -1).length));
          for (const event of held(users.starts, users.ends, user)) expect(othersOf(user, -1)).toContain(event);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of which only some are kept are other ones for each row, and the same every time', () => {
    const stream: Stream = { user: new Int32Array(40), users: 1 };
    const rings = makeRings(stream, new Uint8Array(40).fill(1));
    const all = Int32Array.from({ length: 40 }, (_, at) => at);
    const { starts, ends } = windowsAround(stream, rings, all, 5);
    const sets = new Set([...all].map((i) => ascending(rings.order.subarray(starts[i]!, ends[i]!)).join()));
    expect(sets.size).toBe(40);
    expect(makeRings(stream, new Uint8Array(40).fill(1)).order).toEqual(rings.order);
  });

  const splits = [
    { kind: 'random', validation: 0.25, test: 0.25, seed: 3 },
    { kind: 'column', column: 'fold' },
  ] as const satisfies readonly DataDescription['split'][];

  it('of a data set never hold the row’s own event, nor an event that is held out', async () => {
    const rows = fc.array(fc.record({ user: fc.nat(3), fold: fc.constantFrom('train', 'validation', 'test') }), {
      minLength: 12,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom(...splits), fc.constantFrom(3, 99), async (drawn, split, max) => {
        // A column needs an event of each part.
        const rows = drawn.map((row, at) => (at < 3 ? { ...row, fold: ['train', 'validation', 'test'][at]! } : row));
        // Every event has an item of its own, so that a list says which events it holds.
        const csv = rows.map(({ user, fold }, at) => `u${user},e${at},${fold}\n`).join('');
        const folder = folderWith({ 'events.csv': `user,item,fold\n${csv}` });
        const { parts, corpus, users, protocol } = await readDataset(
          describeData({ folder, split, histories: [{ name: 'had', kind: 'others', of: 'item', max }] }),
          needsOf(
            { user: { encoder: vocabulary }, had: { encoder: vocabulary, gives: 'bag', encoderOf: 'item', max: 50 } },
            { item: { encoder: { kind: 'vocabulary', minimumCount: 1, values: rows.map((_, at) => `e${at}`) } } },
          ),
        );
        const atMost = Math.min(max, 50);
        const eventOf = (item: number): number => Number(corpus.keys.at(item)!.slice(1));
        const inTraining = new Set([...parts.train.item].map(eventOf));
        for (const part of ['train', 'validation', 'test'] satisfies Part[]) {
          const { features, rows: count, item, givenItems } = parts[part];
          const lists = valuesOf(features.get('had')!, count) as number[][];
          for (const [row, list] of lists.entries()) {
            const own = eventOf(item[row]!);
            const held = list.map((code) => code - 1);
            const others = [...inTraining].filter((event) => rows[event]!.user === rows[own]!.user && event !== own);
            expect(held).not.toContain(own);
            for (const event of held) expect(others).toContain(event);
            expect(new Set(held).size).toBe(Math.min(atMost, others.length));
            const { bags } = givenItems!.get('had')!;
            expect([...bags.values.subarray(bags.starts[row]!, bags.ends[row]!)].map(eventOf)).toEqual(held);
          }
        }
        [...users.keys].forEach((key, user) => {
          const had = (valuesOf(users.features.get('had')!, users.rows) as number[][])[user]!.map((code) => code - 1);
          // An answer knows the held-out events too.
          const all = [...rows.keys()].filter((event) => `u${rows[event]!.user}` === key);
          expect(had.length).toBe(Math.min(atMost, all.length));
          for (const event of had) expect(all).toContain(event);
        });
        expect(protocol).toContain(
          `\`had\` is up to ${atMost} of the user's training events, in no order and never the event itself; validation and test events see training events only.`,
        );
      }),
      { numRuns: 5 },
    );
  });

  it('of lines of a user and items are the rest of the line', async () => {
    const folder = folderWith({ 'train.txt': 'u a b c\nv c\n', 'test.txt': 'u d\nv a b\n' });
    const lines = { path: 'train.txt', lines: true } as const;
    const description = describeData({
      folder,
      columns: { user: 'events.user' },
      histories: [{ name: 'had', kind: 'others', of: 'item', max: 9 }],
    });
    const test = { path: 'test.txt', lines: true, span: description.span } as const;
    const { parts, encodings } = await readDataset(
      { ...description, events: { ...lines, span: description.span }, split: { kind: 'files', test } },
      needsOf(
        { user: { encoder: vocabulary }, had: { encoder: vocabulary, gives: 'bag', encoderOf: 'item', max: 9 } },
        { item: { encoder: vocabulary } },
      ),
    );
    const encoding = encodings.get('item')!;
    const words = (part: 'train' | 'test'): string[] =>
      (valuesOf(parts[part].features.get('had')!, parts[part].rows) as number[][]).map((list) =>
        list
          .map((code) => (encoding.kind === 'vocabulary' ? encoding.values.at(code - 1)! : ''))
          .sort()
          .join(''),
      );
    expect(words('train')).toEqual(['bc', 'ac', 'ab', '']);
    expect(words('test')).toEqual(['abc', 'c', 'c']);
  });
});
