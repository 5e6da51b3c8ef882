/**
 * `tower evaluate` at the size of Gowalla: 30,000 users with seven test events each, asked one by one among all 41,000 items, vectors of 64
 * numbers, what a user had in training left out. What is measured does not depend on what the model learned, so it trains one epoch.
 * `npm run bench -- evaluation`, or `npx tsx bench/evaluation.ts [--rounds=3] [--engine=onnx]`
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluate, load, train } from '../src/api.ts';
import { makeRandom } from '../src/base/random/random.ts';
import { engineOption } from './engine_option.ts';
import { describeMachine, range } from './machine.ts';

const rounds = Number(process.argv.find((argument) => argument.startsWith('--rounds='))?.split('=')[1] ?? 3);
const engine = engineOption();
const [users, items, trained, tested] = [30_000, 41_000, 27, 7];

const model = `model factors
features {
  user_id : id(dim: 64)
  item_id : id(dim: 64)
}
tower user(user_id) keyed by user_id { channel main = user_id -> flatten }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten }
task like { score = cosine(user, item), loss = softmax(negatives: sampled(256, shared), temperature: 0.1) }
train { batch = 4096, epochs = 1, embeddings = adam(rate: 1e-2), metrics = recall(20), ndcg(20) }
`;
const data = `data lines {
  events   = lines("train.txt")
  columns { user_id = "events.user", item_id = "item" }
  split    = files(test: "test.txt")
  evaluate = per_user
  seen     = excluded
}
`;

const folder = mkdtempSync(join(tmpdir(), 'tower-bench-'));
try {
  const random = makeRandom(5);
  const lines: Record<'train' | 'test', string[]> = { train: [], test: [] };
  for (let user = 0; user < users; user++) {
    const had = new Set<number>();
    while (had.size < trained + tested) had.add(Math.floor(items * random.next() ** 2));
    const all = [...had];
    lines.train.push([user, ...all.slice(0, trained)].join(' '));
    lines.test.push([user, ...all.slice(trained)].join(' '));
  }
  for (const [name, of] of Object.entries(lines)) writeFileSync(join(folder, `${name}.txt`), `${of.join('\n')}\n`);
  writeFileSync(join(folder, 'lines.tower'), data);
  writeFileSync(join(folder, 'factors.tower'), model);
  await train(join(folder, 'factors.tower'), { data: join(folder, 'lines.tower'), out: join(folder, 'run'), engine });
  const run = await load(join(folder, 'run'), { engine });
  const [wall, processor]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    const began = performance.now();
    await evaluate(run, { baselines: false });
    wall.push((performance.now() - began) / 1000);
    const { user, system } = process.cpuUsage(before);
    processor.push((user + system) / 1e6);
  }
  console.log(`${users} users × ${items} items, width 64, recall and ndcg at 20: ${describeMachine()}`);
  console.log(`  ${range(wall)} s, ${range(processor)} s of the processor (goal: 10 s)`);
} finally {
  rmSync(folder, { recursive: true });
}
