/** Columns that give an answer away, or that nobody has when a model is asked: what is warned of, and what is not. */
import { describe, expect, it } from 'vitest';
import { checkHeaders } from '../../../src/data/binding/bind.ts';
import type { Needs } from '../../../src/data/binding/data_layout.ts';
import type { Encoder } from '../../../src/graph/plan/plan.ts';
import { type Block, describeData, folderWith, needsOf, reported, vocabulary } from '../fixture.ts';

const number: Encoder = { kind: 'number', log: false };
const files = {
  'events.csv': 'user,item,rating,seconds,moment\na,x,5,40,10\n',
  'items.csv': 'item,length,genre\nx,90,a\n',
};

async function check(block: Partial<Block>, needs: Needs): Promise<string[]> {
  const folder = folderWith(files);
  const said = await checkHeaders(describeData({ folder, items: 'items.csv', ...block }), needs);
  return said.map((one) => reported(one).replace(/: .*/s, ''));
}

const ofQuery = (expression: string): Promise<string[]> =>
  check(
    { columns: { own: expression } },
    needsOf({ user: { encoder: vocabulary }, own: { encoder: number } }, { item: { encoder: vocabulary } }),
  );

describe('a column of other rows', () => {
  it.each([
    'lead(rating) OVER (PARTITION BY "user" ORDER BY moment)',
    'lag(rating) OVER (PARTITION BY "user" ORDER BY moment DESC)',
    'sum(rating) OVER (ORDER BY moment ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)',
    'last_value(rating) OVER (ORDER BY moment RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)',
    'avg(rating) OVER (PARTITION BY item ORDER BY moment DESC)',
    'avg(rating) OVER (PARTITION BY item)',
    'count(*) OVER ()',
    'percent_rank() OVER (ORDER BY moment)',
    '(SELECT avg(e.rating) FROM events e WHERE e.item = events.item)',
  ])('that comes later, or is held out, is warned of: %s', async (expression) => {
    expect(await ofQuery(expression)).toEqual(['reads-held-out at column:own']);
  });

  it.each([
    'lag(rating) OVER (PARTITION BY "user" ORDER BY moment)',
    'lead(rating) OVER (PARTITION BY "user" ORDER BY moment DESC)',
    'row_number() OVER (PARTITION BY "user" ORDER BY moment)',
    'avg(rating) OVER (PARTITION BY item ORDER BY moment ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)',
    '(SELECT avg(e.rating) FROM events e WHERE e.item = events.item AND e.moment < events.moment)',
    'rating + 1',
  ])('that came before is not: %s', async (expression) => {
    expect(await ofQuery(expression)).toEqual([]);
  });

  it('is warned of for an item too, where a query reads the events', async () => {
    const needs = needsOf(
      { user: { encoder: vocabulary } },
      { item: { encoder: vocabulary }, mean: { encoder: number } },
    );
    const mean = '(SELECT avg(e.rating) FROM events e WHERE e.item = items.item)';
    expect(await check({ columns: { mean } }, needs)).toEqual(['reads-held-out at column:mean']);
  });

  it('is what labels and `where` may be, and what a file of items may be', async () => {
    const needs = needsOf(
      { user: { encoder: vocabulary } },
      { item: { encoder: vocabulary }, rank: { encoder: number } },
      [{ name: 'again', sort: 'binary' }],
    );
    const columns = {
      again: 'lead(moment) OVER (ORDER BY moment) < moment + 9',
      rank: 'rank() OVER (ORDER BY items.length)',
    };
    const where = 'count(*) OVER (PARTITION BY item) > 0';
    expect(await check({ columns: { ...columns }, where }, needs)).toEqual([]);
  });
});

describe('a feature of the columns of a label', () => {
  const labelled = (label: string, features: Record<string, string>) =>
    check(
      { columns: { liked: label, ...features } },
      needsOf(
        {
          user: { encoder: vocabulary },
          ...Object.fromEntries(Object.keys(features).map((name) => [name, { encoder: number }])),
        },
        { item: { encoder: vocabulary } },
        [{ name: 'liked', sort: 'binary' }],
      ),
    );

  it.each<[string, Record<string, string>]>([
    ['rating >= 4', { stars: 'rating' }],
    ['rating >= 4', { stars: 'round(rating / 5)' }],
    ['rating >= 4', { mean: 'avg(rating) OVER (PARTITION BY item ORDER BY moment)' }],
    ['seconds > 10 AND rating > 3', { stars: 'rating', watched: 'seconds' }],
  ])('is warned of: %s from %j', async (label, features) => {
    expect(await labelled(label, features)).toEqual([`feature-from-label at column:${Object.keys(features)[0]}`]);
  });

  it.each<[string, Record<string, string>]>([
    ['rating >= 4', { watched: 'seconds' }],
    ['seconds > 10 AND rating > 3', { watched: 'seconds' }],
    ['rating >= 4', { before: 'lag(rating) OVER (PARTITION BY "user" ORDER BY moment)' }],
    [
      'rating >= 4',
      { mean: 'avg(rating) OVER (PARTITION BY item ORDER BY moment ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)' },
    ],
  ])('is not, where it tells nothing of the row: %s from %j', async (label, features) => {
    expect(await labelled(label, features)).toEqual([]);
  });

  it('is not, where only the item has it, as a key or in a file of its own', async () => {
    const needs = needsOf(
      { user: { encoder: vocabulary } },
      { item: { encoder: vocabulary }, length: { encoder: number } },
      [{ name: 'liked', sort: 'binary' }],
    );
    expect(await check({ columns: { liked: 'seconds > items.length / 2' } }, needs)).toEqual([]);
    expect(await check({ columns: { liked: "item = 'x'" } }, needs)).toEqual([]);
  });
});

describe('a history', () => {
  const history = { encoder: vocabulary, gives: 'bag', encoderOf: 'item', max: 9 } as const;
  const needs = needsOf({ user: { encoder: vocabulary }, history }, { item: { encoder: vocabulary } });
  const past = (of: string, columns: Record<string, string> = {}) =>
    check({ time: 'moment', columns, histories: [{ name: 'history', of, max: 9 }] }, needs);

  it('of a column that the table of its elements does not have', async () => {
    expect(await past('rating')).toEqual(['history-of-other at history:history']);
  });
  it('of the column itself, or of one that is computed from it', async () => {
    expect(await past('item')).toEqual([]);
    expect(await past('liked', { liked: 'CASE WHEN rating > 3 THEN item END' })).toEqual([]);
  });
});

describe('a tower that reads only who is asked for', () => {
  const split = { kind: 'by_user', validation: 0, test: 0.5, given: 0.8, order: 'random', seed: 1 } as const;
  const ofUser = { user: { encoder: vocabulary } };
  const ofItem = { item: { encoder: vocabulary } };

  it('is warned of where whole users are held out', async () => {
    expect(await check({ split }, needsOf(ofUser, ofItem))).toEqual(['unknown-users at events:events.csv']);
  });
  it('is not, where it reads more, or the users are known', async () => {
    const more = needsOf({ ...ofUser, seconds: { encoder: number } }, ofItem);
    expect(await check({ split }, more)).toEqual([]);
    expect(await check({ split, trainsAll: true }, needsOf(ofUser, ofItem))).toEqual([]);
    expect(await check({}, needsOf(ofUser, ofItem))).toEqual([]);
  });
});
