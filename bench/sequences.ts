/**
 * Seconds an epoch of models over sequences: the lines of `Toys_and_Games.txt` (Amazon Toys, 5-core, 19,412 users, 11,924 items), all
 * positions of a user in one row, softmax over all items. Processor seconds change less with what else the machine does.
 * `TOWER_DATA=FOLDER npx tsx bench/sequences.ts [--epochs=3] [--engine=onnx] [model …]`, with `FOLDER/toys/Toys_and_Games.txt`
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { train } from '../src/app/api/train.ts';
import type { EngineName } from '../src/engines/engine.ts';
import { describeMachine, range } from './machine.ts';

const lines = resolve(process.env.TOWER_DATA ?? 'models/data', 'toys/Toys_and_Games.txt');
if (!existsSync(lines)) {
  console.error(`${lines} is not there: TOWER_DATA names the folder that has toys/Toys_and_Games.txt`);
  process.exit(1);
}
const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split('=')[1];
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));

const flows: Readonly<Record<string, string>> = {
  sasrec:
    'history -> dropout(0.4) -> positions -> transformer(layers: 2, heads: 2, dropout: 0.4, activation: gelu, norm: before) -> last',
  hstu: 'history -> positions -> hstu(layers: 2, heads: 2, dropout: 0.4) -> last',
  gru: 'history -> gru(64)',
};

const text = (name: string): string => `data toys {
  events = lines("${lines}")
  time = "position"
  columns { user_id = "user", item_id = "item" }
  split = leave_one_out
  history = past(item_id, 50)
}
model ${name}
features {
  user_id : id
  item_id : id(dim: 64)
  history : list(item_id, max: 50, pool: none)
}
tower user(history) keyed by user_id { channel main = ${flows[name]} }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten }
task next { score = cosine(user, item), loss = softmax(all, temperature: 0.07) }
train {
  batch = 1024, epochs = ${option('epochs') ?? 3}, seed = 1, targets = positions, metrics = ndcg(10)
  dense = adam(rate: 1e-3), embeddings = adam(rate: 1e-3)
}
`;

const folder = mkdtempSync(join(tmpdir(), 'tower-bench-'));
try {
  for (const name of Object.keys(flows)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    const model = join(folder, `${name}.tower`);
    writeFileSync(model, text(name));
    const processor: number[] = [];
    let before = process.cpuUsage();
    const engine = option('engine') as EngineName | undefined;
    const result = await train(model, {
      out: join(folder, name),
      allow: [resolve(lines, '..')],
      ...(engine ? { engine } : {}),
      onEvent({ kind }) {
        if (kind !== 'validating' && kind !== 'epoch' && kind !== 'started') return;
        const { user, system } = process.cpuUsage(before);
        if (kind === 'validating') processor.push((user + system) / 1e6);
        before = process.cpuUsage();
      },
    });
    const of = (part: 'total' | 'validation'): string =>
      range(result.records.map(({ milliseconds }) => (milliseconds[part] ?? 0) / 1000));
    const [last] = result.records.slice(-1);
    console.log(`${name} on ${result.engine.name}: ${describeMachine()}`);
    console.log(
      `  an epoch of ${last!.rows.toLocaleString('en')} targets: ${of('total')} s, ${range(processor)} s of processor time; ` +
        `validation ${of('validation')} s; loss ${last!.loss.toFixed(3)}, ndcg@10 ${last!.validation?.['ndcg@10']?.toFixed(4)}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
