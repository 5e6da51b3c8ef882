/** Defines encoded data in typed arrays by column, without an object for each row, and the sums of labels from which their means follow. */
import type { Texts } from '../base/text/texts.ts';
import { type ClockPart, clockParts } from '../graph/plan/plan.ts';

/** One code for each row. */
export interface CodeColumn {
  readonly kind: 'codes';
  readonly values: Int32Array;
}

/** A bag of codes for each row: `values[starts[i] … ends[i])`. Bags may overlap, so a history is a window on the timeline of its user. */
export interface BagColumn {
  readonly kind: 'bags';
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly values: Int32Array;
  /** Elements that are bags themselves: `values` are then rows of these. */
  readonly inner?: BagColumn;
  /** The weight of each element of `values` in pooling, at least 0. Absent: 1. */
  readonly weights?: Float32Array;
  /** The corpus row of each value, for a list whose elements go through the item tower. */
  readonly items?: Int32Array;
}

/** `width` numbers for each row. */
export interface NumberColumn {
  readonly kind: 'numbers';
  readonly width: number;
  readonly values: Float32Array;
}

/** Bags indexed by event, like `IndexedColumn`: event i has bag `index[i]`; without an index, bag i. */
export interface IndexedBags {
  readonly bags: BagColumn;
  readonly index?: Int32Array;
}

export type Column = CodeColumn | BagColumn | NumberColumn;

/** A column indexed by event: event i has row `index[i]`; without an index, row i. Features of a joined file have one row for each item, not each event. */
export interface IndexedColumn {
  readonly column: Column;
  readonly index?: Int32Array;
}

export interface Events {
  readonly rows: number;
  /** Index of each event among the rows of the events files in reading order, from 0. Absent in a data set made by hand. */
  readonly ids?: Int32Array;
  /** In ascending order, the rows on which a run that continues an earlier one trains. Absent: all. */
  readonly fresh?: Int32Array;
  /** With `fresh`: number of earlier events, drawn anew in each epoch, for each of these. */
  readonly replay?: number;
  /** Set instead of rows in shards: the units that an epoch takes, if these are not all rows. */
  readonly units?: UnitCounts;
  readonly features: ReadonlyMap<string, IndexedColumn>;
  /** NaN for a missing label. */
  readonly labels: ReadonlyMap<string, Float32Array>;
  /** Corpus row of each event's item; −1 if the corpus lacks the item. */
  readonly item: Int32Array;
  /** Row of each event's user in `users`; −1 without a user key. */
  readonly user: Int32Array;
  /**
   * Corpus rows of all items that the event's user had strictly earlier, in this part and in earlier ones; −1 for an item that the corpus lacks. Set for
   * held-out parts if the data has users and a time.
   */
  readonly earlier?: IndexedBags;
  /** Number of new events of each item of the corpus, where only some of the new events are at hand. */
  readonly freshItems?: Int32Array;
  /** The share of the earlier events that an epoch adds, where only some of them are at hand. */
  readonly replayedShare?: number;
  /** In shards with replayed events: 1 for a new event, 0 for an earlier one, 2 for one that only completes the list of others. */
  readonly marks?: Int32Array;
  /** True if `earlier` are the items that held-out users give: their whole history, which also leaves the ranking per user. */
  readonly givesEarlier?: true;
  /**
   * Corpus rows of values that are items, by feature of the query tower. For a history they are those of its window; for a list they are all of its elements,
   * also those after its `max`.
   */
  readonly givenItems?: ReadonlyMap<string, IndexedBags>;
}

/** One row for each item that can be retrieved, evaluated, indexed and served. */
export interface Corpus {
  readonly rows: number;
  readonly features: ReadonlyMap<string, IndexedColumn>;
  readonly keys: Texts;
  readonly titles?: Texts;
  /** Number of training events with this item; 0 for a cold item. */
  readonly trainingCounts: Int32Array;
  /** The distinct values of each item, as codes, by column that a metric names. Absent if none does. */
  readonly elements?: ReadonlyMap<string, Pick<BagColumn, 'starts' | 'ends' | 'values'>>;
}

/** Every user, one row each. Training and evaluation read only `seen`. Answers read the other fields, which cover all events, or those that `AsOf` selects. */
export interface Users {
  readonly rows: number;
  /** The features after the last known event of each user. */
  readonly features: ReadonlyMap<string, IndexedColumn>;
  readonly keys: Texts;
  /** Corpus rows of each user's training events, in the order of time. */
  readonly seen: BagColumn;
  /** Corpus rows of each user's known events, in the order of time. */
  readonly had: BagColumn;
  /** Features that come only from events. They have the values of each user's last known event, even if these have changed since. */
  readonly asOfLastEvent?: readonly string[];
}

/** The part of users that training and evaluation may read. */
export type TrainingUsers = Pick<Users, 'rows' | 'keys' | 'seen'>;

/** The events that answers know: those before a part, as in its evaluation, or those before a time. */
export type AsOf = 'validation' | 'test' | number;

/** Selects whether rankings exclude items that the user had before the event. */
export type Seen = 'excluded' | 'kept';

/** Determines if figures are means over held-out events, or over users with all their held-out items. */
export type Evaluate = 'per_event' | 'per_user';

export type Part = 'train' | 'validation' | 'test';

export interface LabelSums {
  /** Summed as in the loss: weighted by event, only events with the label, and only those where `only` is 1. */
  readonly weighted: { readonly sum: number; readonly total: number };
  /** Sums over the same events without weights. */
  readonly plain: { readonly sum: number; readonly total: number };
}

/** The rows that a step of training takes together, so that no shards divide them: a list of events with its targets, or the events of a user. */
export type ShardUnit = { readonly kind: 'windows'; readonly list: string } | { readonly kind: 'users' };

export interface UnitCounts {
  readonly count: number;
  /** Number of events that units have as rows of a batch. */
  readonly targets: number;
  /** Number of new events, if the run goes on from an earlier one. */
  readonly fresh?: number;
  /** Number of earlier events that an epoch adds to these. */
  readonly replayed?: number;
}

/** Training rows in files, if they do not fit in memory. */
export interface TrainingShards {
  readonly folder: string;
  /** SHA-256 of the manifest, which includes the checksums of all files in the folder. */
  readonly checksum: string;
  /** Determines the order of an epoch. */
  readonly layout: ShardLayout;
  /** Number of rows of each pile (a shard). */
  readonly piles: readonly number[];
  /** Number of units that an epoch takes from each pile. Absent: its rows. */
  readonly units?: Int32Array;
  /** The number of earlier units among them, which each epoch draws anew. Absent: it takes all units. */
  readonly replayed?: Int32Array;
  readonly labelSums: ReadonlyMap<string, LabelSums>;
  /** Present if a step of training computes answers for whole users. */
  readonly latest?: LatestInShards;
  /**
   * Reads the rows of some shards and appends them to those of `before`. @param rowsOf returns the rows of a shard that are kept. Absent: all @throws Failure
   * `shards-damaged`
   */
  read(
    piles: readonly number[],
    before?: { readonly events: Events; readonly rows: Int32Array },
    rowsOf?: (events: Events, pile: number) => Int32Array,
  ): Promise<Events>;
  /** Reads what some users had in training, by user. All others have nothing there. @throws Failure `shards-damaged` */
  seenOf(users: Iterable<number>): Promise<BagColumn>;
}

/** The latest training event of each user who has one to train on, by ranges of users, which ascend. */
export interface LatestInShards {
  readonly ranges: number;
  /**
   * Reads the events of a range, whose `earlier` are the items of all training events of the user, and appends them to those of `before`.
   * @throws Failure `shards-damaged`
   */
  read(range: number, before?: { readonly events: Events; readonly rows: Int32Array }): Promise<Events>;
}

export interface ShardLayout {
  /** Number of partitions of users between the two passes. */
  readonly buckets: number;
  readonly piles: number;
  /** Number of shards that are shuffled together. */
  readonly held: number;
}

/** What a server must know of the data to read a single later event. */
export interface EventBasis {
  /** By column of the events that the block reads: the type that it was read with. */
  readonly types: ReadonlyMap<string, string>;
  /** By history of a column of the items file: a bag for each item of the corpus, with what an event of the item adds. */
  readonly itemElements: ReadonlyMap<string, BagColumn>;
  /** By log of a server: the position up to which the files have its events. */
  readonly filed: ReadonlyMap<string, number>;
}

/** The state of a vocabulary with admission that the next run continues. */
export interface Admission {
  /** The time when each value of the vocabulary was last seen, in seconds since 1970. Absent if values do not expire. */
  readonly seen?: Float64Array;
  readonly waiting: WaitingValues;
}

/** Values that are too rare so far, in the order of their UTF-16 units. */
export interface WaitingValues {
  readonly values: Texts;
  readonly eventCounts: Float64Array;
  readonly seen: Float64Array;
}

export interface Dataset {
  readonly parts: Readonly<Record<Part, Events>>;
  /** Set if the training rows are in files. `parts.train` then has only their number. */
  readonly shards?: TrainingShards;
  readonly corpus: Corpus;
  readonly users: Users;
  readonly encodings: ReadonlyMap<string, Encoding>;
  /** Initial values of tables from files, by the feature that owns the table: float32 [rows, width]. */
  readonly firstValues?: ReadonlyMap<string, FirstValues>;
  readonly seen: Seen;
  /** Default: `per_event`. */
  readonly evaluate?: Evaluate;
  /** Maximum length of histories, by the feature that each provides. */
  readonly histories: ReadonlyMap<string, number>;
  readonly rejected: Rejected;
  /** Sentences about the split and the data, which are printed with every figure. */
  readonly protocol: readonly string[];
  /** Counts of vocabularies with admission, for the next run. Absent if encodings were given. */
  readonly admissions?: ReadonlyMap<string, Admission>;
  /** By feature, the new code of each code in the earlier run, null for an expired value. Present if values have expired. */
  readonly recoded?: ReadonlyMap<string, readonly (number | null)[]>;
  readonly until?: Until;
  /** Time of the latest event that answers know, in the unit of `Until`. Absent without a time. */
  readonly knownUntil?: number;
  readonly eventBasis: EventBasis;
  /** Number of held-out events before the last training event of the run that is evaluated or continued. */
  readonly heldOutBefore?: number;
}

/** The end of the training part, up to which a run has learned. */
export interface Until {
  /** Seconds since 1970 if the data has dates or times; otherwise the number that orders events. */
  readonly time: number;
  /** Number of training events at exactly this time, because others with the same time may follow later. */
  readonly events: number;
}

/** Selects the new events: those after the last one that a run trained on, or those from a time on. */
export type Fresh = { readonly after: Until } | { readonly since: number };

export interface FirstValues {
  readonly rows: Int32Array;
  readonly values: Float32Array;
}

export interface Rejected {
  readonly count: number;
  readonly total: number;
  /** The path of `rejected.jsonl`, if it was written. */
  readonly file?: string;
}

/** A fitted encoder as plain data, which goes into the artifact, so that serving encodes in the same way as training. */
export type Encoding =
  | { readonly kind: 'vocabulary'; readonly values: Texts }
  | { readonly kind: 'hash'; readonly buckets: number }
  | { readonly kind: 'boundaries'; readonly boundaries: readonly number[]; readonly log: boolean }
  | { readonly kind: 'standardize'; readonly mean: number; readonly deviation: number; readonly log: boolean }
  | { readonly kind: 'number'; readonly log: boolean }
  | { readonly kind: 'clock'; readonly part: ClockPart }
  | { readonly kind: 'vector'; readonly size: number }
  | ({ readonly kind: 'words' } & KnownPieces)
  | ({ readonly kind: 'bigrams' } & KnownPieces)
  | ({ readonly kind: 'trigrams' } & KnownPieces);

/** Without `values` all pieces are hashed. */
interface KnownPieces {
  readonly buckets: number;
  readonly values?: Texts;
}

/** Returns the number of rows of the encoding's table. */
export function rowsOf(encoding: Encoding): number {
  switch (encoding.kind) {
    case 'vocabulary':
      return encoding.values.length + 1;
    case 'hash':
      return encoding.buckets;
    case 'words':
    case 'bigrams':
    case 'trigrams':
      return encoding.buckets + (encoding.values?.length ?? 0);
    case 'boundaries':
      return encoding.boundaries.length + 2;
    case 'clock':
      return clockParts[encoding.part] + 1;
    default:
      return 0;
  }
}

/** One value for each item of the corpus; undefined if it is missing. */
export type ItemValues =
  | { readonly kind: 'number'; readonly values: readonly (number | undefined)[] }
  | { readonly kind: 'text'; readonly values: readonly (string | undefined)[] }
  | { readonly kind: 'texts'; readonly values: readonly (readonly string[] | undefined)[] }
  | { readonly kind: 'truth'; readonly values: readonly (boolean | undefined)[] };

interface LabelTask {
  readonly label?: string;
  /** Restricts sums to events where this label is 1. */
  readonly only?: string;
  /** A label, or a feature with a single number. */
  readonly weight?: string;
}

export function sumLabels({ label, only, weight }: LabelTask, events: Events): LabelSums {
  const weighted = { sum: 0, total: 0 };
  const plain = { sum: 0, total: 0 };
  if (label === undefined) return { weighted, plain };
  const values = events.labels.get(label)!;
  const weights = weight === undefined ? undefined : (events.labels.get(weight) ?? numbersOf(events, weight));
  const isIncluded = only === undefined ? undefined : events.labels.get(only)!;
  for (let row = 0; row < events.rows; row++) {
    const value = values[row]!;
    if (Number.isNaN(value)) continue;
    if (isIncluded === undefined || isIncluded[row] === 1) {
      plain.sum += value;
      plain.total++;
    }
    const eventWeight = (weights?.[row] ?? 1) * (isIncluded?.[row] ?? 1);
    if (Number.isNaN(eventWeight)) continue;
    weighted.sum += eventWeight * value;
    weighted.total += eventWeight;
  }
  return { weighted, plain };
}

export const addSums = (a: LabelSums, b: LabelSums): LabelSums => ({
  weighted: { sum: a.weighted.sum + b.weighted.sum, total: a.weighted.total + b.weighted.total },
  plain: { sum: a.plain.sum + b.plain.sum, total: a.plain.total + b.plain.total },
});

export const noSums: LabelSums = { weighted: { sum: 0, total: 0 }, plain: { sum: 0, total: 0 } };

function numbersOf({ features, rows }: Events, name: string): Float32Array {
  const { column, index } = features.get(name) as IndexedColumn;
  const values = column.kind === 'numbers' ? column.values : new Float32Array(rows);
  return index ? Float32Array.from(index, (row) => values[row]!) : values;
}
