/** The same person, the same moment, the same answer: features of the query, at serving as in training. */
import { expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { checkSource, compileSource } from '../../../src/compiler/pipeline.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import { makeRecommender } from '../../../src/serving/live/recommender.ts';
import type { LoadedModel } from '../../../src/training/artifact/load.ts';
import { makeTables } from '../../../src/training/embedding/tables.ts';
import { folderWith, valueAt } from '../../data/fixture.ts';
import { expectParity } from '../../models/parity.ts';
import { plainEngine } from '../../training/plain_engine.ts';

const model = `
model watching
features {
  user_id  : id(dim: 4)
  history  : list(movie_id, max: 4)
  all      : list(movie_id, max: 50, pool: sum)
  seed     : last(history)
  shelf    : list(movie_id, max: 2)
  hour     : time(hour)
  device   : category(dim: 4)
  age      : number(standardize)
  both     : cross(device, seed, hash: 300, dim: 4)
  tags     : list(category(dim: 4), max: 2)
  movie_id : id(dim: 4)
}
group profile = user_id, history, all, seed, shelf, hour, device, age, both, tags
tower user(profile) keyed by user_id { channel main = profile -> flatten -> dense(4) }
tower item(movie_id) keyed by movie_id { channel main = movie_id }
task watch { score = dot(user, item), loss = softmax(in_batch) }
`;

// `all` may hold 50, and the data gives it the last 3.
const data = (split: string): string => `
data watching {
  events = "events.csv"
  users = "users.csv" by user_id
  time = "seen_at"
  columns {
    hour = "seen_at"
    shelf = "string_split(shelf, '|')"
    tags = "string_split(tags, '|')"
  }
  history = past(movie_id, 9)
  all = past(movie_id, 3)
  split = ${split}
}
`;

function files(): Record<string, string> {
  const random = makeRandom(5, 1);
  const pick = <T>(values: readonly T[]): T => values[random.integer(values.length)]!;
  const movies = Array.from({ length: 12 }, (_, at) => `m${at}`);
  const shelf = (): string => Array.from({ length: random.integer(5) }, () => pick(movies)).join('|');
  const events = Array.from({ length: 200 }, (_, at) =>
    [
      `u${random.integer(9)}`,
      pick(movies),
      1e9 + at * 5000 - (at % 3 === 1 ? 5000 : 0),
      pick(['tv', 'phone', '']),
      shelf(),
    ].join(),
  );
  const users = Array.from(
    { length: 9 },
    (_, at) => `u${at},${at === 3 ? '' : 20 + at},${pick(['a|b|c', 'b', '', 'c|a|d'])}`,
  );
  return {
    'events.csv': `${['user_id,movie_id,seen_at,device,shelf', ...events].join('\n')}\n`,
    'users.csv': `${['user_id,age,tags', ...users].join('\n')}\n`,
  };
}

it('of the last of a list that nothing else reads', async () => {
  const alone = model.replace('user_id, history, all, seed, shelf,', 'user_id, seed,');
  expect(alone).not.toBe(model);
  const { events } = await expectParity(alone, data('by_time(test: 20%)'), folderWith(files()));
  expect(events).toBe(40);
});

it.each(['by_time(test: 20%)', 'leave_one_out'])('of any feature, split = %s', async (split) => {
  const { events } = await expectParity(model, data(split), folderWith(files()));
  expect(events).toBeGreaterThan(8);
});

it('of values along a history, some of them missing', async () => {
  const along = model
    .replace('age      :', 'on   : along(all, category(dim: 4))\n  when : along(all, time(hour, dim: 4))\n  age      :')
    .replace('max: 50, pool: sum', 'max: 50, pool: none')
    .replace('history, all, seed', 'history, seed')
    .replace('(profile)', '(profile, all, on, when)')
    .replace('profile -> flatten ->', 'concat(listed, profile) ->')
    .replace('{ channel', '{ listed = sum(all, on, when) -> gru(4)\n channel');
  const block = data('by_time(test: 20%)').replace(
    'all = past(movie_id, 3)',
    'all = past(movie_id, 3)\n  on = past(device, 3)\n  when = past(seen_at, 3)',
  );
  const { events } = await expectParity(along, block, folderWith(files()));
  expect(events).toBe(40);
});

it('of the times between the elements of a history', async () => {
  const timed = model
    .replace('age      :', 'when : along(all, time(moment))\n  age      :')
    .replace('max: 50, pool: sum', 'max: 50, pool: none')
    .replace('history, all, seed', 'history, seed')
    .replace('(profile)', '(profile, all, when)')
    .replace('profile -> flatten ->', 'concat(listed, profile) ->')
    .replace(
      '{ channel',
      '{ listed = transformer(all, when, layers: 1, heads: 2, intervals: 8, hours: 4) -> last\n channel',
    );
  const block = data('by_time(test: 20%)').replace(
    'all = past(movie_id, 3)',
    'all = past(movie_id, 3)\n  when = past(seen_at, 3)',
  );
  const { events } = await expectParity(timed, block, folderWith(files()));
  expect(events).toBe(40);
});

it('of several values for each element of a history', async () => {
  const several = model
    .replace(
      'age      :',
      'held : along(all, list(movie_id, max: 2))\n  on : along(all, text(trigrams, hash: 50, dim: 4))\n  age      :',
    )
    .replace('max: 50, pool: sum', 'max: 50, pool: none')
    .replace('history, all, seed', 'history, seed')
    .replace('(profile)', '(profile, all, on, held)')
    .replace('profile -> flatten ->', 'concat(listed, profile) ->')
    .replace('{ channel', '{ listed = sum(all, on, held) -> gru(4)\n channel');
  const block = data('by_time(test: 20%)').replace(
    'all = past(movie_id, 3)',
    'all = past(movie_id, 3)\n  held = past(shelf, 3)\n  on = past(device, 3)',
  );
  const { events } = await expectParity(several, block, folderWith(files()));
  expect(events).toBe(40);
});

it('of lists with weights, of columns and of a history', async () => {
  const weighted = model
    .replace('max: 4)', 'max: 4, weights: ages)')
    .replace('list(category(dim: 4), max: 2)', 'list(category(dim: 4), max: 2, pool: sum, weights: scores)');
  expect(weighted).toMatch(/ages[\s\S]*scores/);
  const block = data('by_time(test: 20%)')
    .replace('all = past', 'ages = past(since, 9)\n  all = past')
    .replace('hour =', 'since = "seen_at % 7"\n    hour =')
    .replace(
      'shelf =',
      'scores = "[CAST(length(tag) + place AS DOUBLE) FOR tag, place IN string_split(tags, \'|\')]"\n    shelf =',
    );
  const { events } = await expectParity(weighted, block, folderWith(files()));
  expect(events).toBe(40);
});

it('a user who is looked up by key has the features of the next event, but for what only the event knows', async () => {
  const folder = folderWith(files());
  const { plan } = compileSource(makeSource('model.tower', model)).lowered!;
  const block = data('leave_one_out');
  const [description] = checkSource(makeSource('data.tower', block), { folder }).dataDescriptions;
  const dataset = await readDataset(description!, plan, { asOf: 'validation' });
  const { users, encodings } = dataset;
  const { validation } = dataset.parts;
  expect(users.asOfLastEvent).toEqual(['shelf', 'hour', 'device']);
  const now = plan.towers[0].features.filter((name) => !['shelf', 'hour', 'device', 'both'].includes(name));
  expect(now).toContain('seed');
  let compared = 0;
  for (let at = 0; at < validation.rows; at++) {
    const user = validation.user[at]!;
    const { starts, ends } = validation.earlier!.bags;
    // Where an event of training has the same time, the event does not see it.
    if (ends[at]! - starts[at]! !== users.seen.ends[user]! - users.seen.starts[user]!) continue;
    for (const name of now) {
      expect(valueAt(users.features.get(name)!, user), name).toEqual(valueAt(validation.features.get(name)!, at));
    }
    compared++;
  }
  expect(compared).toBeGreaterThan(4);

  const trained = {
    plan,
    encodings,
    tables: makeTables(plan, encodings),
    parameters: initialValues(plan.step.graph, 1),
  } as unknown as LoadedModel;
  const recommender = await makeRecommender(trained, dataset, plainEngine);
  const all = { k: 12, removeSeen: false };
  const plainly = await recommender.ask({ key: 'u1' }, all);
  expect(plainly.notes).toEqual([
    '`shelf`, `hour`, `device` are from the last event of user u1: give the current value if it differs.',
  ]);
  const context = { shelf: ['m1', 'm2', 'm3'], hour: '2001-09-09 05:00', device: 'tv' };
  const said = await recommender.ask({ key: 'u1', values: context }, all);
  expect(said.notes).toEqual([]);
  expect(said.items).not.toEqual(plainly.items);
  // The same, with all that is known of the user said: the cross follows the device.
  const own = plainly.history.map(({ key }) => key).reverse();
  const values = { ...context, user_id: 'u1', history: own, all: own, age: 21, tags: tagsOf('u1') };
  expect((await recommender.ask({ values }, all)).items).toEqual(said.items);
  // What was had leaves the answer, by key or by the lists that are given.
  const without = await recommender.ask({ values }, { k: 12 });
  expect(without.items.filter(({ key }) => [...own, 'm1', 'm2', 'm3'].includes(key))).toEqual([]);
  await expect(recommender.ask({ key: 'u1', values: { seed: 'm1' } }, all)).rejects.toThrow(
    'the value of `seed` cannot be encoded: it is computed from `history`: give those values',
  );
  await recommender.close();

  function tagsOf(user: string): string[] {
    const line = files()
      ['users.csv']!.split('\n')
      .find((each) => each.startsWith(`${user},`))!;
    return line.split(',')[2]!.split('|').filter(Boolean);
  }
});
