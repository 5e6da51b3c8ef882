/** A plan as the manifest holds it: each graph is in a file of its own. */
import type { GraphPlan, Plan, TowerPlan } from '../plan/plan.ts';

/** A graph is named by its file. */
export type StoredGraph = Omit<GraphPlan, 'graph'> & { readonly graph: string };
export type StoredTower = Omit<TowerPlan, 'embedded'> & { readonly embedded: StoredGraph };
export type StoredPlan = Omit<Plan, 'towers' | 'step' | 'predictions'> & {
  readonly towers: readonly [StoredTower, StoredTower];
  readonly step: StoredGraph;
  readonly predictions?: StoredGraph;
};

/** Those of a plan, in the order in which they are read. */
export const graphsOf = ({ towers, step, predictions }: StoredPlan): readonly StoredGraph[] => [
  ...towers.map(({ embedded }) => embedded),
  step,
  ...(predictions ? [predictions] : []),
];

/** Replaces each graph by what `place` answers for it, such as the file it is written to: of `tower user`, `step`, `predictions`. */
export function storePlan(plan: Plan, place: (graph: GraphPlan, name: string) => string): StoredPlan {
  const store = (graph: GraphPlan, name: string): StoredGraph => ({ ...graph, graph: place(graph, name) });
  const tower = (each: TowerPlan): StoredTower => ({ ...each, embedded: store(each.embedded, `tower ${each.name}`) });
  const { predictions } = plan;
  return {
    ...plan,
    towers: [tower(plan.towers[0]), tower(plan.towers[1])],
    step: store(plan.step, 'step'),
    ...(predictions ? { predictions: store(predictions, 'predictions') } : {}),
  } as StoredPlan;
}

/** The inverse: `graphs` by file. */
export function restorePlan(stored: StoredPlan, graphs: ReadonlyMap<string, GraphPlan['graph']>): Plan {
  const restore = (each: StoredGraph): GraphPlan => ({ ...each, graph: graphs.get(each.graph)! });
  const { predictions } = stored;
  const tower = (each: StoredTower): TowerPlan => ({ ...each, embedded: restore(each.embedded) });
  return {
    ...stored,
    towers: [tower(stored.towers[0]), tower(stored.towers[1])],
    step: restore(stored.step),
    ...(predictions ? { predictions: restore(predictions) } : {}),
  } as Plan;
}
