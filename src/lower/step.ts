/** The training step: both towers, each task's loss, the objective, gradients, and the update of the dense weights. */
import { type Diagnostic, hasErrors } from '../diagnostics/diagnostic.ts';
import { invariant } from '../diagnostics/failure.ts';
import { makeBuilder, type Ref } from '../graph/builder.ts';
import { gradients } from '../graph/differentiate.ts';
import { rowsPrefix } from '../library/rows_prefix.ts';
import { weightings } from '../library/weightings/table.ts';
import type { Model } from '../model/model.ts';
import type { LoweredFeatures } from './features.ts';
import { finished } from './finish.ts';
import type { Arrow } from './flow.ts';
import { GraphInputs } from './inputs.ts';
import { Names } from './names.ts';
import { lowerUpdate, type Weight } from './optimize.ts';
import type { GraphPlan, RowsOf } from './plan.ts';
import type { Channels } from './score.ts';
import { lowerTask } from './task.ts';
import { blockContext, lowerTower, type TowerContext } from './tower.ts';

const events: RowsOf = { kind: 'events' };

export interface LoweredStep {
  /** Absent after a mistake. */
  readonly step?: GraphPlan;
  readonly arrows: readonly Arrow[];
  readonly diagnostics: readonly Diagnostic[];
}

export function lowerStep(model: Model, features: LoweredFeatures): LoweredStep {
  const builder = makeBuilder(`${model.name}_step`);
  const inputs = new GraphInputs(builder);
  const context: TowerContext = {
    inputs,
    features,
    names: new Names(),
    shared: new Map(),
    diagnostics: [],
    arrows: [],
    training: true,
  };
  const { diagnostics, arrows } = context;
  const [asks] = model.towers;
  const query = lowerTower(context, asks, events);
  const items = itemChannels(context, model);
  items(events);
  const losses = new Map<string, Ref>();
  for (const task of model.tasks) {
    const loss = lowerTask(context, model, task, query, items);
    if (loss !== undefined) losses.set(task.name, loss);
  }
  if (hasErrors(diagnostics)) return { arrows, diagnostics };

  const total = lowerObjective(context, model, losses);
  const parameters = builder.finish().parameters.filter(({ trainable }) => trainable);
  const embeddings = inputs.embeddings();
  const weights = parameters.map(({ node }): Ref => ({ id: node, type: builder.nodes[node]!.type }));
  const found = gradients(builder, total, [...weights, ...embeddings.map(({ ref }) => ref)]);
  const update = lowerUpdate(
    inputs,
    model.train.dense,
    weights.flatMap((parameter, at): Weight[] => {
      const gradient = found[at];
      return gradient === undefined ? [] : [{ parameter, gradient }];
    }),
  );
  if (update !== undefined) return { arrows, diagnostics: [...diagnostics, update] };

  builder.output('loss', total);
  for (const [task, loss] of losses) builder.output(`loss:${task}`, loss);
  embeddings.forEach(({ name }, at) => {
    const gradient = found[weights.length + at];
    if (gradient !== undefined) builder.output(`gradient:${name}`, gradient);
  });
  return { step: finished(inputs), arrows, diagnostics };

  /** The item tower, lowered once for each kind of rows; what it says of mistakes counts the first time. */
  function itemChannels(context: TowerContext, { towers }: Model): (rows: RowsOf) => Channels {
    const known = new Map<string, Channels>();
    return (rows) => {
      const name = rowsPrefix(rows);
      const again = known.size === 0 ? context : { ...context, diagnostics: [], arrows: [] };
      const channels = known.get(name) ?? lowerTower(again, towers[1], rows);
      known.set(name, channels);
      return channels;
    };
  }
}

/** Σ weight · loss, or what the weighting kind makes of the losses. */
function lowerObjective(context: TowerContext, { objective }: Model, losses: ReadonlyMap<string, Ref>): Ref {
  const { builder } = context.inputs;
  const lossOf = (task: string): Ref => {
    const loss = losses.get(task);
    invariant(loss, `task ${task} has a loss`);
    return loss;
  };
  return builder.scope('objective', () => {
    if (objective.kind === 'dynamic') {
      const { call, tasks } = objective;
      const terms = tasks.map((task) => ({ task, loss: lossOf(task) }));
      return weightings[call.kind]!.lower(blockContext(context, 'objective', events), terms, call.arguments);
    }
    return objective.terms
      .map(({ task, weight }) => (weight === 1 ? lossOf(task) : builder.mul(lossOf(task), weight)))
      .reduce((sum, next) => builder.add(sum, next));
  });
}
