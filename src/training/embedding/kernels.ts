/** The compiled kernels as the host calls them. Pointers are bytes into the memory given; counts are of elements or rows. */
import { kernels as encoded } from './kernels/generated.ts';

/** Rows with gradients: a table and the bytes of its rows, `seen` codes at `unique`, and the sums of their gradients. */
type SeenArguments = [table: number, bytes: number, unique: number, seen: number, sums: number];
type BagArguments = [table: number, bytes: number, codes: number, offsets: number];
type SlotArguments = [sums: number, bytes: number, slots: number, offsets: number];
type NeighbourArguments = [offsets: number, neighbours: number, own: number, other: number];
type MomentArguments = [mean: number, square: number, steps: number, corrections: number, corrected: number];
type BetaArguments = [beta1: number, rest1: number, beta2: number, rest2: number, epsilon: number];

export interface Kernels {
  badCode(codes: number, count: number, rows: number): number;
  copyBags(values: number, starts: number, ends: number, count: number, codes: number, offsets: number): void;
  gather(table: number, bytes: number, codes: number, count: number, out: number): void;
  gatherHalf(table: number, bytes: number, codes: number, count: number, out: number): void;
  roundRows(
    from: number,
    bytes: number,
    codes: number,
    ids: number,
    count: number,
    table: number,
    key1: number,
    key2: number,
  ): void;
  scatterRows(from: number, bytes: number, codes: number, count: number, table: number): void;
  gatherSequence(...args: [...BagArguments, count: number, length: number, out: number]): void;
  gatherPooled(...args: [...BagArguments, count: number, mean: number, far: number, out: number]): void;
  gatherWeighted(...args: [...BagArguments, shares: number, count: number, far: number, out: number]): void;
  resolve(
    codes: number,
    count: number,
    slots: number,
    unique: number,
    seen: number,
    sums: number,
    bytes: number,
  ): number;
  forget(unique: number, places: number): void;
  resolveOne: Kernels['resolve'];
  scatterSequence(...args: [...SlotArguments, count: number, length: number, gradient: number]): void;
  scatterPooled(...args: [...SlotArguments, count: number, mean: number, gradient: number]): void;
  scatterWeighted(...args: [...SlotArguments, shares: number, count: number, gradient: number]): void;
  regularize(...args: [...SeenArguments, factor: number]): void;
  updateMomentum(...args: [...SeenArguments, momentum: number, share: number, rate: number, keep: number]): void;
  updateSgd(...args: [...SeenArguments, rate: number, keep: number]): void;
  updateRowAdagrad: Kernels['updateAdagrad'];
  updateAdagrad(...args: [...SeenArguments, state: number, rate: number, epsilon: number, keep: number]): void;
  updateAdam(...args: [...SeenArguments, ...MomentArguments, rate: number, ...BetaArguments, keep: number]): void;
  updateLamb(...args: [...SeenArguments, ...MomentArguments, rate: number, ...BetaArguments, decay: number]): void;
  sumNeighbours(
    ...args: [base: number, from: number, to: number, bytes: number, rows: number, ...NeighbourArguments]
  ): void;
  sumNeighboursOf(
    codes: number,
    count: number,
    stamps: number,
    now: number,
    share: number,
    ...args: [base: number, from: number, to: number, bytes: number, ...NeighbourArguments]
  ): void;
  addToNeighbours(
    ...args: [unique: number, seen: number, sums: number, to: number, bytes: number, ...NeighbourArguments]
  ): void;
  addRows(unique: number, seen: number, sums: number, to: number, bytes: number, factor: number): void;
  scale(numbers: number, count: number, factor: number): void;
  uniform(out: number, count: number, key1: number, key2: number, low: number, width: number): void;
  constant(out: number, count: number, value: number): void;
  rank(scores: number, rows: number, columns: number, targets: number, better: number, equal: number): void;
  combine(matrix: number, bytes: number, weights: number, count: number, out: number): void;
  addOuters(matrix: number, bytes: number, data: number, codes: number, count: number): void;
  descend(
    columns: number,
    count: number,
    starts: number,
    rows: number,
    rest: number,
    weights: number,
    l1: number,
    l2: number,
  ): number;
}

/** Compiled once: all instances share the machine code, and what one of them warms up is warm for all. */
let compiled: WebAssembly.Module | undefined;

export function instantiateKernels(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(Buffer.from(encoded, 'base64'));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}
