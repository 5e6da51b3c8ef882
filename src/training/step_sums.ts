/** Means over an epoch of every scalar that a step gives, weighted by the rows of each step. */
import { failure, invariant } from '../diagnostics/failure.ts';
import type { Tensors } from '../engine/engine.ts';
import type { Graph } from '../graph/graph.ts';

export interface StepSums {
  /** @throws Failure `loss-not-finite` */
  add(outputs: Tensors, rows: number, at: { readonly epoch: number; readonly step: number }): void;
  readonly rows: number;
  mean(output: string): number;
  means(): Record<string, number>;
  /** For a checkpoint: it comes back bit for bit. */
  sums(): Record<string, number>;
}

export function makeStepSums(graph: Graph, from?: { sums: Readonly<Record<string, number>>; rows: number }): StepSums {
  const names = scalarOutputs(graph);
  invariant(names.includes('loss'), `graph ${graph.name} gives no loss`);
  const sums = new Float64Array(names.map((name) => from?.sums[name] ?? 0));
  let total = from?.rows ?? 0;
  const entries = (divisor: number): Record<string, number> =>
    Object.fromEntries(names.map((name, i) => [name, sums[i]! / divisor]));
  return {
    add(outputs, rows, { epoch, step }) {
      for (let i = 0; i < names.length; i++) {
        const value = outputs[names[i]!]!.data[0]!;
        if (!Number.isFinite(value)) {
          throw failure('loss-not-finite', { epoch, step, value: String(value), output: wordsOf(names[i]!) });
        }
        sums[i]! += value * rows;
      }
      total += rows;
    },
    get rows() {
      return total;
    },
    mean: (output) => sums[names.indexOf(output)]! / total,
    means: () => entries(total),
    sums: () => entries(1),
  };
}

/** Names of the outputs that are one number. */
export function scalarOutputs({ outputs, nodes }: Graph): readonly string[] {
  return outputs.filter(({ node }) => nodes[node]!.type.shape.length === 0).map(({ name }) => name);
}

const wordsOf = (output: string): string =>
  output.startsWith('loss:') ? `the loss of task \`${output.slice('loss:'.length)}\`` : `the ${output}`;
