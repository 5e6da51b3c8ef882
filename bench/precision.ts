/**
 * The same training step in float32 and in bf16, in turn: the step of `bench/step_graph.ts`, and the one of MovieLens's model with its batch of random
 * rows. Processor time next to wall time: on a machine that others use, the first says more. `npx tsx bench/precision.ts [--rounds=20] [engine]`
 */
import { readFileSync } from 'node:fs';
import { tableOf } from '../src/app/cli/layout.ts';
import { makeSource } from '../src/base/text/source.ts';
import { compileSource } from '../src/compiler/pipeline.ts';
import type { EngineName, Program, Tensors } from '../src/engines/engine.ts';
import { loadEngine } from '../src/engines/engines.ts';
import type { Graph } from '../src/graph/graph.ts';
import { operationsInBfloat16, useBfloat16 } from '../src/graph/in_bfloat16.ts';
import { describeMachine, range } from './machine.ts';
import { randomTensors, stepGraph } from './step_graph.ts';

const rounds = Number(process.argv.find((argument) => argument.startsWith('--rounds='))?.split('=')[1] ?? 20);
const name = (process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? 'tensorflow') as EngineName;

/** Without the shares of items and the hits of a batch, which are whole numbers of the data. */
function movieLensStep(): Graph {
  const text = readFileSync('bench/models/movielens.tower', 'utf8').replace(
    'correction: frequency',
    'accidental_hits: keep',
  );
  const { lowered, diagnostics } = compileSource(makeSource('movielens.tower', text));
  if (!lowered) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return lowered.plan.step.graph;
}

/** Milliseconds of one run: of the processor, of all threads together, and on the wall. */
async function timed(program: Program, inputs: Tensors): Promise<readonly [processor: number, wall: number]> {
  const [used, start] = [process.cpuUsage(), performance.now()];
  await program.run(inputs);
  const { user, system } = process.cpuUsage(used);
  return [(user + system) / 1000, performance.now() - start];
}

const engine = await loadEngine(name);
console.log(`precision: ${describeMachine()} · ${engine.version}`);
const columns = ['float32', 'bf16'].flatMap((precision) => [`${precision}: processor, ms`, 'wall, ms']);
const head = ['step', 'batch', 'MFLOP in bf16', ...columns, 'processor, float32 ÷ bf16'];
const rows: string[][] = [];
const steps = [
  ['256 → 256 → 128 → 64', stepGraph(), [256, 1024, 4096]],
  ['MovieLens', movieLensStep(), [256, 1024, 4096]],
] as const;
for (const [title, graph, batches] of steps) {
  for (const batch of batches) {
    const inputs = randomTensors(graph, 'inputs', { batch });
    const parameters = randomTensors(graph, 'parameters', {});
    const graphs = [graph, useBfloat16(graph, { sizes: { batch } })];
    const programs = await Promise.all(graphs.map((each) => engine.prepare(each, parameters)));
    const times: number[][] = [[], [], [], []];
    for (let round = -2; round < rounds; round += 1) {
      for (const [at, program] of programs.entries()) {
        const [processor, wall] = await timed(program, inputs);
        if (round < 0) continue;
        times[2 * at]!.push(processor);
        times[2 * at + 1]!.push(wall);
      }
    }
    const ratios = times[0]!.map((wide, round) => wide / times[2]![round]!);
    const operations = operationsInBfloat16(graph, { sizes: { batch } });
    rows.push([
      title,
      String(batch),
      String(Math.round(operations / 1e6)),
      ...times.map((each) => range(each, 2)),
      range(ratios, 2),
    ]);
    for (const program of programs) await program.close();
  }
}
console.log(tableOf(head, rows));
console.log(`median [lowest–highest] of ${rounds} rounds`);
