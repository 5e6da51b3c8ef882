/**
 * Ours on MovieLens, next to bench/peers/*.py: the whole command as a user would run it — check, read, train, write the model — and then
 * the full-corpus recall, in one process of the built program. Prints one JSON line. `node bench/movielens.mjs [--seed 1] [--engine NAME] [--precision bf16]`
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { evaluate, load, train } from '../dist/api.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    engine: { type: 'string' },
    precision: { type: 'string', default: 'float32' },
    batch: { type: 'string', default: '1024' },
    epochs: { type: 'string', default: '10' },
  },
});
const files = resolve(process.env.ML_DIR ?? 'models/data/movielens');
const folder = mkdtempSync(join(tmpdir(), 'tower-bench-'));
const data = join(folder, 'movielens.tower');
// The peers' rules: the last tenth of the ratings in time is the test part, the rest is for training, and what a user has rated is ranked too.
writeFileSync(
  data,
  `data movielens {
  events = "${files}/ratings.csv"
  items  = "${files}/movies.csv" by movie_id
  columns {
    user_id  = "userId"
    movie_id = "movieId"
    genres   = "string_split(genres, '|')"
  }
  time    = "timestamp"
  history = past(movie_id, 50)
  split   = by_time(validation: 0%, test: 10%)
  seen    = kept
}
`,
);
const out = join(folder, 'run');
const engine = values.engine ? { engine: values.engine } : {};
let ready = 0;
let first = 0;
let stepped = 0;
const numbers = { seed: Number(values.seed), batch: Number(values.batch), epochs: Number(values.epochs) };
const { records, engine: used } = await train('bench/models/movielens.tower', {
  data,
  out,
  ...engine,
  allow: [files],
  set: { ...numbers, precision: values.precision },
  onReady: () => {
    ready = performance.now();
  },
  onEvent: ({ kind }) => {
    if (kind === 'started') first = performance.now();
    if (kind === 'step' && stepped === 0) stepped = performance.now();
  },
});
const trained = performance.now();
const { rows } = await evaluate(await load(out, { ...engine, allow: [files] }), { baselines: false });
const evaluated = performance.now();

const steady = records.slice(1);
const sum = (of) => steady.reduce((total, record) => total + of(record), 0);
const steps = sum(({ rows: count }) => Math.ceil(count / numbers.batch));
const each = (of) => Number((sum(of) / steps).toFixed(3));
const memory = Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024);
console.log(
  JSON.stringify({
    name: `tower-${used.name}-${values.precision}`,
    examples_s: Math.round((1000 * sum((record) => record.rows)) / sum((record) => record.milliseconds.total)),
    step_ms: each((record) => record.milliseconds.total),
    engine_ms: each((record) => record.milliseconds.engine),
    feed_ms: each((record) => record.milliseconds.feed),
    scatter_ms: each((record) => record.milliseconds.scatter),
    ready_s: Number((ready / 1000).toFixed(2)),
    started_s: Number((first / 1000).toFixed(2)),
    // Events come some twenty times a second: the first of a step is after it.
    first_step_s: Number((stepped / 1000).toFixed(2)),
    trained_s: Number((trained / 1000).toFixed(2)),
    evaluate_s: Number(((evaluated - trained) / 1000).toFixed(2)),
    recall10: rows[0].all['recall@10'],
    recall50: rows[0].all['recall@50'],
    rss_mib: memory,
  }),
);
rmSync(folder, { recursive: true });
