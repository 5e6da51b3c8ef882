/**
 * Ours next to bench/peers/sasrec_torch.py: SASRec on the lines of Amazon Toys, all positions of a user in a row, one drawn negative
 * for each, and as many targets a step as 256 users have. Prints one JSON line. `SEQUENCES=FILE npx tsx bench/sasrec.ts [--seed 1] [--engine NAME] [--precision bf16]`, epochs by `EPOCHS`
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { train } from '../src/app/api/train.ts';
import type { EngineName } from '../src/engines/engine.ts';
import { peakMemory } from './machine.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    engine: { type: 'string' },
    precision: { type: 'string', default: 'float32' },
  },
});
const lines = resolve(process.env.SEQUENCES ?? 'models/data/toys/Toys_and_Games.txt');
const epochs = Number(process.env.EPOCHS ?? 4);

const text = `data toys {
  events = lines("${lines}")
  time = "position"
  columns { user_id = "user", item_id = "item" }
  split = leave_one_out
  history = past(item_id, 50)
}
model sasrec
features {
  user_id : id
  item_id : id(dim: 64)
  history : list(item_id, max: 50, pool: none)
}
tower user(history) keyed by user_id {
  channel main = history -> positions -> dropout(0.2)
    -> transformer(layers: 2, heads: 1, units: 64, dropout: 0.2, norm: before) -> last
}
tower item(item_id) keyed by item_id { channel main = item_id -> flatten }
task next { score = dot(user, item), loss = bce(negatives: sampled(1)) }
train {
  batch = 1440, epochs = ${epochs}, targets = positions, metrics = recall(10)
  dense = adam(rate: 1e-3), embeddings = adam(rate: 1e-3)
}
`;

const folder = mkdtempSync(join(tmpdir(), 'tower-bench-'));
try {
  const model = join(folder, 'sasrec.tower');
  writeFileSync(model, text);
  const engine = values.engine ? { engine: values.engine as EngineName } : {};
  const { records } = await train(model, {
    out: join(folder, 'run'),
    allow: [dirname(lines)],
    set: { seed: Number(values.seed), precision: values.precision },
    ...engine,
  });
  const steady = records.slice(1);
  const seconds =
    steady.reduce((sum, { milliseconds }) => sum + (milliseconds.total ?? 0) - (milliseconds.validation ?? 0), 0) /
    1000;
  const last = records.at(-1)!;
  const figures = {
    name: `tower-sasrec-${values.precision}`,
    examples_s: Math.round(steady.reduce((sum, { rows }) => sum + rows, 0) / seconds),
    step_ms: Number(((1000 * seconds) / (last.step - records[0]!.step)).toFixed(2)),
    recall10: last.validation?.['recall@10'],
    loss: last.loss,
    rss_mib: peakMemory(),
  };
  console.log(JSON.stringify(figures));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
