/**
 * Selects the part of one of several workers in the inputs of a step. All workers have all rows of a batch, so that draws, log q and accidental
 * hits are those of one worker; what costs time, such as rows of tables, each worker reads for its own rows alone.
 */
import type { Tensors } from '../../engines/engine.ts';
import type { Distribution, InputShare } from '../../graph/distribute/distribute.ts';
import { shareInputs } from '../../graph/distribute/values.ts';
import type { Graph, Tensor } from '../../graph/graph.ts';
import type { GraphPlan, InputPlan, InputSource, PartRows, RowsOf, Sequences } from '../../graph/plan/plan.ts';
import { type Batch, vector } from './source.ts';

export interface WorkerShare {
  readonly rank: number;
  readonly workers: number;
}

/** How a worker gets an input: made of its rows; made of all rows, then cut; pairs of rows, those of its rows; as one worker alone. */
export type ShareFill = 'own' | 'cut' | 'pairs' | 'all';

const byKind: { readonly [K in InputSource['from']]: ShareFill | 'refused' } = {
  embedding: 'own',
  sequence: 'own',
  mask: 'own',
  numbers: 'own',
  label: 'own',
  label_known: 'own',
  log_q: 'all',
  accidental_hits: 'pairs',
  places: 'pairs',
  counts: 'all',
  // They number the items, or the rows of a table, that all rows of a batch read.
  element_places: 'own',
  table_places: 'own',
  element_rows: 'own',
  element_weights: 'own',
  table_seen: 'all',
  corpus_places: 'own',
  in_corpus: 'own',
  draw_pool: 'all',
  queue_vectors: 'all',
  queue_empty: 'all',
  positives: 'pairs',
  newest: 'own',
  part_places: 'own',
  part_known: 'own',
  // A matrix of scores that is too large for one memory.
  piece_rows: 'refused',
  piece_known: 'refused',
  piece_places: 'refused',
  piece_hits: 'refused',
  noise: 'cut',
  rate: 'all',
  step: 'all',
};

/** Rows that a worker lists for itself, in an order of its own. */
export const isListedByWorker = (rows: RowsOf | undefined): boolean =>
  rows?.kind === 'part' || rows?.kind === 'sequences';

/** Rows that each worker looks up itself, all of them. */
const isWhole = (rows: RowsOf | undefined): boolean =>
  rows?.kind === 'shared' || rows?.kind === 'corpus' || rows?.kind === 'queue';

/** Inputs with a place for each element of bags: a worker has those of its own bags. */
const countsElements = ({ source }: InputPlan): boolean =>
  source.from === 'element_rows' ||
  source.from === 'element_weights' ||
  (source.from === 'element_places' && source.pool !== 'sequence');

const rowsOfInput = ({ source }: InputPlan): RowsOf | undefined =>
  'rows' in source ? (source.rows as RowsOf | undefined) : undefined;

const lengthOf = (graph: Graph, name: string): string | undefined => {
  const [first] = graph.nodes[graph.inputs.find((input) => input.name === name)!.node]!.type.shape;
  return first === undefined || typeof first === 'number' ? undefined : first.symbol;
};

/** @returns undefined where the input cannot be shared */
export function fillOf(graph: Graph, input: InputPlan): ShareFill | undefined {
  const ownFill = byKind[input.source.from];
  if (ownFill === 'refused') return undefined;
  if (lengthOf(graph, input.name) === undefined || isWhole(rowsOfInput(input))) return 'all';
  return ownFill === 'cut' && isListedByWorker(rowsOfInput(input)) ? 'own' : ownFill;
}

/** The step of one worker as `distribute` takes it; undefined with the input that cannot be shared. */
export function distributionOf({ graph, inputs }: GraphPlan): Distribution | { readonly refused: InputPlan } {
  const inputShares = new Map<string, InputShare>();
  const localSymbols = new Set<string>();
  for (const input of inputs) {
    const inputFill = fillOf(graph, input);
    if (!inputFill) return { refused: input };
    if (inputFill === 'all') continue;
    const symbol = lengthOf(graph, input.name)!;
    const { from } = input.source;
    const countsOwn = inputFill === 'pairs' || from === 'newest' || from === 'part_places' || from === 'element_rows';
    inputShares.set(input.name, { of: 'rows', ...(countsOwn ? { points: 0 } : {}) });
    if (countsElements(input) || isListedByWorker(rowsOfInput(input)) || (inputFill === 'pairs' && from !== 'places'))
      localSymbols.add(symbol);
  }
  return { inputs: inputShares, local: localSymbols };
}

function rangeOf(count: number, { rank, workers }: WorkerShare): readonly [number, number] {
  const rowsPerWorker = Math.ceil(count / workers);
  return [Math.min(count, rank * rowsPerWorker), Math.min(count, (rank + 1) * rowsPerWorker)];
}

/** Cuts tensors and rows of one worker out of those of all. */
export class WorkerRows {
  /** By shared symbol, the rows that it counts. */
  private readonly counts: ReadonlyMap<string, RowsOf>;

  constructor(
    { graph, inputs }: GraphPlan,
    readonly share: WorkerShare,
  ) {
    const elementLengths = new Set(inputs.filter(countsElements).map(({ name }) => lengthOf(graph, name)));
    const shared = inputs.flatMap((input): [string, RowsOf][] => {
      const fill = fillOf(graph, input);
      const rows = rowsOfInput(input) ?? { kind: 'events' };
      if (isListedByWorker(rows) || (fill !== 'own' && fill !== 'cut')) return [];
      const symbol = lengthOf(graph, input.name)!;
      return symbol === 'batch' || elementLengths.has(symbol) ? [] : [[symbol, rows]];
    });
    this.counts = new Map([['batch', { kind: 'events' }], ...shared]);
  }

  /** @param own what the worker lists of its rows for itself */
  batch(batch: Batch, own: Pick<Batch, 'partOf' | 'sequences'>): Batch {
    const rowsOf = (of: RowsOf): Int32Array => {
      if (of.kind === 'part') return own.partOf(of).rows;
      if (of.kind === 'sequences') return (own.sequences ?? own.partOf(partOf(of)).sequences!).rows;
      return batch.rowsOf(of).subarray(...this.range(of, batch));
    };
    return {
      ...batch,
      ...own,
      rows: this.rowsOf(batch),
      rowsOf,
      known: (of) => batch.known(of).subarray(...this.range(of, batch)),
      placesOf: (of) => {
        if (isListedByWorker(of)) return placesIn(batch.whole!.rowsOf(of), rowsOf(of));
        const [from] = this.range(of, batch);
        return (row) => from + row;
      },
    };
  }

  rowsOf({ rows }: Pick<Batch, 'rows'>): Int32Array {
    return rows.subarray(...rangeOf(rows.length, this.share));
  }

  cut(input: InputPlan, fill: ShareFill, tensor: Tensor, batch: Batch): Tensor {
    if (fill === 'pairs') return pairsWithin(tensor, rangeOf(batch.rows.length, this.share));
    if (fill !== 'cut') return tensor;
    const [from, to] = this.range(rowsOfInput(input) ?? { kind: 'events' }, batch);
    const innerShape = tensor.shape.slice(1);
    const rowWidth = innerShape.reduce((product, length) => product * length, 1);
    return { ...tensor, shape: [to - from, ...innerShape], data: tensor.data.subarray(from * rowWidth, to * rowWidth) };
  }

  /** Returns the range of the worker's rows among some rows of the batch. Those that each row has for itself stay together. */
  private range(of: RowsOf, batch: Batch): readonly [number, number] {
    if (of.kind === 'shared' || of.kind === 'queue') return [0, batch.rowsOf(of).length];
    if (!('perRow' in of)) return rangeOf(batch.rowsOf(of).length, this.share);
    const [from, to] = rangeOf(batch.rows.length, this.share);
    return [from * of.perRow, to * of.perRow];
  }

  tensors(batch: Batch): Tensors {
    const tensors: Record<string, Tensor> = {};
    for (const [symbol, rows] of this.counts) {
      const { length } = batch.rowsOf(rows);
      const [from, to] = rangeOf(length, this.share);
      tensors[shareInputs.own(symbol)] = vector(Int32Array.from({ length: to - from }, (_, at) => from + at));
      tensors[shareInputs.all(symbol)] = vector(new Int32Array(length));
    }
    return tensors;
  }
}

/** Returns the index of each of some rows among all of them. A row that only fills up a part may be nowhere: nothing is learned from it. */
function placesIn(all: Int32Array, rows: Int32Array): (row: number) => number {
  const placeOfRow = new Map(Array.from(all, (row, place) => [row, place]));
  return (row) => placeOfRow.get(rows[row]!) ?? 0;
}

const partOf = ({ feature, length }: Sequences): PartRows => ({ kind: 'part', feature, length: length! });

/** Keeps the pairs (row, column) whose row is within a range, counted from its beginning. */
function pairsWithin({ data, shape }: Tensor, [from, to]: readonly [number, number]): Tensor {
  const ownPairs: number[] = [];
  for (let at = 0; at < shape[0]!; at++) {
    const row = data[2 * at]!;
    if (row >= from && row < to) ownPairs.push(row - from, data[2 * at + 1]!);
  }
  return { dtype: 'int32', shape: [ownPairs.length / 2, 2], data: Int32Array.from(ownPairs) };
}
