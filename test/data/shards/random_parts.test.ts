import { expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { splitEvents } from '../../../src/data/rows/split.ts';
import { randomPartsByRank } from '../../../src/data/shards/prepare_shards.ts';

it('gives each event the part that a split of all events in the order of time gives it', async () => {
  const random = makeRandom(5);
  // Many events of a time, read in four pieces; some rows of the files are no events.
  const events = Array.from({ length: 900 }, (_, rank) => ({ rank, row: 2 * rank + 7, time: random.integer(40) }));
  const pieces = async function* () {
    for (const piece of [0, 1, 2, 3]) {
      const own = events.filter(({ rank }) => rank % 4 === piece);
      const numbers = (name: 'row' | 'rank') => Int32Array.from(own, (event) => event[name]);
      yield { times: Float64Array.from(own, ({ time }) => time), rows: numbers('row'), ranks: numbers('rank') };
    }
  };
  const split = { kind: 'random', validation: 0.1, test: 0.2, seed: 3 } as const;
  const ordered = [...events].sort((a, b) => a.time - b.time || a.row - b.row);
  const { part } = splitEvents({ split, span: undefined } as never, { rows: 900, user: new Int32Array(0), users: 0 });
  const expected = new Uint8Array(events.length);
  for (const [place, { rank }] of ordered.entries()) expected[rank] = part[place]!;
  expect(expected.reduce((sum, each) => sum + each, 0)).toBe(90 + 2 * 180);
  for (const most of [60, 100, 900, 5000])
    expect(await randomPartsByRank(pieces, split, { rows: events.length, most })).toEqual(expected);
});
