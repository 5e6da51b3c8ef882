import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { checkHeaders } from '../../../src/data/binding/bind.ts';
import { makeBinder } from '../../../src/data/binding/binder.ts';
import { findReads, isCallable, refusalOf } from '../../../src/data/binding/expression.ts';
import { type Database, openDatabase } from '../../../src/data/files/duckdb.ts';
import { isStuck } from '../../../src/data/files/query_guard.ts';
import fc from '../../fast_check.ts';
import { type Block, describeData, folderWith, needsOf, vocabulary } from '../fixture.ts';

let database: Database;
beforeAll(async () => {
  database = await openDatabase();
  await database.seal();
});
afterAll(() => database.close());

/** Why an expression is refused, or what DuckDB's parser says of it. */
const refusal = (expression: string): Promise<string | undefined> =>
  refusalOf(database, expression).catch((error: Error) => error.message);

describe('an expression', () => {
  it.each([
    'rating >= 4',
    '"user id"',
    'events.price',
    "string_split(genres, '|')",
    'arg_max(movieId, (timestamp, movieId)) OVER (PARTITION BY userId ORDER BY timestamp RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)',
    "CASE WHEN date < '0525' THEN 'train' ELSE 'test' END",
    "dayname(strptime('2001' || date, '%Y%m%d%H%M'))",
    'list_transform(tags, lambda x: lower(x))',
    'list_transform(tags, x -> lower(x))',
    '[x + 1 for x in sizes if x > 1]',
    "{'a': 1}.a",
    "MAP {'a': 1}['a']",
    'TRY_CAST(price AS STRUCT(a INTEGER, b VARCHAR[]))',
    "CAST(size AS ENUM('s', 'm'))",
    'TRY(price / 0)',
    'price BETWEEN 1 AND 2 AND NOT (a IS NULL OR b IN (1, 2))',
    "title COLLATE nocase LIKE 'a%'",
    "DATE '2020-01-01' + INTERVAL 1 DAY",
    'extract(year FROM published) -- a comment\n',
    'price /* a comment */',
    'count(*) OVER (PARTITION BY user)',
    'row_number() OVER (ORDER BY time)',
    'tags[1:2]',
    '(SELECT max(price) FROM items)',
    '(SELECT count(*) FROM events AS other WHERE other.user = events.user)',
    'item IN (SELECT item FROM items UNION SELECT user FROM users)',
    '(SELECT max(x) FROM (SELECT unnest(tags) AS x))',
    '1e400',
    'ARRAY(SELECT x FROM unnest(tags) AS t(x) ORDER BY x LIMIT 3)',
    "'; DROP TABLE events; --'",
    '$$a quoted text; (with) anything$$',
    'random',
    'current_date - published',
  ])('may be %s', async (expression) => {
    expect(await refusal(expression)).toBeUndefined();
  });

  it.each([
    // Several statements, or another kind of one.
    ["1); COPY (SELECT 1) TO 'x.json' (FORMAT json, USE_TMP_FILE false); SELECT (name", /syntax error/],
    ['a; SELECT 1', /several statements/],
    ["a; COPY (SELECT 1) TO 'x'", /statement/],
    ["a; ATTACH 'x.db'", /statement/],
    ['a; INSTALL httpfs; LOAD httpfs', /statement/],
    ['a; SET threads = 1', /statement/],
    ['a; PRAGMA version', /statement/],
    ['a; CREATE MACRO f() AS 1', /statement/],
    ['(PIVOT events ON user USING count(*))', /statement/],
    // No expression when it is alone, or none when it is enclosed.
    ['1) + (2', /syntax error/],
    ['1)) + ((2', /syntax error/],
    ['ALL a', /syntax error/],
    ['DISTINCT a', /query/],
    ['a, b', /2 values/],
    ['a AS b', /names its value/],
    ['a b', /names its value/],
    ['a FROM events', /query/],
    ['a WHERE true', /query/],
    ['a UNION SELECT 1', /query/],
    ['a ORDER BY b', /query/],
    ['a LIMIT 1', /query/],
    ['a GROUP BY b', /query/],
    ['a QUALIFY true', /query/],
    ['a /* not closed', /unterminated/],
    ['a) -- ', /syntax error/],
    ['*', /several values/],
    ['events.*', /several values/],
    ["COLUMNS('a.*')", /several values/],
    ['struct_pack(*COLUMNS(*))', /several values/],
    ['unnest(CASE WHEN a IS NULL THEN [1] ELSE [1, 2] END)', /several rows for one/],
    ['UNLIST(tags) + 1', /several rows for one/],
    ['[generate_subscripts(tags, 1)]', /several rows for one/],
    ["regexp_split_to_table(a, ',')", /several rows for one/],
    ['$1', /PARAMETER/],
    ['?', /PARAMETER/],
    ['#1', /POSITIONAL/],
    ['DEFAULT', /DEFAULT/],
    ['a\0; b', /zero byte/],
    // Other tables.
    ["(SELECT max(a) FROM 'secret.csv')", /and not `secret.csv`/],
    ['(SELECT max(a) FROM "secret.csv")', /and not `secret.csv`/],
    ['(FROM "/etc/passwd")', /and not/],
    ['(TABLE duckdb_settings)', /and not `duckdb_settings`/],
    ['(SELECT 1 FROM information_schema.tables)', /and not `tables`/],
    ['(SELECT 1 FROM main.events)', /and not/],
    ['(SELECT 1 FROM temp.events)', /and not/],
    ['a IN (SELECT b FROM rejects_events_0)', /and not/],
    ['(SELECT 1 FROM events JOIN pg_settings ON true)', /and not/],
    ['(SELECT 1 FROM events, (SELECT 1 FROM "x.csv"))', /and not/],
    ['(SELECT 1 FROM events AT (VERSION => 1))', /and not/],
    ['(WITH x AS (SELECT 1) SELECT * FROM x)', /WITH/],
    ['(WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT max(n) FROM x)', /./],
    ['(DESCRIBE events)', /SHOW/],
    ['(SHOW TABLES)', /SHOW/],
    ['(SUMMARIZE events)', /SHOW/],
    // Functions that give rows.
    ["(FROM read_csv('x.csv'))", /function `read_csv`/],
    ["(FROM read_text('/etc/passwd'))", /function `read_text`/],
    ['(FROM "read_text"(\'/etc/passwd\'))', /function `read_text`/],
    ["(FROM main.read_text('x'))", /function `read_text`/],
    ["(FROM glob('*'))", /function `glob`/],
    ["(FROM query('SELECT 1'))", /function `query`/],
    ["(FROM query_table('events'))", /function `query_table`/],
    ['(FROM duckdb_settings())', /function `duckdb_settings`/],
    ["(FROM pragma_table_info('events'))", /function `pragma_table_info`/],
    ["(FROM sniff_csv('x'))", /function `sniff_csv`/],
    ["(FROM json_execute_serialized_sql('{}'))", /function `json_execute/],
    ['(SELECT x FROM events, LATERAL (SELECT x FROM parquet_metadata(user)))', /function `parquet_metadata`/],
    // Functions that give a value.
    ["getenv('HOME')", /`getenv` reads/],
    ["current_setting('threads')", /`current_setting` reads/],
    ["CURRENT_SETTING('threads')", /`current_setting` reads/],
    ["getvariable('x')", /`getvariable` reads/],
    ['current_query()', /reads/],
    ['version()', /reads/],
    ["nextval('x')", /reads/],
    ["write_log('x')", /reads/],
    ['sleep_ms(100000)', /reads/],
    ['pg_sleep(1000)', /reads/],
    ["json_serialize_sql('SELECT 1')", /reads/],
    ['list_transform(tags, x -> getenv(x))', /`getenv` reads/],
    ['sum(getenv(a)) OVER (PARTITION BY b)', /`getenv` reads/],
    ["sum(a) OVER (PARTITION BY current_setting('x'))", /reads/],
    ["count(*) FILTER (WHERE getenv('x') = '')", /`getenv` reads/],
    ["array_agg(a ORDER BY getenv('x'))", /`getenv` reads/],
    ["(SELECT 1 FROM events LIMIT getenv('x'))", /`getenv` reads/],
    ["(SELECT DISTINCT ON (getenv('x')) 1 FROM events)", /`getenv` reads/],
    ["(VALUES (getenv('x')))", /`getenv` reads/],
    ['system.main.lower(a)', /in a schema/],
    ['other.f(a)', /in a schema/],
  ])('may not be %s', async (expression, why) => {
    expect(await refusal(expression)).toMatch(why);
  });

  it.each([
    ['price / (SELECT max(price) FROM items)', ['items'], false, ['price']],
    ['(SELECT count(*) FROM Events JOIN items USING (item))', ['events', 'items'], false, [], 'all'],
    ["'*' || price || items.price", [], false, ['price']],
    ['items::VARCHAR', [], true, ['items']],
    ['(SELECT #2 FROM items LIMIT 1)', ['items'], true, []],
    ['(SELECT max(b) FROM items AS t(a, b))', ['items'], true, []],
    ['(SELECT t::VARCHAR FROM items AS t LIMIT 1)', ['items'], true, []],
    ['(SELECT max(x) FROM (SELECT * FROM users) AS t(x, y))', ['users'], true, []],
    ['(SELECT count(*) FROM items NATURAL JOIN users)', ['items', 'users'], true, []],
  ] as const)('%s reads', async (expression, tables, readsUnnamed, ownColumns, ...[rowsBeyond]) => {
    const reads = { tables, readsUnnamed, usesWindows: false, mayBeEndless: false, ownColumns, rowsBeyond };
    expect(await findReads(database, expression)).toEqual(reads);
  });

  it('may have a window over other rows', async () => {
    const reads = await findReads(database, 'coalesce(lag(price) OVER (ORDER BY item), 0)');
    expect(reads).toEqual({ tables: [], readsUnnamed: false, usesWindows: true, mayBeEndless: false, ownColumns: [] });
  });

  it('that does not end for its one row is a mistake of its own', async () => {
    const own = await openDatabase();
    const column = { name: 'user', type: 'VARCHAR', mixed: false };
    const described = { path: 'events.csv', span: describeData({ folder: '.' }).span };
    const empty = { opened: new Map(), stamps: new Map() };
    const source = { role: 'events', described, files: [], columns: [column], ...empty } as const;
    const binder = await makeBinder(own, new Map([['events', source]]), 50);
    const expression =
      '(SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range * b.range % 7 = 3)';
    const request = {
      what: 'feature',
      name: 'user',
      kind: 'number',
      scopes: [['events']],
      span: described.span,
    } as const;
    await expect(binder.bind({ ...request, expression })).rejects.toThrow(
      'one row of it takes longer than 0.05 seconds',
    );
    own.close();
  });

  // Such a query cannot be ended, so the process could only be killed.
  it.each([
    ['list_sum(list_transform(range(300000000), x -> x * 2))', 'HUGEINT'],
    ['list_sum(generate_series(0, 1000000000))', 'HUGEINT'],
    ["strlen(repeat('a', 2000000000))", 'BIGINT'],
  ])('whose one value may be endless is not computed: %s', async (expression, type) => {
    const own = await openDatabase();
    const described = { path: 'events.csv', span: describeData({ folder: '.' }).span };
    const empty = { opened: new Map(), stamps: new Map() };
    const columns = [{ name: 'user', type: 'VARCHAR', mixed: false }];
    const source = { role: 'events', described, files: [], columns, ...empty } as const;
    const binder = await makeBinder(own, new Map([['events', source]]), 50);
    const request = {
      what: 'feature',
      name: 'user',
      kind: 'number',
      scopes: [['events']],
      span: described.span,
    } as const;
    expect(await binder.bind({ ...request, expression })).toMatchObject({ column: { type } });
    const sorted = await binder.bind({ ...request, expression: 'len(list_sort(range(100000000)))' });
    expect(sorted).toMatchObject({ diagnostic: { code: 'sql-fails' } });
    own.close();
    expect(isStuck()).toBe(false);
  });

  it('of the shipped data blocks may run', async () => {
    for (const name of [
      'cranfield',
      'flights',
      'movielens',
      'movielens_next',
      'msweb',
      'restaurants',
      'wordnet',
      'toys',
      'lastfm',
    ]) {
      const path = `models/data/${name}.tower`;
      const [block] = checkSource(makeSource(path, readFileSync(path, 'utf8'))).dataDescriptions;
      const { columns, where, time } = block!;
      for (const each of [...columns, where, time]) {
        if (each !== undefined)
          expect([each.expression, await refusal(each.expression)]).toEqual([each.expression, undefined]);
      }
    }
  });

  it('that passes is one expression wherever it is put: nothing escapes its parentheses', async () => {
    const pieces = [
      'a',
      '1',
      ')',
      '(',
      '--',
      '/*',
      '*/',
      ';',
      "'",
      '"',
      '$$',
      ',',
      '\n',
      'FROM',
      'events',
      'AS',
      'SELECT',
      '+',
      'lower',
      'OVER',
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...pieces), { maxLength: 7 }), async (chosen) => {
        const expression = chosen.join(' ');
        if ((await refusal(expression)) !== undefined) return;
        const [row] = await database.rows(
          `SELECT json_serialize_sql(${`'SELECT 1, (${expression.replaceAll("'", "''")}\n), 2'`}) AS tree`,
        );
        const { error, statements } = JSON.parse(String(row!.tree));
        expect([error, statements?.length, statements?.[0].node.select_list.length]).toEqual([false, 1, 3]);
      }),
      { numRuns: 300, seed: 4 },
    );
  });
});

describe('the functions', () => {
  it('that DuckDB has are all looked at: none that reads more than its arguments may be called', async () => {
    const connection = await (await DuckDBInstance.create()).connect();
    const answer = await connection.runAndReadAll(
      `SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate', 'macro') ORDER BY name`,
    );
    connection.closeSync();
    const names = answer.getRowObjectsJS().map(({ name }) => String(name));
    const listed = names.filter((name) => isCallable(name) && !name.startsWith('icu_collate_')).join('\n');
    const path = 'test/data/callable_functions.txt';
    if (process.env.UPDATE) writeFileSync(path, `${listed}\n`);
    // A new name here is a function of a new DuckDB. Read what it does before it may be called.
    expect(`${listed}\n`).toBe(readFileSync(path, 'utf8'));
    expect(names.filter((name) => !isCallable(name))).toContain('current_setting');
  });
});

describe('a data block of a hostile author', () => {
  const secret = 'a\n1\n';
  const plain = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });
  const hostile = "1); COPY (SELECT 1) TO 'FOLDER/secret.csv' (USE_TMP_FILE false); SELECT (user";
  const readers = [
    hostile,
    "(SELECT max(a) FROM read_csv('FOLDER/secret.csv'))",
    "(SELECT max(a) FROM 'FOLDER/secret.csv')",
  ];

  it.each(['columns', 'where', 'time'] as const)('changes and reads nothing through %s', async (entry) => {
    for (const text of readers) {
      const folder = folderWith({ 'events.csv': 'user,item\na,x\nb,y\n', 'secret.csv': secret });
      const expression = text.replaceAll('FOLDER', folder);
      const block: Block = {
        folder,
        ...(entry === 'columns' ? { columns: { user: expression } } : { [entry]: expression }),
      };
      const said = await checkHeaders(describeData(block), plain);
      expect(said.map(({ code }) => code).filter((code) => code !== 'sql-refused' && code !== 'sql-fails')).toEqual([]);
      expect(said.length).toBeGreaterThan(0);
      expect(readFileSync(join(folder, 'secret.csv'), 'utf8')).toBe(secret);
    }
  });
});
