/** A plan as the manifest holds it: each graph is in a file of its own. */
import { defined } from '../../base/util/defined.ts';
import type { GraphPlan, Plan, TowerPartPlan, TowerPlan } from '../../graph/plan/plan.ts';

export type StoredGraph = Omit<GraphPlan, 'graph'> & { readonly graph: string };
type StoredPart = Omit<TowerPartPlan, 'graph'> & { readonly graph: string };
type StoredTower = Omit<TowerPlan, 'embedded' | 'parts'> & {
  readonly embedded: StoredGraph;
  readonly parts?: readonly StoredPart[];
};
export type StoredPlan = Omit<Plan, 'towers' | 'step' | 'predictions'> & {
  readonly towers: readonly [StoredTower, StoredTower];
  readonly step: StoredGraph;
  readonly predictions?: StoredGraph;
};

/** Lists the graphs of a plan, in the order in which they are read. */
export const graphsOf = ({ towers, step, predictions }: StoredPlan): readonly StoredGraph[] => [
  ...towers.flatMap(({ embedded, parts = [] }) => [embedded, ...parts]),
  step,
  ...(predictions ? [predictions] : []),
];

/** Replaces each graph by the file that `place` returns for it: for `tower user`, `step`, `predictions`. */
export function storePlan(plan: Plan, place: (graph: GraphPlan, name: string) => string): StoredPlan {
  const store = <G extends GraphPlan>(graph: G, name: string) => ({ ...graph, graph: place(graph, name) });
  const tower = ({ parts, ...each }: TowerPlan): StoredTower => ({
    ...each,
    embedded: store(each.embedded, `tower ${each.name}`),
    ...defined({ parts: parts?.map((part) => store(part, partName(each.name, part))) }),
  });
  const { predictions, ...rest } = plan;
  return {
    ...rest,
    towers: [tower(plan.towers[0]), tower(plan.towers[1])],
    step: store(plan.step, 'step'),
    ...(predictions ? { predictions: store(predictions, 'predictions') } : {}),
  };
}

export const partName = (tower: string, { length }: TowerPartPlan): string => `part ${length} of ${tower}`;

/** The inverse: `graphs` by file. */
export function restorePlan(stored: StoredPlan, graphs: ReadonlyMap<string, GraphPlan['graph']>): Plan {
  const restore = <G extends StoredGraph>(each: G) => ({ ...each, graph: graphs.get(each.graph)! });
  const { predictions, ...rest } = stored;
  const tower = ({ parts, ...each }: StoredTower): TowerPlan => ({
    ...each,
    embedded: restore(each.embedded),
    ...defined({ parts: parts?.map(restore) }),
  });
  return {
    ...rest,
    towers: [tower(stored.towers[0]), tower(stored.towers[1])],
    step: restore(stored.step),
    ...(predictions ? { predictions: restore(predictions) } : {}),
  };
}
