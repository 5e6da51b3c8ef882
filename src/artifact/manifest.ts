import type { Seen } from '../data/dataset.ts';
import type { GraphPlan, Plan, TowerPlan } from '../plan/plan.ts';
import type { Checksum } from '../storage/checksum.ts';
import type { Change, Fingerprint } from './identity.ts';

/** `manifest.json`. Its JSON Schema, `manifest.schema.json`, says what each entry means; paths are relative to the folder. */
export interface Manifest {
  readonly format: 'tower-model-2';
  readonly tower: string;
  readonly engine: { readonly name: string; readonly version: string };
  readonly seed: number;
  readonly training: {
    readonly status: 'epochs' | 'patience' | 'interrupted' | 'stopped';
    readonly epochs: number;
    readonly steps: number;
    readonly rows: number;
    readonly best?: { readonly epoch: number; readonly metric: string; readonly value: number };
    readonly changes?: readonly Change[];
  };
  readonly data: {
    readonly fingerprint: Fingerprint;
    readonly file?: string;
    readonly source?: string;
    readonly protocol: readonly string[];
    readonly seen: Seen;
    readonly histories: Readonly<Record<string, number>>;
    readonly train: number;
    readonly validation: number;
    readonly test: number;
    readonly items: number;
    readonly users: number;
    readonly rejected: number;
  };
  readonly sources: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly plan: StoredPlan;
  readonly encodings: Readonly<Record<string, string>>;
  readonly weights: string;
  readonly files: Readonly<Record<string, Checksum>>;
  readonly checksum: string;
}

export const manifestFile = 'manifest.json';

/** The place of the manifest's own checksum before it is known. */
export const noChecksum = '0'.repeat(64);

/** A graph is named by its file. */
export type StoredGraph = Omit<GraphPlan, 'graph'> & { readonly graph: string };
export type StoredTower = Omit<TowerPlan, 'embedded'> & { readonly embedded: StoredGraph };
export type StoredPlan = Omit<Plan, 'towers' | 'step'> & {
  readonly towers: readonly [StoredTower, StoredTower];
  readonly step: StoredGraph;
};

/** Replaces each graph by what `place` answers for it, such as the file it is written to. */
export function storePlan(plan: Plan, place: (graph: GraphPlan, name: string) => string): StoredPlan {
  const store = (graph: GraphPlan, name: string): StoredGraph => ({ ...graph, graph: place(graph, name) });
  const tower = (each: TowerPlan): StoredTower => ({ ...each, embedded: store(each.embedded, each.name) });
  return { ...plan, towers: [tower(plan.towers[0]), tower(plan.towers[1])], step: store(plan.step, 'step') };
}

/** The inverse: `graphs` by file. */
export function restorePlan(stored: StoredPlan, graphs: ReadonlyMap<string, GraphPlan['graph']>): Plan {
  const restore = (each: StoredGraph): GraphPlan => ({ ...each, graph: graphs.get(each.graph)! });
  const tower = (each: StoredTower): TowerPlan => ({ ...each, embedded: restore(each.embedded) });
  return {
    ...stored,
    towers: [tower(stored.towers[0]), tower(stored.towers[1])],
    step: restore(stored.step),
  };
}
