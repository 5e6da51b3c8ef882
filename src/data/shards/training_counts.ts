/** Counts all training events before the first one is encoded, and samples the values that encoders learn from. */

import { ascendingIndexes } from '../../base/util/ascending_indexes.ts';
import type { ColumnRequest, ReadPlan } from '../binding/data_layout.ts';
import { listTeachers, sampleColumn, weightsByRow } from '../columns/fit_encoders.ts';
import { countedColumns, OccurrenceCounter } from '../columns/grown_encodings.ts';
import type { ColumnSample, NumberSample } from '../encoders/encoders.ts';
import { gatherCodes } from '../rows/gather_rows.ts';
import type { GlobalSides, OrderedEvents } from '../rows/order_events.ts';
import {
  type Dictionaries,
  type RawCodes,
  type RawColumn,
  rawOf,
  type ValidRawRows,
  type ValidRows,
} from '../rows/raw.ts';
import { givenMark } from '../rows/split.ts';
import { type FirstNewEvents, NewEventCounts, newEvents } from './encode_partitions.ts';
import type { ArrangedPartition, Cuts, PartitionSource } from './partition_source.ts';
import type { OnPass } from './request.ts';

/** Collects the distinct numbers of the training part with their frequencies, so that memory grows with the distinct values and not with the rows. */
export class NumbersSample {
  #values = new Float64Array(2 ** 16);
  #weights = new Float64Array(2 ** 16);
  #length = 0;

  add(value: number, weight = 1): void {
    if (Number.isNaN(value)) return;
    if (this.#length === this.#values.length) this.#compact();
    this.#values[this.#length] = value;
    this.#weights[this.#length++] = weight;
  }

  get bytes(): number {
    return this.#values.byteLength + this.#weights.byteLength;
  }

  sample(): NumberSample {
    this.#compact();
    return { values: this.#values.slice(0, this.#length), weights: this.#weights.slice(0, this.#length) };
  }

  /** Merges equal values. If most values are distinct, it doubles the capacity. */
  #compact(): void {
    const ascending = ascendingIndexes(this.#values.subarray(0, this.#length));
    const values = new Float64Array(this.#values.length);
    const weights = new Float64Array(this.#values.length);
    let distinctCount = 0;
    for (const index of ascending) {
      const value = this.#values[index]!;
      if (distinctCount === 0 || values[distinctCount - 1] !== value) values[distinctCount++] = value;
      weights[distinctCount - 1]! += this.#weights[index]!;
    }
    const capacity = distinctCount > values.length / 2 ? 2 * values.length : values.length;
    this.#values = new Float64Array(capacity);
    this.#weights = new Float64Array(capacity);
    this.#values.set(values.subarray(0, distinctCount));
    this.#weights.set(weights.subarray(0, distinctCount));
    this.#length = distinctCount;
  }
}

export interface TrainingCounts {
  readonly counts: readonly number[];
  readonly items: Int32Array;
  readonly users: Int32Array;
  /** Row id of each item's last training event; −1 if there is none. */
  readonly lastTraining: Int32Array;
  /** By item: the first partition with an event of it; 0 for all items of a file. */
  readonly firstPartitions: Int32Array;
  /** By item: the title code in its last training event. Present if events have the title. */
  readonly titles?: Int32Array;
  /** Total number of elements in training of each list column of the events. */
  readonly elements: ReadonlyMap<ColumnRequest, number>;
  /** Total of earlier training events of the user over all held-out events. */
  readonly beforeHeldOut: number;
  /** New events of each item, and their number. Present if a run trains on new events alone. */
  readonly fresh?: { readonly items: Int32Array; readonly rows: number };
  /** Number of held-out events that an earlier run may have trained on. */
  readonly heldOutBefore: number;
  /** By feature whose vocabulary has admission. */
  readonly occurrences: ReadonlyMap<string, OccurrenceCounter>;
  sampleOf(column: ColumnRequest): ColumnSample;
}

interface CountingInput {
  readonly readPlan: ReadPlan;
  readonly sides: GlobalSides;
  readonly dictionaries: Dictionaries;
  readonly files: { readonly items?: ValidRawRows | undefined; readonly users?: ValidRawRows | undefined };
  readonly past: FirstNewEvents;
  readonly onPass?: OnPass | undefined;
}

/** Counts what encoding needs to know of all events, one partition after another. */
export class TrainingCounter {
  readonly #counts = [0, 0, 0, 0];
  readonly #items: Int32Array;
  readonly #users: Int32Array;
  readonly #lastTraining: Int32Array;
  readonly #lastTimes: Float64Array;
  readonly #firstPartitions: Int32Array;
  readonly #titles: Int32Array | undefined;
  readonly #elements = new Map<ColumnRequest, number>();
  readonly #occurrences: TrainingCounts['occurrences'];
  readonly #samplers: ReadonlyMap<ColumnRequest, ColumnSampler>;
  readonly #newCounts: NewEventCounts;
  #beforeHeldOut = 0;

  constructor(private readonly input: CountingInput) {
    const { readPlan, sides, dictionaries, past } = input;
    const [itemCount, userCount] = [sides.items.keys.length, sides.users.keys.length];
    this.#items = new Int32Array(itemCount);
    this.#users = new Int32Array(userCount);
    this.#lastTraining = new Int32Array(itemCount).fill(-1);
    this.#lastTimes = new Float64Array(itemCount);
    this.#firstPartitions = new Int32Array(itemCount).fill(sides.items.fileRows ? 0 : -1);
    this.#titles = readPlan.title?.column.role === 'events' ? new Int32Array(itemCount) : undefined;
    const numberColumns = numberSampledColumns(input);
    this.#samplers = new Map(
      sampledColumns(input).map((column) => [column, makeSampler(column, dictionaries, numberColumns.has(column))]),
    );
    this.#occurrences = occurrenceCounters(input);
    this.#newCounts = new NewEventCounts(readPlan, past, itemCount);
  }

  /** Counts all partitions. @throws Failure `shards-damaged` */
  async read(source: PartitionSource, cuts: Cuts): Promise<void> {
    const { onPass } = this.input;
    const total = source.count;
    for (let index = 0; index < total; index++) {
      onPass?.({ pass: 'counting', done: index, total });
      this.#count(index, await source.read(index, cuts));
    }
    onPass?.({ pass: 'counting', done: total, total });
  }

  #count(index: number, arrangedPartition: ArrangedPartition): void {
    const { partition, good, arranged, members } = arrangedPartition;
    const { readPlan, past } = this.input;
    for (const partIndex of arranged.part) this.#counts[partIndex]!++;
    arranged.users.trainingCounts.forEach((trainingCount, local) => {
      this.#users[members[local]!] = trainingCount;
    });
    this.#beforeHeldOut += trainingBeforeHeldOut(arranged);
    const firstPartitions = this.#firstPartitions;
    for (const item of arranged.items.ofEvent) if (firstPartitions[item] === -1) firstPartitions[item] = index;
    const { train } = arranged.eventIndexes;
    const titleCodes = this.#titles && (rawOf(good, readPlan.title!) as RawCodes).values;
    for (let i = 0; i < train.length; i++) {
      const item = arranged.items.ofEvent[train[i]!]!;
      if (item < 0) continue;
      this.#items[item]!++;
      const row = arranged.rows.train[i]!;
      this.#addLast(item, arranged.stream.times?.[train[i]!] ?? 0, partition.ids[row]!, titleCodes?.[row]);
    }
    this.#newCounts.add(arrangedPartition);
    const isUncounted = newEvents(readPlan, arrangedPartition, past.uncounted);
    for (const counter of this.#occurrences.values()) counter.add(good, arranged, isUncounted);
    countElements(this.#elements, good, arranged.rows.train);
    for (const [column, sampler] of this.#samplers) sampler.add(rawOf(good, column), arranged.rows.train);
  }

  /** Takes a training event of an item if it is later than those before. */
  #addLast(item: number, time: number, id: number, title: number | undefined): void {
    const lastTime = this.#lastTimes[item]!;
    const lastId = this.#lastTraining[item]!;
    if (lastId >= 0 && !(time > lastTime || (time === lastTime && id > lastId))) return;
    this.#lastTimes[item] = time;
    this.#lastTraining[item] = id;
    if (this.#titles) this.#titles[item] = title!;
  }

  all(): TrainingCounts {
    const { files, sides, dictionaries, past } = this.input;
    const weights = {
      items: files.items && weightsByRow(files.items, sides.items.fileRows!, this.#items),
      users: files.users && weightsByRow(files.users, sides.users.fileRows!, this.#users),
    };
    return {
      ...{ counts: this.#counts, items: this.#items, users: this.#users, lastTraining: this.#lastTraining },
      ...{ firstPartitions: this.#firstPartitions, elements: this.#elements, beforeHeldOut: this.#beforeHeldOut },
      ...{ heldOutBefore: this.#newCounts.heldOutBefore, occurrences: this.#occurrences },
      ...(past.fresh ? { fresh: this.#newCounts.fresh } : {}),
      titles: this.#titles,
      sampleOf: (column) => {
        const { role } = column.column;
        if (role === 'events') return this.#samplers.get(column)!.sample();
        const dictionary = column.dictionary === undefined ? undefined : dictionaries.get(column.dictionary);
        return sampleColumn(files[role]!.columns.get(column)!, weights[role]!, dictionary);
      },
    };
  }
}

function countElements(elements: Map<ColumnRequest, number>, { events }: ValidRows, rows: Int32Array): void {
  for (const [column, raw] of events.columns) {
    if (raw.kind !== 'bags') continue;
    const elementCount = rows.reduce((sum, row) => sum + raw.ends[row]! - raw.starts[row]!, 0);
    elements.set(column, (elements.get(column) ?? 0) + elementCount);
  }
}

/** Makes a counter for each vocabulary with admission, by feature. */
function occurrenceCounters({ readPlan, dictionaries }: CountingInput): TrainingCounts['occurrences'] {
  const counters = countedColumns(readPlan).map(({ teacher, column }): [string, OccurrenceCounter] => {
    const texts = dictionaries.get(column.dictionary!) ?? [];
    return [teacher.name, new OccurrenceCounter(readPlan, teacher, column, texts)];
  });
  return new Map(counters);
}

function trainingBeforeHeldOut({ part, users, hasGiven }: OrderedEvents): number {
  if (hasGiven) return givenToHeldOut({ part, users });
  const trainingBefore = new Int32Array(users.keys.length);
  let sum = 0;
  for (let index = 0; index < part.length; index++) {
    const userIndex = users.ofEvent[index]!;
    if (userIndex < 0) continue;
    if (part[index] === 0) trainingBefore[userIndex]!++;
    else sum += trainingBefore[userIndex]!;
  }
  return sum;
}

/** Returns the sum, over held-out events, of the events that their users give. */
function givenToHeldOut({ part, users }: Pick<OrderedEvents, 'part' | 'users'>): number {
  const [givenCounts, heldCounts] = [new Int32Array(users.keys.length), new Int32Array(users.keys.length)];
  for (let index = 0; index < part.length; index++) {
    const userIndex = users.ofEvent[index]!;
    if (part[index] === givenMark) givenCounts[userIndex]!++;
    else if (part[index]! > 0) heldCounts[userIndex]!++;
  }
  return givenCounts.reduce((sum, count, user) => sum + count * heldCounts[user]!, 0);
}

const sampledColumns = ({ readPlan }: CountingInput): ColumnRequest[] => [
  ...new Set(listTeachers(readPlan).flatMap(({ column }) => (column?.column.role === 'events' ? [column] : []))),
];

/** Returns the sampled columns with numbers that an encoder needs: for quantiles and for standardization. */
const numberSampledColumns = ({ readPlan }: CountingInput): ReadonlySet<ColumnRequest> =>
  new Set(
    listTeachers(readPlan).flatMap(({ teacher, column }) =>
      column && (teacher.encoder.kind === 'quantiles' || teacher.encoder.kind === 'standardize') ? [column] : [],
    ),
  );

interface ColumnSampler {
  add(raw: RawColumn, rows: Int32Array): void;
  sample(): ColumnSample;
}

function makeSampler({ dictionary }: ColumnRequest, dictionaries: Dictionaries, takesNumbers: boolean): ColumnSampler {
  const texts = dictionary === undefined ? [''] : dictionaries.get(dictionary)!;
  const counts = new Float64Array(texts.length);
  const numbers = new NumbersSample();
  return {
    add(raw, rows) {
      if (raw.kind === 'codes') {
        for (const row of rows) counts[raw.values[row]!]!++;
      } else if (raw.kind === 'bags') {
        for (const row of rows)
          for (let index = raw.starts[row]!; index < raw.ends[row]!; index++) {
            if (raw.values instanceof Int32Array) counts[raw.values[index]!]!++;
            else if (takesNumbers) numbers.add(raw.values[index]!);
          }
      } else if (takesNumbers && raw.width === 1) for (const row of rows) numbers.add(raw.values[row]!);
    },
    sample() {
      counts[0] = 0;
      return { texts: { texts, counts }, numbers: numbers.sample() };
    },
  };
}

/** Returns the title codes of items, from their file or from their last training event. */
export function titleCodes(
  counts: Pick<TrainingCounts, 'titles'>,
  title: ColumnRequest,
  sides: GlobalSides,
  file: ValidRawRows | undefined,
): Int32Array {
  if (title.column.role === 'events') return counts.titles!;
  return gatherCodes((file!.columns.get(title) as RawCodes).values, sides.items.fileRows!);
}
