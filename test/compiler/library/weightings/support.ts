/** A weighting at work: tasks over shared numbers, under plain gradient descent in the graph. */
import type { TaskLoss } from '../../../../src/compiler/library/contract.ts';
import { weightings } from '../../../../src/compiler/library/weightings/table.ts';
import { type Builder, makeBuilder, type Ref } from '../../../../src/graph/builder.ts';
import { differentiate, valuesReachedByGradient } from '../../../../src/graph/differentiate.ts';
import { evaluateGraph, type NamedTensors } from '../../../../src/graph/evaluate.ts';
import type { Graph } from '../../../../src/graph/graph.ts';
import { initialValues } from '../../../../src/graph/initial.ts';
import { simplify } from '../../../../src/graph/simplify.ts';
import { contextOf } from '../support.ts';

export interface Toy {
  readonly kind: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** Makes the losses; parameters made here are learned, at this rate. */
  readonly losses: (builder: Builder) => readonly (Ref | Omit<TaskLoss, 'task'>)[];
  readonly rate?: number;
}

/** Outputs `loss`, `weight:<k>`, and `gradient:<parameter>` of all that is shared. */
export function weightingGraph({ kind, arguments: args, losses: make, rate = 0 }: Toy): Graph {
  const builder = makeBuilder(kind);
  const losses = make(builder).map(
    (each, at): TaskLoss => ({ task: String(at), ...('loss' in each ? each : { loss: each, regression: false }) }),
  );
  const trainable = () =>
    builder
      .finish()
      .parameters.filter((parameter) => parameter.trainable)
      .map(({ name, node }) => ({ name, ref: { id: node, type: builder.nodes[node]!.type } as Ref }));
  const reached = losses.map(({ loss }) => valuesReachedByGradient(builder, loss));
  const shared = trainable().filter(({ ref }) => reached.filter((ids) => ids.has(ref.id)).length > 1);
  const row = weightings[kind]!;
  const defaults = Object.fromEntries(
    Object.entries(row.parameters).map(([name, { default: value }]) => [name, value]),
  );
  const weighted = row.lower(
    {
      ...contextOf(builder),
      losses,
      shared: shared.map(({ ref }) => ref),
      lastShared: shared.map(({ ref }) => ref),
      gradients: (loss, by) => differentiate(builder, loss, by),
      sumByTableRow: (_, found) => found,
    },
    { ...defaults, ...args },
  );
  const own = differentiate(
    builder,
    weighted.total,
    trainable().map(({ ref }) => ref),
  );
  trainable().forEach(({ name, ref }, at) => {
    const place = shared.findIndex((each) => each.name === name);
    const gradient = (place >= 0 ? weighted.shared?.[place] : undefined) ?? own[at];
    if (gradient === undefined) return;
    builder.output(`gradient:${name}`, gradient);
    builder.update(ref, builder.sub(ref, builder.mul(gradient, rate)));
  });
  builder.output('loss', weighted.total);
  weighted.weights.forEach((weight, at) => {
    builder.output(`weight:${at}`, weight);
  });
  return simplify(builder.finish());
}

export interface ToyStep {
  readonly outputs: NamedTensors;
  readonly parameters: NamedTensors;
  readonly weights: readonly number[];
}

/** One step after another, each with the parameters that the one before left; `inputs` by step, from 0. */
export function runSteps(
  graph: Graph,
  steps: number,
  first: NamedTensors = {},
  inputs: (step: number) => NamedTensors = () => ({}),
): ToyStep[] {
  let parameters: NamedTensors = { ...initialValues(graph, 1), ...first };
  return Array.from({ length: steps }, (_, step) => {
    const result = evaluateGraph(graph, inputs(step), parameters);
    parameters = result.parameters;
    const weights = graph.outputs
      .filter(({ name }) => name.startsWith('weight:'))
      .map(({ name }) => result.outputs[name]!.data[0]!);
    return { ...result, weights };
  });
}
