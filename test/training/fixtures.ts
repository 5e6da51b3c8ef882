/** A small data set made up from a seed, in which users have a taste: even items for even users, odd ones for odd. */
import { makeRandom } from '../../src/base/random/random.ts';
import type { BagColumn, Dataset, Encoding, Events, IndexedColumn } from '../../src/data/dataset.ts';

export interface Size {
  readonly users: number;
  readonly items: number;
  readonly eventsPerUser: number;
  readonly heldOut: number;
  readonly seed?: number;
}

/** Features: user_id, history (bag of movie_id), movie_id, genres (bag of 4), year (a number). Label: liked. */
export function makeDataset({ users, items, eventsPerUser, heldOut, seed = 1 }: Size): Dataset {
  const random = makeRandom(seed, 77);
  const cold = Math.max(1, Math.floor(items / 10));
  const timeline = Array.from({ length: users }, (_, user) =>
    Array.from({ length: eventsPerUser }, (_, at) => {
      // The last items of the corpus appear only in what is held out.
      const warm = at < eventsPerUser - heldOut ? items - cold : items;
      const item = random.integer(warm);
      return random.next() < 0.8 ? item - (item % 2) + (user % 2 === item % 2 ? item % 2 : 1 - (item % 2)) : item;
    }).map((item) => Math.min(item, items - 1)),
  );
  const all = Int32Array.from(timeline.flat());
  const trainPerUser = eventsPerUser - heldOut;
  const codeOf = makeCodes(timeline, trainPerUser, items);
  const historyValues = all.map((item) => codeOf[item]!);
  const itemFeatures = corpusFeatures(items, codeOf);

  const part = (from: number, to: number): Events => {
    const rows = users * (to - from);
    const at = Int32Array.from(
      { length: rows },
      (_, i) => Math.floor(i / (to - from)) * eventsPerUser + from + (i % (to - from)),
    );
    const user = at.map((each) => Math.floor(each / eventsPerUser));
    const item = at.map((each) => all[each]!);
    const history: BagColumn = {
      kind: 'bags',
      starts: at.map((each, i) => Math.max(user[i]! * eventsPerUser, each - 5)),
      ends: at.slice(),
      values: historyValues,
      items: all,
    };
    const features = new Map<string, IndexedColumn>([
      ['user_id', { column: { kind: 'codes', values: user.map((each) => each + 1) } }],
      ['history', { column: history }],
      ...[...itemFeatures].map(([name, { column }]): [string, IndexedColumn] => [name, { column, index: item }]),
    ]);
    const liked = Float32Array.from(item, (each, i) => (each % 2 === user[i]! % 2 ? 1 : 0));
    const given = new Map([['history', { bags: { ...history, values: all } }]]);
    return { rows, features, labels: new Map([['liked', liked]]), item, user, givenItems: given };
  };

  const half = trainPerUser + Math.floor(heldOut / 2);
  const train = part(0, trainPerUser);
  const trainingCounts = new Int32Array(items);
  for (const item of train.item) trainingCounts[item]!++;
  const userRows = Int32Array.from({ length: users }, (_, user) => user);
  const seen: BagColumn = {
    kind: 'bags',
    starts: userRows.map((user) => user * eventsPerUser),
    ends: userRows.map((user) => user * eventsPerUser + trainPerUser),
    values: all,
  };
  const vocabulary = (values: readonly string[]) => ({ kind: 'vocabulary' as const, values });
  const byCode = Array.from({ length: items }, (_, item) => item)
    .filter((item) => codeOf[item]! > 0)
    .sort((a, b) => codeOf[a]! - codeOf[b]!);
  return {
    parts: { train, validation: part(trainPerUser, half), test: part(half, eventsPerUser) },
    corpus: {
      rows: items,
      features: itemFeatures,
      keys: Array.from({ length: items }, (_, item) => `m${item}`),
      titles: Array.from({ length: items }, (_, item) => `Movie ${item}`),
      trainingCounts,
    },
    users: {
      rows: users,
      features: new Map<string, IndexedColumn>([
        ['user_id', { column: { kind: 'codes', values: userRows.map((user) => user + 1) } }],
        [
          'history',
          {
            column: {
              kind: 'bags',
              starts: seen.ends.map((end) => end - Math.min(5, trainPerUser)),
              ends: seen.ends,
              values: historyValues,
              items: all,
            },
          },
        ],
      ]),
      keys: Array.from({ length: users }, (_, user) => `u${user}`),
      ...{ seen, had: seen },
    },
    encodings: new Map<string, Encoding>([
      ['user_id', vocabulary(Array.from({ length: users }, (_, user) => `u${user}`))],
      ['movie_id', vocabulary(byCode.map((item) => `m${item}`))],
      ['genres', vocabulary(['a', 'b', 'c'])],
      ['year', { kind: 'standardize' as const, mean: 0, deviation: 1, log: false }],
    ]),
    rejected: { count: 0, total: users * eventsPerUser },
    seen: 'kept',
    eventBasis: { types: new Map(), itemElements: new Map(), filed: new Map() },
    histories: new Map([['history', 5]]),
    protocol: [`Each user's last ${heldOut} events are held out.`],
  };
}

/** Codes from 1 in the order of the items; 0 for those that training never has. */
function makeCodes(timeline: readonly (readonly number[])[], trainPerUser: number, items: number): Int32Array {
  const known = new Set(timeline.flatMap((events) => events.slice(0, trainPerUser)));
  let next = 1;
  return Int32Array.from({ length: items }, (_, item) => (known.has(item) ? next++ : 0));
}

function corpusFeatures(items: number, codeOf: Int32Array): Map<string, IndexedColumn> {
  const rows = Int32Array.from({ length: items }, (_, item) => item);
  return new Map<string, IndexedColumn>([
    ['movie_id', { column: { kind: 'codes', values: codeOf } }],
    [
      'genres',
      {
        column: {
          kind: 'bags',
          starts: rows.map((item) => item * 2),
          ends: rows.map((item) => item * 2 + 1 + (item % 2)),
          values: Int32Array.from({ length: items * 2 }, (_, i) => 1 + ((i >> 1) % 2) + (i % 2)),
        },
      },
    ],
    [
      'year',
      { column: { kind: 'numbers', width: 1, values: Float32Array.from(rows, (item) => (item / items) * 2 - 1) } },
    ],
  ]);
}
