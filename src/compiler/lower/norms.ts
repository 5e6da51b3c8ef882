/** How long the gradient of a step is, by group of weights: a graph of its own, so that the step is what it is without it. */
import type { Ref } from '../../graph/builder.ts';
import type { GraphPlan } from '../../graph/plan/plan.ts';
import { finished } from './finish.ts';
import type { GraphInputs } from './inputs.ts';

/** The group of the weights that belong to no tower: temperatures, biases, weights of tasks. */
const losses = 'losses';
const shared = 'shared';

/** Before the name of a group, in the outputs. */
const prefix = 'gradient_norm:';

export interface NamedGradient {
  /** Of the weight: `user/main/mlp/weights`. */
  readonly name: string;
  readonly gradient: Ref | undefined;
}

/**
 * Its outputs are scalars `gradient_norm:<group>`, square roots of sums of squares: a group for each tower, one for `shared` steps, one for all
 * other weights. It has no updates. Undefined where no weight has a gradient.
 * @param inputs of the step, which is finished: nodes are added to its builder
 * @param gradients before they are clipped
 */
export function lowerNorms(
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
    groups.set(group, [...(groups.get(group) ?? []), gradient]);
  }
  if (groups.size === 0) return undefined;
  const names = builder.unscoped(() =>
    builder.scope('norms', () =>
      [...groups].map(([group, all]) => {
        const squares = all.map((gradient) =>
          builder.sum(
            builder.square(gradient),
            gradient.type.shape.map((_, axis) => axis),
          ),
        );
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
