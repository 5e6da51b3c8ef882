/** Encoded data: columnar typed arrays, no object per row; and sums of labels, from which their means follow. */
import type { Texts } from '../base/text/texts.ts';
import { type ClockPart, clockParts } from '../graph/plan/plan.ts';
import type { Admission } from './columns/admission.ts';

/** One code a row. */
export interface CodeColumn {
  readonly kind: 'codes';
  readonly values: Int32Array;
}

/** A bag of codes a row: `values[starts[i] … ends[i])`. Rows may overlap, so a history is a window on its user's timeline. */
export interface BagColumn {
  readonly kind: 'bags';
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly values: Int32Array;
  /** Elements that are bags themselves: `values` are then rows of these. */
  readonly inner?: BagColumn;
  /** The weight of each element of `values` in a pool, from 0 on. Absent: 1. */
  readonly weights?: Float32Array;
  /** The corpus row of each value, for a list that goes through the item tower. */
  readonly items?: Int32Array;
}

/** `width` numbers a row. */
export interface NumberColumn {
  readonly kind: 'numbers';
  readonly width: number;
  readonly values: Float32Array;
}

/** Bags as events see them, as `IndexedColumn`: event i has bag `index[i]`, or bag i where there is no index. */
export interface IndexedBags {
  readonly bags: BagColumn;
  readonly index?: Int32Array;
}

export type Column = CodeColumn | BagColumn | NumberColumn;

/**
 * A feature's column as events see it: row i of the events reads row `index[i]` of the column, or row i itself where there
 * is no index. Features of a joined file keep one row an item, not one an event.
 */
export interface IndexedColumn {
  readonly column: Column;
  readonly index?: Int32Array;
}

export interface Events {
  readonly rows: number;
  /** Index of each event among the rows of the events files, in the order that they are read, from 0; absent in a set made by hand. */
  readonly ids?: Int32Array;
  /** The rows that a run which continues an earlier one trains on, ascending. Absent: all. */
  readonly fresh?: Int32Array;
  /** With `fresh`: number of earlier events, drawn anew in each epoch, for each of these. */
  readonly replay?: number;
  readonly features: ReadonlyMap<string, IndexedColumn>;
  /** NaN where a label is missing. */
  readonly labels: ReadonlyMap<string, Float32Array>;
  /** Row of each event's item in the corpus; −1 where the corpus does not have it. */
  readonly item: Int32Array;
  /** Row of each event's user among `users`; −1 without a user key. */
  readonly user: Int32Array;
  /**
   * Corpus rows of all that the event's user had strictly earlier, in this part and those before it, −1 where the corpus does not have the
   * item. Set for held-out parts, where the data has users and a time.
   */
  readonly earlier?: IndexedBags;
  /**
   * Corpus rows of values that are items, by feature of the query tower. A history's are those of its window; a
   * list's are all of it, also those past its `max`.
   */
  readonly givenItems?: ReadonlyMap<string, IndexedBags>;
}

/** One row for each item that can be retrieved, evaluated, indexed and served. */
export interface Corpus {
  readonly rows: number;
  readonly features: ReadonlyMap<string, IndexedColumn>;
  readonly keys: Texts;
  readonly titles?: Texts;
  /** Events of the training part that have this item. 0: cold. */
  readonly trainingCounts: Int32Array;
}

/** Every user, one row each. Training and evaluation read `seen` alone; answers read the rest, which knows the events of all parts, or those that `AsOf` names. */
export interface Users {
  readonly rows: number;
  /** As of after the last known event of each. */
  readonly features: ReadonlyMap<string, IndexedColumn>;
  readonly keys: Texts;
  /** Corpus rows of each user's events of the training part, in time order. */
  readonly seen: BagColumn;
  /** The same of all known events. */
  readonly had: BagColumn;
  /** Features of events alone, as in each user's last known event, whatever is so now. */
  readonly asOfLastEvent?: readonly string[];
}

/** All that training and evaluation may know of users. */
export type TrainingUsers = Pick<Users, 'rows' | 'keys' | 'seen'>;

/** The events that answers know: those before a part, as its evaluation does, or those before a time. */
export type AsOf = 'validation' | 'test' | number;

/** Selects whether rankings exclude items that the user had before the event. */
export type Seen = 'excluded' | 'kept';

/** Figures are means over held-out events, or over users with all items that a user holds out. */
export type Evaluate = 'per_event' | 'per_user';

export type Part = 'train' | 'validation' | 'test';

export interface LabelSums {
  /** Summed as in the loss: by the weight of each event, only where `only` is 1, and where it has the label. */
  readonly weighted: { readonly sum: number; readonly total: number };
  /** The same events, unweighted. */
  readonly plain: { readonly sum: number; readonly total: number };
}

/** Training rows in files, where they do not fit in memory. */
export interface TrainingShards {
  readonly folder: string;
  /** SHA-256 of their manifest, and so of all that is in the folder. */
  readonly checksum: string;
  /** The order of an epoch follows from it. */
  readonly layout: ShardLayout;
  readonly piles: readonly number[];
  readonly labelSums: ReadonlyMap<string, LabelSums>;
  /**
   * Reads the rows of some shards, after those of `before`.
   * @throws Failure `shards-damaged`
   */
  read(piles: readonly number[], before?: { readonly events: Events; readonly rows: Int32Array }): Promise<Events>;
}

export interface ShardLayout {
  /** Partitions of users, between the two passes. */
  readonly buckets: number;
  readonly piles: number;
  /** Shards that are shuffled together. */
  readonly held: number;
}

export interface Dataset {
  readonly parts: Readonly<Record<Part, Events>>;
  /** Set where the training rows are in files. `parts.train` then has their number alone. */
  readonly shards?: TrainingShards;
  readonly corpus: Corpus;
  readonly users: Users;
  readonly encodings: ReadonlyMap<string, Encoding>;
  /** First values of tables from files, by the feature that owns the table: float32 [rows, width]. */
  readonly firstValues?: ReadonlyMap<string, FirstValues>;
  readonly seen: Seen;
  /** Default: `per_event`. */
  readonly evaluate?: Evaluate;
  /** The largest number of events of a history, by the feature that it feeds. */
  readonly histories: ReadonlyMap<string, number>;
  readonly rejected: Rejected;
  /** Sentences about how it was split, for the protocol printed with every figure. */
  readonly protocol: readonly string[];
  /** Counts of vocabularies whose values are admitted, for the next run. Absent where encodings were given. */
  readonly admissions?: ReadonlyMap<string, Admission>;
  /** The new code of each code of the earlier run, where values have expired, by feature; null for those. */
  readonly recoded?: ReadonlyMap<string, readonly (number | null)[]>;
  readonly until?: Until;
  /** Time of the latest event that answers know, as `Until` has it. Absent without a time. */
  readonly knownUntil?: number;
  /** Held-out events that are earlier than the last training event of the run that is evaluated or continued. */
  readonly heldOutBefore?: number;
}

/** The end of the training part, up to which a run has learned. */
export interface Until {
  /** Seconds since 1970 where the data has dates or times; else the number that orders the events. */
  readonly time: number;
  /** The number of training events with this time: others with it may come later. */
  readonly events: number;
}

/** The new events: after all that a run trained on, or from a time on. */
export type Fresh = { readonly after: Until } | { readonly since: number };

export interface FirstValues {
  readonly rows: Int32Array;
  readonly values: Float32Array;
}

export interface Rejected {
  readonly count: number;
  readonly total: number;
  /** `rejected.jsonl`, when one was written. */
  readonly file?: string;
}

/** A fitted encoder: plain data that goes into the artifact, so that serving encodes as training did. */
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

/** One value an item of the corpus; undefined where it has none. */
export type ItemValues =
  | { readonly kind: 'number'; readonly values: readonly (number | undefined)[] }
  | { readonly kind: 'text'; readonly values: readonly (string | undefined)[] }
  | { readonly kind: 'texts'; readonly values: readonly (readonly string[] | undefined)[] }
  | { readonly kind: 'truth'; readonly values: readonly (boolean | undefined)[] };

interface LabelTask {
  readonly label?: string;
  /** Restricts sums to events where this label is 1. */
  readonly only?: string;
  /** A label, or a feature of one plain number. */
  readonly weight?: string;
}

export function labelSums({ label, only, weight }: LabelTask, events: Events): LabelSums {
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
