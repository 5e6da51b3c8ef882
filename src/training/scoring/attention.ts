/** Reads how much of each field passes the blocks of trained towers that weigh fields, over rows of the data. */
import { failure, invariant } from '../../base/diagnostics/failure.ts';
import type { Dataset, IndexedColumn } from '../../data/dataset.ts';
import type { Engine } from '../../engines/engine.ts';
import { prune } from '../../graph/passes/dead.ts';
import type { GraphPlan, Readout, TowerPlan } from '../../graph/plan/plan.ts';
import type { Trained } from '../artifact/load.ts';
import type { Tables } from '../embedding/tables.ts';
import { makeRowFeeder } from '../feed/feeder.ts';
import { makeRetrieval } from './retrieval.ts';
import { graphParameters } from './tower_vectors.ts';

export interface Attention {
  readonly tower: string;
  /** Path of the block: `user/weighted/senet`. */
  readonly block: string;
  /** The rows that it was read over, in words: `610 test events`. */
  readonly over: string;
  readonly fields: readonly FieldAttention[];
}

interface FieldAttention {
  readonly name: string;
  readonly mean: number;
  /** Standard deviation from row to row. */
  readonly deviation: number;
}

/** Rows that go through a tower at a time, and of which it is read out at most. */
const rowsAtOnce = 4096;
const maxReadRows = 65_536;

/**
 * The query tower is read over held-out events, or training ones where none are held out; the item tower over the
 * whole corpus, each item once.
 * @throws Failure `no-attention`
 */
export async function readAttention(trained: Trained, dataset: Dataset, engine: Engine): Promise<readonly Attention[]> {
  const [query, item] = trained.plan.towers;
  if (!query.readouts && !item.readouts) throw failure('no-attention', { model: trained.plan.model });
  const part = (['test', 'validation', 'train'] as const).find((name) => dataset.parts[name].rows > 0) ?? 'train';
  const events = dataset.parts[part];
  const { corpus } = dataset;
  const { plan, parameters } = trained;
  const ofQueries = async (tables: Tables): Promise<readonly Attention[]> =>
    readTower({ ...trained, tables }, engine, query, events.features, events.rows, `${part} events`);
  const ofItems = await readTower(trained, engine, item, corpus.features, corpus.rows, 'items of the corpus');
  if (!plan.features.some(({ through }) => through)) return [...(await ofQueries(trained.tables)), ...ofItems];
  // Lists that go through the item tower read its vectors of the corpus.
  const retrieval = await makeRetrieval({ plan, engine, tables: trained.tables, corpus, parameters });
  try {
    return [...(await ofQueries(retrieval.tables)), ...ofItems];
  } finally {
    await retrieval.close();
  }
}

async function readTower(
  { plan, tables, parameters }: Trained,
  engine: Engine,
  tower: TowerPlan,
  columns: ReadonlyMap<string, IndexedColumn>,
  count: number,
  what: string,
): Promise<readonly Attention[]> {
  const { readouts = [], embedded } = tower;
  if (readouts.length === 0) return [];
  const readoutPlan = readoutGraph(embedded, readouts);
  const feeder = makeRowFeeder({ plan: readoutPlan, columns, features: plan.features, tables });
  const program = await engine.prepare(readoutPlan.graph, graphParameters(readoutPlan.graph, parameters));
  const rows = Int32Array.from({ length: Math.min(count, maxReadRows) }, (_, row) => row);
  const sums = readouts.map(({ of }) => of.map(() => ({ sum: 0, squares: 0 })));
  try {
    for (let from = 0; from < rows.length; from += rowsAtOnce) {
      const outputs = await program.run(feeder.inputs(rows.subarray(from, from + rowsAtOnce)));
      readouts.forEach(({ label, of }, at) => {
        const values = outputs[label];
        invariant(values?.data instanceof Float32Array, `tower ${tower.name} gives no ${label}`);
        for (let i = 0; i < values.data.length; i++) {
          const sum = sums[at]![i % of.length]!;
          sum.sum += values.data[i]!;
          sum.squares += values.data[i]! ** 2;
        }
      });
    }
  } finally {
    feeder.close();
    await program.close();
  }
  return readouts.map(({ label, of }, at) => ({
    tower: tower.name,
    block: label.slice(0, label.lastIndexOf('/')),
    over: `${rows.length.toLocaleString('en')} ${what}`,
    fields: of.map((name, field) => {
      const { sum, squares } = sums[at]![field]!;
      const mean = sum / rows.length;
      return { name, mean, deviation: Math.sqrt(Math.max(0, squares / rows.length - mean * mean)) };
    }),
  }));
}

/** Cuts the tower after the nodes that are read out, named by their labels. */
function readoutGraph({ graph, inputs }: GraphPlan, readouts: readonly Readout[]): GraphPlan {
  const outputs = readouts.map(({ label }) => {
    const node = graph.nodes.findLastIndex((each) => each.label === label);
    invariant(node >= 0, `graph ${graph.name} has no ${label}`);
    return { name: label, node };
  });
  const prunedGraph = prune({ ...graph, outputs, updates: [] });
  const names = new Set(prunedGraph.inputs.map(({ name }) => name));
  return { graph: prunedGraph, inputs: inputs.filter(({ name }) => names.has(name)) };
}
