/**
 * Training rows in shards next to rows in memory: pass rates, examples a second, and the most memory that the process held. Each way is a
 * process of its own; `--rounds` takes the ways in turns. `tsx bench/shards.ts ROWS [--memory 2G] [--ways memory,shards] [--rounds 1] [--history] [--epochs 1] [--folder /tmp/shards-bench]`
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { PassEvent } from '../src/app/api/shards.ts';
import { train } from '../src/app/api/train.ts';
import { quoteText } from '../src/base/text/sql.ts';
import { openDatabase } from '../src/data/files/duckdb.ts';
import type { EngineName } from '../src/engines/engine.ts';
import { peakMemory } from './machine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    memory: { type: 'string', default: '2G' },
    ways: { type: 'string', default: 'memory,shards' },
    folder: { type: 'string', default: '/tmp/shards-bench' },
    history: { type: 'boolean', default: false },
    epochs: { type: 'string', default: '1' },
    batch: { type: 'string', default: '4096' },
    engine: { type: 'string' },
    rounds: { type: 'string', default: '1' },
    way: { type: 'string' },
  },
});
const rows = Number(positionals[0] ?? 1e6);
const folder = join(values.folder, String(rows));

if (values.way === undefined) {
  await generate();
  const turns = Array.from({ length: Number(values.rounds) }, () => values.ways.split(',')).flat();
  for (const way of turns) {
    const run = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1), '--way', way], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (run.status !== 0) console.log(JSON.stringify({ way, rows, failed: run.status ?? run.signal }));
  }
} else await measure(values.way);

/** Events in the order of time; items as often as 1 ÷ (rank + 100), about. */
async function generate(): Promise<void> {
  const [events, data, model] = ['events.parquet', 'data.tower', 'model.tower'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(folder, { recursive: true });
  const [users, items] = [
    Math.max(1000, Math.floor(rows / 50)),
    Math.max(1000, Math.min(200_000, Math.floor(rows / 100))),
  ];
  if (!existsSync(events)) {
    const database = await openDatabase();
    const draw = `least(${items} - 1, CAST(floor(100 * (pow(${items} / 100 + 1, random()) - 1)) AS INTEGER))`;
    await database.run('SET threads = 1');
    await database.run('SELECT setseed(0.5)');
    await database.run(
      `COPY (SELECT 'u' || CAST(floor(random() * ${users}) AS INTEGER) AS user_id, 'i' || ${draw} AS item_id,
       i AS time FROM range(${rows}) AS all_rows(i)) TO ${quoteText(events)} (FORMAT parquet)`,
    );
    database.close();
  }
  const history = values.history ? '\n  history = past(item_id, 20)' : '';
  writeFileSync(
    data,
    `data made {\n  events = "events.parquet"\n  time = "time"${history}\n  split = by_time(validation: 0.001, test: 0.001)\n}\n`,
  );
  const [feature, group, channel] = values.history
    ? ['\n  history : list(item_id, max: 20, pool: mean)', ', history', 'flatten -> mlp(64, 32)']
    : ['', '', 'flatten'];
  writeFileSync(
    model,
    `model made
features {
  user_id : id(dim: 32)${feature}
  item_id : id(dim: 32)
}
group person = user_id${group}
group thing = item_id
tower user(person) keyed by user_id { channel main = person -> ${channel} }
tower item(thing) keyed by item_id { channel main = thing -> flatten }
task watch {
  score = cosine(user, item)
  loss = softmax(in_batch, temperature: 0.05)
}
train { batch = ${values.batch}, epochs = ${values.epochs} }
`,
  );
}

async function measure(way: string): Promise<void> {
  const started = performance.now();
  const passes = new Map<string, { from: number; to: number }>();
  const onPass = ({ pass }: PassEvent): void => {
    const now = performance.now();
    const known = passes.get(pass);
    if (known) known.to = now;
    else passes.set(pass, { from: now, to: now });
  };
  const out = join(folder, 'runs', way);
  const shards = join(folder, 'shards');
  rmSync(shards, { recursive: true, force: true });
  let ready = 0;
  let cpu = process.cpuUsage();
  const before = { rss: 0 };
  const { records } = await train(join(folder, 'model.tower'), {
    ...{ data: join(folder, 'data.tower'), out, force: true, seed: 1, onPass, shards },
    memory: way === 'memory' ? '1T' : values.memory,
    onDecision({ rows: where }) {
      if (where !== way) throw new Error(`the rows fit in ${values.memory}: give more rows, or less memory`);
    },
    ...(values.engine ? { engine: values.engine as EngineName } : {}),
    onReady() {
      ready = performance.now() - started;
      cpu = process.cpuUsage();
      before.rss = peakMemory();
    },
  });
  // On a busy machine the clock says little: these are seconds of the processor, validation included.
  const { user, system } = process.cpuUsage(cpu);
  const trained = records.reduce((sum, each) => sum + each.rows, 0);
  const bytes = way === 'shards' && existsSync(shards) ? sizeOf(shards) : 0;
  console.log(
    JSON.stringify({
      ...{ way, rows, memory: way === 'memory' ? undefined : values.memory, history: values.history },
      examplesPerSecond: records.map(({ examplesPerSecond }) => Math.round(examplesPerSecond)),
      perProcessorSecond: Math.round((1e6 * trained) / (user + system)),
      readSeconds: +(ready / 1000).toFixed(1),
      rowsPerSecond: Object.fromEntries(
        [...passes].map(([pass, { from, to }]) => [pass, Math.round((1000 * rows) / Math.max(1, to - from))]),
      ),
      peakWhileReading: before.rss,
      peakMemory: peakMemory(),
      ...(bytes > 0 ? { bytesPerRow: +(bytes / rows).toFixed(1) } : {}),
    }),
  );
}

function sizeOf(path: string): number {
  const found = statSync(path);
  return found.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : found.size;
}
