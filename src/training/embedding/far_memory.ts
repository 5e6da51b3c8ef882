/** One of several WebAssembly memories of a table. It has the values and state of its rows, and buffers for a chunk of rows in transit. */
import { listRowIndexes } from '../../base/util/objects.ts';
import type { RowOptimizerPlan } from '../../graph/plan/plan.ts';
import { KernelSpace, type Region } from './kernel_memory.ts';
import { countStateNumbers, type RowUpdate, rowOptimizers, type StateSpec, stateView } from './optimizer.ts';

export type FarMemory = ReturnType<typeof makeFarMemory>;

interface FarStep {
  readonly rate: number;
  readonly keep: number;
  readonly l2: number;
  readonly noise: DrawKeys;
}

export interface FarMemoryOptions {
  readonly rows: number;
  readonly dim: number;
  readonly precision: 'float32' | 'bf16';
  readonly specs: readonly StateSpec[];
  readonly optimizer?: RowOptimizerPlan;
}

/** @param maxRows maximum number of rows that are copied at a time */
export function makeFarMemory(options: FarMemoryOptions, maxRows: number) {
  const { rows, dim, precision, specs, optimizer } = options;
  const space = new KernelSpace();
  const { kernels } = space;
  const rowBytes = dim * 4;
  const isHalf = precision === 'bf16';
  const valueBytes = rows * (isHalf ? rowBytes / 2 : rowBytes);
  const valueRegion = space.allocate(valueBytes);
  const stateRegions = specs.map((spec) => space.allocate(countStateNumbers(spec, rows, dim) * 4));
  const codes = space.allocate(maxRows * 4);
  const ids = space.allocate(maxRows * 4);
  const movedRows = space.allocate(maxRows * rowBytes);
  const stepParts = { ...options, space, maxRows, values: valueRegion, state: stateRegions, codes, ids };
  const updateRows = optimizer && (isHalf ? makeHalfStep : makeFloatStep)(stepParts, optimizer);

  return {
    bytes: valueBytes + stateRegions.reduce((sum, { bytes }) => sum + bytes, 0),
    /** Buffer for the rows of a chunk, as indexes within this memory. */
    codes: () => space.integers(codes, maxRows),
    /** Buffer for the same rows, as indexes in the whole table. */
    ids: () => space.integers(ids, maxRows),
    sums: () => new Uint8Array(space.memory.buffer, movedRows.pointer, maxRows * rowBytes),
    /** Returns the rows of the first `count` codes as float32; valid until the next call. */
    gather(count: number) {
      const gather = isHalf ? kernels.gatherHalf : kernels.gather;
      gather(valueRegion.pointer, rowBytes, codes.pointer, count, movedRows.pointer);
      return new Uint8Array(space.memory.buffer, movedRows.pointer, count * rowBytes);
    },
    update: (count: number, step: FarStep) => updateRows?.(movedRows.pointer, count, step),
    initializeState() {
      for (const [index, spec] of specs.entries())
        stateView(space, stateRegions[index]!, spec, options).fill(spec.initial);
    },
    /** Draws the initial values of a row. The keys, `low` and `width` are those of the kernel `uniform`. */
    draw(
      row: number,
      id: number,
      [key1, key2, low, width]: readonly [number, number, number, number],
      noise: DrawKeys,
    ) {
      if (!isHalf) {
        kernels.uniform(valueRegion.pointer + row * rowBytes, dim, key1, key2, low, width);
        return;
      }
      kernels.uniform(movedRows.pointer, dim, key1, key2, low, width);
      space.integers(codes, 1)[0] = row;
      space.integers(ids, 1)[0] = id;
      kernels.roundRows(movedRows.pointer, rowBytes, codes.pointer, ids.pointer, 1, valueRegion.pointer, ...noise);
    },
    values: (): FarNumbers =>
      isHalf
        ? halfNumbers(new Uint16Array(space.memory.buffer, valueRegion.pointer, rows * dim))
        : numbersIn(space.floats(valueRegion, rows * dim)),
    /** @param index index of the state in `specs` */
    state: (index: number): FarNumbers => numbersIn(stateView(space, stateRegions[index]!, specs[index]!, options)),
  };
}

interface FarParts extends FarMemoryOptions {
  readonly space: KernelSpace;
  readonly maxRows: number;
  readonly values: Region;
  readonly state: readonly Region[];
  readonly codes: Region;
  readonly ids: Region;
}

/** Updates the `count` rows whose codes are in the buffer, by their summed gradients at `sums`. */
type UpdateRows = (sums: number, count: number, step: FarStep) => void;

function prepareUpdate(space: KernelSpace, optimizer: RowOptimizerPlan, state: readonly Region[]): RowUpdate {
  const pointers = state.map(({ pointer }) => pointer);
  return rowOptimizers[optimizer.kind].prepare(space.kernels, optimizer, pointers, space);
}

function makeFloatStep({ space, dim, values, state, codes }: FarParts, optimizer: RowOptimizerPlan): UpdateRows {
  const updateRows = prepareUpdate(space, optimizer, state);
  const rowBytes = dim * 4;
  return (sums, count, { rate, keep, l2 }) => {
    if (l2 > 0) space.kernels.regularize(values.pointer, rowBytes, codes.pointer, count, sums, l2);
    updateRows({ table: values.pointer, bytes: rowBytes, unique: codes.pointer, count: count, sums }, rate, keep);
  };
}

/** Copies rows and their state to a buffer as float32, updates them there, and copies them back. Rows are rounded, state is not. */
function makeHalfStep(stepParts: FarParts, optimizer: RowOptimizerPlan): UpdateRows {
  const { space, dim, specs, maxRows, values, state, codes, ids } = stepParts;
  const { kernels } = space;
  const rowBytes = dim * 4;
  const rowRegion = space.allocate(maxRows * rowBytes);
  const allCodes = space.allocate(maxRows * 4);
  const slotWidths = specs.map(({ per }) => (per === 'row' ? 4 : rowBytes));
  const movedRegions = slotWidths.map((width) => space.allocate(maxRows * width));
  const updateRows = prepareUpdate(space, optimizer, movedRegions);
  space.integers(allCodes, maxRows).set(listRowIndexes(maxRows));
  return (sums, count, { rate, keep, l2, noise }) => {
    kernels.gatherHalf(values.pointer, rowBytes, codes.pointer, count, rowRegion.pointer);
    for (const [index, width] of slotWidths.entries()) {
      kernels.gather(state[index]!.pointer, width, codes.pointer, count, movedRegions[index]!.pointer);
    }
    if (l2 > 0) kernels.regularize(rowRegion.pointer, rowBytes, allCodes.pointer, count, sums, l2);
    updateRows({ table: rowRegion.pointer, bytes: rowBytes, unique: allCodes.pointer, count: count, sums }, rate, keep);
    kernels.roundRows(rowRegion.pointer, rowBytes, codes.pointer, ids.pointer, count, values.pointer, ...noise);
    for (const [index, width] of slotWidths.entries()) {
      kernels.scatterRows(movedRegions[index]!.pointer, width, codes.pointer, count, state[index]!.pointer);
    }
  };
}

const numbersIn = (stored: Float32Array | Int32Array): FarNumbers => ({
  read(start, count, into, offset) {
    for (let i = 0; i < count; i++) into[offset + i] = stored[start + i]!;
  },
  write(start, count, from, offset) {
    for (let i = 0; i < count; i++) stored[start + i] = from[offset + i]!;
  },
});

/** Reads as float32, and rounds to the nearest on writing, so numbers that were read can be written back unchanged. */
function halfNumbers(stored: Uint16Array): FarNumbers {
  const floatView = new Float32Array(1);
  const bitView = new Uint32Array(floatView.buffer);
  return {
    read(start, count, into: NumberArray, offset) {
      for (let i = 0; i < count; i++) {
        bitView[0] = stored[start + i]! << 16;
        into[offset + i] = floatView[0]!;
      }
    },
    write(start, count, from, offset) {
      for (let i = 0; i < count; i++) {
        floatView[0] = from[offset + i]!;
        const lowestBit = (bitView[0]! >>> 16) & 1;
        stored[start + i] = (bitView[0]! + 0x7fff + lowestBit) >>> 16;
      }
    },
  };
}

/** The keys from which all numbers of a table are drawn. */
export type DrawKeys = readonly [number, number];

type NumberArray = { [offset: number]: number };

export interface FarNumbers {
  /** Copies `count` numbers, from index `start` on, to `into`, from index `offset` on. */
  read(start: number, count: number, into: NumberArray, offset: number): void;
  write(start: number, count: number, from: NumberArray, offset: number): void;
}
