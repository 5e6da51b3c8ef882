import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { unrepeatableIn } from '../../../src/compiler/model/resolve/resolve_data.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { isCallable } from '../../../src/data/binding/expression.ts';

const codesOf = (entries: string): [code: string, text: string][] =>
  checkSource(
    makeSource(
      'data.tower',
      `data views {\n  events = "views.csv"\n  split = random(validation: 10%, test: 10%)\n${entries}\n}\n`,
    ),
  ).diagnostics.map(({ code, at }) => [code, at!.source.text.slice(at!.start, at!.end)]);

describe('an expression that gives another value each time', () => {
  it.each([
    ['random()', 'random()'],
    ['CASE WHEN Random ( ) < 0.1 THEN 1 ELSE 0 END', 'random()'],
    ['now() - seen_at', 'now()'],
    ["date_diff('day', seen_at, CURRENT_DATE)", 'current_date'],
    ['uuid()', 'uuid()'],
    ['age(born)', 'age(x)'],
    ['Age (greatest(a, b)) > to_years(3)', 'age(x)'],
    ['age(seen_at, born)', undefined],
    ["age(coalesce(a, ')'), list[1, 2])", undefined],
    ['age + page(born)', undefined],
    ["'random()' || a /* now() */ -- today()", undefined],
    ['"random" + random', undefined],
    ['events.now + t.current_date', undefined],
    ['my_random(a) + randomly(b)', undefined],
    ['hash(user_id) % 10', undefined],
  ])('%s: %s', (expression, found) => {
    expect(unrepeatableIn(expression)).toBe(found);
  });

  it('is a warning at the text, wherever the block has it, and an ignore silences it', () => {
    expect(codesOf('  columns { a = "random()", b = "c + 1" }\n  where = "b < random()"\n  time = "now()"')).toEqual([
      ['unrepeatable-sql', '"random()"'],
      ['unrepeatable-sql', '"b < random()"'],
      ['unrepeatable-sql', '"now()"'],
    ]);
    expect(codesOf('  where = "b < random()" // tower-ignore unrepeatable-sql: a quick look at some rows')).toEqual([]);
  });

  it('calls what DuckDB says is no constant of its arguments', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const query = `SELECT DISTINCT function_name AS name FROM duckdb_functions()
      WHERE (function_type = 'scalar' AND stability <> 'CONSISTENT')
         OR (function_type = 'macro' AND macro_definition LIKE '%current_timestamp%')`;
    const rows = (await connection.runAndReadAll(query)).getRowObjectsJS();
    // `error` gives no value.
    const names = rows.map(({ name }) => String(name)).filter((name) => isCallable(name) && name !== 'error');
    expect(names.filter((name) => !unrepeatableIn(`${name}()`) && !unrepeatableIn(name))).toEqual([]);
    connection.closeSync();
  });
});
