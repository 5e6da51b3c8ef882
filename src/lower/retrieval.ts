/** The towers as they are served: one vector a side, whose inner product is what `retrieve` declares. */
import { invariant } from '../diagnostics/failure.ts';
import { makeBuilder } from '../graph/builder.ts';
import type { Model } from '../model/model.ts';
import type { LoweredFeatures } from './features.ts';
import { finished } from './finish.ts';
import { GraphInputs } from './inputs.ts';
import { Names } from './names.ts';
import type { RowsOf, TowerPlan } from './plan.ts';
import { lowerScore } from './score.ts';
import { blockContext, lowerTower, type TowerContext } from './tower.ts';

const events: RowsOf = { kind: 'events' };

/**
 * Every score is an inner product, so a weighted sum of scores is one too: of the scores' query sides end to end, each times
 * its factor, and of their item sides end to end. Of a model that lowers without a mistake.
 */
export function lowerRetrieval(model: Model, features: LoweredFeatures, side: 'query' | 'item'): TowerPlan {
  const tower = model.towers[side === 'query' ? 0 : 1];
  const builder = makeBuilder(`${model.name}_${tower.name}`);
  const inputs = new GraphInputs(builder);
  const context: TowerContext = {
    inputs,
    features,
    names: new Names(),
    shared: new Map(),
    diagnostics: [],
    arrows: [],
    training: false,
  };
  // Scores want both sides; the other one reaches no output and is pruned.
  const query = lowerTower(context, model.towers[0], events);
  const item = lowerTower(context, model.towers[1], events);
  const block = blockContext(context, 'retrieve', events);
  const parts = model.retrieve.map(({ task: name, factor }) => {
    const task = model.tasks.find((task) => task.name === name);
    invariant(task, `retrieve names the task ${name}`);
    const score = lowerScore(block, model, task, query, item, context.diagnostics);
    invariant(score, `the score of ${name} lowers alike for training and retrieval`);
    const part = score[side];
    return { tensor: side === 'query' && factor !== 1 ? builder.mul(part, factor) : part, width: score.width };
  });
  const tensors = parts.map(({ tensor }) => tensor);
  builder.output('vector', tensors.length === 1 ? tensors[0]! : builder.concat(tensors, 1));
  return {
    name: tower.name,
    ...(tower.key === undefined ? {} : { key: tower.key }),
    features: tower.features,
    embedded: finished(inputs),
    width: parts.reduce((sum, { width }) => sum + width, 0),
  };
}
