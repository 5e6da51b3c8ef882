/** Checks and plans `graph` of `train`, which connects the id tables of the two towers. */
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import type { TrainPlan } from '../../graph/plan/plan.ts';
import type { Model, Tower } from '../model/model.ts';
import type { LoweredFeatures } from './lower_features.ts';

export function checkGraph({ train, towers }: Model, features: LoweredFeatures): Diagnostic[] {
  const { graph: call, clip } = train;
  if (call === undefined) return [];
  const reason =
    towers.map((tower) => keyConflict(tower, features)).find((each) => each !== undefined) ??
    tablesConflict(towers, features) ??
    (clip === undefined ? undefined : 'trains rows that a batch does not read, whose gradient `clip` does not measure');
  return reason === undefined ? [] : [diagnose('arguments-conflict', call.span, { kind: call.kind, reason })];
}

function keyConflict({ name, key, features: read }: Tower, { byName }: LoweredFeatures): string | undefined {
  if (key === undefined) return `needs towers with keys, and tower \`${name}\` has none: write \`keyed by\``;
  if (!read.includes(key)) return `needs a tower that reads its key: let \`${name}\` read \`${key}\``;
  const plan = byName.get(key)?.plan;
  if (plan?.gives !== 'code' || plan.table === undefined) {
    return `needs a key with an embedding table: write \`${key} : id(dim: 64)\``;
  }
  return plan.table === key
    ? undefined
    : `needs a key with a table of its own, and \`${key}\` shares that of \`${plan.table}\``;
}

function tablesConflict([query, item]: Model['towers'], { byName }: LoweredFeatures): string | undefined {
  const [first, second] = [query, item].map(({ key }) => byName.get(key!)!.plan);
  if (first!.table === second!.table) return 'needs two tables, and both towers have the same key';
  if (first!.width === second!.width) return undefined;
  return `needs tables of one width: \`${first!.name}\` has ${first!.width} and \`${second!.name}\` has ${second!.width}`;
}

export function graphPlan({ train, towers: [query, item] }: Model): TrainPlan['graph'] {
  if (train.graph === undefined) return undefined;
  return { layers: train.graph.arguments.layers as number, tables: [query.key!, item.key!] };
}
