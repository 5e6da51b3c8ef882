/**
 * Each file of models/ on its own data: examples a second, shares of the step's time in the engine, in feeding (batch, gather, pooling)
 * and in scattering; and of a model with several channels, the engine's time for it next to the sum for each channel alone.
 * `npx tsx bench/models.ts [--json] [--steps=40] [--rounds=3] [model …]`; a model whose data is not there is said and left out.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkAndLower } from '../src/app/api/check.ts';
import { tableOf } from '../src/app/cli/layout.ts';
import { Failure } from '../src/base/diagnostics/diagnostic.ts';
import { lower } from '../src/compiler/lower/lower.ts';
import type { Model } from '../src/compiler/model/model.ts';
import type { Dataset } from '../src/data/dataset.ts';
import { readDataset } from '../src/data/read_dataset.ts';
import type { Engine } from '../src/engines/engine.ts';
import { chooseEngine } from '../src/engines/engines.ts';
import { initialValues } from '../src/graph/initial.ts';
import type { Plan } from '../src/graph/plan/plan.ts';
import { makeTables } from '../src/training/embedding/tables.ts';
import { makeFeeder } from '../src/training/feed/feeder.ts';
import { makeEpoch } from '../src/training/feed/order.ts';
import { describeMachine, median, range } from './machine.ts';
import { channelModels } from './one_channel.ts';

const goal = 1.15;
const warmUp = 8;
/** Model → its data, and the file without which it is not there. */
const models: Readonly<Record<string, readonly [data: string, file: string]>> = {
  two_tower: ['movielens', 'movielens/ratings.csv'],
  senet_two_tower: ['movielens', 'movielens/ratings.csv'],
  parallel_two_tower: ['movielens', 'movielens/ratings.csv'],
  parallel_fused: ['movielens', 'movielens/ratings.csv'],
  multi_objective: ['movielens', 'movielens/ratings.csv'],
  mmoe_two_tower: ['movielens', 'movielens/ratings.csv'],
  multi_interest: ['movielens_next', 'movielens/ratings.csv'],
  youtube: ['movielens_next', 'movielens/ratings.csv'],
  dssm: ['cranfield', 'cranfield/judgements.csv'],
  restaurant_objectives: ['restaurants', 'restaurants/ratings.csv'],
  two_tower_msweb: ['msweb', 'msweb/visits.csv'],
  two_tower_flights: ['flights', 'flights/flights.parquet'],
};

const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split('=')[1];
const [steps, rounds] = [Number(option('steps') ?? 40), Number(option('rounds') ?? 3)];
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));

/** Milliseconds of a step, each a median over steps. */
interface StepTime {
  readonly batch: number;
  readonly feed: number;
  readonly engine: number;
  readonly scatter: number;
}

async function time(plan: Plan, dataset: Dataset, engine: Engine): Promise<StepTime> {
  const { graph } = plan.step;
  const { train } = dataset.parts;
  const { seed, batch, dense } = plan.train;
  const tables = makeTables(plan, dataset.encodings);
  const feeder = makeFeeder({
    plan: plan.step,
    events: train,
    corpus: dataset.corpus,
    features: plan.features,
    tables,
    seed,
    batch,
  });
  const program = await engine.prepare(graph, initialValues(graph, seed));
  const times = { feed: [] as number[], engine: [] as number[], scatter: [] as number[] };
  let rows = 0;
  try {
    for (let step = 1, number = 1; step <= steps + warmUp; number++) {
      const epoch = makeEpoch(train.rows, batch, seed, number);
      for (let i = 0; i < epoch.steps && step <= steps + warmUp; i++, step++) {
        const start = performance.now();
        const taken = epoch.batch(i);
        const inputs = feeder.inputs(taken, step, { rate: dense.rate });
        const fed = performance.now();
        const outputs = await program.run(inputs);
        const ran = performance.now();
        feeder.apply(outputs, 1);
        const applied = performance.now();
        if (step <= warmUp) continue;
        rows += taken.length;
        times.feed.push(fed - start);
        times.engine.push(ran - fed);
        times.scatter.push(applied - ran);
      }
    }
  } finally {
    feeder.close();
    await program.close();
  }
  return {
    batch: rows / steps,
    feed: median(times.feed),
    engine: median(times.engine),
    scatter: median(times.scatter),
  };
}

const planOf = (model: Model): Plan => {
  const { output } = lower(model);
  if (!output) throw new Error(`${model.name} does not lower`);
  return output.plan;
};

/** Engine time of the whole ÷ the sum over its channels, a ratio a round. */
async function ablation(model: Model, dataset: Dataset, engine: Engine) {
  const channels = channelModels(model);
  if (channels.length < 2) return undefined;
  const ratios: number[] = [];
  const alone = channels.map(({ name }) => ({ name, engine: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    let sum = 0;
    for (const [i, channel] of channels.entries()) {
      const { engine: taken } = await time(planOf(channel.model), dataset, engine);
      alone[i]!.engine.push(taken);
      sum += taken;
    }
    ratios.push((await time(planOf(model), dataset, engine)).engine / sum);
  }
  return { ratios, alone };
}

const { engine } = await chooseEngine();
const results = [];
const head = ['model', 'examples/s', 'step ms', 'engine', 'feed', 'scatter', `÷ channels (goal ${goal})`];
const rows: string[][] = [];
console.error(describeMachine());
for (const [name, [data, file]] of Object.entries(models)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  if (!existsSync(join('models/data', file))) {
    console.error(`${name} is left out: models/data/${file} is not there`);
    continue;
  }
  try {
    const checked = await checkAndLower(`models/${name}.tower`, { data: `models/data/${data}.tower` });
    const { plan } = checked.lowered;
    const dataset = await readDataset(checked.data!.description, plan, { model: checked.model });
    const runs: StepTime[] = [];
    for (let round = 0; round < rounds; round++) runs.push(await time(plan, dataset, engine));
    const whole = runs.map(({ feed, engine, scatter }) => feed + engine + scatter);
    const share = (part: 'feed' | 'engine' | 'scatter'): string =>
      `${(100 * median(runs.map((run, i) => run[part] / whole[i]!))).toFixed(0)} %`;
    const channels = await ablation(checked.model, dataset, engine);
    results.push({ name, runs, channels });
    rows.push([
      name,
      range(
        runs.map(({ batch }, i) => (1000 * batch) / whole[i]!),
        0,
      ),
      range(whole),
      share('engine'),
      share('feed'),
      share('scatter'),
      channels
        ? `${range(channels.ratios, 2)}; ${channels.alone.map((each) => `${each.name} ${median(each.engine).toFixed(1)} ms`).join(', ')}`
        : '–',
    ]);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`${name} is left out: ${error.diagnostics.map(({ message }) => message).join('; ')}`);
  }
}
if (process.argv.includes('--json'))
  console.log(JSON.stringify({ machine: describeMachine(), engine: engine.name, results }));
else
  console.log(`${tableOf(head, rows)}\n${engine.name}, medians of ${rounds} rounds of ${steps} steps [lowest–highest]`);
