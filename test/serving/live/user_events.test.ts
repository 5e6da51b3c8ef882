/** Law: after some events, a user has the inputs that a reading of files with the same events gives, bit for bit. */
import { expect, test } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import type { GivenEvent } from '../../../src/data/written/fields.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { planOf } from '../../compiler/library/support.ts';
import { type Block, describeData, folderWith } from '../../data/fixture.ts';
import { expectSameInputs } from './law.ts';

const itemCount = 12;

/** Lines of events with times in ascending order, missing values, users of few and of many events. */
function eventLines(count: number, seed: number): string[] {
  const random = makeRandom(seed);
  return Array.from({ length: count }, (_, at) => {
    const user = Math.min(random.integer(20), random.integer(20));
    const stars = random.integer(6) === 0 ? '' : 1 + random.integer(5);
    const device = ['phone', 'desk', 'tv', ''][random.integer(4)];
    return `u${user},i${random.integer(itemCount)},${100 + Math.floor(at / 2)},${stars},${device}`;
  });
}

const header = 'user,item,time,stars,device';
const itemsText = `item,price,tags,maker\n${Array.from(
  { length: itemCount },
  (_, at) =>
    `i${at},${at % 5 === 0 ? '' : at / 4},${['a|b', 'b', '', 'c|a|b'][at % 4]},${at % 3 === 0 ? '' : `m${at % 4}`}`,
).join('\n')}\n`;
const usersText = `user,country\n${Array.from({ length: 15 }, (_, at) => `u${at},${['pt', 'de', ''][at % 3]}`).join('\n')}\n`;

const modelOf = (profile: string, asked: string) =>
  planOf(`
    model m
    features {
      user    : id(dim: 2)
      history : list(item, max: 4, pool: none)
      rated   : list(item, max: 3, weights: stars)
      prices  : along(history, number(buckets: 3, dim: 2))
      makers  : along(history, category(dim: 2))
      styles  : along(history, list(category(dim: 2), max: 2))
      devices : along(history, category(dim: 2))
      latest  : last(history)
      device  : category(dim: 2)
      given   : number(log, dim: 2)
      ${profile}
      item    : id(dim: 2)
    }
    group past = history, prices, makers, styles, devices
    group profile = user, rated, latest, device, given${asked}
    tower asks(past, profile) keyed by user {
      pooled = sum(past) -> mean
      channel main = concat(profile, pooled) -> dense(2)
    }
    tower answers(item) keyed by item { channel main = item -> dense(2) }
    task watch { score = dot(asks, answers), loss = softmax(in_batch) }
  `);

const withUsersFile = modelOf(
  `country : category(dim: 2)
   both    : cross(device, country, hash: 20, dim: 2)`,
  ', country, both',
);
const withoutUsersFile = modelOf('', '');

const histories = [
  { name: 'history', of: 'item', max: 4 },
  { name: 'rated', of: 'item', max: 3 },
  { name: 'stars', of: 'stars', max: 3 },
  { name: 'prices', of: 'price', max: 4 },
  { name: 'makers', of: 'maker', max: 4 },
  { name: 'styles', of: 'tags', max: 4 },
  { name: 'devices', of: 'device', max: 4 },
];

function bothOf(lines: readonly string[], cut: number, more: Partial<Block>) {
  const describe = (some: readonly string[]) =>
    describeData({
      folder: folderWith({
        'events.csv': [header, ...some, ''].join('\n'),
        'items.csv': itemsText,
        'users.csv': usersText,
      }),
      time: 'time',
      split: { kind: 'random', validation: 0, test: 0, seed: 1 },
      histories,
      reject: 1,
      ...more,
      columns: { given: 'stars', tags: "string_split(tags, '|')", ...more.columns },
    });
  const events = lines.slice(cut).map((line): GivenEvent => {
    const [user, item, time, stars, device] = line.split(',');
    return {
      ...{ user: user!, item: item!, time: Number(time) },
      columns: { stars: stars === '' ? null : Number(stars), device: device! },
    };
  });
  return { before: describe(lines.slice(0, cut)), after: describe(lines), events };
}

test.each([1, 2, 3])('holds with files of items and of users, seed %i', async (seed) => {
  const lines = eventLines(300, seed).filter((line) => Number(/^u(\d+)/.exec(line)![1]) < 15);
  const files = { items: 'items.csv', itemsBy: 'item', users: 'users.csv' };
  const set = { ...bothOf(lines, 180, files), eachEvent: true };
  const { after, before } = await expectSameInputs(withUsersFile, set);
  expect(after).toBeGreaterThan(50);
  expect(before).toBeGreaterThan(50);
});

test('holds where `where` leaves events out, also those with values that no event may have, and SQL computes values', async () => {
  const lines = eventLines(240, 5).map((line, at) => (at % 9 === 0 ? line.replace(/\d*(,\w*)$/, '-1$1') : line));
  const set = bothOf(lines, 120, {
    ...{ items: 'items.csv', itemsBy: 'item', where: "stars >= 3 AND coalesce(device, '') <> 'tv'" },
    columns: { device: 'upper(device)', makers: "maker || '!'", given: 'stars / 2' },
  });
  const { after, before } = await expectSameInputs(withoutUsersFile, { ...set, eachEvent: true });
  expect(after).toBeGreaterThan(50);
  expect(before).toBeGreaterThan(50);
});

test('holds where the training rows are in shards, which keep what the reader of events needs', async () => {
  const lines = eventLines(300, 7).filter((line) => Number(/^u(\d+)/.exec(line)![1]) < 15);
  const set = bothOf(lines, 180, { items: 'items.csv', itemsBy: 'item', users: 'users.csv' });
  const sizes = { atOnce: 50, buckets: 3, piles: 2, held: 2 };
  const shards = { memory: 2 ** 30, folder: folderWith({}), when: 'always' as const, sizes };
  const readBefore = (plan: Plan) => readDataset(set.before, plan, { shards });
  // The first reading writes the shards, and the second one opens them.
  for (const _ of ['written', 'opened']) {
    const { after, before } = await expectSameInputs(withUsersFile, { ...set, readBefore, eachEvent: true });
    expect(after).toBeGreaterThan(50);
    expect(before).toBeGreaterThan(50);
  }
});
