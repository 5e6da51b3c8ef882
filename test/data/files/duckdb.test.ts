import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { openDatabase, quotePath } from '../../../src/data/files/duckdb.ts';
import { isStuck } from '../../../src/data/files/query_guard.ts';
import { folderWith } from '../fixture.ts';

const endless = 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range * b.range % 7 = 3';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a database', () => {
  it('runs no query once its signal has come, even while it was loaded', async () => {
    const control = new AbortController();
    const opening = openDatabase(control.signal);
    control.abort(new Error('stop'));
    const database = await opening;
    await expect(database.run(endless)).rejects.toThrow('stop');
    database.close();
    expect(isStuck()).toBe(false);
  });
});

describe('a sealed database', () => {
  it('opens no file and no address, loads nothing, and keeps its settings', async () => {
    const folder = folderWith({ 'a.csv': 'x\n1\n' });
    const path = join(folder, 'a.csv');
    const database = await openDatabase();
    try {
      // Before, Tower's own SQL reads files.
      expect(await database.rows(`SELECT x FROM read_csv([${quotePath(path)}])`)).toHaveLength(1);
      await database.seal();
      for (const sql of [
        `SELECT * FROM read_csv('${path}')`,
        `SELECT * FROM '${path}'`,
        `SELECT * FROM read_text('${path}')`,
        `SELECT * FROM glob('${folder}/*')`,
        "SELECT * FROM read_csv('http://127.0.0.1:9/a.csv')",
        "SELECT * FROM read_csv('s3://bucket/a.csv')",
        `SELECT * FROM read_csv('file://${path}')`,
        `COPY (SELECT 1) TO '${path}' (USE_TMP_FILE false)`,
        `ATTACH '${folder}/a.db'`,
        `EXPORT DATABASE '${folder}/out'`,
        'INSTALL httpfs',
        'LOAD httpfs',
        'SET enable_external_access = true',
        `SET allowed_paths = ['${path}']`,
        `SET temp_directory = '${folder}'`,
        'RESET lock_configuration',
      ]) {
        await expect(database.run(sql), sql).rejects.toThrow();
      }
    } finally {
      database.close();
    }
    expect(readdirSync(folder)).toEqual(['a.csv']);
    expect(readFileSync(path, 'utf8')).toBe('x\n1\n');
  });
});

describe('a query', () => {
  it('is interrupted, however long it would take, and reports the reason', async () => {
    const control = new AbortController();
    const database = await openDatabase(control.signal);
    const work = database.rows(endless);
    setTimeout(() => control.abort(new Error('enough')), 50);
    await expect(work).rejects.toThrow('enough');
    await expect(database.rows('SELECT 1')).rejects.toThrow('enough');
    database.close();
    expect(isStuck()).toBe(false);
  });

  it('that begins as the signal comes is interrupted too', async () => {
    const control = new AbortController();
    const database = await openDatabase(control.signal);
    const work = database.rows(endless);
    control.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
    database.close();
  });

  it('that takes more memory than it may is a failure of its own', async () => {
    const database = await openDatabase();
    vi.spyOn(process.memoryUsage, 'rss').mockReturnValue(Number.MAX_SAFE_INTEGER);
    const problem = await database.rows(endless).catch((error: unknown) => error);
    vi.restoreAllMocks();
    expect(problem).toBeInstanceOf(Failure);
    expect((problem as Failure).diagnostics.map(({ code }) => code)).toEqual(['data-memory']);
    database.close();
  });
});

describe('the temporary folder', () => {
  it('is gone with the database', async () => {
    const base = folderWith({});
    vi.stubEnv('TMPDIR', base);
    expect(tmpdir()).toBe(base);
    const database = await openDatabase();
    expect(readdirSync(base)).toHaveLength(1);
    database.close();
    expect(readdirSync(base)).toEqual([]);
  });

  it('may be missing, while memory is enough', async () => {
    vi.stubEnv('TMPDIR', join(folderWith({}), 'none'));
    const database = await openDatabase();
    expect(await database.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    database.close();
    expect(existsSync(tmpdir())).toBe(false);
  });
});
