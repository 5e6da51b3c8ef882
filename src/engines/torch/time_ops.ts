/** Times of the lines of a step in PyTorch: the function is written with a clock after each line. */
import type { Graph } from '../../graph/graph.ts';
import { checkTensor, type Symbols } from '../check.ts';
import type { Tensors } from '../engine.ts';
import type { OpTime } from '../op_times.ts';
import { put } from './shared_memory.ts';
import type { TorchWorker } from './worker.ts';

export const howEager = 'These are the times of the ops of PyTorch, run one by one.';
export const howCompiled =
  'The step is compiled: its ops are fused into kernels that cannot be distinguished. These are the times of its ops without the compiler, run one by one.';

/** Where a graph is open. */
export interface Opened {
  readonly worker: TorchWorker;
  readonly id: number;
}

/** Of a graph that was opened to be timed: a run for each of the inputs, after one that is not counted. Then the graph is closed. */
export async function timeLines(
  { worker, id }: Opened,
  graph: Graph,
  inputs: readonly Tensors[],
): Promise<readonly (readonly OpTime[])[]> {
  const run = (given: Tensors): Promise<OpTime[]> =>
    worker.exclusively(async (ask) => {
      const symbols: Symbols = {};
      const tensors = graph.inputs.map((input) => checkTensor(graph, input, given[input.name], symbols));
      const places = put(worker.memory, tensors);
      const asked = tensors.map(({ shape }, index) => [places[index], shape]);
      const lines = (await ask({ do: 'time', program: id, inputs: asked })) as [number, number, number][];
      return lines.map(([node, start, milliseconds]) => ({ node, op: graph.nodes[node]!.op, start, milliseconds }));
    });
  const runs: OpTime[][] = [];
  try {
    for (const given of [...inputs.slice(0, 1), ...inputs]) runs.push(await run(given));
  } finally {
    await worker.exclusively((ask) => ask({ do: 'close', program: id }));
  }
  return runs.slice(1);
}
