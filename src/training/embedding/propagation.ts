/**
 * Connects two tables whose rows are nodes of one graph (LightGCN, He et al., SIGIR 2020). Look-ups read the mean of the layers E, ÂE, …, ÂᴸE, with Â = D^−½ A
 * D^−½ over the edges between the tables, without self-loops. Training updates E: the gradient of the rows that were read goes back through the same mean,
 * because Â is its own transpose, and reaches all rows within L steps. So each update covers all rows of both tables.
 *
 * The result is exact, with two savings: the last layer is computed only for the rows that are read, and the first product of the backward pass starts only
 * from these rows. So L layers cost L − 1 products of the whole graph in each direction, and the products of the batch's neighbours.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import { KernelSpace, type Region } from './kernel_memory.ts';
import { graphCopies, type RowsToUpdate } from './optimizer.ts';
import type { PendingGradients } from './table_lookup.ts';
import type { ShownRows, TableMemory } from './table_memory.ts';

/** Edges as row indexes of the first and of the second table, each edge once. */
export interface Edges {
  readonly first: Int32Array;
  readonly second: Int32Array;
}

export type UpdateStep = (rows: RowsToUpdate, multiplier: number, rate: number | undefined) => void;

interface GraphSide {
  readonly memory: TableMemory;
  readonly pending: PendingGradients;
  readonly step: UpdateStep;
  readonly layerMeans: Region;
  /** Intermediate layers: float32 [rows, dim] each. */
  readonly layers: readonly Region[];
  latest: Region;
  readonly allRows: Region;
  /** For each row of `layerMeans`, the number of the refresh that computed it. */
  readonly stamps: Region;
  readonly offsets: Region;
  neighbours: Region | undefined;
  /** 1 ÷ √degree of each row; 0 without a neighbour. */
  readonly weights: Region;
  requestedUpdate: { readonly multiplier: number; readonly rate: number | undefined } | undefined;
}

export class Propagation {
  readonly space: KernelSpace = new KernelSpace();
  readonly #layers: number;
  readonly #sides: GraphSide[] = [];
  /** True if the layers of all rows are up to date with the values. */
  #isFresh = false;
  #refreshes = 1;

  /** @param layers the number L of layers, at least 1 */
  constructor(layers: number) {
    this.#layers = layers;
  }

  /** Adds the first table, then the second one. */
  add(memory: TableMemory, pending: PendingGradients, step: UpdateStep): ShownRows & { readonly side: number } {
    const { space } = this;
    const { rows, rowBytes } = memory;
    const side = this.#sides.length;
    invariant(side < 2 && memory.space === space, 'a graph is of two tables in its own memory');
    invariant(
      this.#sides.every((other) => other.memory.rowBytes === rowBytes),
      'both tables are as wide',
    );
    // Allocates as for the table itself: if a region does not fit, the failure names the bytes.
    const allocate = (bytes: number): Region => memory.enlarge(undefined, bytes);
    const allocateRows = (): Region => allocate(rows * rowBytes);
    const allRows = allocate(4 * rows);
    space.integers(allRows, rows).set(listRowIndexes(rows));
    const [layerMeans, stamps, offsets, weights] = [
      allocateRows(),
      allocate(4 * rows),
      allocate(4 * (rows + 1)),
      allocate(4 * rows),
    ];
    for (const [region, length] of [
      [stamps, rows],
      [offsets, rows + 1],
      [weights, rows],
    ] as const) {
      space.integers(region, length).fill(0);
    }
    this.#sides.push({
      ...{ memory, pending, step, layerMeans, allRows, stamps, offsets, weights },
      layers: Array.from({ length: graphCopies(this.#layers) - 1 }, allocateRows),
      latest: memory.values,
      neighbours: undefined,
      requestedUpdate: undefined,
    });
    return { region: layerMeans, side, prepare: (codes, count) => this.#prepare(side, codes, count) };
  }

  /** Sets the edges. Before that, no row has a neighbour. */
  setEdges({ first, second }: Edges): void {
    const [firstSide, secondSide] = this.#both();
    this.#connectSide(firstSide, first, second);
    this.#connectSide(secondSide, second, first);
    this.markChanged();
  }

  #connectSide(side: GraphSide, sideRows: Int32Array, otherRows: Int32Array): void {
    const { space } = this;
    const { rows } = side.memory;
    side.neighbours = side.memory.enlarge(side.neighbours, 4 * sideRows.length);
    const offsets = space.integers(side.offsets, rows + 1).fill(0);
    const weights = space.floats(side.weights, rows);
    const neighbours = space.integers(side.neighbours, sideRows.length);
    for (const row of sideRows) offsets[row + 1]!++;
    for (let row = 0; row < rows; row++) {
      weights[row] = offsets[row + 1] === 0 ? 0 : 1 / Math.sqrt(offsets[row + 1]!);
      offsets[row + 1]! += offsets[row]!;
    }
    const nextSlot = offsets.slice(0, rows);
    sideRows.forEach((row, edge) => {
      neighbours[nextSlot[row]!++] = otherRows[edge]!;
    });
    // Ascending neighbours are close to each other in memory, and make sums independent of the order of events.
    for (let row = 0; row < rows; row++) neighbours.subarray(offsets[row]!, offsets[row + 1]!).sort();
  }

  markChanged(): void {
    this.#isFresh = false;
  }

  prepareAll(side: number): void {
    const { allRows: all, memory } = this.#sides[side]!;
    this.#prepare(side, all.pointer, memory.rows);
  }

  #prepare(index: number, codes: number, count: number): void {
    const [side, other] = this.#both(index);
    invariant(!side.requestedUpdate && !other.requestedUpdate, 'both tables of a graph are updated in each step');
    this.#refresh();
    const { pointer } = this.#neighboursOf(side);
    this.space.kernels.sumNeighboursOf(
      codes,
      count,
      side.stamps.pointer,
      this.#refreshes,
      1 / (this.#layers + 1),
      side.memory.values.pointer,
      other.latest.pointer,
      side.layerMeans.pointer,
      side.memory.rowBytes,
      side.offsets.pointer,
      pointer,
      side.weights.pointer,
      other.weights.pointer,
    );
  }

  /** Computes all layers but the last, from the inside out: E, then E + ÂE, then E + Â(E + ÂE), … */
  #refresh(): void {
    if (this.#isFresh) return;
    this.#isFresh = true;
    this.#refreshes++;
    for (const side of this.#sides) side.latest = side.memory.values;
    for (let layer = 1; layer < this.#layers; layer++) {
      this.#multiply(
        (side) => side.latest,
        (side) => side.layers[layer % 2]!,
        true,
      );
      for (const side of this.#sides) side.latest = side.layers[layer % 2]!;
    }
  }

  /** Computes to ← Â · from for all rows of both tables, and adds E if `addsValues` is true. */
  #multiply(from: (side: GraphSide) => Region, to: (side: GraphSide) => Region, addsValues: boolean): void {
    for (const index of [0, 1]) {
      const [side, other] = this.#both(index);
      this.space.kernels.sumNeighbours(
        addsValues ? side.memory.values.pointer : 0,
        from(other).pointer,
        to(side).pointer,
        side.memory.rowBytes,
        side.memory.rows,
        side.offsets.pointer,
        this.#neighboursOf(side).pointer,
        side.weights.pointer,
        other.weights.pointer,
      );
    }
  }

  /** Requests an update with the pending gradients of a table. The second request takes the step of both tables. */
  update(index: number, multiplier: number, rate: number | undefined): void {
    const [side, other] = this.#both(index);
    invariant(!side.requestedUpdate, 'a table of a graph is updated once in each step');
    side.requestedUpdate = { multiplier, rate };
    if (!other.requestedUpdate) return;
    const gradients = this.#backwards();
    this.#sides.forEach((graphSide, index) => {
      const { memory, requestedUpdate: request, step, allRows: all } = graphSide;
      graphSide.requestedUpdate = undefined;
      const allRows = { table: memory.values.pointer, bytes: memory.rowBytes, unique: all.pointer, count: memory.rows };
      step({ ...allRows, sums: gradients[index]!.pointer }, request!.multiplier, request!.rate);
    });
    this.markChanged();
  }

  /** Returns the gradients of all trained rows from those of the rows that were read: the mean of g, Âg, …, from the inside out. */
  #backwards(): readonly Region[] {
    const { kernels, memory } = this.space;
    const layerShare = 1 / (this.#layers + 1);
    const readRows = this.#sides.map(({ pending }) => pending.peek());
    const addGradients = (side: number, to: Region): void => {
      const rows = readRows[side];
      if (rows) kernels.addRows(rows.unique, rows.count, rows.sums, to.pointer, rows.bytes, 1);
    };
    this.#sides.forEach(({ memory: { rows, rowBytes }, layers }, index) => {
      const readOfSide = readRows[index];
      if (readOfSide) kernels.scale(readOfSide.sums, (readOfSide.count * readOfSide.bytes) / 4, layerShare);
      new Uint8Array(memory.buffer, layers[0]!.pointer, rows * rowBytes).fill(0);
      addGradients(index, layers[0]!);
    });
    readRows.forEach((rows, index) => {
      const [side, other] = this.#both(index);
      if (!rows) return;
      kernels.addToNeighbours(
        rows.unique,
        rows.count,
        rows.sums,
        other.layers[0]!.pointer,
        rows.bytes,
        side.offsets.pointer,
        this.#neighboursOf(side).pointer,
        side.weights.pointer,
        other.weights.pointer,
      );
    });
    for (let layer = 1; layer < this.#layers; layer++) {
      const [from, to] = [(layer - 1) % 2, layer % 2];
      this.#multiply(
        (side) => side.layers[from]!,
        (side) => side.layers[to]!,
        false,
      );
      this.#sides.forEach(({ layers }, index) => {
        addGradients(index, layers[to]!);
      });
    }
    for (const { pending } of this.#sides) pending.forget();
    return this.#sides.map(({ layers }) => layers[(this.#layers - 1) % 2]!);
  }

  #neighboursOf(side: GraphSide): Region {
    // If no row has a neighbour, nothing is read from this region.
    return side.neighbours ?? side.offsets;
  }

  #both(first = 0): readonly [GraphSide, GraphSide] {
    const [side, other] = [this.#sides[first], this.#sides[1 - first]];
    invariant(side && other, 'a graph is of two tables');
    return [side, other];
  }
}
