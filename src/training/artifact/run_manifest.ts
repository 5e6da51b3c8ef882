/** The manifest of a model's folder describes the model and its training data. */
import type { Checksum } from '../../base/storage/tensor_header.ts';
import type { Seen, Until } from '../../data/dataset.ts';
import type { GraphPlan, Plan, TowerPartPlan, TowerPlan } from '../../graph/plan/plan.ts';
import type { FinalOrigin, Fingerprint, Lineage, SettingChange } from './identity.ts';

/** The plan in the manifest, with the path of a file in place of each graph. */
type StoredGraph = Omit<GraphPlan, 'graph'> & { readonly graph: string };
type StoredPart = Omit<TowerPartPlan, 'graph'> & { readonly graph: string };
type StoredTower = Omit<TowerPlan, 'embedded' | 'parts'> & {
  readonly embedded: StoredGraph;
  readonly parts?: readonly StoredPart[];
};
type StoredPlan = Omit<Plan, 'towers' | 'step' | 'predictions'> & {
  readonly towers: readonly [StoredTower, StoredTower];
  readonly step: StoredGraph;
  readonly predictions?: StoredGraph;
};

export const graphsOf = ({ towers, step, predictions }: StoredPlan): readonly StoredGraph[] => [
  ...towers.flatMap(({ embedded, parts = [] }) => [embedded, ...parts]),
  step,
  ...(predictions ? [predictions] : []),
];

/** Replaces each graph by the path that `storeAt` returns for it. `storeAt` gets a name such as `tower user`, `step` or `predictions`. */
export function storePlan(plan: Plan, storeAt: (graph: GraphPlan, name: string) => string): StoredPlan {
  const storeGraph = <G extends GraphPlan>(graph: G, name: string) => ({ ...graph, graph: storeAt(graph, name) });
  const storeTower = ({ parts, ...tower }: TowerPlan): StoredTower => ({
    ...tower,
    embedded: storeGraph(tower.embedded, `tower ${tower.name}`),
    parts: parts?.map((part) => storeGraph(part, partName(tower.name, part))),
  });
  const { predictions, ...rest } = plan;
  return {
    ...rest,
    towers: [storeTower(plan.towers[0]), storeTower(plan.towers[1])],
    step: storeGraph(plan.step, 'step'),
    ...(predictions ? { predictions: storeGraph(predictions, 'predictions') } : {}),
  };
}

export const partName = (tower: string, { length }: TowerPartPlan): string => `part ${length} of ${tower}`;

export function restorePlan(stored: StoredPlan, graphs: ReadonlyMap<string, GraphPlan['graph']>): Plan {
  const restoreGraph = <G extends StoredGraph>(storedGraph: G) => ({
    ...storedGraph,
    graph: graphs.get(storedGraph.graph)!,
  });
  const { predictions, ...rest } = stored;
  const restoreTower = ({ parts, ...tower }: StoredTower): TowerPlan => ({
    ...tower,
    embedded: restoreGraph(tower.embedded),
    parts: parts?.map(restoreGraph),
  });
  return {
    ...rest,
    towers: [restoreTower(stored.towers[0]), restoreTower(stored.towers[1])],
    step: restoreGraph(stored.step),
    ...(predictions ? { predictions: restoreGraph(predictions) } : {}),
  };
}

export const reportFile = 'report.html';
export const evaluationFile = 'evaluation.json';
export const trackingFile = 'tracking.json';

/** The settings of a fitted score, and how they were chosen. */
export interface FitChoice {
  readonly setting: Readonly<Record<string, number>>;
  /** Weight of an item of the list relative to that of the item after it. */
  readonly decay: number;
  /** For people: `l1 = 1, l2 = 10, chosen out of 6 by ndcg@10 on 610 validation events; decay = 0.9, chosen out of 6`. */
  readonly words: string;
}

/** The content of `manifest.json`. Its JSON Schema, `manifest.schema.json`, describes each entry; paths are relative to the folder. */
export interface Manifest {
  readonly format: 'tower-model-2';
  readonly tower: string;
  readonly engine: { readonly name: string; readonly version: string };
  readonly seed: number;
  readonly from?: Lineage;
  /** The run that chose the settings of one that is trained on all events. */
  readonly final?: FinalOrigin;
  readonly training: {
    readonly status: 'epochs' | 'patience' | 'interrupted' | 'stopped';
    readonly epochs: number;
    readonly steps: number;
    readonly rows: number;
    readonly precision?: 'float32' | 'bf16';
    /** Median milliseconds of the engine for a step in each precision, if `auto` measured them. */
    readonly measured?: Readonly<Record<'float32' | 'bf16', number>>;
    readonly best?: { readonly epoch: number; readonly metric: string; readonly value: number };
    readonly changes?: readonly SettingChange[];
    /** Present if the score was fitted as a whole. */
    readonly fit?: FitChoice;
  };
  readonly data: {
    readonly fingerprint: Fingerprint;
    readonly file?: string;
    readonly source?: string;
    readonly shards?: string;
    readonly protocol: readonly string[];
    readonly seen: Seen;
    readonly histories: Readonly<Record<string, number>>;
    readonly train: number;
    readonly validation: number;
    readonly test: number;
    readonly items: number;
    readonly users: number;
    readonly rejected: number;
    readonly until?: Until;
  };
  readonly sources: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly plan: StoredPlan;
  readonly encodings: Readonly<Record<string, string>>;
  readonly weights: string;
  readonly files: Readonly<Record<string, Checksum>>;
  readonly checksum: string;
}

/** Returns what a validation ends: an epoch, or a round if `validate` counts steps, because an epoch then has several validations. */
export const validationUnit = ({ train }: { train: Pick<StoredPlan['train'], 'validate'> }): 'epoch' | 'round' =>
  train.validate?.steps === undefined ? 'epoch' : 'round';

export const manifestFile = 'manifest.json';

/** Placeholder for the manifest's own checksum while it is computed. */
export const noChecksum = '0'.repeat(64);
