/**
 * The training step of docs/architecture.md on every engine that loads, next to the rate of a plain product on the same
 * engine, a large square one and one of the step's own shape: a step can take no less than its products do. `npx tsx bench/engines.ts [--json] [--rounds=5] [engine …]`
 */
import { tableOf } from '../src/app/cli/layout.ts';
import type { EngineName, Program, Tensors } from '../src/engines/engine.ts';
import { engineNames } from '../src/engines/engine.ts';
import { listEngines, loadEngine } from '../src/engines/engines.ts';
import type { Graph } from '../src/graph/graph.ts';
import { describeMachine, median, range } from './machine.ts';
import { productFlops, productGraph, productsOf, randomTensors, stepGraph } from './step_graph.ts';

const batches = [256, 1024, 4096];
const large = 2048;
/** WebAssembly does with one thread what the others do with all: a smaller square is long enough. */
const largeInJavascript = 512;
const width = 256;
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
  readonly batch: number;
  /** Floating-point operations of the step's products. */
  readonly flops: number;
  readonly milliseconds: number[];
  /** GFLOP/s in the same round: of a large square product, and of [batch, 256] · [256, 256]. */
  readonly square: number[];
  readonly own: number[];
  /** Step ÷ (FLOPs of its products ÷ the large square product's rate). */
  readonly ratios: number[];
  /** Step ÷ the time of its products alone, in their own shapes: most are thinner, and slower, than the square. */
  readonly overProducts: number[];
}

interface Measured {
  readonly name: EngineName;
  readonly version: string;
  /** Milliseconds to prepare the step. */
  readonly prepare: number;
  readonly figures: readonly Figure[];
}

async function measure(name: EngineName, step: Graph): Promise<Measured> {
  const engine = await loadEngine(name);
  const product = async (rows: number, size: number): Promise<() => Promise<number>> => {
    const graph = productGraph(rows, size, size);
    const program = await engine.prepare(graph, randomTensors(graph, 'parameters', {}));
    return async () => productFlops(graph, {}) / 1e6 / (await time(program, {}));
  };
  const size = name === 'javascript' ? largeInJavascript : large;
  const square = await product(size, size);
  const own = await Promise.all(batches.map((batch) => product(batch, width)));

  const start = performance.now();
  const program = await engine.prepare(step, randomTensors(step, 'parameters', {}));
  const prepare = performance.now() - start;
  const figures = batches.map((batch): Figure => {
    const flops = productFlops(step, { batch });
    return { batch, flops, milliseconds: [], square: [], own: [], ratios: [], overProducts: [] };
  });
  const alone: Program[] = [];
  for (const batch of batches) {
    const products = productsOf(step, { batch });
    alone.push(await engine.prepare(products, randomTensors(products, 'parameters', {})));
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, figure] of figures.entries()) {
      const rate = await square();
      const taken = await time(program, randomTensors(step, 'inputs', { batch: figure.batch }));
      figure.square.push(rate);
      figure.own.push(await own[index]!());
      figure.milliseconds.push(taken);
      figure.ratios.push(taken / (figure.flops / 1e6 / rate));
      figure.overProducts.push(taken / (await time(alone[index]!, {})));
    }
  }
  return { name, version: engine.version, prepare, figures };
}

const step = stepGraph();
const listed = await listEngines();
const wanted = listed.filter(({ name }) => (asked.length === 0 ? engineNames : asked).includes(name));
const results: Measured[] = [];
for (const each of wanted) if (each.loads) results.push(await measure(each.name, step));
const missing = wanted.filter((each) => !each.loads);

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ machine: describeMachine(), rounds, goal, engines: results, missing }, null, 2));
} else {
  console.log(describeMachine());
  const rates = ['square GFLOP/s', 'own shape GFLOP/s'];
  const head = [
    'engine',
    'batch',
    'step, ms',
    ...rates,
    'step ÷ FLOPs at the square rate',
    `≤ ${goal}`,
    'step ÷ its products alone',
  ];
  const rows: string[][] = [];
  for (const { name, figures } of results) {
    for (const { batch, milliseconds, square, own, ratios, overProducts } of figures) {
      const met = name === 'javascript' ? '' : median(ratios) <= goal ? 'yes' : 'no';
      const rates = [range(square, 0), range(own, 0)];
      rows.push([name, String(batch), range(milliseconds, 2), ...rates, range(ratios, 2), met, range(overProducts, 2)]);
    }
  }
  console.log(tableOf(head, rows));
  for (const { version, prepare } of results)
    console.log(`${version}: the step is prepared in ${prepare.toFixed(0)} ms`);
  for (const each of missing) console.log(`${each.name} is not here: ${each.reason}`);
  console.log(`median [lowest–highest] of ${rounds} rounds`);
}
