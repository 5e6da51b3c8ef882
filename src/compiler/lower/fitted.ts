/** Plans a model whose score is fitted as a whole, so that it has no vectors and no steps. */
import { hasErrors, type Outcome } from '../../base/diagnostics/diagnostic.ts';
import { makeBuilder } from '../../graph/builder.ts';
import { type FittedPlan, fittedTables, type GraphPlan, type Plan, type TowerPlan } from '../../graph/plan/plan.ts';
import { library } from '../model/library.ts';
import type { Model, Tower } from '../model/model.ts';
import { fittedTerm } from '../model/references.ts';
import { lowerFeaturesWhole } from './through.ts';

type FittedParts = Pick<Plan, 'features' | 'labels' | 'tables' | 'towers' | 'tasks' | 'step' | 'fitted'>;

/**
 * Returns what a plan has in place of graphs if the score is fitted as a whole; undefined if the towers have vectors. The rules have checked that the query tower
 * reads one list of the item's key.
 */
export function lowerFitted(model: Model): Outcome<FittedParts | undefined> | undefined {
  const {
    name,
    towers: [query, item],
    tasks,
  } = model;
  const call = tasks.flatMap((task) => fittedTerm(task, library) ?? [])[0];
  if (call === undefined) return undefined;
  const { output: features, diagnostics } = lowerFeaturesWhole(model);
  if (hasErrors(diagnostics)) return { output: undefined, diagnostics };
  const { fit, keep } = call.arguments;
  const list = query.features.find((feature) => feature !== query.key)!;
  const fitted = { by: fit as FittedPlan['by'], list, keep: keep as number };
  const emptyGraph = (part: string): GraphPlan => ({ graph: makeBuilder(`${name}_${part}`).finish(), inputs: [] });
  const towerPlan = (tower: Tower): TowerPlan => ({
    name: tower.name,
    key: tower.key,
    features: tower.features,
    embedded: emptyGraph(tower.name),
    width: 0,
  });
  const parts: FittedParts = {
    features: [...features.byName.values()].map(({ plan: { table: _, ...plan } }) => ({ ...plan, width: 0 })),
    labels: [],
    tables: fittedTables(fitted, item.key!),
    towers: [towerPlan(query), towerPlan(item)],
    tasks: tasks.map((task) => ({ name: task.name })),
    step: emptyGraph('step'),
    fitted,
  };
  return { output: parts, diagnostics };
}
