import { expect, it } from 'vitest';
import { readItemColumns } from '../../../src/data/rows/item_columns.ts';
import { describeData, folderWith, needsOf, vocabulary } from '../fixture.ts';

const events = 'user,item\nann,01\nbob,02\nann,03\n';
const items = `item,title,tags,year,color,released,note
01,First,a|b,1990,true,1990-05-01,7
02,"\uFEFFSecond, or not",,1991.5,false,,x
04,Not asked for,c,1,true,2000-01-01,
03,,c|a|b,soon,,2001-02-03,9
`;
const needs = needsOf(
  { user: { encoder: vocabulary } },
  { item: { encoder: vocabulary }, tags: { encoder: vocabulary, gives: 'bag' } },
);

it('reads all columns of the items file, in the order of the keys', async () => {
  const folder = folderWith({ 'events.csv': events, 'items.csv': items });
  const block = describeData({ folder, items: 'items.csv', columns: { tags: "string_split(tags, '|')" } });
  const columns = await readItemColumns(block, needs, ['01', '02', '03', '05']);
  expect(Object.fromEntries(columns)).toEqual({
    // Keys keep their text; 05 is in no file.
    item: { kind: 'text', values: ['01', '02', '03', undefined] },
    title: { kind: 'text', values: ['First', '\uFEFFSecond, or not', undefined, undefined] },
    // As the block computes them.
    tags: { kind: 'texts', values: [['a', 'b'], undefined, ['c', 'a', 'b'], undefined] },
    // What is no number is missing.
    year: { kind: 'number', values: [1990, 1991.5, undefined, undefined] },
    color: { kind: 'truth', values: [true, false, undefined, undefined] },
    released: { kind: 'text', values: ['1990-05-01', undefined, '2001-02-03', undefined] },
    note: { kind: 'number', values: [7, undefined, 9, undefined] },
  });
});

it('reads lists and numbers of JSON, and has no columns without an items file', async () => {
  const lines = [
    { item: '01', genres: ['Drama', 'War'], year: 1990, of: { a: 1 } },
    { item: '02', genres: [], year: null, of: { a: 2 } },
    { item: '03', year: 1992.5, of: { a: 3 } },
  ].map((each) => JSON.stringify(each));
  const folder = folderWith({ 'events.csv': events, 'items.jsonl': `${lines.join('\n')}\n` });
  const plain = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });
  const columns = await readItemColumns(describeData({ folder, items: 'items.jsonl' }), plain, ['03', '02', '01']);
  expect(Object.fromEntries(columns)).toEqual({
    item: { kind: 'text', values: ['03', '02', '01'] },
    genres: { kind: 'texts', values: [undefined, [], ['Drama', 'War']] },
    year: { kind: 'number', values: [1992.5, undefined, 1990] },
  });
  expect(await readItemColumns(describeData({ folder }), plain, ['01'])).toEqual(new Map());
});
