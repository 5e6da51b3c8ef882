/**
 * What a worker takes for rows that are not its own: it reads all shards, draws the order of all rows, and fills what a step needs of the whole batch.
 * Seconds of a processor, without any engine: `tsx bench/worker_reading.ts ROWS [--features 20] [--history] [--memory 812M] [--batch 4096] [--workers 32]`
 */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkAndLower } from '../src/app/api/check.ts';
import { shardRequest } from '../src/app/api/shards.ts';
import { quoteText } from '../src/base/text/sql.ts';
import { openDatabase } from '../src/data/files/duckdb.ts';
import { readDataset } from '../src/data/read_dataset.ts';
import { makeFeeder } from '../src/training/feed/feeder.ts';
import { ShardStream } from '../src/training/shards/feed.ts';
import { epochUnits } from '../src/training/shards/units.ts';
import { tablesOf } from '../src/training/training_step.ts';
import { describeMachine } from './machine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    features: { type: 'string', default: '20' },
    history: { type: 'boolean', default: false },
    memory: { type: 'string', default: '812M' },
    batch: { type: 'string', default: '4096' },
    workers: { type: 'string', default: '32' },
    folder: { type: 'string', default: '/tmp/worker-reading' },
  },
});
const [rows, features, batch, workers] = [positionals[0] ?? 5e6, values.features, values.batch, values.workers].map(
  Number,
) as [number, number, number, number];
const names = Array.from({ length: features }, (_, at) => `f${at}`);
const folder = join(values.folder, `${rows}-${features}${values.history ? '-history' : ''}`);
const [model, data, events] = ['model.tower', 'data.tower', 'events.parquet'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];

await generate();
console.log(describeMachine());
const { data: block, lowered } = await checkAndLower(model, { data });
const { plan } = lowered;
/** The last of them also reads the first shards of the next one. */
const epochs = 2;
const shardSizes = { piles: 40, held: 10 };
const shardsOf = { memory: values.memory, shards: join(folder, 'shards'), shardSizes };
const request = await shardRequest(plan, shardsOf, folder, 'always');
const dataset = await readDataset(block!.description, plan, { shards: request });
const shards = dataset.shards!;
const microseconds = (used: NodeJS.CpuUsage, count: number): number => (used.user + used.system) / count;
const say = (what: string, value: number): void => console.log(`${what}: ${value.toFixed(3)} µs of a processor a row`);

console.log(`${shards.piles.length} shards, of which ${shards.layout.held} are held`);
let at = process.cpuUsage();
for (const pile of shards.piles.keys()) await shards.read([pile]);
say('reading, checksum and columns', microseconds(process.cpuUsage(at), rows));

const tables = tablesOf({ plan, dataset });
const feederOf = (share?: { rank: number; workers: number }) => {
  let feeder: ReturnType<typeof makeFeeder> | undefined;
  const { step, features, train } = plan;
  // The plan of one process over so many rows would not fit: its scores are rows × rows.
  const ownTrain = { ...train, batch: batch * (share?.workers ?? 1) };
  const stream = new ShardStream(shards, epochUnits({ ...plan, train: ownTrain }, dataset.parts.train), 1, (held) => {
    feeder?.close();
    const { corpus } = dataset;
    const options = { plan: step, events: held, corpus, features, tables, seed: 1, batch: ownTrain.batch };
    feeder = makeFeeder({ ...options, share });
  });
  return { stream, feeder: () => feeder!, rows: epochs * stream.steps * ownTrain.batch };
};
for (const share of [undefined, { rank: Math.floor(workers / 2), workers }]) {
  const { stream, feeder, rows: taken } = feederOf(share);
  const [ordering, filling] = [
    { user: 0, system: 0 },
    { user: 0, system: 0 },
  ];
  const add = (sum: NodeJS.CpuUsage, { user, system }: NodeJS.CpuUsage): void => {
    sum.user += user;
    sum.system += system;
  };
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (let step = 0; step < stream.steps; step++) {
      at = process.cpuUsage();
      const batchRows = await stream.batch(epoch, step);
      add(ordering, process.cpuUsage(at));
      at = process.cpuUsage();
      feeder().inputs(batchRows, step, { rate: 0 });
      add(filling, process.cpuUsage(at));
    }
  }
  const who = share ? `one of ${workers} workers` : 'one process';
  say(`${who}, reading and order`, microseconds(ordering, taken));
  say(`${who}, inputs of steps`, microseconds(filling, taken));
}

/** Half of the features are of the user, half of the item, as in \`bench/worker_wire.ts\`. */
async function generate(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(events)) {
    const database = await openDatabase();
    await database.run('SET threads = 1');
    await database.run('SELECT setseed(0.5)');
    // Features of an item depend on it.
    const columns = names.map(
      (name, at) =>
        `CAST(${at % 2 === 0 ? 'floor(random() * 100000)' : `(item * ${at}) % 99991`} AS INTEGER) AS ${name}`,
    );
    const drawn = `SELECT i, CAST(floor(random() * 99991) AS INTEGER) AS item FROM range(${rows}) AS all_rows(i)`;
    await database.run(
      `COPY (SELECT ${columns.join(', ')}, i AS time FROM (${drawn})) TO ${quoteText(events)} (FORMAT parquet)`,
    );
    database.close();
  }
  const history = values.history ? '\n  history = past(f1, 20)' : '';
  writeFileSync(
    data,
    `data made {\n  events = "events.parquet"\n  time = "time"${history}\n  split = by_time(validation: 0.001, test: 0.001)\n}\n`,
  );
  const tower = (name: string, own: readonly string[]): string =>
    `group of_${name} = ${own.join(', ')}\ntower ${name}(of_${name}) keyed by ${own[0]} { channel main = of_${name} -> flatten -> mlp(256, 128, 64) }`;
  const [ofUser, ofItem] = [0, 1].map((side) => names.filter((_, place) => place % 2 === side));
  const list = values.history ? '\n  history : list(f1, max: 20, pool: mean)' : '';
  writeFileSync(
    model,
    `model made
features {
${names.map((name) => `  ${name} : id(hash: 100_000, dim: 16)`).join('\n')}${list}
}
${tower('user', [...ofUser!, ...(values.history ? ['history'] : [])])}
${tower('item', ofItem!)}
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
train { batch = ${batch}, epochs = 1, embeddings = adagrad(rate: 0.05, per: row) }
`,
  );
}
