/** Law: an item that is written has the columns of the same row in the items file. Compared with what `readDataset` and `readItemColumns` make of the file. */
import { expect, it, onTestFinished } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../../src/base/random/random.ts';
import type { Needs } from '../../../src/data/binding/data_layout.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { readItemColumns } from '../../../src/data/rows/item_columns.ts';
import type { ItemReader, ReadItem } from '../../../src/data/written/fields.ts';
import { openItemReader } from '../../../src/data/written/item_reader.ts';
import type { DataDescription } from '../../../src/graph/plan/data_description.ts';
import { describeData, folderWith, needsOf, reported, valueAt, vocabulary, weightsAt } from '../fixture.ts';

const random = makeRandom(4);
const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;

const user = { user: { encoder: vocabulary } };
const text = { encoder: vocabulary } as const;
const list = { encoder: vocabulary, gives: 'bag', max: 3 } as const;

async function open(block: DataDescription, needs: Needs): Promise<ItemReader> {
  const { encodings } = await readDataset(block, needs);
  const reader = await openItemReader(block, needs, encodings);
  onTestFinished(() => reader.close());
  return reader;
}

/** Writes each row of the file as an item, and compares. */
async function expectRows(block: DataDescription, needs: Needs, rows: readonly Readonly<Record<string, unknown>>[]) {
  const { corpus } = await readDataset(block, needs);
  const columns = await readItemColumns(block, needs, corpus.keys);
  const reader = await open(block, needs);
  const items = rows.map(({ item, ...own }) => ({ key: String(item), columns: own }));
  const read = (await reader.read(items)) as ReadItem[];
  const names = needs.features.flatMap(({ name, tower }) => (tower === 'item' ? [name] : []));
  for (const item of read) {
    if (item instanceof Failure) throw item;
    const row = [...corpus.keys].indexOf(item.key);
    const of = (features: ReadonlyMap<string, never>, at: number) =>
      names.map((name) => [name, valueAt(features.get(name)!, at), weightsAt(features.get(name)!, at)]);
    expect(of(item.features as never, 0)).toEqual(of(corpus.features as never, row));
    expect(item.title).toBe(corpus.titles?.at(row));
    const values = [...columns].map(([name, { values: all }]) => [name, all[row]]);
    expect(Object.fromEntries(item.values)).toEqual(Object.fromEntries(values));
  }
  expect(read).toHaveLength(corpus.rows);
  return reader;
}

it('reads an item as its row of a CSV file', async () => {
  const rows = Array.from({ length: 60 }, (_, at) => ({
    item: `i${at}`,
    title: pick(['', 'The War, again', '\uFEFFmarked', 'Ünïcode “quotes”', "it's; DROP TABLE items"]),
    tags: pick(['', 'a', 'a|b|c|d', 'c|b']),
    year: pick([null, 1980, 1991, 2003]),
    price: pick([null, 0.1, 3.25, 1e-9, 12]),
    fresh: pick([null, true, false]),
    released: pick([null, '1990-05-01', '2001-02-03']),
    code: pick([null, 7, 12]),
    unread: pick(['', 'x', 'y']),
  }));
  const quoted = (value: unknown): string => (value === null ? '' : `"${String(value).replaceAll('"', '""')}"`);
  const lines = rows.map((row) =>
    Object.values(row)
      .map((value) => (typeof value === 'string' && value !== '' ? quoted(value) : String(value ?? '')))
      .join(),
  );
  const folder = folderWith({
    'events.csv': `user,item,hits\n${rows.map(({ item }, at) => `u${at % 5},${item},${at}`).join('\n')}\n`,
    'items.csv': `${Object.keys(rows[0]!).join()}\n${lines.join('\n')}\n`,
  });
  const columns = {
    tags: "string_split(tags, '|')",
    decade: 'year // 10',
    half: 'year / 2',
    near: "coalesce(title, '') || code",
  };
  const needs = needsOf(user, {
    item: text,
    tags: list,
    decade: text,
    half: { encoder: { kind: 'standardize', log: false } },
    near: text,
    year: { encoder: { kind: 'quantiles', count: 4, log: false } as never },
    price: { encoder: { kind: 'number', log: true } },
    title: { encoder: { kind: 'words', buckets: 50 }, max: 4 },
    released: { encoder: { kind: 'clock', part: 'month' } },
    fresh: text,
    code: text,
  });
  const block = describeData({ folder, items: 'items.csv', columns });
  const reader = await expectRows(block, needs, rows);
  expect(reader.fields.map(({ name, kind, needed }) => `${name} ${kind} ${needed}`)).toEqual([
    // Its value is in the address.
    'item text false',
    'title text true',
    'tags text true',
    'year whole true',
    'price number true',
    'fresh truth true',
    'released moment true',
    'code whole true',
    'unread text false',
  ]);
});

it('reads lists, vectors and weights as a JSON file has them', async () => {
  const rows = Array.from({ length: 40 }, (_, at) => ({
    item: 100 + at,
    genres: pick([null, [], ['a', 'b'], ['c', 'a', 'b', 'd']]),
    place: pick([
      [0.5, -1],
      [2, 3],
    ]),
    parts: [1, 2, 3].slice(0, at % 4),
    shares: [0.5, 1, 2].slice(0, at % 4),
    nested: { a: at },
  }));
  const folder = folderWith({
    'events.csv': `user,item\n${rows.map(({ item }, at) => `u${at % 5},${item}`).join('\n')}\n`,
    'items.jsonl': `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`,
  });
  const needs = needsOf(user, {
    item: text,
    genres: list,
    place: { encoder: { kind: 'vector', size: 2 } },
    parts: { ...list, weights: 'shares' },
    twice: text,
  });
  const block = describeData({ folder, items: 'items.jsonl', columns: { twice: 'item * 2' } });
  const writable = rows.map(({ nested: _, ...row }) => row);
  await expectRows(block, needs, writable);
});

it('refuses what a column cannot hold, and reads the others', async () => {
  const folder = folderWith({
    'events.csv': 'user,item\nann,1\nbob,2\n',
    'items.csv': 'item,title,year,price,fresh,released\n1,A,1990,2.5,true,1990-05-01\n2,B,1991,3.5,false,1991-05-01\n',
  });
  const needs = needsOf(user, {
    item: text,
    year: { encoder: { kind: 'number', log: false } },
    decade: text,
    price: { encoder: { kind: 'number', log: true } },
    released: { encoder: { kind: 'clock', part: 'month' } },
  });
  const reader = await open(describeData({ folder, items: 'items.csv', columns: { decade: 'year // 10' } }), needs);
  const whole = { year: 1999, price: 1, released: null };
  const of = (key: string, columns: Readonly<Record<string, unknown>>) => ({ key, columns });
  const read = await reader.read([
    of('1', whole),
    of('', whole),
    of('01', whole),
    of('3', { ...whole, yaer: 3 }),
    of('4', { ...whole, year: '1999' }),
    of('5', { ...whole, year: 1999.5 }),
    of('6', { ...whole, price: -3 }),
    of('7', { ...whole, released: 'soon' }),
    of('8', { year: 1 }),
    of('9', { ...whole, item: '10' }),
    of('10', { ...whole, title: 'a\0b' }),
    of('11', { ...whole, title: '\ud800' }),
    of('12', { ...whole, fresh: 1, Title: {} }),
    of('13', { ...whole, price: 1e300 }),
    of('14', { ...whole, item: 14, YEAR: 3, year: 3 }),
    of('2', { ...whole, item: 2, price: 4 }),
    of('2', { ...whole, price: 5 }),
  ]);
  const shown = read.map((each) => (each instanceof Failure ? each.diagnostics.map(reported) : each.key));
  expect(shown).toMatchInlineSnapshot(`
    [
      "1",
      [
        "item-value at nowhere: \`item\` of the item is empty (give a key)",
      ],
      "01",
      [
        "unknown-name at nowhere: there is no column of the items file called \`yaer\` (did you mean \`year\`?)",
      ],
      [
        "item-value at nowhere: \`year\` of the item is the text "1999" (give a whole number)",
      ],
      [
        "item-value at nowhere: \`year\` of the item is \`1999.5\` (give a whole number)",
      ],
      [
        "item-value at nowhere: \`price\` of the item is wrong: "-3.0" has no log(1 + x) (correct the value of the column)",
      ],
      [
        "item-value at nowhere: \`released\` of the item has a value that its column cannot hold (give a value of the type DATE)",
      ],
      [
        "item-value at nowhere: \`price\` of the item is missing, and the item tower reads it (give its value, or \`null\` for none)",
        "item-value at nowhere: \`released\` of the item is missing, and the item tower reads it (give its value, or \`null\` for none)",
      ],
      [
        "item-value at nowhere: \`item\` of the item is not "9", the key in the address (give the same key, or leave the column out)",
      ],
      [
        "item-value at nowhere: \`title\` of the item has the character U+0000 (remove the character)",
      ],
      [
        "item-value at nowhere: \`title\` of the item has half of a surrogate pair (give text in UTF-8)",
      ],
      [
        "item-value at nowhere: \`fresh\` of the item is \`1\` (give \`true\` or \`false\`)",
        "item-value at nowhere: \`Title\` of the item is an object (give a text)",
      ],
      "13",
      [
        "item-value at nowhere: \`YEAR\` of the item is given twice (give it once)",
      ],
      "2",
      "2",
    ]
  `);
});

it('refuses data whose items cannot be computed one by one', async () => {
  const folder = folderWith({ 'events.csv': 'user,item\nann,1\nbob,2\n', 'items.csv': 'item,year\n1,1990\n2,1991\n' });
  const open = (columns: Readonly<Record<string, string>>, items?: string) => {
    const needs = needsOf(user, { item: text, ...(items ? { rank: text } : {}) });
    return openItemReader(describeData({ folder, ...(items ? { items } : {}), columns }), needs, new Map()).then(
      () => 'opened',
      (error: Failure) => error.diagnostics.map(reported),
    );
  };
  expect(await open({})).toEqual([
    'items-closed at nowhere: this server takes no items: the data block has no items file (add `items = "FILE" by COLUMN` to the data block)',
  ]);
  const several =
    'items-closed at nowhere: this server takes no items: `rank` of the data block reads more than named columns of one row (compute the column before, and store it in the items file)';
  expect(await open({ rank: 'row_number() OVER (ORDER BY year)' }, 'items.csv')).toEqual([several]);
  expect(await open({ rank: '(SELECT max(year) FROM items)' }, 'items.csv')).toEqual([several]);
});
