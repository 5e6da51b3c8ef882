/** The rows that a step reads of tables that an engine holds, and for each of them the places that get its gradient: what the engine needs to know. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { HeldLookup } from './held_lookup.ts';
import type { Lookup, LookupOptions } from './table_lookup.ts';

/** As `GroupReads` of the engine. */
interface Reads {
  readonly numbers: Int32Array;
  readonly codes: number;
  readonly places: number;
  readonly distinct: number;
  readonly trained: number;
}

interface Noted {
  readonly lookup: HeldLookup;
  readonly count: number;
}

export class HeldGroup {
  readonly #isTrained: readonly boolean[];
  /** `slots[row]` is the index of the row among the distinct ones, if these have it there (a sparse set). */
  readonly #slots: Int32Array;
  #noted: Noted[] = [];
  #numbers = new Int32Array(0);
  #distinct = new Int32Array(0);
  /** By distinct row, the number of its codes. */
  #counts = new Int32Array(0);
  #slotOf = new Int32Array(0);

  /** @param rows of all tables @param isTrained of each input, in the order of look-ups */
  constructor(rows: number, isTrained: readonly boolean[]) {
    this.#isTrained = isTrained;
    this.#slots = new Int32Array(rows);
  }

  lookup(first: number, rows: number, options: LookupOptions): Lookup {
    return new HeldLookup(first, rows, options, (lookup, count) => this.#noted.push({ lookup, count }));
  }

  /** Returns what the look-ups have noted since the last call, in an array that the next call reuses. */
  take(): Reads {
    const reads = this.peek();
    this.#noted = [];
    return reads;
  }

  peek(): Reads {
    const noted = this.#noted;
    let [codes, places, trained] = [0, 0, 0];
    noted.forEach(({ lookup, count }, at) => {
      codes += lookup.codesOf(count);
      places += lookup.placesOf(count);
      if (this.#isTrained[at]) trained += lookup.codesOf(count);
    });
    this.#makeRoom(2 * codes + places + 1 + 4 * trained + 1, codes);
    const numbers = this.#numbers;
    const starts = numbers.subarray(codes, codes + places + 1);
    let [code, place, distinct] = [0, 0, 0];
    noted.forEach(({ lookup, count }, input) => {
      const length = lookup.codesOf(count);
      const rows = numbers.subarray(code, code + length);
      copyRows(lookup, rows);
      if (this.#isTrained[input]) {
        distinct = number(rows, this.#slots, this.#distinct, distinct, this.#counts, this.#slotOf.subarray(code));
      }
      lookup.begin(count, starts, place, code);
      code += length;
      place += lookup.placesOf(count);
    });
    starts[places] = codes;
    const end = codes + places + 1 + 2 * distinct + 1 + trained;
    const weights = new Float32Array(numbers.buffer, 4 * end, codes + trained);
    code = 0;
    for (const { lookup, count } of noted) {
      lookup.weigh(count, weights, code);
      code += lookup.codesOf(count);
    }
    const rest = numbers.subarray(codes + places + 1, end);
    rest.set(this.#distinct.subarray(0, distinct));
    this.#order(starts, rest.subarray(distinct), distinct, weights);
    return { numbers: numbers.subarray(0, end + weights.length), codes, places, distinct, trained };
  }

  #makeRoom(length: number, codes: number): void {
    if (this.#numbers.length < length) this.#numbers = new Int32Array(2 * length);
    if (this.#slotOf.length >= codes) return;
    this.#slotOf = new Int32Array(2 * codes);
    this.#distinct = new Int32Array(2 * codes);
    this.#counts = new Int32Array(2 * codes);
  }

  /**
   * Orders the trained places by distinct row, with a counting sort that keeps the order of look-ups.
   * @param into the places, then where those of each distinct row begin, and the end
   * @param weights those of codes, behind which those of the places are written
   */
  #order(starts: Int32Array, into: Int32Array, distinct: number, weights: Float32Array): void {
    const begins = into.subarray(into.length - distinct - 1);
    let begin = 0;
    for (let slot = 0; slot < distinct; slot++) {
      begins[slot] = begin;
      begin += this.#counts[slot]!;
    }
    const ofCodes = weights.subarray(0, starts[starts.length - 1]);
    const ofPlaces = weights.subarray(ofCodes.length);
    let [place, trained] = [0, 0];
    this.#noted.forEach(({ lookup, count }, input) => {
      const own = starts.subarray(place, place + lookup.placesOf(count) + 1);
      place += own.length - 1;
      if (!this.#isTrained[input]) return;
      order(own, this.#slotOf, begins, trained, into, ofCodes, ofPlaces);
      trained += own.length - 1;
    });
    // Each begin has moved to the end of its row, which is the begin of the next one.
    begins.copyWithin(1, 0, distinct);
    begins[0] = 0;
  }
}

function copyRows(lookup: HeldLookup, into: Int32Array): void {
  const { first, rows } = lookup;
  const codes = lookup.codes();
  for (let i = 0; i < into.length; i++) {
    const code = codes[i]!;
    if (code < 0 || code >= rows) invariant(false, `a table of ${rows} rows is asked for row ${code}`);
    into[i] = first + code;
  }
}

/** Numbers distinct rows in the order in which they occur, and counts their codes. Returns how many there are by now. */
function number(
  rows: Int32Array,
  slots: Int32Array,
  distinct: Int32Array,
  before: number,
  counts: Int32Array,
  slotOf: Int32Array,
): number {
  let seen = before;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    let slot = slots[row]!;
    if (slot < seen && distinct[slot] === row) counts[slot]!++;
    else {
      slot = seen++;
      slots[row] = slot;
      distinct[slot] = row;
      counts[slot] = 1;
    }
    slotOf[i] = slot;
  }
  return seen;
}

/** Writes the places of a look-up, numbered from `first` on, where `begins` has the next index of their distinct row. */
function order(
  starts: Int32Array,
  slotOf: Int32Array,
  begins: Int32Array,
  first: number,
  into: Int32Array,
  ofCodes: Float32Array,
  ofPlaces: Float32Array,
): void {
  for (let place = 0; place + 1 < starts.length; place++) {
    const end = starts[place + 1]!;
    for (let i = starts[place]!; i < end; i++) {
      const slot = slotOf[i]!;
      const at = begins[slot]!;
      begins[slot] = at + 1;
      into[at] = first + place;
      ofPlaces[at] = ofCodes[i]!;
    }
  }
}
