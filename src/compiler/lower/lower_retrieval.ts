/** Lowers the served towers: one vector for each side, or several for the query, whose inner product is the score of `retrieve`; or two sets of vectors. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeBuilder } from '../../graph/builder.ts';
import { elementOutputName, type RowsOf, type TowerPartPlan, type TowerPlan } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import type { Model } from '../model/model.ts';
import { blockContext, makeLowering } from './flow.ts';
import { finished, GraphInputs } from './inputs.ts';
import { featuresRead, type LoweredFeatures } from './lower_features.ts';
import { cutOf } from './lower_parts.ts';
import { lowerItem, lowerTower } from './lower_tower.ts';
import { addUp, lowerScore, scaled } from './score.ts';
import { encodes } from './through.ts';

/**
 * Every score is an inner product, so a weighted sum of scores is one too: the query vectors, multiplied by their factors, are concatenated, and so
 * are the item vectors. The model must lower without errors.
 */
export function lowerRetrieval(model: Model, features: LoweredFeatures, side: 'query' | 'item'): TowerPlan {
  const tower = model.towers[side === 'query' ? 0 : 1];
  const { embedded, whole, readouts } = lowerSide(model, features, side, { kind: 'events' });
  // A bias reads the key, which may not be an input of the tower.
  const { shape } = whole[side].type;
  const readsKey = embedded.inputs.some(({ source }) => source.from === 'embedding' && source.feature === tower.key);
  const readFeatures = featuresRead(tower, (name) => features.byName.get(name)?.use);
  const towerParts = side === 'query' ? lowerParts(model, features) : [];
  return {
    name: tower.name,
    key: tower.key,
    features: readsKey ? [...new Set([...readFeatures, tower.key!])] : readFeatures,
    embedded,
    ...(towerParts.length === 0 ? {} : { parts: towerParts }),
    width: whole.width,
    ...(shape.length === 3 ? { interests: shape[1] as number } : {}),
    ...(readouts.length === 0 ? {} : { readouts }),
  };
}

/** Lowers the query tower for each length except the longest, which the tower itself has. */
function lowerParts(model: Model, features: LoweredFeatures): readonly TowerPartPlan[] {
  const cut = cutOf(model, features, false);
  if (cut === undefined) return [];
  const { feature, lengths } = cut;
  return lengths
    .slice(0, -1)
    .map((length) => ({
      feature,
      length,
      ...lowerSide(model, features, 'query', { kind: 'part', feature, length }).embedded,
    }));
}

function lowerSide(model: Model, features: LoweredFeatures, side: 'query' | 'item', rows: RowsOf) {
  const tower = model.towers[side === 'query' ? 0 : 1];
  const builder = makeBuilder(`${model.name}_${rowsPrefix(rows).replace('/', '_')}${tower.name}`);
  const inputs = new GraphInputs(builder);
  const context = makeLowering(inputs, features, false, rows);
  // Scores need both sides. The other side reaches no output and is pruned.
  const query = lowerTower(context, model.towers[0]);
  const item = lowerItem(context, model.towers[1]);
  const block = blockContext(context, 'retrieve');
  const sides = { block, model, query, item, diagnostics: context.diagnostics };
  const scoreParts = model.retrieve.map(({ task: name, factor }) => {
    const task = model.tasks.find((task) => task.name === name);
    invariant(task, `retrieve names the task ${name}`);
    const score = lowerScore(sides, task);
    invariant(score, `the score of ${name} lowers alike for training and retrieval`);
    return scaled(block, score, factor);
  });
  const wholeScore = addUp(block, scoreParts);
  builder.output('vector', wholeScore[side]);
  if (side === 'item')
    for (const channel of encodes(features)) builder.output(elementOutputName(channel), item.get(channel)!.tensor);
  const embedded = finished(inputs);
  const labels = new Set(embedded.graph.nodes.map(({ label }) => label));
  const readouts = context.readouts.filter(({ label }) => labels.has(label));
  return { embedded, whole: wholeScore, readouts };
}
