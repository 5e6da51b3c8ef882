import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { type Block, describeData, failureOf, folderWith, needsOf, valuesOf, vocabulary } from '../fixture.ts';

const needs = needsOf(
  { user: { encoder: vocabulary } },
  { item: { encoder: vocabulary }, price: { encoder: { kind: 'number', log: false } } },
);

const csv = 'user,item,price\na,x,1.5\nb,y,\na,"z, or ""w""",3\n';
const rows = [
  { user: 'a', item: 'x', price: 1.5 },
  { user: 'b', item: 'y', price: null },
  { user: 'a', item: 'z, or "w"', price: 3 },
];

async function read(files: Readonly<Record<string, string | Uint8Array>>, block: Partial<Block>) {
  const data = await readDataset(describeData({ folder: folderWith(files), ...block }), needs);
  return {
    users: [...data.parts.train.user].map((row) => data.users.keys.at(row)),
    items: [...data.parts.train.item].map((row) => data.corpus.keys.at(row)),
    prices: valuesOf(data.parts.train.features.get('price')!, data.parts.train.rows).flat(),
  };
}

const expected = { users: ['a', 'b', 'a'], items: ['x', 'y', 'z, or "w"'], prices: [1.5, 0, 3] };

/** A Parquet file, by DuckDB's own writer. */
async function parquet(folder: string, name: string, select: string): Promise<void> {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`COPY (${select}) TO '${join(folder, name)}'`);
  connection.closeSync();
}

describe('every kind of file reads the same', () => {
  it('CSV, with any separator, line end and byte order mark', async () => {
    expect(await read({ 'events.csv': csv }, {})).toEqual(expected);
    expect(await read({ 'events.csv': `\uFEFF${csv.replaceAll('\n', '\r\n')}` }, {})).toEqual(expected);
    expect(await read({ 'events.csv': csv.trimEnd() }, {})).toEqual(expected);
    expect(await read({ 'e.txt': 'user;item;price\na;x;1.5\nb;y;\na;"z, or ""w""";3\n' }, { events: 'e.txt' })).toEqual(
      expected,
    );
    expect(
      await read({ 'e.tsv': 'user\titem\tprice\na\tx\t1.5\nb\ty\t\na\t"z, or ""w"""\t3\n' }, { events: 'e.tsv' }),
    ).toEqual(expected);
  });

  it('gzip', async () => {
    expect(await read({ 'e.csv.gz': gzipSync(csv) }, { events: 'e.csv.gz' })).toEqual(expected);
  });

  it('lines of JSON, also compressed, and an array of JSON', async () => {
    const lines = `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
    expect(await read({ 'e.jsonl': lines }, { events: 'e.jsonl' })).toEqual(expected);
    expect(await read({ 'e.ndjson.gz': gzipSync(lines) }, { events: 'e.ndjson.gz' })).toEqual(expected);
    expect(await read({ 'e.json': JSON.stringify(rows, null, 2) }, { events: 'e.json' })).toEqual(expected);
  });

  it('Parquet, where numbers may be keys and missing numbers made whole ones fractions', async () => {
    const folder = folderWith({ 'items.csv': 'item,price\n1,10\n2,20\n' });
    await parquet(
      folder,
      'e.parquet',
      'SELECT * FROM (VALUES (7::BIGINT, 1.0::DOUBLE), (8, 2.0), (7, 2.0)) AS t("user", item)',
    );
    const data = await readDataset(describeData({ folder, events: 'e.parquet', items: 'items.csv' }), needs);
    expect(data.users.keys).toEqual(['7', '8']);
    expect([...data.parts.train.item]).toEqual([0, 1, 1]);
    expect(valuesOf(data.parts.train.features.get('price')!, 3)).toEqual([[10], [20], [20]]);
  });

  it('Parquet with lists and dates', async () => {
    const folder = folderWith({});
    await parquet(
      folder,
      'e.parquet',
      "SELECT * FROM (VALUES ('a', 'x', DATE '2020-02-01', ['p', 'q']), ('b', 'y', DATE '2020-01-01', NULL)) AS t(\"user\", item, day, tags)",
    );
    const data = await readDataset(
      describeData({ folder, events: 'e.parquet', time: 'day' }),
      needsOf(
        { user: { encoder: vocabulary } },
        { item: { encoder: vocabulary }, tags: { encoder: vocabulary, gives: 'bag' } },
      ),
    );
    expect([...data.parts.train.item].map((row) => data.corpus.keys.at(row))).toEqual(['y', 'x']);
    expect(valuesOf(data.parts.train.features.get('tags')!, 2)).toEqual([[], [1, 2]]);
  });
});

describe('patterns', () => {
  it('read all files in the order of their names, whatever the order of their columns', async () => {
    expect(
      await read(
        { 'part-2.csv': 'price,user,item\n3,a,"z, or ""w"""\n', 'part-1.csv': 'user,item,price\na,x,1.5\nb,y,\n' },
        { events: 'part-*.csv' },
      ),
    ).toEqual(expected);
  });

  it('may have files without rows, or without a value in a column', async () => {
    const [first, ...others] = csv.trim().split('\n');
    const files = Object.fromEntries(others.map((row, at) => [`${'bcd'[at]}.csv`, `${first}\n${row}\n`]));
    expect(await read({ ...files, 'a.csv': `${first}\n`, 'z.csv': first! }, { events: '?.csv' })).toEqual(expected);
  });

  it('of several names and a wildcard find the files of each', async () => {
    const [first, ...others] = csv.trim().split('\n');
    const files = Object.fromEntries(others.map((row, at) => [`${'abc'[at]}.csv`, `${first}\n${row}\n`]));
    expect(await read(files, { events: '{c,a,b}.cs*' })).toEqual(expected);
    expect(await read(files, { events: '{a,?}.c*' })).toEqual(expected);
  });

  it('go into folders', async () => {
    const folder = folderWith({});
    mkdirSync(join(folder, 'day=1/deep'), { recursive: true });
    writeFileSync(join(folder, 'day=1/deep/b.csv'), 'user,item,price\na,"z, or ""w""",3\n');
    writeFileSync(join(folder, 'day=1/a.csv'), 'user,item,price\na,x,1.5\nb,y,\n');
    for (const events of ['**/*.csv', 'day=?/**/[ab].csv']) {
      const data = await readDataset(describeData({ folder, events }), needs);
      expect([...data.parts.train.item].map((row) => data.corpus.keys.at(row))).toEqual(expected.items);
    }
  });

  it('need the same columns in every file', async () => {
    const folder = folderWith({ 'a.csv': csv, 'b.csv': 'user,item,cost\na,x,1\n' });
    expect(await failureOf(readDataset(describeData({ folder, events: '?.csv' }), needs))).toEqual([
      'data-file-headers at events:?.csv: `b.csv` has no column `price`, but `a.csv` has (give all the files the same columns, or name fewer files)',
    ]);
  });
});

describe('a name with the signs of a pattern', () => {
  const one = 'user,item,price\na,one,1\n';
  const other = 'user,item,price\na,other,1\n';
  const itemsOf = async (names: Readonly<Record<string, string>>, events: string): Promise<string[]> =>
    (await read(names, { events })).items as string[];

  it.each(['a[1].csv', 'b*.csv', 'c?.csv', '{d,e}.csv', '[f.csv', '*.csv'])(
    'names the file %s as it is',
    async (name) => {
      const others = { 'a1.csv': other, 'b1.csv': other, 'c1.csv': other, 'd.csv': other };
      expect(await itemsOf({ ...others, [name]: one }, name)).toEqual(['one']);
    },
  );

  it('is no pattern for the database: each row is read once', async () => {
    expect(await itemsOf({ 'x*.csv': one, 'x1.csv': other }, 'x*.csv')).toEqual(['one']);
    expect(await itemsOf({ 'x*.csv': one, 'x1.csv': other }, '?*.csv')).toEqual(['one', 'other']);
    expect(await itemsOf({ 'x[1].csv': one, 'x1.csv': other }, 'x*.csv')).toEqual(['other', 'one']);
    const line = (item: string): string => JSON.stringify({ user: 'a', item, price: 1 });
    expect(await itemsOf({ 'x*.jsonl': line('one'), 'x1.jsonl': line('other') }, 'x*.jsonl')).toEqual(['one']);
    const folder = folderWith({});
    await parquet(folder, 'y1.parquet', "SELECT 'a' AS user, 'other' AS item, 1 AS price");
    await parquet(folder, 'y*.parquet', "SELECT 'a' AS user, 'one' AS item, 1 AS price");
    const data = await readDataset(describeData({ folder, events: 'y*.parquet' }), needs);
    expect(data.corpus.keys).toEqual(['one']);
  });

  it('is written as a set of one sign where the file is not alone', async () => {
    expect(await itemsOf({ 'a[1].csv': one, 'a1.csv': other }, 'a[[]1].*')).toEqual(['one']);
    expect(await itemsOf({ 'x*.csv': one, 'x1.csv': other }, 'x[*].*')).toEqual(['one']);
  });

  it('of a folder gives no column, and is no pattern', async () => {
    const folder = folderWith({});
    mkdirSync(join(folder, 'da[1]/price=7'), { recursive: true });
    writeFileSync(join(folder, 'da[1]/price=7/e.csv'), 'user,item,price\na,x,1\n');
    for (const [from, events] of [
      ['.', 'da[1]/price=7/e.csv'],
      ['da[1]', 'price=7/*.csv'],
      ['da[1]', '*/e.csv'],
    ] as const) {
      const { parts } = await readDataset(describeData({ folder: join(folder, from), events }), needs);
      expect(valuesOf(parts.train.features.get('price')!, 1)).toEqual([[1]]);
    }
  });
});

describe('what is no file of rows', () => {
  const said = (folder: string, events: string): Promise<readonly string[]> =>
    failureOf(readDataset(describeData({ folder, events }), needs));

  it('is refused before it is opened: a folder, a pipe, a device, a socket', async () => {
    const folder = folderWith({});
    mkdirSync(join(folder, 'folder.csv'));
    // To open a pipe would wait for a writer.
    execFileSync('mkfifo', [join(folder, 'pipe.csv'), join(folder, 'pipe.csv.gz')]);
    const server = createServer().listen(join(folder, 'socket.csv'));
    await new Promise((ready) => server.on('listening', ready));
    for (const [name, what] of [
      ['folder.csv', 'a folder'],
      ['pipe.csv', 'a pipe'],
      ['pipe.csv.gz', 'a pipe'],
      ['socket.csv', 'a socket'],
    ] as const) {
      expect(await said(folder, name)).toEqual([
        `data-file-unreadable at events:${name}: \`${name}\` cannot be read: it is ${what}`,
      ]);
    }
    server.close();
    expect((await said(folder, 'pipe*'))[0]).toMatch(/^data-file-unreadable .*it is a pipe/);
    symlinkSync('/dev/null', join(folder, 'device.csv'));
    expect((await said(folder, 'device.csv'))[0]).toMatch(/^data-file-outside/);
  });

  it('is missing where a file is taken for a folder', async () => {
    const folder = folderWith({ 'events.csv': csv });
    expect((await said(folder, 'events.csv/foo.csv'))[0]).toMatch(/^data-file-missing/);
    expect((await said(folder, 'events.csv/*.csv'))[0]).toMatch(/^data-file-missing/);
    expect((await said(folder, 'ev[.csv'))[0]).toMatch(/^data-file-missing/);
    expect((await said(folder, 'ev{.csv'))[0]).toMatch(/^data-file-missing/);
    expect((await said(folder, 'events\0.csv'))[0]).toMatch(/^data-file-missing/);
    expect((await said(folder, `${'x'.repeat(5000)}.csv`))[0]).toMatch(/^data-file-unreadable .*name is too long/);
    expect((await said(folder, '{a,b}'.repeat(20)))[0]).toMatch(/^data-file-unreadable .*1,000 paths/);
  });

  it('is a mistake where a pattern meets it: a broken link, a circle of links, a folder that may not be read', async () => {
    const folder = folderWith({ 'events.csv': csv });
    symlinkSync('none.csv', join(folder, 'broken.csv'));
    expect((await said(folder, '*.csv'))[0]).toMatch(/^data-file-unreadable .*`broken.csv` .*link that leads nowhere/);
    symlinkSync('circle.tsv', join(folder, 'circle.tsv'));
    expect((await said(folder, '*.tsv'))[0]).toMatch(/^data-file-unreadable .*`circle.tsv` .*circle/);
    mkdirSync(join(folder, 'closed'));
    chmodSync(join(folder, 'closed'), 0o000);
    try {
      // Who is root reads it all the same.
      if (process.getuid?.() !== 0) expect((await said(folder, '**/*.csv'))[0]).toMatch(/^data-file-unreadable/);
    } finally {
      chmodSync(join(folder, 'closed'), 0o700);
    }
  });
});

describe('files outside the project', () => {
  it('are refused, with the option that allows them; nothing is opened', async () => {
    const root = folderWith({ 'secret.csv': csv });
    const folder = join(root, 'block');
    mkdirSync(folder);
    symlinkSync('../secret.csv', join(folder, 'link.csv'));
    symlinkSync('..', join(folder, 'up'));
    for (const events of [
      '../secret.csv',
      join(root, 'secret.csv'),
      'link.csv',
      'link*',
      'up/secret.csv',
      '../*.csv',
      'u?/*.csv',
      '../{secret,x}.csv',
      '{../secret,x}.csv',
    ]) {
      const [first] = await failureOf(readDataset(describeData({ folder, events }), needs));
      expect([events, first]).toEqual([events, expect.stringMatching(/^data-file-outside .*--allow /)]);
      const { parts } = await readDataset(describeData({ folder, events }), needs, { access: { allow: [root] } });
      expect([events, parts.train.rows]).toEqual([events, 3]);
    }
    // Whether a file is there outside is not said.
    expect((await failureOf(readDataset(describeData({ folder, events: '../none.csv' }), needs)))[0]).toMatch(
      /^data-file-outside/,
    );
    const near = await failureOf(readDataset(describeData({ folder, events: 'none*/../../secre.csv' }), needs));
    expect([near.length, near[0]]).toEqual([1, expect.not.stringContaining('secret')]);
    const none = readDataset(describeData({ folder, events: 'link.csv' }), needs, {
      access: { allow: [join(root, 'none')] },
    });
    expect((await failureOf(none))[0]).toMatch(/^cannot-read .*none: it does not exist/);
  });

  it('are allowed by a word that a shell takes whole', async () => {
    const root = folderWith({});
    const [folder, other] = [join(root, 'block'), join(root, "it's a folder")];
    for (const each of [folder, other]) mkdirSync(each);
    const [said] = await failureOf(readDataset(describeData({ folder, events: "../it's a folder/e.csv" }), needs));
    const option = /`--allow (.*)`/.exec(said!)![1]!;
    expect(execFileSync('sh', ['-c', `printf %s ${option}`], { encoding: 'utf8' })).toBe(other);
  });

  it('are those of no folder above that has a package.json or a .git', async () => {
    const root = folderWith({ 'rows.csv': csv, 'package.json': '{}' });
    const folder = join(root, 'models/data');
    mkdirSync(folder, { recursive: true });
    const read = (events: string) => readDataset(describeData({ folder, events }), needs);
    expect((await read('../../rows.csv')).parts.train.rows).toBe(3);
    // A nearer project is a project of its own.
    mkdirSync(join(root, 'models/.git'));
    expect((await failureOf(read('../../rows.csv')))[0]).toMatch(/^data-file-outside/);
  });

  it.each([
    'http://127.0.0.1:9/a.csv',
    'https://a.b/c.csv',
    's3://bucket/a.csv',
    'gs://bucket/*.csv',
    'file:///etc/passwd.csv',
  ])('are not reached by an address, and no connection is opened: %s', async (events) => {
    const folder = folderWith({});
    expect((await failureOf(readDataset(describeData({ folder, events }), needs)))[0]).toMatch(
      /^(data-file-remote|remote-address)/,
    );
  });
});

describe('a file that is not whole is never read short', () => {
  it('gzip that is cut off, anywhere', async () => {
    const whole = gzipSync(
      `user,item,price\n${Array.from({ length: 20_000 }, (_, i) => `u${i},i${i % 977},${(i * 7919) % 1009}\n`).join('')}`,
    );
    for (const length of [3, 200, whole.length >> 1, whole.length - 4]) {
      const folder = folderWith({ 'e.csv.gz': whole.subarray(0, length) });
      const [said] = await failureOf(readDataset(describeData({ folder, events: 'e.csv.gz' }), needs));
      expect(said).toMatch(
        /^data-file-damaged at events:e.csv.gz: `e.csv.gz` is damaged: (unexpected end of file|incorrect header check)/,
      );
    }
    const wrong = Buffer.from(whole);
    wrong[wrong.length - 6]! ^= 1;
    const folder = folderWith({ 'e.csv.gz': wrong });
    expect((await failureOf(readDataset(describeData({ folder, events: 'e.csv.gz' }), needs)))[0]).toMatch(
      /damaged: incorrect data check/,
    );
  });

  it('Parquet that is cut off, or none at all', async () => {
    const folder = folderWith({});
    await parquet(folder, 'e.parquet', 'SELECT i AS "user", i AS item, i AS price FROM range(1000) AS t(i)');
    const { readFileSync } = await import('node:fs');
    const bytes = readFileSync(join(folder, 'e.parquet'));
    for (const content of [
      bytes.subarray(0, bytes.length - 9),
      bytes.subarray(0, 100),
      Buffer.alloc(0),
      Buffer.from('PAR1 is not enough'),
    ]) {
      writeFileSync(join(folder, 'cut.parquet'), content);
      expect((await failureOf(readDataset(describeData({ folder, events: 'cut.parquet' }), needs)))[0]).toMatch(
        /^data-file-damaged at events:cut.parquet: `cut.parquet` is damaged: /,
      );
    }
  });
});

describe('a file of nothing', () => {
  it('has no rows', async () => {
    for (const content of ['user,item,price\n', 'user,item,price']) {
      const folder = folderWith({ 'events.csv': content });
      expect(await failureOf(readDataset(describeData({ folder }), needs))).toEqual([
        'no-rows at events:events.csv: `events.csv` has no rows (name a file that has rows)',
      ]);
    }
    const folder = folderWith({ 'events.csv': csv });
    expect(await failureOf(readDataset(describeData({ folder, where: 'price > 99' }), needs))).toEqual([
      'no-rows at events:events.csv: no row of `events.csv` passes `where` (change the condition of `where`)',
    ]);
  });

  it('has no columns', async () => {
    const folder = folderWith({ 'events.csv': '' });
    expect((await failureOf(readDataset(describeData({ folder }), needs)))[0]).toMatch(
      /^data-file-damaged .*it is empty/,
    );
  });

  it('or of random bytes is an error, not an accident', async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const random = makeRandom(seed, 0);
      const bytes = Buffer.from(Array.from({ length: 20_000 }, () => random.integer(256)));
      for (const name of ['e.csv', 'e.csv.gz', 'e.parquet', 'e.jsonl', 'e.json']) {
        const folder = folderWith({ [name]: bytes });
        expect(await failureOf(readDataset(describeData({ folder, events: name }), needs))).not.toEqual([]);
      }
    }
  });

  it('or whose first line is no UTF-8 says so', async () => {
    const folder = folderWith({ 'e.csv': Buffer.from(`\uFEFF${csv}`, 'utf16le') });
    expect(await failureOf(readDataset(describeData({ folder, events: 'e.csv' }), needs))).toEqual([
      'data-file-shape at events:e.csv: line 1 of `e.csv` cannot be read: it is text in UTF-16, and should be in UTF-8 ' +
        '(correct that line, and save the file as UTF-8)',
    ]);
  });

  it('or of JSON that is no object says so, and a name that no SQL can hold is left out', async () => {
    const line = (more: object) => `${JSON.stringify({ user: 'a', item: 'x', price: 1, ...more })}\n`;
    const folder = folderWith({ 'e.jsonl': `${line({})}[1, 2]\n`, 'zero.jsonl': line({ 'a\0b': 1 }) });
    expect((await failureOf(readDataset(describeData({ folder, events: 'e.jsonl' }), needs)))[0]).toMatch(
      /^too-many-rejected at events:e.jsonl: .*: e.jsonl:2: this is JSON, but not an object with names/,
    );
    expect((await readDataset(describeData({ folder, events: 'zero.jsonl' }), needs)).parts.train.rows).toBe(1);
  });

  it('of no known kind is said', async () => {
    const folder = folderWith({ 'events.xlsx': 'PK' });
    expect((await failureOf(readDataset(describeData({ folder, events: 'events.xlsx' }), needs)))[0]).toMatch(
      /^data-file-kind at events:events.xlsx/,
    );
  });
});

describe('stopping', () => {
  it('throws the reason of the signal', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const folder = folderWith({ 'events.csv': csv });
    await expect(readDataset(describeData({ folder }), needs, { signal: controller.signal })).rejects.toThrow('enough');
  });
});
