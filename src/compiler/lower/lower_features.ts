/** Plans the features of a model: their encoders, tables and widths. */
import { type Diagnostic, diagnose, invariant } from '../../base/diagnostics/diagnostic.ts';
import { type Encoder, type FeaturePlan, requiredFeatures, type TablePlan } from '../../graph/plan/plan.ts';
import type { ElementBag, FeatureUse } from '../library/contract.ts';
import { usesOf } from '../library/features/uses.ts';
import type { Feature, Model, Tower } from '../model/model.ts';
import { biasTable } from './bias.ts';

/** Embeddings are initialized uniformly in ±0.05, as in Keras. */
const firstLimit = 0.05;

export interface LoweredFeature {
  readonly feature: Feature;
  readonly use: FeatureUse;
  readonly plan: FeaturePlan;
  /** True if its table gets no gradient. In a graph a frozen table gets one too, because it continues to the neighbours of its rows. */
  readonly frozen?: true;
}

export interface LoweredFeatures {
  readonly byName: ReadonlyMap<string, LoweredFeature>;
  readonly tables: readonly TablePlan[];
}

/** Lowers features, all of which are valid, in the order of the file. */
export function lowerFeatures(model: Pick<Model, 'features' | 'towers'> & Partial<Pick<Model, 'train'>>): {
  output: LoweredFeatures;
  diagnostics: Diagnostic[];
} {
  const { features, towers } = model;
  const uses = usesOf(features);
  const diagnostics: Diagnostic[] = [];
  const readers = readersOf(towers, uses);
  const itemOwner = ownerOf(towers[1].key, uses);
  const inGraph = model.train?.graph === undefined ? [] : towers.map(({ key }) => key);
  const lowerOne = (name: string, feature: Feature): LoweredFeature => {
    const use = uses.get(name)!;
    const owner = 'owner' in use.encoder ? use.encoder.owner : name;
    const ownerUse = uses.get(owner)!;
    invariant(!('owner' in ownerUse.encoder), `\`${owner}\` owns an encoder`);
    const dim = use.gives === 'numbers' || use.through ? 0 : (use.dim ?? ownerUse.dim ?? 0);
    const tower = towerOf(name, readers, towers, uses);
    const listed = use.along === undefined ? owner : ownerOf(use.along, uses);
    const isHistory = use.lists === true && listed === itemOwner && tower === towers[0].name;
    const plan = planOf(name, tower, use, owner, ownerUse, dim, isHistory);
    const frozen = inGraph.includes(plan.table) ? undefined : plan.frozen;
    return { feature, use, plan, frozen };
  };
  const byName = new Map([...features].map(([name, feature]) => [name, lowerOne(name, feature)]));
  const tables = lazy(() => tablesOf(byName, towers, uses));
  for (const owner of new Set(inGraph)) {
    if (owner === undefined || uses.get(owner)?.precision === undefined) continue;
    if (tables().some(({ name }) => name === owner)) diagnostics.push(inGraphRefused(model, owner));
  }
  return {
    output: {
      byName,
      get tables() {
        return tables();
      },
    },
    diagnostics,
  };
}

function lazy<T>(make: () => T): () => T {
  let cachedValue: { readonly value: T } | undefined;
  return () => (cachedValue ??= { value: make() }).value;
}

/** Returns the tables in the order in which features need them. */
function tablesOf(
  features: LoweredFeatures['byName'],
  towers: Model['towers'],
  uses: ReadonlyMap<string, FeatureUse>,
): readonly TablePlan[] {
  const tables = new Map<string, TablePlan>();
  for (const { plan } of features.values()) {
    const { table, width } = plan;
    if (table !== undefined && !tables.has(table)) tables.set(table, tableOf(table, uses.get(table)!, width));
  }
  for (const { name: tower, key, bias } of towers) {
    const owner = ownerOf(key, uses);
    const name = biasTable(tower);
    if (bias && owner !== undefined) tables.set(name, { name, dim: 1, encoderOf: owner, limit: 0 });
  }
  return [...tables.values()];
}

function tableOf(name: string, { frozen, precision, ordinal }: FeatureUse, dim: number): TablePlan {
  return { name, dim, encoderOf: name, limit: firstLimit, frozen, precision, ordinal };
}

/** Returns a diagnostic because the layers of a graph need float32 tables in the same memory. */
function inGraphRefused({ features }: Pick<Model, 'features'>, owner: string): Diagnostic {
  const { call } = features.get(owner)!;
  const reason = 'takes no `precision` where `graph` of `train` connects its rows';
  return diagnose('arguments-conflict', call.span, { kind: call.kind, reason });
}

/** Returns the feature whose encoder and table a feature uses, which may be itself. */
function ownerOf(name: string | undefined, uses: ReadonlyMap<string, FeatureUse>): string | undefined {
  const use = name === undefined ? undefined : uses.get(name);
  return use && 'owner' in use.encoder ? use.encoder.owner : name;
}

function planOf(
  name: string,
  tower: string,
  use: FeatureUse,
  owner: string,
  { encoder, frozen }: FeatureUse,
  dim: number,
  isHistory: boolean,
): FeaturePlan {
  return {
    name,
    tower,
    gives: use.gives,
    encoder: encoder as Encoder,
    column: name,
    crosses: use.crosses,
    last: use.last,
    along: use.along,
    drop: use.drop,
    vectors: use.vectors,
    weights: use.weights,
    ...(use.each ? { each: eachOf(use.each, encoder as Encoder) } : {}),
    frozen: dim > 0 ? frozen : undefined,
    encoderOf: owner,
    max: use.max,
    ...(isHistory ? { keeps: 'latest' } : {}),
    ...(use.gives === 'bag' && use.unseen !== 'keep' && (encoder as Encoder).kind === 'vocabulary'
      ? { skipsUnseen: true }
      : {}),
    ...(dim > 0 ? { table: owner } : {}),
    width: use.gives === 'numbers' ? (use.project ?? use.size ?? 1) : dim,
  };
}

function eachOf({ max, pool, unseen }: ElementBag, { kind }: Encoder): NonNullable<FeaturePlan['each']> {
  return { max, pool, ...(unseen !== 'keep' && kind === 'vocabulary' ? { skipsUnseen: true } : {}) };
}

/** Returns the features of a tower and those that they need, without repetition. */
export function featuresRead(tower: Tower, useOf: (feature: string) => FeatureUse | undefined): string[] {
  const readFeatures = new Set<string>();
  const add = (feature: string): void => {
    if (readFeatures.has(feature)) return;
    readFeatures.add(feature);
    requiredFeatures(useOf(feature) ?? {}).forEach(add);
  };
  tower.features.forEach(add);
  return [...readFeatures];
}

type Readers = ReadonlyMap<string, string>;

/** Maps each feature to the first tower that reads it or has it as key. */
function readersOf(towers: Model['towers'], uses: ReadonlyMap<string, FeatureUse>): Readers {
  const byFeature = new Map<string, string>();
  for (const tower of towers) {
    for (const feature of [tower.key, ...featuresRead(tower, (name) => uses.get(name))]) {
      if (feature !== undefined && !byFeature.has(feature)) byFeature.set(feature, tower.name);
    }
  }
  return byFeature;
}

/**
 * Returns the tower that reads a feature or has it as key. A feature that only owns a shared table or weights rows counts to the query tower; one that nothing
 * reads and that is derived from others, to their tower.
 */
function towerOf(
  feature: string,
  readers: Readers,
  towers: Model['towers'],
  uses: ReadonlyMap<string, FeatureUse>,
): string {
  const tower = readers.get(feature);
  if (tower !== undefined) return tower;
  const [first] = requiredFeatures(uses.get(feature) ?? {});
  return first === undefined ? towers[0].name : towerOf(first, readers, towers, uses);
}
