import { describe, expect, it } from 'vitest';
import { checkHeaders } from '../../../src/data/binding/bind.ts';
import type { Needs } from '../../../src/data/binding/data_layout.ts';
import type { Encoder } from '../../../src/graph/plan/plan.ts';
import { type Block, describeData, folderWith, needsOf, reported, vocabulary } from '../fixture.ts';

const number: Encoder = { kind: 'number', log: false };
const files = {
  'events.csv': 'user,item,rating,at,when\na,x,5,10,2020-01-02\n',
  'items.csv': 'item,title,genres,year\nx,Ex,a|b,1999\n',
  'users.csv': 'user,birth_year,town\na,1980,Here\n',
};
const plain = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });

async function check(block: Partial<Block>, needs: Needs = plain): Promise<string[]> {
  const folder = folderWith(files);
  const said = await checkHeaders(describeData({ folder, items: 'items.csv', users: 'users.csv', ...block }), needs);
  return said.map((diagnostic) => reported(diagnostic).replaceAll(folder, 'FOLDER'));
}

describe('headers', () => {
  it('that have everything are silent', async () => {
    expect(
      await check(
        {
          time: '"when"',
          columns: { genres: "string_split(genres, '|')", liked: 'rating > 3' },
          histories: [{ name: 'history', of: 'item', max: 9 }],
        },
        needsOf(
          {
            user: { encoder: vocabulary },
            town: { encoder: vocabulary },
            history: { encoder: vocabulary, gives: 'bag', encoderOf: 'item' },
          },
          { item: { encoder: vocabulary }, genres: { encoder: vocabulary, gives: 'bag' }, year: { encoder: number } },
          [{ name: 'liked', sort: 'binary' }],
        ),
      ),
    ).toEqual([]);
  });

  it.each(['at', 'events.at', '"at"', ' AT ', 'when', 'order', 'release date', 'größe', 'a"b', '用户'])(
    'an expression that is the name of a column is that column: %s',
    async (time) => {
      const folder = folderWith({
        'events.csv': 'user,item,at,when,order,release date,größe,"a""b",用户\na,x,1,2,3,4,5,6,7\n',
      });
      const said = await checkHeaders(describeData({ folder, time, columns: { part: time } }), plain);
      expect(said.map(reported)).toEqual([]);
    },
  );

  it('a missing file names the nearest one', async () => {
    expect(await check({ events: 'event.csv', items: 'films.parquet', users: 'none/*.csv' })).toEqual([
      'data-file-missing at events:event.csv: there is no file `event.csv` in FOLDER (did you mean `events.csv`?)',
      'data-file-missing at items:films.parquet: there is no file `films.parquet` in FOLDER',
      'data-file-missing at users:none/*.csv: there is no file `none/*.csv` in FOLDER',
    ]);
  });

  it('a feature that no column feeds names the nearest column, a label and a key too', async () => {
    expect(
      await check(
        {},
        needsOf(
          { user: { encoder: vocabulary }, birthyear: { encoder: number }, zip: { encoder: vocabulary } },
          { item: { encoder: vocabulary } },
          [{ name: 'ratin', sort: 'number' }],
        ),
      ),
    ).toEqual([
      'unfed-column at events:events.csv: no column of `users.csv` or `events.csv` feeds feature `birthyear` (if it is `birth_year`, write columns { birthyear = "birth_year" })',
      'unfed-column at events:events.csv: no column of `users.csv` or `events.csv` feeds feature `zip` (compute it in the data block: columns { zip = "…" }; use one of `user`, `birth_year`, `town`, `item`, `rating`, `at`, `when`)',
      'unfed-column at events:events.csv: no column of `events.csv` or `items.csv` or `users.csv` feeds label `ratin` (if it is `rating`, write columns { ratin = "rating" })',
    ]);
  });

  it('a misspelt target of `columns` is reported at its own place', async () => {
    const needs = needsOf(
      { user: { encoder: vocabulary }, birth: { encoder: number } },
      { item: { encoder: vocabulary }, kinds: { encoder: vocabulary, gives: 'bag' } },
      [{ name: 'liked', sort: 'binary' }],
    );
    const columns = { brith: 'birth_year', kind: "string_split(genres, '|')", likked: 'rating > 3' };
    expect(await check({ columns }, needs)).toEqual([
      'unknown-name at column:brith: there is no feature called `brith` (did you mean `birth`?)',
      'unknown-name at column:kind: there is no feature called `kind` (did you mean `kinds`?)',
      'unknown-name at column:likked: there is no label called `likked` (did you mean `liked`?)',
    ]);
    // A data block serves many models: what is like nothing that this one reads is not misspelt.
    expect(await check({ columns: { town_size: 'birth_year' } }, plain)).toEqual([]);
  });

  it('a misspelt target that a key needs is one mistake', async () => {
    const folder = folderWith({ 'events.csv': 'u,item\na,x\n', 'users.csv': 'u,age\na,1\n' });
    const block = describeData({ folder, users: 'users.csv', columns: { usser: 'u' } });
    expect((await checkHeaders(block, plain)).map(reported)).toEqual([
      'unknown-name at column:usser: there is no key called `usser` (did you mean `user`?)',
    ]);
  });

  it('a key that no column feeds is reported once, though its tower reads it too', async () => {
    const folder = folderWith({ 'events.csv': 'u8,x,3\n' });
    const said = await checkHeaders(describeData({ folder }), plain);
    expect(said.map(reported)).toEqual([
      'unfed-column at events:events.csv: no column of `events.csv` feeds key `user` (compute it in the data block: columns { user = "…" }; use one of `u8`, `x`, `3`)',
      'unfed-column at events:events.csv: no column of `events.csv` feeds key `item` (compute it in the data block: columns { item = "…" }; use one of `u8`, `x`, `3`)',
    ]);
  });

  it('a column of the wrong type says how to make it right', async () => {
    expect(
      await check(
        { columns: { when_number: '"when"', liked: 'genres' }, time: 'town' },
        needsOf(
          { user: { encoder: vocabulary }, town: { encoder: number }, when_number: { encoder: number } },
          {
            item: { encoder: vocabulary },
            genres: { encoder: vocabulary, gives: 'bag' },
            title: { encoder: { kind: 'vector', size: 3 } },
          },
          [{ name: 'liked', sort: 'binary' }],
        ),
      ),
    ).toEqual([
      'column-type at events:events.csv: `town` needs a number, but its column is text (if its values are numbers, convert them: `columns { town = "TRY_CAST(town AS DOUBLE)" }`)',
      'column-type at column:when_number: `when_number` needs a number, but its column is a time (DATE) (take seconds: `epoch("when")`)',
      'column-type at events:events.csv: `genres` needs a list, but its column is text (split it: `columns { genres = "string_split(genres, \'|\')" }`)',
      'column-type at events:events.csv: `title` needs a list of numbers, but its column is text',
      "column-type at column:liked: `liked` needs 0 and 1, or true and false, but its column is text (compare it: `genres = '…'`)",
      "column-type at time: `time` needs a number, a date or a time, but its column is text (read it as one: `strptime(town, '%d/%m/%Y')`)",
    ]);
  });

  it('SQL that cannot be computed says why, in its own place', async () => {
    expect(
      await check({
        columns: {
          a: 'ratng + 1',
          b: 'lowr(title)',
          c: 'rating +',
          d: 'user',
          e: "nullif(rating, 'x') + 1",
          f: 'rating) FROM events; DROP TABLE events; --',
        },
        where: 'rating >= ',
      }),
    ).toEqual([
      'sql-fails at where: this SQL cannot be computed: syntax error at end of input',
      'sql-fails at column:a: this SQL cannot be computed: `events.csv` or `items.csv` or `users.csv` has no column `ratng` (did you mean `rating`?)',
      'sql-fails at column:b: this SQL cannot be computed: scalar Function with name lowr does not exist! (did you mean `lower`?)',
      'sql-fails at column:c: this SQL cannot be computed: syntax error at end of input',
      "sql-fails at column:e: this SQL cannot be computed: could not convert string 'x' to INT64",
      'sql-fails at column:f: this SQL cannot be computed: syntax error at or near ")"',
    ]);
  });

  it('SQL that gives not one value a row is refused', async () => {
    expect(
      await check({
        columns: {
          a: 'avg(rating)',
          b: "unnest(string_split(item, '|'))",
          c: 'unnest([1, 2])',
          d: 'rating - avg(rating) OVER ()',
        },
        where: 'max(rating) > 3',
      }),
    ).toEqual([
      'sql-fails at where: this SQL cannot be computed: it gives one value for all rows, and a column has one for each',
      'sql-fails at column:a: this SQL cannot be computed: it gives one value for all rows, and a column has one for each',
      ...['b', 'c'].map(
        (column) =>
          `sql-refused at column:${column}: this SQL is not allowed: the function \`unnest\` gives several rows for one (write one expression over the columns of the block’s files)`,
      ),
    ]);
  });

  it('a name that several files have must say which', async () => {
    expect(await check({ columns: { same: 'item = title AND rating > 1' } }, plain)).toEqual([
      'sql-fails at column:same: this SQL cannot be computed: `item` is a column of several files: write events.item or items.item',
    ]);
    expect(await check({ columns: { same: 'events.item = title AND rating > 1' } }, plain)).toEqual([]);
  });

  it('a key that does not join', async () => {
    expect(await check({ itemsBy: 'title' })).toEqual([
      'key-does-not-join at items:items.csv: items cannot be joined by `title`: tower `item` is keyed by `item` (join by it: items = "items.csv" by item)',
    ]);
    expect(await check({ columns: { item: 'rating' } })).toEqual([
      'key-does-not-join at items:items.csv: items cannot be joined by `item`: this SQL cannot be computed: `items.csv` has no column `rating`',
    ]);
  });

  it('a feature of one side that is computed from the file of the other', async () => {
    expect(
      await check(
        { columns: { grown: 'year - birth_year' } },
        needsOf(
          { user: { encoder: vocabulary }, year: { encoder: number }, grown: { encoder: number } },
          { item: { encoder: vocabulary }, town: { encoder: vocabulary } },
        ),
      ),
    ).toEqual([
      'column-side at events:events.csv: `year` belongs to tower `user`, but is computed from the items file of the other side (use a column of the events or of the file of its own side)',
      'column-side at column:grown: `grown` belongs to tower `user`, but is computed from the items file of the other side (use a column of the events or of the file of its own side)',
      'column-side at events:events.csv: `town` belongs to tower `item`, but is computed from the users file of the other side (use a column of the events or of the file of its own side)',
    ]);
  });

  it('a history or a split without a time', async () => {
    expect(
      await check(
        { histories: [{ name: 'history', of: 'item', max: 9 }], split: { kind: 'leave_one_out' } },
        needsOf(
          { user: { encoder: vocabulary }, history: { encoder: vocabulary, gives: 'bag', encoderOf: 'item' } },
          { item: { encoder: vocabulary } },
        ),
      ),
    ).toEqual([
      'data-needs at history:history: `history history = past(item, 9)` needs a time: add `time = "…"` to the data block',
      'data-needs at data: `split = leave_one_out` needs a time: add `time = "…"` to the data block',
    ]);
  });

  it('other events where their order is read', async () => {
    const step = {
      graph: { name: 'step', nodes: [], inputs: [], parameters: [], outputs: [], updates: [] },
      inputs: [
        { name: 'h', source: { from: 'sequence', feature: 'had', rows: { kind: 'sequences', feature: 'had' } } },
      ],
    } as const;
    const list = { encoder: vocabulary, gives: 'bag', encoderOf: 'item' } as const;
    const newest = { encoder: vocabulary, gives: 'code', encoderOf: 'item', last: 'had' } as const;
    const needs = needsOf({ user: { encoder: vocabulary }, had: list, newest }, { item: { encoder: vocabulary } });
    const histories = [{ name: 'had', kind: 'others', of: 'item', max: 9 }] as const;
    expect(await check({ histories }, { ...needs, step })).toEqual([
      'data-needs at history:had: `history had = others(item, 9)` needs the order of time for `targets = positions`: had = past(item, 9)',
      'data-needs at history:had: `history had = others(item, 9)` needs the order of time for `newest : last(had)`: had = past(item, 9)',
    ]);
  });

  it('an expression reads no other file, whatever it asks for', async () => {
    const folder = folderWith({ ...files, 'secret.csv': 'a\n1\n' });
    const said = await checkHeaders(
      describeData({ folder, columns: { a: `(SELECT count(*) FROM read_csv('${folder}/secret.csv'))` } }),
      plain,
    );
    expect(said.map(({ code, message }) => [code, message])).toEqual([
      ['sql-refused', 'this SQL is not allowed: a query may not read from the function `read_csv`'],
    ]);
  });
});
