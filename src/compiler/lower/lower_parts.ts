/**
 * Lowers the query tower for parts of the batch by list length, so that short lists use short tensors. Most lists are much shorter than their `max`,
 * and nearly all work of a step would be on padding. The batch and the results of its rows do not change: the parts share their weights, and their
 * vectors are put back into the order of the batch.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeBuilder, type Ref } from '../../graph/builder.ts';
import { productOfDims } from '../../graph/dims.ts';
import type { Dim } from '../../graph/graph.ts';
import type { PartRows, RowsOf, ViewPart } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import type { ChannelPair } from '../library/contract.ts';
import type { Model, Tower } from '../model/model.ts';
import { rowsDim } from './field.ts';
import { type GraphLowering, knownRows, makeLowering } from './flow.ts';
import { GraphInputs } from './inputs.ts';
import type { LoweredFeatures } from './lower_features.ts';
import { listsOf, lowerTower } from './lower_tower.ts';
import type { Channels } from './score.ts';

/** The list by which a batch is divided, and the maximum length of that list in each part, ascending. */
export interface Cut {
  readonly feature: string;
  readonly lengths: readonly number[];
}

/**
 * Decides how the rows of a step, or of many queries, are split by list length. Undefined if the step is too small to be worth more ops, if a
 * block keeps statistics over the whole batch, or if the vectors of the elements are scored.
 */
export function cutOf(model: Model, features: LoweredFeatures, training: boolean): Cut | undefined {
  const [tower] = model.towers;
  const lists = listsOf(tower, features).map((feature) => ({ feature, max: features.byName.get(feature)!.use.max! }));
  if (lists.length === 0 || tower.steps.some(({ ofSet }) => ofSet)) return undefined;
  const { feature, max } = lists.reduce((longest, list) => (list.max > longest.max ? list : longest));
  if (training && max * model.train.batch < fewPlaces) return undefined;
  const wholeTrial = trial(tower, features, { kind: 'events' }, training);
  if (wholeTrial.keepsStatistics) return undefined;
  const nodesOf = (length: number): number => trial(tower, features, { kind: 'part', feature, length }, training).nodes;
  const lengths = withinNodes(partLengths(max), nodesOf, Math.max(fewNodes, mostGrowth * wholeTrial.nodes));
  return lengths.length > 1 ? { feature, lengths } : undefined;
}

/**
 * Reduces the number of parts: a block that processes a sequence step by step, such as `gru`, has nodes for each position, and engines take long to prepare a
 * large graph. The second-longest part is removed first.
 */
function withinNodes(lengths: readonly number[], nodesOf: (length: number) => number, most: number): readonly number[] {
  const nodes = new Map(lengths.map((length) => [length, nodesOf(length)]));
  let keptLengths = lengths;
  while (keptLengths.length > 1 && keptLengths.reduce((sum, length) => sum + nodes.get(length)!, 0) > most) {
    keptLengths = keptLengths.filter((_, index) => index !== keptLengths.length - 2);
  }
  return keptLengths;
}

/** With fewer list positions in a step, the overhead of an op exceeds its work. */
const fewPlaces = 2048;
/** Maximum number of nodes of all parts together, without gradients: this number, or this multiple of the whole tower's. */
const fewNodes = 1000;
const mostGrowth = 1.5;
/** Each part has about half the length of the next. */
const shortest = 8;
const mostParts = 5;

/** Returns the lengths of the parts for a list of up to `max` elements: 8, 15, 27, 50. */
export function partLengths(max: number): readonly number[] {
  const steps = Math.min(mostParts - 1, Math.max(0, Math.round(Math.log2(max / shortest))));
  const growth = (max / shortest) ** (1 / steps);
  return Array.from({ length: steps + 1 }, (_, index) =>
    index === steps ? max : Math.round(shortest * growth ** index),
  );
}

/** Returns the size of the tower for some rows, and whether a block keeps statistics. */
function trial(tower: Tower, features: LoweredFeatures, rows: RowsOf, training: boolean) {
  const inputs = new GraphInputs(makeBuilder('trial'));
  const context = makeLowering(inputs, features, training, rows);
  lowerTower(context, tower);
  return { nodes: inputs.builder.nodes.length, keepsStatistics: context.kept.size > 0 };
}

/** @param context for the events, the sequences whose elements are the events, or views */
export function lowerInParts(context: GraphLowering, tower: Tower, { feature, lengths }: Cut): Channels {
  const { rows } = context;
  const statisticsBefore = context.kept.size;
  const loweredParts = lengths.map((length) => {
    const partRows: PartRows | ViewPart =
      rows.kind === 'views' ? { ...rows, list: feature, length } : { kind: 'part', feature, length };
    // Types and errors of flows are reported for the whole batch only.
    const inPart: RowsOf = rows.kind === 'sequences' ? { ...rows, length } : partRows;
    const channels = lowerTower({ ...context, rows: inPart, diagnostics: [], arrows: [] }, tower);
    return { of: partRows, channels };
  });
  invariant(context.kept.size === statisticsBefore, 'a part of a batch keeps no statistics');
  const [first] = loweredParts;
  return new Map(
    [...first!.channels].map(([name, channel]) => {
      const all = rowsDim(rows.kind === 'views' ? rows : { kind: 'events' });
      const pieces = loweredParts.map(({ of, channels }) => placed(context, of, channels.get(name)!, all));
      const { builder } = context.inputs;
      const sum = pieces.reduce((all, piece) => builder.add(all, piece));
      return [name, { ...channel, tensor: reshaped(context, sum, channel) }] as const;
    }),
  );
}

/** Returns the vectors of a part at the positions of its rows, zeros elsewhere: float32 [all, numbers of a row]. */
function placed({ inputs }: GraphLowering, of: PartRows | ViewPart, { tensor }: ChannelPair['query'], all: Dim): Ref {
  const { builder } = inputs;
  const rowCount = rowsDim(of);
  const partPlaces = inputs.input(`${rowsPrefix(of)}places`, { from: 'part_places', rows: of }, [rowCount], 'int32');
  const isRow = knownRows(inputs, of);
  return builder.scope(`parts/${of.length}`, () => {
    const flat = builder.reshape(tensor, [rowCount, productOfDims(tensor.type.shape.slice(1))]);
    return builder.segmentSum(builder.mul(flat, builder.reshape(isRow, [rowCount, 1])), partPlaces, all);
  });
}

function reshaped({ inputs }: GraphLowering, rows: Ref, { tensor }: ChannelPair['query']): Ref {
  return inputs.builder.reshape(rows, [rows.type.shape[0]!, ...tensor.type.shape.slice(1)]);
}
