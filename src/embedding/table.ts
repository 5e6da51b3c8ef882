/**
 * An embedding table: rows × dim float32 with its optimizer's state, in one linear memory. A batch gathers rows; gradients of
 * all lookups of a step are added up for each row seen, in the order they come, and each such row gets one optimizer step. The
 * cost of a step grows with the batch, never with the rows. The same calls give the same bits.
 */
import { failure, invariant } from '../diagnostics/failure.ts';
import type { RowOptimizerPlan } from '../plan/plan.ts';
import { makeRandom } from '../random/random.ts';
import type { Lookup, LookupOptions } from './lookup.ts';
import { freeBytes, sizeWords, tableBytes } from './memory_budget.ts';
import { rowOptimizers, type SeenRows, type StateSpec } from './optimizer.ts';
import { largestSpace, makeSpace, type Region, type Space } from './space.ts';

export interface TableOptions {
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
  /** Absent where nothing is trained: no state is kept. */
  readonly optimizer?: RowOptimizerPlan;
}

export type TableState = Readonly<Record<string, Float32Array | Int32Array>>;

export interface Table {
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
  /** Values and optimizer state. */
  readonly bytes: number;
  /** float32 [rows, dim], the table itself, not a copy. Ask anew after any lookup's `reserve` or `accumulate`. */
  values(): Float32Array;
  /** What the optimizer keeps, by name, as views: `sum`; or `mean`, `square` and `steps`. */
  state(): TableState;
  /** Values uniform in ±limit, the same for the same seed and name; the state as before the first step. */
  initialize(seed: number, limit: number): void;
  /** Copies values, and state where given, into the table. */
  load(values: Float32Array, state?: TableState): void;
  lookup(options: LookupOptions): Lookup;
  /**
   * One optimizer step on every row with pending gradients, at `rate` × `multiplier`; then none are pending.
   * @param rate that of the plan, where none is given
   */
  update(multiplier?: number, rate?: number): void;
}

/** About what a core's own caches hold: in a larger table rows are worth bringing near in groups. */
const nearBytes = 4 * 2 ** 20;

/** Throws Failure `table-too-large` or `too-large-for-memory` with the bytes. */
export function makeTable(options: TableOptions): Table {
  const { name, rows, dim, optimizer } = options;
  invariant(rows > 0 && dim > 0, `table ${name} is ${rows} × ${dim}`);
  const rowBytes = dim * 4;
  const far = rows * rowBytes > nearBytes ? 1 : 0;
  const bytes = tableBytes(options);
  if (bytes + rows * 4 > largestSpace) throw failure('table-too-large', { table: name, bytes, limit: largestSpace });

  const specs: readonly StateSpec[] = optimizer ? rowOptimizers[optimizer.kind].state(optimizer) : [];
  const lengthOf = (spec: StateSpec): number => (spec.per === 'row' ? rows : rows * dim);
  let space: Space;
  let table: Region;
  let stateRegions: Region[];
  let slots: Region | undefined;
  try {
    space = makeSpace();
    table = space.allocate(rows * rowBytes);
    stateRegions = specs.map((spec) => space.allocate(lengthOf(spec) * 4));
    if (optimizer) slots = space.allocate(rows * 4);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw failure('too-large-for-memory', { needed: bytes, available: freeBytes(), parts: sizeWords(options) });
  }
  const { kernels } = space;
  const step = optimizer
    ? rowOptimizers[optimizer.kind].prepare(
        kernels,
        optimizer,
        stateRegions.map((region) => region.pointer),
        space,
      )
    : undefined;

  let seen = 0;
  let unique: Region | undefined;
  let sums: Region | undefined;

  /** A lookup that does not fit beside the table is as much its size as the table is. */
  function enlarge(region: Region | undefined, more: number): Region {
    try {
      return space.enlarge(region, more);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw failure('table-too-large', { table: name, bytes: bytes + more, limit: largestSpace });
    }
  }

  /** Room for the sums of `count` more codes, and for `places` of them to stand side by side. */
  function makeRoom(count: number, places: number): { slots: number; unique: number; sums: number } {
    invariant(slots, `table ${name} is not trained`);
    const most = Math.min(rows, seen + count);
    if (!unique || unique.bytes < most * 4) {
      unique = enlarge(unique, most * 4);
      kernels.forget(unique.pointer + seen * 4, unique.bytes / 4 - seen);
    }
    sums = enlarge(sums, places * rowBytes);
    return { slots: slots.pointer, unique: unique.pointer, sums: sums.pointer };
  }

  /** Gradients of one code a row are copied to where the next sums begin, and become them. */
  function addRows(codes: number, count: number, gradient: Float32Array): void {
    const at = makeRoom(count, seen + count);
    new Float32Array(space.memory.buffer, at.sums + seen * rowBytes, gradient.length).set(gradient);
    seen = kernels.resolveOne(codes, count, at.slots, at.unique, seen, at.sums, rowBytes);
  }

  /** The codes become slots; returns where the sums are. */
  function resolve(codes: number, count: number): number {
    const at = makeRoom(count, Math.min(rows, seen + count));
    seen = kernels.resolve(codes, count, at.slots, at.unique, seen, at.sums, rowBytes);
    return at.sums;
  }

  function lookup({ kind, length = 1 }: LookupOptions): Lookup {
    const outBytes = kind === 'sequence' ? rowBytes * length : rowBytes;
    let codes: Region | undefined;
    let offsets: Region | undefined;
    let held: Region | undefined;
    let bounds: Region | undefined;
    let heldLength = 0;
    /** What was gathered, then its gradient. */
    let out: Region | undefined;
    let room = 0;
    let roomForCodes = 0;
    /** Rows and codes gathered and not yet accumulated. */
    let gathered = 0;
    let gatheredCodes = 0;
    return {
      reserve(count, codeCount) {
        codes = enlarge(codes, codeCount * 4);
        if (kind !== 'one') offsets = enlarge(offsets, (count + 1) * 4);
        out = enlarge(out, count * outBytes);
        if (held) bounds = enlarge(bounds, 2 * count * 4);
        room = count;
        roomForCodes = codeCount;
      },
      codes() {
        invariant(codes, 'codes before reserve');
        return space.integers(codes, roomForCodes);
      },
      offsets() {
        invariant(offsets, 'offsets before reserve, or of a lookup that has none');
        return space.integers(offsets, room + 1);
      },
      hold(values) {
        held = enlarge(held, values.byteLength);
        heldLength = values.length;
        space.integers(held, heldLength).set(values);
      },
      copyBags(count, windows) {
        invariant(held && bounds && codes && offsets && count <= room, 'copyBags before hold and reserve');
        const both = space.integers(bounds, 2 * count);
        const starts = both.subarray(0, count);
        const ends = both.subarray(count);
        windows(starts, ends);
        let total = 0;
        for (let i = 0; i < count; i++) {
          const [start, end] = [starts[i]!, ends[i]!];
          if (start < 0 || end < start || end > heldLength) invariant(false, `bag ${i} is ${start} to ${end}`);
          total += end - start;
        }
        invariant(total <= roomForCodes, `${total} codes with room for ${roomForCodes}`);
        kernels.copyBags(
          held.pointer,
          bounds.pointer,
          bounds.pointer + 4 * count,
          count,
          codes.pointer,
          offsets.pointer,
        );
      },
      gather(count) {
        invariant(codes && out && count <= room, `gather of ${count} rows with room for ${room}`);
        const from = codes.pointer;
        const last = offsets ? space.integers(offsets, count + 1)[count]! : count;
        invariant(last <= roomForCodes, `offsets end at ${last}, codes at ${roomForCodes}`);
        const bad = kernels.badCode(from, last, rows);
        invariant(bad < 0, `table ${name} has ${rows} rows and is asked for row ${this.codes()[bad]}`);
        if (kind === 'one') kernels.gather(table.pointer, rowBytes, from, count, out.pointer);
        else if (kind === 'sequence') {
          kernels.gatherSequence(table.pointer, rowBytes, from, offsets!.pointer, count, length, out.pointer);
        } else {
          const mean = kind === 'mean' ? 1 : 0;
          kernels.gatherPooled(table.pointer, rowBytes, from, offsets!.pointer, count, mean, far, out.pointer);
        }
        gathered = count;
        gatheredCodes = last;
        return space.floats(out, (count * outBytes) / 4);
      },
      accumulate(gradient) {
        invariant(codes && out, 'accumulate before reserve');
        const count = gathered;
        invariant(gradient.byteLength === count * outBytes, `gradient of ${gradient.length} numbers for ${count} rows`);
        if (kind === 'one') addRows(codes.pointer, count, gradient);
        else {
          const target = resolve(codes.pointer, gatheredCodes);
          space.floats(out, gradient.length).set(gradient);
          if (kind === 'sequence') {
            kernels.scatterSequence(target, rowBytes, codes.pointer, offsets!.pointer, count, length, out.pointer);
          } else {
            const mean = kind === 'mean' ? 1 : 0;
            kernels.scatterPooled(target, rowBytes, codes.pointer, offsets!.pointer, count, mean, out.pointer);
          }
        }
        // Codes may be slots now: a second accumulate would be of nothing.
        gathered = 0;
        gatheredCodes = 0;
      },
      close() {
        for (const region of [codes, offsets, out, held, bounds]) if (region) space.free(region);
        codes = offsets = out = held = bounds = undefined;
      },
    };
  }

  return {
    name,
    rows,
    dim,
    bytes,
    values: () => space.floats(table, rows * dim),
    state: () =>
      Object.fromEntries(
        specs.map((spec, index) => {
          const view = spec.dtype === 'int32' ? space.integers : space.floats;
          return [spec.name, view(stateRegions[index]!, lengthOf(spec))];
        }),
      ),
    initialize(seed, limit) {
      const random = makeRandom(seed, ...Buffer.from(name));
      const keys = [random.integer(2 ** 32), random.integer(2 ** 32)] as const;
      kernels.uniform(table.pointer, rows * dim, keys[0], keys[1], -limit, 2 * limit);
      specs.forEach((spec, index) => {
        const region = stateRegions[index]!;
        if (spec.dtype === 'float32') kernels.constant(region.pointer, lengthOf(spec), spec.initial);
        else space.integers(region, lengthOf(spec)).fill(spec.initial);
      });
    },
    load(values, state) {
      invariant(values.length === rows * dim, `${values.length} numbers for table ${name}, ${rows} × ${dim}`);
      this.values().set(values);
      if (!state) return;
      for (const [slot, view] of Object.entries(this.state())) {
        const from = state[slot];
        invariant(from?.length === view.length, `state ${slot} of table ${name} does not fit`);
        view.set(from);
      }
    },
    lookup,
    update(multiplier = 1, base) {
      if (seen === 0) return;
      invariant(step && optimizer && unique && sums, `table ${name} is not trained`);
      const rate = (base ?? optimizer.rate) * multiplier;
      const seenRows: SeenRows = {
        table: table.pointer,
        bytes: rowBytes,
        unique: unique.pointer,
        seen,
        sums: sums.pointer,
      };
      step(seenRows, rate, 1 - rate * optimizer.weightDecay);
      kernels.forget(unique.pointer, seen);
      seen = 0;
    },
  };
}
