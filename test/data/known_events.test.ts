/** Law: a user who is asked for at the moment of an event has the inputs that the event had, bit for bit, in training and in evaluation. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeRandom } from '../../src/base/random/random.ts';
import type { Part } from '../../src/data/dataset.ts';
import { readDataset } from '../../src/data/read_dataset.ts';
import { describeData, valueAt } from './fixture.ts';
import { block, needs } from './shards/both_ways.ts';

it.each(['train', 'validation', 'test'] satisfies Part[])('holds for events of the %s part', async (part) => {
  const ofBlock = block({ split: { kind: 'by_time', validation: 0.2, test: 0.2 } });
  const description = describeData({ reject: 1, ...ofBlock });
  const lines = readFileSync(join(ofBlock.folder, 'events.csv'), 'utf8').split('\n').slice(1);
  const { parts } = await readDataset(description, needs);
  const events = parts[part];
  const random = makeRandom(part.length);
  for (let draw = 0; draw < 8; draw++) {
    const row = random.integer(events.rows);
    const time = Number(lines[events.ids![row]!]!.split(',')[2]);
    const { users, knownUntil } = await readDataset(description, needs, { asOf: time });
    expect(knownUntil ?? Number.NEGATIVE_INFINITY).toBeLessThan(time);
    const user = events.user[row]!;
    for (const name of ['user', 'history', 'latest', 'age', 'country']) {
      expect(valueAt(users.features.get(name)!, user), name).toEqual(valueAt(events.features.get(name)!, row));
    }
    if (events.earlier) {
      const { bags, index } = events.earlier;
      const earlier = valueAt({ column: bags, ...(index ? { index } : {}) }, row);
      expect(valueAt({ column: users.had }, user)).toEqual(earlier);
    }
  }
});
