/** The compiled kernels as the host calls them. Pointers are bytes into the memory given; counts are of elements or rows. */
import { kernels as encoded } from './kernels/generated.ts';

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
  gatherSequence(
    table: number,
    bytes: number,
    codes: number,
    offsets: number,
    count: number,
    length: number,
    out: number,
  ): void;
  gatherPooled(
    table: number,
    bytes: number,
    codes: number,
    offsets: number,
    count: number,
    mean: number,
    far: number,
    out: number,
  ): void;
  gatherWeighted(
    table: number,
    bytes: number,
    codes: number,
    offsets: number,
    shares: number,
    count: number,
    far: number,
    out: number,
  ): void;
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
  resolveOne(
    codes: number,
    count: number,
    slots: number,
    unique: number,
    seen: number,
    sums: number,
    bytes: number,
  ): number;
  scatterSequence(
    sums: number,
    bytes: number,
    slots: number,
    offsets: number,
    count: number,
    length: number,
    gradient: number,
  ): void;
  scatterPooled(
    sums: number,
    bytes: number,
    slots: number,
    offsets: number,
    count: number,
    mean: number,
    gradient: number,
  ): void;
  scatterWeighted(
    sums: number,
    bytes: number,
    slots: number,
    offsets: number,
    shares: number,
    count: number,
    gradient: number,
  ): void;
  regularize(table: number, bytes: number, unique: number, seen: number, sums: number, factor: number): void;
  updateMomentum(
    table: number,
    bytes: number,
    unique: number,
    seen: number,
    sums: number,
    momentum: number,
    share: number,
    rate: number,
    keep: number,
  ): void;
  updateSgd(table: number, bytes: number, unique: number, seen: number, sums: number, rate: number, keep: number): void;
  updateRowAdagrad(
    table: number,
    bytes: number,
    unique: number,
    seen: number,
    sums: number,
    state: number,
    rate: number,
    epsilon: number,
    keep: number,
  ): void;
  updateAdagrad(
    table: number,
    bytes: number,
    unique: number,
    seen: number,
    sums: number,
    state: number,
    rate: number,
    epsilon: number,
    keep: number,
  ): void;
  updateAdam(
    table: number,
    bytes: number,
    unique: number,
    seen: number,
    sums: number,
    mean: number,
    square: number,
    steps: number,
    corrections: number,
    corrected: number,
    rate: number,
    beta1: number,
    rest1: number,
    beta2: number,
    rest2: number,
    epsilon: number,
    keep: number,
  ): void;
  updateLamb(
    table: number,
    bytes: number,
    unique: number,
    seen: number,
    sums: number,
    mean: number,
    square: number,
    steps: number,
    corrections: number,
    corrected: number,
    rate: number,
    beta1: number,
    rest1: number,
    beta2: number,
    rest2: number,
    epsilon: number,
    decay: number,
  ): void;
  sumNeighbours(
    base: number,
    from: number,
    to: number,
    bytes: number,
    rows: number,
    offsets: number,
    neighbours: number,
    own: number,
    other: number,
  ): void;
  sumNeighboursOf(
    codes: number,
    count: number,
    stamps: number,
    now: number,
    share: number,
    base: number,
    from: number,
    to: number,
    bytes: number,
    offsets: number,
    neighbours: number,
    own: number,
    other: number,
  ): void;
  addToNeighbours(
    unique: number,
    seen: number,
    sums: number,
    to: number,
    bytes: number,
    offsets: number,
    neighbours: number,
    own: number,
    other: number,
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
