/**
 * The training step of docs/architecture.md on every engine that loads, beside the rate of one plain product on the same
 * engine: a step can take no less than its products do. `npx tsx bench/engines.ts [--json] [--rounds=5] [engine …]`
 */
import Table from 'cli-table3';
import type { EngineName, Program, Tensors } from '../src/engine/engine.ts';
import { engineNames, listEngines, loadEngine } from '../src/engine/engines.ts';
import type { Graph } from '../src/graph/graph.ts';
import { describeMachine, median, range } from './machine.ts';
import { productFlops, productGraph, randomTensors, stepGraph } from './step_graph.ts';

const batches = [256, 1024, 4096];
const productSize = 2048;
/** WebAssembly takes one thread to what the others do with all: a smaller product is long enough. */
const smallProduct = 512;
/** Milliseconds for one figure of one round. */
const duration = 400;
const goal = 1.25;

const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split('=')[1];
const rounds = Number(option('rounds') ?? 5);
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--')) as EngineName[];

/** Median milliseconds of runs that fill `duration`, three at least, the first not counted. */
async function time(program: Program, inputs: Tensors): Promise<number> {
  await program.run(inputs);
  const times: number[] = [];
  const end = performance.now() + duration;
  while (times.length < 3 || performance.now() < end) {
    const start = performance.now();
    await program.run(inputs);
    times.push(performance.now() - start);
  }
  return median(times);
}

interface Figure {
  readonly engine: string;
  readonly batch: number;
  readonly products: number;
  readonly milliseconds: number[];
  /** Rate of the plain product in the same round. */
  readonly gigaflops: number[];
  /** Step ÷ (FLOPs of its products ÷ that rate). */
  readonly ratios: number[];
}

async function measure(
  name: EngineName,
  step: Graph,
): Promise<{ version: string; prepare: number; figures: Figure[] }> {
  const engine = await loadEngine(name);
  const size = name === 'javascript' ? smallProduct : productSize;
  const plain = productGraph(size);
  const product = await engine.prepare(plain, randomTensors(plain, 'parameters', {}));
  const productInputs = randomTensors(plain, 'inputs', { batch: size });
  const start = performance.now();
  const program = await engine.prepare(step, randomTensors(step, 'parameters', {}));
  const prepare = performance.now() - start;
  const figures = batches.map((batch): Figure => {
    const products = productFlops(step, { batch });
    return { engine: name, batch, products, milliseconds: [], gigaflops: [], ratios: [] };
  });
  for (let round = 0; round < rounds; round += 1) {
    for (const { batch, products, milliseconds, gigaflops, ratios } of figures) {
      const rate = productFlops(plain, { batch: size }) / 1e6 / (await time(product, productInputs));
      const taken = await time(program, randomTensors(step, 'inputs', { batch }));
      gigaflops.push(rate);
      milliseconds.push(taken);
      ratios.push(taken / (products / 1e6 / rate));
    }
  }
  await Promise.all([program.close(), product.close()]);
  return { version: engine.version, prepare, figures };
}

const step = stepGraph();
const listed = await listEngines();
const wanted = listed.filter(({ name }) => (asked.length === 0 ? engineNames : asked).includes(name));
const results = [];
for (const each of wanted) if (each.loads) results.push({ name: each.name, ...(await measure(each.name, step)) });
const missing = wanted.filter((each) => !each.loads);

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ machine: describeMachine(), rounds, goal, engines: results, missing }, null, 2));
} else {
  console.log(describeMachine());
  const table = new Table({
    head: ['engine', 'batch', 'step, ms', 'product, GFLOP/s', 'step ÷ its products', `≤ ${goal}`],
  });
  for (const { figures } of results) {
    for (const { engine, batch, milliseconds, gigaflops, ratios } of figures) {
      const met = engine === 'javascript' ? '' : median(ratios) <= goal ? 'yes' : 'no';
      table.push([engine, batch, range(milliseconds, 2), range(gigaflops, 0), range(ratios, 2), met]);
    }
  }
  console.log(table.toString());
  for (const { version, prepare } of results)
    console.log(`${version}: the step is prepared in ${prepare.toFixed(0)} ms`);
  for (const each of missing) console.log(`${each.name} is not here: ${each.reason}`);
  console.log(`median [lowest–highest] of ${rounds} rounds`);
}
