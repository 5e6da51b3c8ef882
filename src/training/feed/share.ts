/**
 * Selects one worker's share of the inputs of a step. Every worker has all rows of a batch, so draws, log q and accidental hits are the same as
 * without workers. Expensive inputs, such as rows of tables, are read only for the worker's own rows.
 */
import type { Tensors } from '../../engines/engine.ts';
import type { Distribution, InputShare } from '../../graph/distribute/distribute.ts';
import { shareInputs } from '../../graph/distribute/values.ts';
import { type Graph, type Tensor, tensorOf } from '../../graph/graph.ts';
import type { GraphPlan, InputPlan, PartRows, RowsOf, Sequences } from '../../graph/plan/plan.ts';
import type { Batch } from './input_source.ts';
import { type ShareFill, shareOf } from './sources.ts';

export interface WorkerShare {
  readonly rank: number;
  readonly workers: number;
}

/** True if each worker lists its own rows of this kind, in an order of its own. */
export const isListedByWorker = (rows: RowsOf | undefined): boolean =>
  rows?.kind === 'part' || rows?.kind === 'sequences';

/** True if each worker looks up all rows of this kind. */
const isWhole = (rows: RowsOf | undefined): boolean =>
  rows?.kind === 'shared' || rows?.kind === 'corpus' || rows?.kind === 'queue' || rows?.kind === 'views';

/** True for inputs with one entry for each element of bags: a worker has the elements of its own bags. */
const countsElements = ({ source }: InputPlan): boolean =>
  source.from === 'element_rows' ||
  source.from === 'element_weights' ||
  (source.from === 'element_places' && source.pool !== 'sequence');

const rowsOfInput = ({ source }: InputPlan): RowsOf | undefined =>
  'rows' in source ? (source.rows as RowsOf | undefined) : undefined;

const lengthOf = (graph: Graph, name: string): string | undefined => {
  const [firstDim] = graph.nodes[graph.inputs.find((input) => input.name === name)!.node]!.type.shape;
  return firstDim === undefined || typeof firstDim === 'number' ? undefined : firstDim.symbol;
};

/** @returns undefined where the input cannot be shared */
export function fillOf(graph: Graph, input: InputPlan): ShareFill | undefined {
  const ownFill = shareOf(input.source.from);
  if (ownFill === 'refused') return undefined;
  if (lengthOf(graph, input.name) === undefined || isWhole(rowsOfInput(input))) return 'all';
  return ownFill === 'cut' && isListedByWorker(rowsOfInput(input)) ? 'own' : ownFill;
}

/** Describes the step of one worker for `distribute`. Returns `refused` with the first input that cannot be shared. */
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
    inputShares.set(input.name, { portion: 'rows', ...(countsOwn ? { localIndexColumn: 0 } : {}) });
    if (countsElements(input) || isListedByWorker(rowsOfInput(input)) || (inputFill === 'pairs' && from !== 'places'))
      localSymbols.add(symbol);
  }
  return { inputs: inputShares, localSymbols: localSymbols };
}

function rangeOf(count: number, { rank, workers }: WorkerShare): readonly [number, number] {
  const rowsPerWorker = Math.ceil(count / workers);
  return [Math.min(count, rank * rowsPerWorker), Math.min(count, (rank + 1) * rowsPerWorker)];
}

/** Slices the tensors and rows of one worker out of those of the whole batch. */
export class WorkerRows {
  /** Maps each shared symbol to the rows that it counts. */
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

  /** @param ownLists the parts and sequences that the worker lists for its own rows */
  batch(batch: Batch, ownLists: Pick<Batch, 'partOf' | 'sequences'>): Batch {
    const rowsOf = (rows: RowsOf): Int32Array => {
      if (rows.kind === 'part') return ownLists.partOf(rows).rows;
      if (rows.kind === 'sequences') return (ownLists.sequences ?? ownLists.partOf(partOf(rows)).sequences!).rows;
      return batch.rowsOf(rows).subarray(...this.range(rows, batch));
    };
    return {
      ...batch,
      ...ownLists,
      rows: this.rowsOf(batch),
      rowsOf,
      known: (rows) => batch.known(rows).subarray(...this.range(rows, batch)),
      weights: (rows) => batch.weights(rows).subarray(...this.range(rows, batch)),
      indexInBatch: (rows) => {
        if (isListedByWorker(rows)) return indexIn(batch.whole!.rowsOf(rows), rowsOf(rows));
        const [from] = this.range(rows, batch);
        return (row) => from + row;
      },
    };
  }

  rowsOf({ rows }: Pick<Batch, 'rows'>): Int32Array {
    return rows.subarray(...rangeOf(rows.length, this.share));
  }

  cutInput(input: InputPlan, fill: ShareFill, tensor: Tensor, batch: Batch): Tensor {
    if (fill === 'pairs') return pairsInRange(tensor, rangeOf(batch.rows.length, this.share));
    if (fill !== 'cut') return tensor;
    const [from, to] = this.range(rowsOfInput(input) ?? { kind: 'events' }, batch);
    const innerShape = tensor.shape.slice(1);
    const rowWidth = innerShape.reduce((product, length) => product * length, 1);
    return { ...tensor, shape: [to - from, ...innerShape], data: tensor.data.subarray(from * rowWidth, to * rowWidth) };
  }

  /** Returns the worker's range among rows of this kind. The rows that belong to one event stay together. */
  private range(rows: RowsOf, batch: Batch): readonly [number, number] {
    if (rows.kind === 'shared' || rows.kind === 'queue') return [0, batch.rowsOf(rows).length];
    if (!('perRow' in rows)) return rangeOf(batch.rowsOf(rows).length, this.share);
    const [from, to] = rangeOf(batch.rows.length, this.share);
    return [from * rows.perRow, to * rows.perRow];
  }

  tensors(batch: Batch): Tensors {
    const tensors: Record<string, Tensor> = {};
    for (const [symbol, rows] of this.counts) {
      const { length } = batch.rowsOf(rows);
      const [from, to] = rangeOf(length, this.share);
      tensors[shareInputs.own(symbol)] = tensorOf(Int32Array.from({ length: to - from }, (_, index) => from + index));
      tensors[shareInputs.all(symbol)] = tensorOf(new Int32Array(length));
    }
    return tensors;
  }
}

/** Returns a function from an index in `rows` to the index of that row in `all`. It gives 0 for padding rows, which train nothing. */
function indexIn(all: Int32Array, rows: Int32Array): (row: number) => number {
  const placeOfRow = new Map(Array.from(all, (row, place) => [row, place]));
  return (row) => placeOfRow.get(rows[row]!) ?? 0;
}

const partOf = ({ feature, length }: Sequences): PartRows => ({ kind: 'part', feature, length: length! });

/** Keeps the pairs (row, column) whose row is within the range, and makes the rows relative to its start. */
function pairsInRange({ data, shape }: Tensor, [from, to]: readonly [number, number]): Tensor {
  const ownPairs: number[] = [];
  for (let index = 0; index < shape[0]!; index++) {
    const row = data[2 * index]!;
    if (row >= from && row < to) ownPairs.push(row - from, data[2 * index + 1]!);
  }
  return { dtype: 'int32', shape: [ownPairs.length / 2, 2], data: Int32Array.from(ownPairs) };
}
