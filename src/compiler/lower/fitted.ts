/** Plans a model whose score is fitted as a whole, so that it has no vectors and no steps. */
import { defined } from '../../base/util/defined.ts';
import { makeBuilder } from '../../graph/builder.ts';
import { type FittedPlan, fittedTables, type GraphPlan, type Plan, type TowerPlan } from '../../graph/plan/plan.ts';
import { type Library, library as wholeLibrary } from '../model/library.ts';
import type { Call, Model, Tower } from '../model/model.ts';
import { fittedTerm } from '../model/references.ts';
import type { LoweredFeatures } from './features.ts';

/** Returns the score of a model that is fitted as a whole; undefined if its towers have vectors. */
export function fittedScoreOf({ tasks }: Pick<Model, 'tasks'>, library: Library = wholeLibrary): Call | undefined {
  for (const task of tasks) {
    const term = fittedTerm(task, library);
    if (term) return term;
  }
  return undefined;
}

/** Returns the parts of a plan that depend on the score. The rules have checked that the query tower reads one list of the item's key. */
export function lowerFitted(
  { name, towers: [query, item], tasks }: Model,
  { arguments: { fit, keep } }: Call,
  features: LoweredFeatures,
): Pick<Plan, 'features' | 'tables' | 'towers' | 'tasks' | 'step' | 'fitted'> {
  const list = query.features.find((feature) => feature !== query.key)!;
  const fitted = { by: fit as FittedPlan['by'], list, keep: keep as number };
  const emptyGraph = (part: string): GraphPlan => ({ graph: makeBuilder(`${name}_${part}`).finish(), inputs: [] });
  const towerPlan = (tower: Tower): TowerPlan => ({
    name: tower.name,
    ...defined({ key: tower.key }),
    features: tower.features,
    embedded: emptyGraph(tower.name),
    width: 0,
  });
  return {
    features: [...features.byName.values()].map(({ plan: { table: _, ...plan } }) => ({ ...plan, width: 0 })),
    tables: fittedTables(fitted, item.key!),
    towers: [towerPlan(query), towerPlan(item)],
    tasks: tasks.map((task) => ({ name: task.name })),
    step: emptyGraph('step'),
    fitted,
  };
}
