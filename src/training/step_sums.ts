/**
 * Means over an epoch of every scalar that a step gives. The loss of a task is weighted by what the rows of a step count for it, so
 * that a batch without its rows leaves the mean as it is; every other scalar is weighted by the rows of the step.
 */
import { failure, invariant } from '../base/diagnostics/failure.ts';
import type { Tensors } from '../engines/engine.ts';
import type { Graph } from '../graph/graph.ts';
import type { InputSource, Plan, TaskPlan } from '../graph/plan/plan.ts';

interface StepNumbers {
  readonly epoch: number;
  readonly step: number;
  /** Sums of the rows' weights for each task, where the inputs are of some rows alone. */
  readonly counts?: ReadonlyMap<string, number>;
}

export interface StepSums {
  /** @throws Failure `loss-not-finite` */
  add(inputs: Tensors, outputs: Tensors, rows: number, at: StepNumbers): void;
  readonly rows: number;
  /** The mean of `loss`; 0 where no row counted. */
  loss(): number;
  /** All scalars but `loss`; the loss of a task for which no row counted is absent. */
  means(): Record<string, number>;
  /** For a checkpoint: it comes back bit for bit. */
  sums(): Record<string, number>;
}

/** Precedes the name of an output in a checkpoint, for the sum of weights of its rows. */
const countedPrefix = 'counted:';

export function makeStepSums(
  { step: { graph, inputs }, tasks }: Pick<Plan, 'step' | 'tasks'>,
  from?: { readonly sums: Readonly<Record<string, number>>; readonly rows: number },
): StepSums {
  const scalarNames = scalarOutputs(graph);
  invariant(scalarNames.includes('loss'), `graph ${graph.name} gives no loss`);
  const taskRows = makeTaskRows({ tasks, step: { graph, inputs } });
  // The loss of an only task is the whole loss.
  const taskOf = (name: string): string | undefined =>
    tasks.find((task) => name === `loss:${task.name}` || (name === 'loss' && tasks.length === 1))?.name;
  const taskNames = scalarNames.map(taskOf);
  const weightedSums = new Float64Array(scalarNames.map((name) => from?.sums[name] ?? 0));
  let total = from?.rows ?? 0;
  const countedWeights = new Float64Array(scalarNames.map((name) => from?.sums[countedPrefix + name] ?? total));
  return {
    add(inputs, outputs, rows, { epoch, step, counts = taskRows(inputs) }) {
      for (let i = 0; i < scalarNames.length; i++) {
        const value = outputs[scalarNames[i]!]!.data[0]!;
        if (!Number.isFinite(value)) {
          throw failure('loss-not-finite', { epoch, step, value: String(value), output: wordsOf(scalarNames[i]!) });
        }
        const weight = counts.get(taskNames[i] ?? '') ?? rows;
        weightedSums[i]! += value * weight;
        countedWeights[i]! += weight;
      }
      total += rows;
    },
    get rows() {
      return total;
    },
    loss() {
      const i = scalarNames.indexOf('loss');
      return countedWeights[i] === 0 ? 0 : weightedSums[i]! / countedWeights[i]!;
    },
    means: () =>
      Object.fromEntries(
        scalarNames.flatMap((name, i) =>
          name === 'loss' || countedWeights[i] === 0 ? [] : [[name, weightedSums[i]! / countedWeights[i]!]],
        ),
      ),
    sums: () =>
      Object.fromEntries(
        scalarNames.flatMap((name, i) => [[name, weightedSums[i]!], ...countedOf(name, countedWeights[i]!, total)]),
      ),
  };
}

/** All rows count for most outputs. */
const countedOf = (name: string, counted: number, rows: number): [string, number][] =>
  counted === rows ? [] : [[countedPrefix + name, counted]];

export function scalarOutputs({ outputs, nodes }: Graph): readonly string[] {
  return outputs.filter(({ node }) => nodes[node]!.type.shape.length === 0).map(({ name }) => name);
}

const wordsOf = (output: string): string =>
  output.startsWith('loss:') ? `the loss of task \`${output.slice('loss:'.length)}\`` : `the ${output}`;

/** Sums the weights of a batch's rows, as the loss of each task takes its mean, by task; a task that is absent counts all rows alike. */
type TaskRows = (inputs: Tensors) => ReadonlyMap<string, number>;

export function makeTaskRows({ tasks, step }: Pick<Plan, 'tasks' | 'step'>): TaskRows {
  const factorNames = tasks.flatMap((task) => {
    const isFactor = isFactorOf(task);
    const names = step.inputs.flatMap(({ name, source }) => (isFactor(source) ? [name] : []));
    return names.length === 0 ? [] : [[task.name, names] as const];
  });
  return (inputs) =>
    new Map(factorNames.map(([task, names]) => [task, sumOfProducts(names.map((name) => inputs[name]!))]));
}

/** True if an input of the step is a factor of what a row counts for. */
function isFactorOf({ label, only, weight }: TaskPlan): (source: InputSource) => boolean {
  return (source) => {
    switch (source.from) {
      case 'label_known':
        return source.label === label;
      case 'label':
        return source.label === only || source.label === weight;
      case 'numbers':
        return source.feature === weight && source.rows.kind === 'events';
      default:
        return false;
    }
  };
}

function sumOfProducts(factors: readonly Tensors[string][]): number {
  let sum = 0;
  for (let row = 0; row < factors[0]!.data.length; row++) {
    sum += factors.reduce((product, { data }) => product * data[row]!, 1);
  }
  return sum;
}
