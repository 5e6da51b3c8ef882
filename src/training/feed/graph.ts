/** Finds the edges of a graph between two tables: pairs of their rows that the training events have. */
import { invariant } from '../../base/diagnostics/failure.ts';
import type { Events } from '../../data/dataset.ts';
import type { FeaturePlan, Plan } from '../../graph/plan/plan.ts';
import type { Edges } from '../embedding/propagation.ts';
import type { Tables } from '../embedding/tables.ts';

/** Connects the tables of `train.graph`, if there is one, by the training events: nothing that is held out is in the graph. */
export function connectGraph(
  { train, features }: Pick<Plan, 'train' | 'features'>,
  tables: Tables,
  training: Events,
): void {
  if (train.graph === undefined) return;
  const [first, second] = train.graph.tables;
  const { graph } = tables.get(first)!;
  invariant(graph && graph === tables.get(second)!.graph, `tables ${first} and ${second} share a graph`);
  graph.connect(edgesOf(codesOf(training, features, first), codesOf(training, features, second), training.rows));
}

interface GraphCodes {
  at(row: number): number;
  /** Code of values that the vocabulary does not have; −1 where each code is of a value. */
  readonly unknown: number;
}

function codesOf({ features }: Events, plans: readonly FeaturePlan[], name: string): GraphCodes {
  const indexed = features.get(name);
  const plan = plans.find((feature) => feature.name === name);
  invariant(plan && indexed?.column.kind === 'codes', `feature ${name} has one code a row`);
  const { index, column } = indexed;
  const { values } = column;
  return {
    at: index ? (row) => values[index[row]!]! : (row) => values[row]!,
    // All unknown values share a row of the table. As a node it would join what has nothing in common.
    unknown: plan.encoder.kind === 'vocabulary' ? 0 : -1,
  };
}

/** Each pair once, however often it comes, in ascending order of the first. */
function edgesOf(first: GraphCodes, second: GraphCodes, rows: number): Edges {
  const neighboursOf = new Map<number, Set<number>>();
  for (let row = 0; row < rows; row++) {
    const [a, b] = [first.at(row), second.at(row)];
    if (a === first.unknown || b === second.unknown) continue;
    const knownNeighbours = neighboursOf.get(a);
    if (knownNeighbours) knownNeighbours.add(b);
    else neighboursOf.set(a, new Set([b]));
  }
  const count = [...neighboursOf.values()].reduce((sum, each) => sum + each.size, 0);
  const edges = { first: new Int32Array(count), second: new Int32Array(count) };
  let at = 0;
  for (const a of [...neighboursOf.keys()].sort((x, y) => x - y)) {
    for (const b of neighboursOf.get(a)!) {
      edges.first[at] = a;
      edges.second[at++] = b;
    }
  }
  return edges;
}
