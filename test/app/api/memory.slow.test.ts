/** A process stays within the memory that it was allowed, its engine included. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { copyToParquet, openDatabase } from '../../../src/data/files/duckdb.ts';
import { memoryOf } from '../../../src/data/files/query_guard.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
const at = (name: string): string => join(root, name);

/** What a process may take beyond its memory: garbage that is not collected yet. */
const tolerance = 1.15;

it.skipIf(process.platform !== 'linux')(
  'training holds little more than `--memory`, from the least up',
  async () => {
    const script = join('node_modules', '.cache', `memory_child-${process.pid}.mjs`);
    const bundle = { bundle: true, format: 'esm', platform: 'node', packages: 'external' } as const;
    await build({ entryPoints: ['test/app/api/memory_child.ts'], outfile: script, ...bundle });
    const database = await openDatabase();
    const columns = "'u' || hash(i) % 20000 AS user_id, 'i' || hash(i + 1) % 10000 AS item_id, i AS time";
    await copyToParquet(database, at('events.parquet'), `SELECT ${columns} FROM range(1_200_000) AS all_rows(i)`);
    database.close();
    writeFileSync(
      at('data.tower'),
      'data made { events = "events.parquet", time = "time", split = by_time(validation: 0.001, test: 0.001) }',
    );
    writeFileSync(
      at('model.tower'),
      `model made
features { user_id: id(dim: 16), item_id: id(dim: 16) }
tower user(user_id) keyed by user_id { channel main = user_id -> flatten }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05) }
train { batch = 1024, epochs = 1 }
`,
    );
    const trained = (memory: string): { readonly peak: number; readonly rows: string } => {
      const args = [script, at('model.tower'), at('data.tower'), at(memory), memory];
      const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect(stderr).toBe('');
      return JSON.parse(stdout);
    };
    for (const [memory, rows] of [
      ['576M', 'shards'],
      ['768M', 'memory'],
    ] as const) {
      const ended = trained(memory);
      expect(ended.rows).toBe(rows);
      expect(ended.peak, memory).toBeLessThan(tolerance * memoryOf(memory)!);
    }
    rmSync(script);
  },
  120_000,
);
