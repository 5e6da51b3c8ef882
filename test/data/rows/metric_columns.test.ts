import { expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import { withMetricColumns } from '../../../src/data/rows/item_columns.ts';
import { describeData, folderWith, needsOf, vocabulary } from '../fixture.ts';

const events = 'user,item\nann,01\nbob,02\nann,03\n';
const items = `item,tags,year
01,a||b|a,1990
02,,1991
03,c|b,1990
`;
/** The model reads no column of the items but their key. */
const needs = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });
const dataset = { corpus: { keys: ['03', '02', '01', '05'] } } as unknown as Dataset;
/** Read as `year` too, by another name. */
const columns = { tags: "string_split(tags, '|')", when: 'year' };

async function read(...names: string[]) {
  const folder = folderWith({ 'events.csv': events, 'items.csv': items });
  const description = describeData({ folder, items: 'items.csv', columns });
  const metrics = names.map((column) => ({ metric: 'diversity', column, k: 10 }));
  const { corpus } = await withMetricColumns(dataset, { metrics, description, needs }, {});
  return [...corpus.elements!].map(([name, { starts, ends, values }]) => [
    name,
    [...starts].map((start, item) => [...values.subarray(start, ends[item]!)]),
  ]);
}

it('reads the distinct values of a column, as the data block computes it, in the order of the corpus', async () => {
  // In the order in which they are met: c, b, a. 02 and 05 have none.
  expect(await read('tags')).toEqual([['tags', [[0, 1], [], [2, 1], []]]]);
});

it('reads one value an item, of columns of the file and of others that a block calls by another name', async () => {
  const years = [[0], [1], [0], []];
  expect(await read('year', 'when')).toEqual([
    ['year', years],
    ['when', years],
  ]);
});

it('leaves the data as it is where no metric names a column', async () => {
  const description = describeData({ folder: 'nowhere' });
  expect(await withMetricColumns(dataset, { metrics: [{ metric: 'mrr' }], description, needs }, {})).toBe(dataset);
});

it('refuses a column that the items do not have, and a block without items', async () => {
  await expect(read('tgas')).rejects.toThrow('there is no column of the items called `tgas`');
  await expect(read('user')).rejects.toThrow('there is no column of the items called `user`');
  const metrics = [{ metric: 'diversity', column: 'tags' }];
  const description = describeData({ folder: folderWith({ 'events.csv': events }) });
  const without = withMetricColumns(dataset, { metrics, description, needs }, {});
  const error = await without.catch((thrown: unknown) => thrown);
  expect((error as Failure).diagnostics.map(({ code }) => code)).toEqual(['data-needs']);
  expect(error).toBeInstanceOf(Failure);
});
