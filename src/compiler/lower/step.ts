/** Lowers the training step: the forward graph, the objective, gradients, and the update of the dense weights. */

import { type Diagnostic, invariant } from '../../base/diagnostics/diagnostic.ts';
import { appendToList } from '../../base/util/objects.ts';
import { type Builder, makeBuilder, type Ref } from '../../graph/builder.ts';
import { differentiate } from '../../graph/differentiate.ts';
import type { Node } from '../../graph/graph.ts';
import type { GraphPlan } from '../../graph/plan/plan.ts';
import type { TaskLoss, WeightedLosses } from '../library/contract.ts';
import { sumOfAll } from '../library/values.ts';
import { weightings } from '../library/weightings/table.ts';
import type { Model } from '../model/model.ts';
import { blockContext, type GraphLowering, makeLowering } from './flow.ts';
import { rowOfLoss } from './formula/lower_loss.ts';
import type { Forward } from './forward.ts';
import { finished, GraphInputs, withoutConflict } from './inputs.ts';
import { lowerUpdate, type Weight } from './optimize.ts';
import { byTrained, type SharedByTasks, type SharedRef, sharedByTasks } from './shared.ts';

export interface LoweredStep {
  readonly plan: GraphPlan;
  readonly shared: readonly SharedByTasks[];
  /** Returns `lowerNorms` of this step, made at the first call. */
  readonly norms: () => GraphPlan | undefined;
}

export function lowerStep(model: Model, forward: Forward): LoweredStep {
  const { inputs } = forward.context;
  const { builder } = inputs;
  const shared = sharedByTasks(forward);
  const objective = withPenalty(forward, shared, lowerObjective(model, forward, shared));
  const { total, shared: combined } = objective;
  const embeddings = inputs.embeddings();
  const weights = builder
    .finish()
    .parameters.filter(({ trainable }) => trainable)
    .map(({ name, node }) => ({ name, id: node, type: builder.nodes[node]!.type }));

  const combinedGradients = new Map(combined && shared.map(({ ref }, index) => [ref.id, combined[index]]));
  const differentiated = [...weights, ...embeddings.map(({ ref }) => ref)];
  const openRefs = differentiated.filter(({ id }) => !combinedGradients.has(id));
  const vectors = vectorsOfLoss(builder, total);
  const found = differentiate(builder, total, [...openRefs, ...vectors.map(({ ref }) => ref)]);
  const openGradients = new Map(openRefs.map(({ id }, index) => [id, found[index]]));
  vectors.forEach(({ name }, index) => {
    const gradient = found[openRefs.length + index];
    if (gradient) builder.mark(`${name}_gradient`, gradient);
  });
  const allGradients = differentiated.map(({ id }) =>
    combinedGradients.has(id) ? combinedGradients.get(id) : openGradients.get(id),
  );
  const { clip } = model.train;
  const clipped = clip === undefined ? undefined : clipGradients(forward.context, clip, differentiated, allGradients);
  const applied = new Map(differentiated.map(({ id }, index) => [id, (clipped?.gradients ?? allGradients)[index]]));
  const gradientOf = ({ id }: Ref): Ref | undefined => applied.get(id);

  lowerUpdate(
    inputs,
    model.train,
    weights.flatMap((parameter): Weight[] => {
      const gradient = gradientOf(parameter);
      return gradient === undefined ? [] : [{ name: parameter.name, parameter, gradient }];
    }),
  );
  builder.output('loss', total);
  for (const [task, loss] of forward.losses) builder.output(`loss:${task}`, loss);
  for (const [task, weight] of objective.weights) builder.output(`weight:${task}`, weight);
  for (const [name, value] of forward.measured) builder.output(name, value);
  if (clipped) builder.output('gradient_norm', clipped.norm);
  for (const { name, ref } of embeddings) {
    const gradient = gradientOf(ref);
    if (gradient !== undefined) builder.output(`gradient:${name}`, gradient);
  }
  const plan = finished(inputs);
  let norms: { readonly plan: GraphPlan | undefined } | undefined;
  return {
    plan,
    shared: shared.map(({ name, kind, tasks }) => ({ name, kind, tasks })),
    norms() {
      const towers = model.towers.map(({ name }) => name);
      const namedGradients = weights.map(({ name }, index) => ({ name, gradient: allGradients[index] }));
      norms ??= { plan: lowerNorms(inputs, towers, namedGradients) };
      return norms.plan;
    },
  };
}

/** Returns the marked vectors of both towers, if the loss of the step is one that marks them, and nothing else. */
function vectorsOfLoss(builder: Builder, total: Ref): readonly { readonly name: string; readonly ref: Ref }[] {
  const { marks = [] } = builder.finish();
  const loss = marks.find(({ name, node }) => name.endsWith('/loss') && node === total.id);
  const names = loss ? ['user', 'item'].map((part) => loss.name.replace(/loss$/, part)) : [];
  return marks
    .filter(({ name }) => names.includes(name))
    .map(({ name, node }) => ({ name, ref: { id: node, type: builder.nodes[node]!.type } }));
}

/** Adds what blocks add to the loss, also to the gradients that a weighting of tasks made. */
function withPenalty(
  { context: { inputs }, penalty }: Forward,
  shared: readonly SharedRef[],
  objective: LoweredObjective,
): LoweredObjective {
  if (penalty === undefined) return objective;
  const { builder } = inputs;
  const sharedRefs = shared.map(({ ref }) => ref);
  const added = objective.shared ? differentiate(builder, penalty, sharedRefs) : [];
  const total = builder.add(objective.total, penalty);
  const allGradients = objective.shared?.map((gradient, index) => {
    const further = added[index];
    return gradient && further ? builder.add(gradient, further) : (gradient ?? further);
  });
  return { ...objective, total, shared: allGradients };
}

/** Checks `objective = …` by a trial with losses that depend on nothing. */
export function checkObjective({ objective, tasks }: Model): Diagnostic[] {
  if (objective.kind === 'sum') return [];
  const { call } = objective;
  const builder = makeBuilder('objective');
  const context = makeLowering(new GraphInputs(builder), { byName: new Map(), tables: [] }, true);
  const trial = {
    ...blockContext(context, 'objective'),
    losses: objective.tasks.map((task) => taskLoss(tasks, task, builder.input(task, []))),
    shared: [],
    lastShared: [],
    gradients: () => [],
    sumByTableRow: () => [],
  };
  withoutConflict(call, context.diagnostics, () => weightings[call.kind]!.lower(trial, call.arguments));
  return context.diagnostics;
}

function taskLoss(tasks: Model['tasks'], name: string, loss: Ref): TaskLoss {
  const call = tasks.find((task) => task.name === name)?.loss;
  return { task: name, loss, regression: call !== undefined && rowOfLoss(call).label === 'number' };
}

/** Returns a scalar that is 1 if any row counts; absent if all rows count. */
function presentIn(builder: Builder, weight: Ref | undefined): Pick<TaskLoss, 'present'> {
  if (weight === undefined) return {};
  return { present: builder.cast(builder.greater(builder.sum(weight, [0]), 0), 'float32') };
}

type LoweredObjective = Omit<WeightedLosses, 'weights'> & { readonly weights: ReadonlyMap<string, Ref> };

/** Returns Σ weight · loss, or the result of the weighting kind. */
function lowerObjective(
  { objective, tasks }: Model,
  { context, losses, rowWeights }: Forward,
  shared: readonly SharedRef[],
): LoweredObjective {
  const { builder } = context.inputs;
  const lossOf = (task: string): Ref => {
    const loss = losses.get(task);
    invariant(loss, `task ${task} has a loss`);
    return loss;
  };
  return builder.scope('objective', () => {
    if (objective.kind === 'sum') {
      const lossSum = objective.terms
        .map(({ task, weight }) => (weight === 1 ? lossOf(task) : builder.mul(lossOf(task), weight)))
        .reduce((sum, next) => builder.add(sum, next));
      return { total: lossSum, weights: new Map() };
    }
    const { call } = objective;
    const weighted = weightings[call.kind]!.lower(
      {
        ...blockContext(context, 'objective'),
        losses: objective.tasks.map((task) => ({
          ...taskLoss(tasks, task, lossOf(task)),
          ...presentIn(builder, rowWeights.get(task)),
        })),
        shared: shared.map(({ ref }) => ref),
        lastShared: lastShared(builder, shared).map(({ ref }) => ref),
        gradients: (loss, by) => differentiate(builder, loss, by),
        sumByTableRow: (by, found) => byTrained(context, by, found),
      },
      call.arguments,
    );
    return { ...weighted, weights: new Map(objective.tasks.map((task, index) => [task, weighted.weights[index]!])) };
  });
}

// Selects the last of the shared values: the layers after which nothing is shared.

/**
 * Returns the weights of the layers after which nothing is shared: the matrices whose layer no other shared matrix reads, or all if each reads another. If no
 * matrix is shared, returns the shared embedding rows.
 */
export function lastShared({ nodes }: Pick<Builder, 'nodes'>, shared: readonly SharedRef[]): readonly SharedRef[] {
  const matrices = shared.filter(({ kind, ref }) => kind === 'weights' && ref.type.shape.length >= 2);
  if (matrices.length === 0) return shared.filter(({ kind }) => kind === 'embedding');
  const readByMatrix = matrices.map(({ ref }) => ({ by: ref.id, values: readWith(nodes, ref.id) }));
  // A recurrent layer reads itself.
  const lastMatrices = matrices.filter(
    ({ ref }) => !readByMatrix.some(({ by, values }) => by !== ref.id && values.has(ref.id)),
  );
  return lastMatrices.length > 0 ? lastMatrices : matrices;
}

/** Returns all values that flow into the operand that a weight is combined with. A function of the weight alone counts as the weight. */
function readWith(nodes: readonly Node[], weight: number): ReadonlySet<number> {
  const alone = new Set([weight]);
  const readIds = new Set<number>();
  const isAlone = (id: number): boolean => alone.has(id) || nodes[id]!.op === 'Constant';
  for (let id = weight + 1; id < nodes.length; id++) {
    const { inputs } = nodes[id]!;
    if (!inputs.some((input) => alone.has(input))) continue;
    if (inputs.every(isAlone)) alone.add(id);
    else for (const input of inputs) if (!isAlone(input)) readIds.add(input);
  }
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (readIds.has(id)) for (const input of nodes[id]!.inputs) readIds.add(input);
  }
  return readIds;
}

// Implements `clip = 1.0`: the gradient of a step is clipped to a maximum norm (Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural
// networks", ICML 2013). The norm covers everything that is trained: dense weights, and embedding rows as the step changes them, with the gradients of a row's
// look-ups summed, so that look-ups that cancel do not count, as in `torch.nn.utils.clip_grad_norm_`.

/** PyTorch's guard against a norm of 0. */
const epsilon = 1e-6;

interface Clipped {
  /** The norm of the gradient before clipping, a scalar. */
  readonly norm: Ref;
  /** Gradients of weights and of looked-up rows in the given order, each times min(1, clip ÷ (norm + 1e-6)). */
  readonly gradients: readonly (Ref | undefined)[];
}

/** @param by weights, and inputs with embedding rows */
function clipGradients(
  context: GraphLowering,
  clip: number,
  by: readonly Ref[],
  gradients: readonly (Ref | undefined)[],
): Clipped {
  const { builder } = context.inputs;
  return builder.scope('clip', () => {
    const squares = byTrained(context, by, gradients).flatMap((gradient) =>
      gradient === undefined ? [] : [sumOfAll(builder, builder.square(gradient))],
    );
    const norm = builder.sqrt(squares.reduce((sum, next) => builder.add(sum, next), builder.constant(0)));
    const factor = builder.minimum(builder.div(clip, builder.add(norm, epsilon)), 1);
    return { norm, gradients: gradients.map((gradient) => gradient && builder.mul(gradient, factor)) };
  });
}

// Builds a separate graph for the gradient norms of a step by group of weights, so that the step itself does not change.

/** The group of weights that belong to no tower: temperatures, biases, weights of tasks. */
const losses = 'losses';
const shared = 'shared';

/** The prefix of a group's output. */
const prefix = 'gradient_norm:';

interface NamedGradient {
  /** For example `user/main/mlp/weights`. */
  readonly name: string;
  readonly gradient: Ref | undefined;
}

/**
 * Lowers a graph with scalar outputs `gradient_norm:<group>`, square roots of sums of squares: one group for each tower, one for `shared` steps, one for all
 * other weights. It has no updates. Undefined if no weight has a gradient.
 * @param inputs of the finished step, to whose builder nodes are added
 * @param gradients before clipping
 */
function lowerNorms(
  inputs: GraphInputs,
  towers: readonly string[],
  gradients: readonly NamedGradient[],
): GraphPlan | undefined {
  const { builder } = inputs;
  const groups = new Map<string, Ref[]>();
  for (const { name, gradient } of gradients) {
    if (gradient === undefined) continue;
    const [first = ''] = name.split('/');
    const group = towers.includes(first) || first === shared ? first : losses;
    appendToList(groups, group, gradient);
  }
  if (groups.size === 0) return undefined;
  const names = builder.unscoped(() =>
    builder.scope('norms', () =>
      [...groups].map(([group, all]) => {
        const squares = all.map((gradient) => sumOfAll(builder, builder.square(gradient)));
        builder.output(`${prefix}${group}`, builder.sqrt(squares.reduce((sum, next) => builder.add(sum, next))));
        return `${prefix}${group}`;
      }),
    ),
  );
  return finished(inputs, (graph) => ({
    ...graph,
    name: `${graph.name}_norms`,
    outputs: graph.outputs.filter(({ name }) => names.includes(name)),
    updates: [],
  }));
}
