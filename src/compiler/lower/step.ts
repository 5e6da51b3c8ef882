/** The training step: the forward graph, the objective, gradients, and the update of the dense weights. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { invariant } from '../../base/diagnostics/failure.ts';
import { type Builder, makeBuilder, type Ref } from '../../graph/builder.ts';
import { gradients } from '../../graph/differentiate.ts';
import type { GraphPlan } from '../../graph/plan/plan.ts';
import { ShapeError, type TaskLoss, type Weighted } from '../library/contract.ts';
import { losses as lossKinds } from '../library/losses/table.ts';
import { weightings } from '../library/weightings/table.ts';
import type { Model } from '../model/model.ts';
import { clipGradients } from './clip.ts';
import { finished } from './finish.ts';
import type { Forward } from './forward.ts';
import { GraphInputs } from './inputs.ts';
import { lastShared } from './last_shared.ts';
import { lowerNorms } from './norms.ts';
import { lowerUpdate, type Weight } from './optimize.ts';
import { type SharedRef, type SharedValue, sharedByTasks } from './shared.ts';
import { byTrained } from './table_rows.ts';
import { blockContext, makeTowerContext } from './tower.ts';

export interface Step {
  readonly plan: GraphPlan;
  readonly shared: readonly SharedValue[];
  /** As of `lowerNorms`; made when it is asked for. */
  readonly norms: () => GraphPlan | undefined;
}

/** Of a forward graph without a mistake. */
export function lowerStep(model: Model, forward: Forward): Step {
  const { inputs } = forward.context;
  const { builder } = inputs;
  const shared = sharedByTasks(forward);
  const { total, weights: taskWeights, shared: combined } = lowerObjective(model, forward, shared);
  const embeddings = inputs.embeddings();
  const weights = builder
    .finish()
    .parameters.filter(({ trainable }) => trainable)
    .map(({ name, node }) => ({ name, id: node, type: builder.nodes[node]!.type }));

  const given = new Map(combined && shared.map(({ ref }, at) => [ref.id, combined[at]]));
  const wanted = [...weights, ...embeddings.map(({ ref }) => ref)];
  const open = wanted.filter(({ id }) => !given.has(id));
  const found = new Map(gradients(builder, total, open).map((gradient, at) => [open[at]!.id, gradient]));
  const whole = wanted.map(({ id }) => (given.has(id) ? given.get(id) : found.get(id)));
  const { clip } = model.train;
  const clipped = clip === undefined ? undefined : clipGradients(forward.context, clip, wanted, whole);
  const applied = new Map(wanted.map(({ id }, at) => [id, (clipped?.gradients ?? whole)[at]]));
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
  for (const [task, weight] of taskWeights) builder.output(`weight:${task}`, weight);
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
      const found = weights.map(({ name }, at) => ({ name, gradient: whole[at] }));
      norms ??= { plan: lowerNorms(inputs, towers, found) };
      return norms.plan;
    },
  };
}

/** What is wrong with `objective = …`, if anything: tried on losses that nothing is behind. */
export function checkObjective({ objective, tasks }: Model): Diagnostic[] {
  if (objective.kind === 'sum') return [];
  const { call } = objective;
  const builder = makeBuilder('objective');
  const context = makeTowerContext(new GraphInputs(builder), { byName: new Map(), tables: [] }, true);
  try {
    weightings[call.kind]!.lower(
      {
        ...blockContext(context, 'objective', { kind: 'events' }),
        losses: objective.tasks.map((task) => taskLoss(tasks, task, builder.input(task, []))),
        shared: [],
        lastShared: [],
        gradients: () => [],
        byTrained: () => [],
      },
      call.arguments,
    );
    return [];
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return [diagnose('arguments-conflict', call.span, { kind: call.kind, reason: error.reason })];
  }
}

function taskLoss(tasks: Model['tasks'], name: string, loss: Ref): TaskLoss {
  const kind = tasks.find((task) => task.name === name)?.loss?.kind;
  return { task: name, loss, regression: kind !== undefined && lossKinds[kind]!.label === 'number' };
}

/** Whether any row counts; nothing where all do. */
function presentIn(builder: Builder, weight: Ref | undefined): Pick<TaskLoss, 'present'> {
  if (weight === undefined) return {};
  return { present: builder.cast(builder.greater(builder.sum(weight, [0]), 0), 'float32') };
}

type Objective = Omit<Weighted, 'weights'> & { readonly weights: ReadonlyMap<string, Ref> };

/** Σ weight · loss, or what the weighting kind makes of the losses. */
function lowerObjective(
  { objective, tasks }: Model,
  { context, losses, rowWeights }: Forward,
  shared: readonly SharedRef[],
): Objective {
  const { builder } = context.inputs;
  const lossOf = (task: string): Ref => {
    const loss = losses.get(task);
    invariant(loss, `task ${task} has a loss`);
    return loss;
  };
  return builder.scope('objective', () => {
    if (objective.kind === 'sum') {
      const total = objective.terms
        .map(({ task, weight }) => (weight === 1 ? lossOf(task) : builder.mul(lossOf(task), weight)))
        .reduce((sum, next) => builder.add(sum, next));
      return { total, weights: new Map() };
    }
    const { call } = objective;
    const weighted = weightings[call.kind]!.lower(
      {
        ...blockContext(context, 'objective', { kind: 'events' }),
        losses: objective.tasks.map((task) => ({
          ...taskLoss(tasks, task, lossOf(task)),
          ...presentIn(builder, rowWeights.get(task)),
        })),
        shared: shared.map(({ ref }) => ref),
        lastShared: lastShared(builder, shared).map(({ ref }) => ref),
        gradients: (loss, by) => gradients(builder, loss, by),
        byTrained: (by, found) => byTrained(context, by, found),
      },
      call.arguments,
    );
    return { ...weighted, weights: new Map(objective.tasks.map((task, at) => [task, weighted.weights[at]!])) };
  });
}
