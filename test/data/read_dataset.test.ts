import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../src/base/random/random.ts';
import type { AsOf } from '../../src/data/dataset.ts';
import { leastMemory } from '../../src/data/files/query_guard.ts';
import { readDataset } from '../../src/data/read_dataset.ts';
import type { Encoder } from '../../src/graph/plan/plan.ts';
import { describeData, failureOf, features, folderWith, needsOf, valueAt, valuesOf, vocabulary } from './fixture.ts';

const events = `user,item,time,rating,device
ann,i1,10,5,phone
bob,i2,11,3,desk
ann,i2,12,4,desk
ann,i3,13,2,phone
bob,i1,14,5,tv
ann,i4,15,1,tv
bob,i4,16,4,car
`;
const items = `item,title,tags,price
i1,First,a|b,1.5
i2,"Second, or not",b,2.5
i3,Third,,3.5
i4,Fourth,c|a|b,
i5,Never seen,b|z,10
`;

const needs = needsOf(
  {
    user: { encoder: vocabulary },
    device: { encoder: vocabulary },
    history: { encoder: vocabulary, gives: 'bag', encoderOf: 'item', max: 2 },
  },
  {
    item: { encoder: vocabulary },
    tags: { encoder: vocabulary, gives: 'bag', max: 2 },
    price: { encoder: { kind: 'standardize', log: false } },
  },
  [{ name: 'liked', sort: 'binary' }],
);

async function small(asOf?: AsOf) {
  const folder = folderWith({ 'events.csv': events, 'items.csv': items });
  return readDataset(
    describeData({
      folder,
      items: 'items.csv',
      columns: { tags: "string_split(tags, '|')", liked: 'rating >= 4' },
      time: 'time',
      histories: [{ name: 'history', of: 'item', max: 50 }],
      split: { kind: 'by_time', validation: 1 / 7, test: 1 / 7 },
    }),
    needs,
    asOf === undefined ? {} : { asOf },
  );
}

describe('a small data set, by hand', () => {
  it('splits by time and keeps the order of time', async () => {
    const { parts } = await small();
    expect([parts.train.rows, parts.validation.rows, parts.test.rows]).toEqual([5, 1, 1]);
    expect([...parts.train.item]).toEqual([0, 1, 1, 2, 0]);
    expect([...parts.train.user]).toEqual([0, 1, 0, 0, 1]);
    expect([...parts.train.labels.get('liked')!]).toEqual([1, 0, 1, 0, 1]);
    expect([...parts.test.labels.get('liked')!]).toEqual([1]);
  });

  it('learns vocabularies from the training part alone, the most frequent first', async () => {
    const { encodings, parts, corpus } = await small();
    // i1 and i2 twice, i3 once; i4 is in validation and test only, i5 in no event.
    expect(encodings.get('item')).toEqual({ kind: 'vocabulary', values: ['i1', 'i2', 'i3'] });
    expect(valuesOf(parts.validation.features.get('item')!, 1)).toEqual([0]);
    expect(valuesOf(corpus.features.get('item')!, 5)).toEqual([1, 2, 3, 0, 0]);
    // phone and desk twice, tv once; car is in test only.
    expect(encodings.get('device')).toEqual({ kind: 'vocabulary', values: ['desk', 'phone', 'tv'] });
    expect(valuesOf(parts.test.features.get('device')!, 1)).toEqual([0]);
  });

  it('counts what an item has once for each of its training events', async () => {
    const { encodings, corpus } = await small();
    // b: i1 and i2, twice each; a: i1 twice. c and z have no training event.
    expect(encodings.get('tags')).toEqual({ kind: 'vocabulary', values: ['b', 'a'] });
    expect(valuesOf(corpus.features.get('tags')!, 5)).toEqual([[2, 1], [1], [], [0, 2], [1, 0]]);
    // Prices of training events: 1.5, 2.5, 2.5, 3.5, 1.5.
    const mean = 11.5 / 5;
    const deviation = Math.sqrt((2 * 0.8 ** 2 + 2 * 0.2 ** 2 + 1.2 ** 2) / 5);
    const price = encodings.get('price') as { mean: number; deviation: number };
    expect(price.mean).toBeCloseTo(mean, 12);
    expect(price.deviation).toBeCloseTo(deviation, 12);
    expect(valuesOf(corpus.features.get('price')!, 5)[3]).toEqual([0]);
  });

  it('keeps one row an item of the features of the items file, and events point at it', async () => {
    const { parts, corpus } = await small();
    const tags = parts.train.features.get('tags')!;
    expect(tags.column).toBe(corpus.features.get('tags')!.column);
    expect([...tags.index!]).toEqual([0, 1, 1, 2, 0]);
    expect([...corpus.trainingCounts]).toEqual([2, 2, 1, 0, 0]);
    expect(corpus.keys).toEqual(['i1', 'i2', 'i3', 'i4', 'i5']);
    expect(corpus.titles).toEqual(['First', 'Second, or not', 'Third', 'Fourth', 'Never seen']);
  });

  it('gives each event the last earlier events of its user', async () => {
    const { parts, users } = await small();
    expect(valuesOf(parts.train.features.get('history')!, 5)).toEqual([[], [], [1], [1, 2], [2]]);
    expect(valuesOf(parts.validation.features.get('history')!, 1)).toEqual([[2, 3]]);
    // bob: i2, i1
    expect(valuesOf(parts.test.features.get('history')!, 1)).toEqual([[2, 1]]);
    expect(users.keys).toEqual(['ann', 'bob']);
    expect(valuesOf({ column: users.seen }, 2)).toEqual([
      [0, 1, 2],
      [1, 0],
    ]);
  });

  // i4 and car are in no training event, and have code 0.
  it.each([
    [
      undefined,
      {
        history: [
          [3, 0],
          [1, 0],
        ],
        had: [
          [0, 1, 2, 3],
          [1, 0, 3],
        ],
        device: [3, 0],
        until: 16,
      },
    ],
    [
      'test',
      {
        history: [
          [3, 0],
          [2, 1],
        ],
        had: [
          [0, 1, 2, 3],
          [1, 0],
        ],
        device: [3, 3],
        until: 15,
      },
    ],
    [
      'validation',
      {
        history: [
          [2, 3],
          [2, 1],
        ],
        had: [
          [0, 1, 2],
          [1, 0],
        ],
        device: [2, 3],
        until: 14,
      },
    ],
    [13, { history: [[1, 2], [2]], had: [[0, 1], [1]], device: [1, 1], until: 12 }],
    [10, { history: [[], []], had: [[], []], device: [0, 0], until: undefined }],
  ] as const)('answers know users as of %s', async (asOf, { history, had, device, until }) => {
    const { users, knownUntil } = await small(asOf);
    expect(valuesOf(users.features.get('history')!, 2)).toEqual(history);
    expect(valuesOf({ column: users.had }, 2)).toEqual(had);
    expect(valuesOf(users.features.get('device')!, 2)).toEqual(device);
    expect(valuesOf(users.features.get('user')!, 2)).toEqual([1, 2]);
    expect(knownUntil).toBe(until);
  });

  it('says how it was split', async () => {
    const { protocol, rejected } = await small();
    expect(protocol[0]).toBe(
      'Split by time, the last 14.2857% for test, 14.2857% before it for validation: 5 training, 1 validation and 1 test events.',
    );
    expect(rejected).toEqual({ count: 0, total: 12 });
  });

  it('reads the same bits twice', async () => {
    const [one, two] = [await small(), await small()];
    expect(two.parts).toEqual(one.parts);
    expect(two.encodings).toEqual(one.encodings);
  });
});

describe('without an items file', () => {
  it('the corpus is what events have, and per-event features take their latest training value', async () => {
    const folder = folderWith({
      'events.csv':
        'user,item,time,price,title\na,x,1,10,Ex\nb,y,2,20,Why\na,x,3,30,Ex again\nb,z,4,40,Zed\na,y,5,50,Why not\n',
    });
    const { corpus, parts } = await readDataset(
      describeData({ folder, time: 'time', split: { kind: 'by_time', validation: 0.2, test: 0.2 } }),
      needsOf(
        { user: { encoder: vocabulary } },
        { item: { encoder: vocabulary }, price: { encoder: { kind: 'number', log: false } } },
      ),
    );
    expect(corpus.keys).toEqual(['x', 'y', 'z']);
    expect(valuesOf(corpus.features.get('price')!, 3)).toEqual([[30], [20], [0]]);
    expect(valuesOf(corpus.features.get('item')!, 3)).toEqual([1, 2, 0]);
    expect(corpus.titles).toEqual(['Ex again', 'Why', 'z']);
    expect([...parts.validation.item, ...parts.test.item]).toEqual([2, 1]);
  });
});

describe('columns', () => {
  it('are computed over joined files, which may be called by their names', async () => {
    const folder = folderWith({
      'events.csv': 'user,item,time,price\na,x,100,1\na,y,200,2\n',
      'items.csv': 'item,published,price\nx,40,7\ny,50,8\n',
      'users.csv': 'user,born,price\na,20,9\n',
    });
    const { parts, corpus, users } = await readDataset(
      describeData({
        folder,
        items: 'items.csv',
        users: 'users.csv',
        columns: { age: 'events.time - published', cost: 'items.price', paid: 'events.price', age_then: 'time - born' },
        where: 'published > 45 AND born = 20',
      }),
      needsOf(
        {
          user: { encoder: vocabulary },
          age_then: { encoder: { kind: 'number', log: false } },
          born: { encoder: { kind: 'number', log: false } },
        },
        {
          item: { encoder: vocabulary },
          age: { encoder: { kind: 'number', log: false } },
          cost: { encoder: { kind: 'number', log: false } },
        },
        [{ name: 'paid', sort: 'number' }],
      ),
    );
    expect(parts.train.rows).toBe(1);
    expect(valuesOf(parts.train.features.get('age')!, 1)).toEqual([[150]]);
    expect(valuesOf(parts.train.features.get('age_then')!, 1)).toEqual([[180]]);
    expect(valuesOf(parts.train.features.get('cost')!, 1)).toEqual([[8]]);
    expect([...parts.train.labels.get('paid')!]).toEqual([2]);
    expect(valuesOf(corpus.features.get('cost')!, 2)).toEqual([[7], [8]]);
    expect(valuesOf(corpus.features.get('age')!, 2)).toEqual([[0], [150]]);
    expect(valuesOf(users.features.get('born')!, 1)).toEqual([[20]]);
  });

  it('may read any column of any file in a query, also without its name', async () => {
    const folder = folderWith({
      'events.csv': 'user,item,rating,device\na,x,4,3\nb,y,5,6\n',
      'items.csv': 'item,size,price\nx,30,7\ny,40,8\n',
    });
    const read = async (price: string) => {
      const { corpus } = await readDataset(
        describeData({ folder, items: 'items.csv', columns: { paid: price } }),
        needsOf(
          { user: { encoder: vocabulary } },
          { item: { encoder: vocabulary }, paid: { encoder: { kind: 'number', log: false } } },
        ),
      );
      return valuesOf(corpus.features.get('paid')!, 2).flat();
    };
    expect(await read('(SELECT sum(rating) FROM events)')).toEqual([9, 9]);
    expect(await read('struct_extract_at(items, 3)')).toEqual([7, 8]);
    expect(await read('(SELECT max(third) FROM items AS t(first, second, third))')).toEqual([8, 8]);
    expect(await read('(SELECT max(#2) FROM (SELECT * FROM items))')).toEqual([40, 40]);
    expect(await read("len(to_json(items)::VARCHAR) - len('{}')")).toEqual(
      [30, 40].map((size) => `"item":"x","size":${size},"price":7`.length),
    );
  });

  it('that fail on a row, and cannot be asked row by row, are a mistake in their own place', async () => {
    const folder = folderWith({ 'events.csv': 'user,item,rating\na,x,4\nb,y,5\n' });
    const columns = { rating: "CASE WHEN rating > 4 THEN error('more than 4') ELSE rating END" };
    const needed = needsOf(
      { user: { encoder: vocabulary }, rating: { encoder: { kind: 'number', log: false } } },
      { item: { encoder: vocabulary } },
    );
    expect(await failureOf(readDataset(describeData({ folder, columns }), needed))).toEqual([
      'sql-fails at column:rating: this SQL cannot be computed: more than 4',
    ]);
  });

  it('keep ids as they are written, and join numbers with texts', async () => {
    const folder = folderWith({ 'events.csv': 'user,item\n007,1\n7,2\n', 'items.csv': 'item,size\n1,3\n2.0,4\n' });
    const { users, corpus } = await readDataset(
      describeData({ folder, items: 'items.csv', columns: { item: 'item + 0' } }),
      needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } }),
    );
    expect(users.keys).toEqual(['007', '7']);
    expect(corpus.keys).toEqual(['1', '2']);
  });

  it('share a vocabulary and a table where a feature is like another', async () => {
    const folder = folderWith({ 'events.csv': 'user,item,seed\na,x,y\nb,y,x\nc,y,new\n' });
    const { parts, encodings } = await readDataset(
      describeData({ folder }),
      needsOf(
        { user: { encoder: vocabulary }, seed: { encoder: vocabulary, encoderOf: 'item' } },
        { item: { encoder: vocabulary } },
      ),
    );
    expect(encodings.get('item')).toEqual({ kind: 'vocabulary', values: ['y', 'x'] });
    expect(encodings.has('seed')).toBe(false);
    expect(valuesOf(parts.train.features.get('seed')!, 3)).toEqual([1, 2, 0]);
  });

  it('may be texts, vectors and lists of numbers', async () => {
    const folder = folderWith({
      'events.jsonl': [
        '{"user":"a","item":"x","words":"Good day","vector":[1,2,3],"scores":[1,5,9]}',
        '{"user":"b","item":"y","words":null,"vector":null,"scores":[]}',
        '{"user":"c","item":"x","words":"Good day","vector":[4,5,6.5],"scores":[7]}',
      ].join('\n'),
    });
    const { parts } = await readDataset(
      describeData({ folder, events: 'events.jsonl' }),
      needsOf(
        {
          user: { encoder: vocabulary },
          words: { encoder: { kind: 'trigrams', buckets: 1000 }, max: 5 },
          vector: { encoder: { kind: 'vector', size: 3 }, width: 3 },
          scores: { encoder: { kind: 'boundaries', boundaries: [5, 8], log: false }, gives: 'bag', max: 2 },
        },
        { item: { encoder: vocabulary } },
      ),
    );
    const words = valuesOf(parts.train.features.get('words')!, 3) as number[][];
    expect(words[0]).toHaveLength(5);
    expect(words[1]).toEqual([]);
    expect(words[2]).toEqual(words[0]);
    expect(valuesOf(parts.train.features.get('vector')!, 3)).toEqual([
      [1, 2, 3],
      [0, 0, 0],
      [4, 5, 6.5],
    ]);
    expect(valuesOf(parts.train.features.get('scores')!, 3)).toEqual([[0, 1], [], [1]]);
  });

  it('of a feature that no tower reads may come from any file: it lends its table, or weighs rows', async () => {
    const folder = folderWith({ 'events.csv': 'user,item\na,x\nb,y\n', 'items.csv': 'item,worth\nx,3\ny,4\n' });
    const plain = needsOf(
      { user: { encoder: vocabulary }, worth: { encoder: { kind: 'number', log: false } } },
      { item: { encoder: vocabulary } },
    );
    const [user, item] = plain.towers;
    const data = await readDataset(describeData({ folder, items: 'items.csv' }), {
      ...plain,
      towers: [
        { ...user, features: ['user'] },
        { ...item, features: ['item'] },
      ],
    });
    expect(valuesOf(data.parts.train.features.get('worth')!, 2)).toEqual([[3], [4]]);
  });

  it('have names without the blanks around them, and not that of the row id', async () => {
    const folder = folderWith({
      'events.csv': ' user ,"item", when\na,x,2\nb,y,1\n',
      'e.csv': 'user,item,rowid\na,x,9\n',
    });
    const plain = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });
    const { parts } = await readDataset(describeData({ folder, time: '"when"' }), plain);
    expect([...parts.train.item]).toEqual([1, 0]);
    expect((await readDataset(describeData({ folder, events: 'e.csv' }), plain)).users.keys).toEqual(['a']);
    expect(await failureOf(readDataset(describeData({ folder, events: 'e.csv', time: 'rowid' }), plain))).toEqual([
      'data-file-unreadable at events:e.csv: `e.csv` cannot be read: its column `rowid` has a name that the database keeps for itself',
    ]);
  });
});

describe('towers without a key', () => {
  const words: Encoder = { kind: 'words', buckets: 50 };
  const plans = [
    ...features('query', { query: { encoder: words } }),
    ...features('document', { title: { encoder: words } }),
  ];

  it('a query of nobody finds items of their file', async () => {
    const folder = folderWith({
      'events.csv': 'query,doc\nred shoes,d2\nblue hat,d1\n',
      'items.csv': 'doc,title\nd1,A blue hat\nd2,Red shoes\nd3,Nothing\n',
    });
    const { parts, corpus, users } = await readDataset(describeData({ folder, items: 'items.csv', itemsBy: 'doc' }), {
      features: plans,
      labels: [],
      towers: [{ name: 'query' }, { name: 'document' }],
    });
    expect([...parts.train.item]).toEqual([1, 0]);
    expect([...parts.train.user]).toEqual([-1, -1]);
    expect(users).toMatchObject({ rows: 0, keys: [] });
    expect(corpus.keys).toEqual(['d1', 'd2', 'd3']);
    const titles = valuesOf(corpus.features.get('title')!, 3);
    expect(valuesOf(parts.train.features.get('title')!, 2)).toEqual([titles[1], titles[0]]);
  });

  it('pairs without any key have no corpus', async () => {
    const folder = folderWith({ 'events.csv': 'query,title\nred shoes,Red shoes\n' });
    const { parts, corpus } = await readDataset(describeData({ folder }), {
      features: plans,
      labels: [],
      towers: [{ name: 'query' }, { name: 'document' }],
    });
    expect(parts.train.rows).toBe(1);
    expect([...parts.train.item]).toEqual([-1]);
    expect(corpus).toMatchObject({ rows: 0, keys: [] });
    expect(valueAt(parts.train.features.get('query')!, 0)).toEqual(valueAt(parts.train.features.get('title')!, 0));
  });
});

describe('the least memory', () => {
  it('is enough for 20,000 ratings', async () => {
    const random = makeRandom(5);
    const rating = (at: number): string =>
      `${random.integer(600)},${random.integer(4000)},${random.integer(10) / 2},${1_000_000 + at}\n`;
    const films = Array.from({ length: 4000 }, (_, at) => `${at},"Film, ${at}",Drama|Comedy\n`);
    const folder = folderWith({
      'events.csv': `user,item,rating,time\n${Array.from({ length: 20_000 }, (_, at) => rating(at)).join('')}`,
      'items.csv': `item,title,genres\n${films.join('')}`,
    });
    const block = { folder, items: 'items.csv', time: 'time', columns: { genres: "string_split(genres, '|')" } };
    const histories = [{ name: 'history', of: 'item', max: 50 }];
    const wants = needsOf(
      { user: { encoder: vocabulary }, history: { encoder: vocabulary, gives: 'bag', encoderOf: 'item', max: 50 } },
      { item: { encoder: vocabulary }, genres: { encoder: vocabulary, gives: 'bag', max: 3 } },
    );
    const shards = { memory: leastMemory, folder: folderWith({}), when: 'as-needed' as const };
    const { parts } = await readDataset(describeData({ ...block, histories }), wants, { shards });
    expect(parts.train.rows).toBe(20_000);
  });
});
