/**
 * Steps of the engine `torch` with tables on the host and with tables that PyTorch holds, in turn, on the same rows: milliseconds by the clock, and of
 * the processor in both processes.
 * `TOWER_TORCH_THREADS=1 taskset -c 0 npx tsx bench/held_tables.ts [--rounds=8] [--steps=40] [--batch=256] [model:data …]`
 */
import { readFileSync } from 'node:fs';
import { checkAndLower } from '../src/app/api/check.ts';
import { readDataset } from '../src/data/read.ts';
import type { Engine } from '../src/engines/engine.ts';
import { torchEngine } from '../src/engines/torch/torch.ts';
import { torchSettings } from '../src/engines/torch/worker.ts';
import { beginState, tablesOf } from '../src/training/begin_state.ts';
import { ratesAt } from '../src/training/order.ts';
import { takeStep } from '../src/training/take_step.ts';
import { describeMachine, range } from './machine.ts';

const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split('=')[1];
const [steps, rounds] = [Number(option('steps') ?? 40), Number(option('rounds') ?? 8)];
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const warmUp = 10;

const torch = await torchEngine({ ...torchSettings(), holdsTables: true });
const { prepareWithTables: _, ...hostTables } = torch;
const ticks = 100;

/** Milliseconds of the processor that this process and its children have had. */
function processorTimes(): readonly [own: number, children: number] {
  const { user, system } = process.cpuUsage();
  const own = `/proc/${process.pid}/task/${process.pid}/children`;
  const children = readFileSync(own, 'utf8').trim().split(' ').filter(Boolean);
  const ofChildren = children.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks;
  });
  return [(user + system) / 1000, ofChildren.reduce((sum, each) => sum + each, 0)];
}

console.log(`${describeMachine()}\n${torch.version}`);
for (const each of asked.length > 0 ? asked : ['two_tower:movielens', 'sasrec:movielens_next']) {
  const [name, data] = each.split(':');
  const set = option('batch') ? { batch: option('batch')! } : {};
  const checked = await checkAndLower(`models/${name}.tower`, { data: `models/data/${data}.tower`, set });
  const { plan } = checked.lowered;
  const dataset = await readDataset(checked.data!.description, plan, { model: checked.model });
  const begin = async (engine: Engine) => {
    const state = await beginState({ plan, dataset, engine }, 'float32', tablesOf({ plan, dataset }));
    const epoch = state.order.epoch(1);
    let number = 0;
    const take = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const rows = await epoch.batch(number % epoch.steps);
        number++;
        await takeStep(plan, state, { rows, number, rates: ratesAt(plan.train, number, 1e6), signal: undefined });
      }
    };
    await take(warmUp);
    return { take, times: { clock: [] as number[], node: [] as number[], python: [] as number[] } };
  };
  const sides = { host: await begin(hostTables), device: await begin(torch) };
  for (let round = 0; round < rounds; round++) {
    for (const { take, times } of Object.values(sides)) {
      const [clock, [node, python]] = [performance.now(), processorTimes()];
      await take(steps);
      const [nodeNow, pythonNow] = processorTimes();
      times.clock.push((performance.now() - clock) / steps);
      times.node.push((nodeNow - node) / steps);
      times.python.push((pythonNow - python) / steps);
    }
  }
  const sums = Object.values(sides).map(({ times }) => times.node.map((time, round) => time + times.python[round]!));
  const ratios = sums[0]!.map((time, round) => time / sums[1]![round]!);
  console.log(
    `${name}, batch ${plan.train.batch}: ms a step, median [lowest–highest] of ${rounds} rounds of ${steps} steps`,
  );
  for (const [side, { times }] of Object.entries(sides))
    console.log(
      `  ${side}: Node ${range(times.node, 2)}, Python ${range(times.python, 2)}, by the clock ${range(times.clock, 2)}`,
    );
  console.log(`  host ÷ device of the processor: ${range(ratios, 2)}`);
}
process.exit(0);
