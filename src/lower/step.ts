/** The training step: the forward graph, the objective, gradients, and the update of the dense weights. */
import { invariant } from '../diagnostics/failure.ts';
import type { Ref } from '../graph/builder.ts';
import { gradients } from '../graph/differentiate.ts';
import { weightings } from '../library/weightings/table.ts';
import type { Model } from '../model/model.ts';
import { finished } from './finish.ts';
import type { Forward } from './forward.ts';
import { lowerUpdate, type Weight } from './optimize.ts';
import type { GraphPlan } from './plan.ts';
import { blockContext } from './tower.ts';

/** Of a forward graph without a mistake. */
export function lowerStep(model: Model, forward: Forward): GraphPlan {
  const { inputs } = forward.context;
  const { builder } = inputs;
  const total = lowerObjective(model, forward);
  const embeddings = inputs.embeddings();
  const weights = builder
    .finish()
    .parameters.filter(({ trainable }) => trainable)
    .map(({ node }): Ref => ({ id: node, type: builder.nodes[node]!.type }));
  const found = gradients(builder, total, [...weights, ...embeddings.map(({ ref }) => ref)]);
  lowerUpdate(
    inputs,
    model.train.dense,
    weights.flatMap((parameter, at): Weight[] => {
      const gradient = found[at];
      return gradient === undefined ? [] : [{ parameter, gradient }];
    }),
  );
  builder.output('loss', total);
  for (const [task, loss] of forward.losses) builder.output(`loss:${task}`, loss);
  embeddings.forEach(({ name }, at) => {
    const gradient = found[weights.length + at];
    if (gradient !== undefined) builder.output(`gradient:${name}`, gradient);
  });
  return finished(inputs);
}

/** Σ weight · loss, or what the weighting kind makes of the losses. */
function lowerObjective({ objective }: Model, { context, losses }: Forward): Ref {
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
      const block = blockContext(context, 'objective', { kind: 'events' });
      return weightings[call.kind]!.lower(block, terms, call.arguments);
    }
    return objective.terms
      .map(({ task, weight }) => (weight === 1 ? lossOf(task) : builder.mul(lossOf(task), weight)))
      .reduce((sum, next) => builder.add(sum, next));
  });
}
