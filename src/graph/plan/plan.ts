/**
 * Lowering a model gives a plan: graphs, and instructions for the host to feed them. It is plain data: it is stored in the manifest, printed by
 * `tower inspect`, and is all that training, evaluation and export know of the model. Long because it is one format.
 */
import type { Graph } from '../graph.ts';

/** The encoding of a column. `data/columns` fits its statistics on the training part. */
export type Encoder =
  /** Code 0 is the unseen or missing value; 1.. are learned from the training part, most frequent first, then by name. */
  | {
      readonly kind: 'vocabulary';
      readonly minimumCount: number;
      /** A value leaves when no training event had it for so many days. */
      readonly expireDays?: number;
      readonly values?: readonly string[];
      /** Instead: a file with a value a line. */
      readonly file?: string;
    }
  /** Codes 0..buckets-1 from a stable hash of the value's text. */
  | { readonly kind: 'hash'; readonly buckets: number }
  /** Code = how many boundaries are ≤ value; missing is code `boundaries.length + 1`. */
  | { readonly kind: 'boundaries'; readonly boundaries: readonly number[]; readonly log: boolean }
  /** Equal-frequency buckets learned from the training part; then as `boundaries`. */
  | { readonly kind: 'quantiles'; readonly buckets: number; readonly log: boolean }
  /** (x − mean) / deviation of the training part; missing is 0. */
  | { readonly kind: 'standardize'; readonly log: boolean }
  /** The number itself, or log(1 + x); missing is 0. */
  | { readonly kind: 'number'; readonly log: boolean }
  /** A part of a moment in UTC, from seconds since 1970; missing is the code after the last. */
  | { readonly kind: 'clock'; readonly part: ClockPart }
  /** A list of numbers of fixed length. */
  | { readonly kind: 'vector'; readonly size: number }
  /** Text to a bag of hashed lower-case words. */
  | ({ readonly kind: 'words' } & Pieces)
  /** Text to a bag of hashed lower-case words and of pairs of words in a row. */
  | ({ readonly kind: 'bigrams' } & Pieces)
  /** Text to a bag of hashed letter trigrams of `#word#` (Huang et al. 2013). */
  | ({ readonly kind: 'trigrams' } & Pieces);

/** Pieces that have a row each, and rows that the hashes of all others share. */
interface Pieces {
  readonly buckets: number;
  readonly values?: readonly string[];
  /** Instead: a file with a piece a line. */
  readonly file?: string;
}

/** Parts of a moment, each with how many codes it has. */
export const clockParts = { hour: 24, weekday: 7, month: 12, week_hour: 168 } as const;
export type ClockPart = keyof typeof clockParts;

export interface FeaturePlan {
  readonly name: string;
  readonly tower: string;
  /** The encoder gives a row one code, a bag of codes, or numbers. */
  readonly gives: 'code' | 'bag' | 'numbers';
  readonly encoder: Encoder;
  /** The column it reads; equal to the feature's name unless it is `like` another or a list of another. */
  readonly column: string;
  /** The features whose codes, as text and joined by commas, it encodes; it then reads no column. */
  readonly crosses?: readonly string[];
  /** The list whose newest element it is; it then reads no column. */
  readonly last?: string;
  /** The list whose elements its own belong to, one each: it keeps and leaves out what that does. */
  readonly along?: string;
  /** Set if each element is a bag of values: its maximum size, and its pooling. */
  readonly each?: { readonly max: number; readonly pool: 'mean' | 'sum'; readonly skipsUnseen?: true };
  /** The column of the numbers by which the elements of a pooled list count. Absent: each counts 1. */
  readonly weights?: string;
  /** Features that share an encoder name its owner: a history of movie_id uses movie_id's vocabulary. */
  readonly encoderOf: string;
  /** Bags keep this many elements at most. */
  readonly max?: number;
  /** The channel of the item tower that computes a vector for each element. The feature has no table. */
  readonly through?: Through;
  /**
   * Selects the elements that a bag keeps: those at its end, for query items in the order of time. Absent: those at its beginning. A history of a
   * data block always keeps the latest.
   */
  readonly keeps?: 'latest';
  /**
   * True if its bags have no code 0: unknown values are removed before `max` is applied, at training and at serving.
   */
  readonly skipsUnseen?: true;
  /**
   * The share of training rows in which it is the unknown id, code 0, drawn anew each step. Ids that training never had then
   * share a trained row.
   */
  readonly drop?: number;
  /** Files of the first values of its table: a .npy of [rows, width], and the key of each row, a line each. */
  readonly vectors?: VectorFiles;
  /** True if training does not change its table. */
  readonly frozen?: true;
  readonly table?: string;
  readonly width: number;
}

export interface Through {
  readonly tower: string;
  readonly channel: string;
}

/** The table with the vectors of a channel of the item tower, one row for each item of the corpus. It is computed, never trained. */
export const computedTable = ({ tower, channel }: Through): string => `${tower}/${channel}`;

/** The output of the retrieval graph of the item tower with the vectors of such a channel: float32 [batch, width] */
export const elementOutput = (channel: string): string => `element:${channel}`;

export interface VectorFiles {
  readonly file: string;
  readonly keys: string;
}

/** The features of which one without a column of its own is made; none where a column feeds it. */
export function madeOf({ crosses, last }: Pick<FeaturePlan, 'crosses' | 'last'>): readonly string[] {
  return crosses ?? (last === undefined ? [] : [last]);
}

/** The features without whose columns it cannot be read: those of which it is made, and the list that it belongs to. */
export function neededBy(feature: Pick<FeaturePlan, 'crosses' | 'last' | 'along'>): readonly string[] {
  return feature.along === undefined ? madeOf(feature) : [feature.along];
}

/** Returns the feature for a single element, if each element of the list is a bag of values; otherwise the feature itself. */
export function elementPlan({ each, ...feature }: FeaturePlan): FeaturePlan {
  if (each === undefined) return feature;
  const { along: _, keeps: __, skipsUnseen: ___, ...own } = feature;
  const { pool: ____, ...kept } = each;
  return { ...own, ...kept };
}

/** Returns the table in which rows are looked up; undefined if there is none. */
export function tableRead(source: InputSource, { table }: FeaturePlan): string | undefined {
  return 'table' in source && source.table !== undefined ? source.table : table;
}

export interface TablePlan {
  readonly name: string;
  readonly dim: number;
  /** The feature whose encoder says how many rows the table has. */
  readonly encoderOf: string;
  /** First values are uniform in ±limit, where no file has others. */
  readonly limit: number;
  /** In place of the settings of the tables' optimizer. */
  readonly overrides?: Partial<Pick<RowOptimizerPlan, 'rate' | 'l2' | 'weightDecay'>>;
  /** True if training does not change it. Rows that are in no file are 0. */
  readonly frozen?: true;
  /** Precision in memory. Absent: float32. */
  readonly precision?: 'bf16';
}

/** Describes how the host fills one graph input. `rows` selects rows of the batch: those of the events, or sampled negatives. */
export type InputSource =
  /** Rows of a table: float32 [batch, dim]; bags are pooled on the host. Its gradient is output `gradient:<input>`. */
  | {
      readonly from: 'embedding';
      readonly feature: string;
      readonly pool: 'none' | 'mean' | 'sum';
      readonly rows: RowsOf;
      /** Absent: the feature's own. A bias has another, of one number a row. */
      readonly table?: string;
      /** True if its table gets no gradient. */
      readonly frozen?: true;
    }
  /** Rows of a table, not pooled: float32 [batch, max, dim], zeros past a bag's end. Gradient as above. */
  | { readonly from: 'sequence'; readonly feature: string; readonly rows: RowsOf; readonly frozen?: true }
  /** 1 where a sequence has an element, else 0: float32 [batch, max]. */
  | { readonly from: 'mask'; readonly feature: string; readonly rows: RowsOf }
  /** Encoded numbers: float32 [batch, width]. */
  | { readonly from: 'numbers'; readonly feature: string; readonly rows: RowsOf }
  /** float32 [batch]; 0 where it is missing. */
  | { readonly from: 'label'; readonly label: string }
  /** 1 where a label has a value, else 0: float32 [batch]. */
  | { readonly from: 'label_known'; readonly label: string }
  /**
   * log of the share of training rows that have the row's item: float32 [rows]; never −∞. With `mixed` these rows are drawn
   * next to the batch's, and it is the log of the item's expected share among all columns together.
   */
  | {
      readonly from: 'log_q';
      readonly key: string;
      readonly estimator: 'frequency' | 'streaming';
      readonly rows: RowsOf;
      readonly mixed?: SharedRows;
    }
  /**
   * int32 [hits, 2]: (row, column), each once, with column ≠ row whose item is the row's own positive again. Columns of drawn
   * rows count from 0, for rows drawn for each row within its own draws, and none is left out.
   */
  | {
      readonly from: 'accidental_hits';
      readonly key: string;
      readonly rows: RowsOf;
      /** Also hides columns whose item is in this bag of the row. */
      readonly history?: string;
      /** Also hides the row's own column, of the batch or of the corpus. */
      readonly own?: true;
      /** The query tower's key. Instead: columns of other queries whose item an event of the row's query has. */
      readonly query?: string;
    }
  /** Vectors of the items of past batches, as their steps computed them: float32 [count, width]. */
  | { readonly from: 'queue_vectors'; readonly rows: QueueRows }
  /** 1 if the queue has no vector, or one that does not count so far, otherwise 0: float32 [count]. */
  | { readonly from: 'queue_empty'; readonly rows: QueueRows }
  /** int32 [batch, 2]: (row, which of the distinct rows has its item). */
  | { readonly from: 'places'; readonly key: string }
  /** Number of batch rows with each distinct row's item: float32 [distinct]; 0 for padding. */
  | { readonly from: 'counts'; readonly key: string }
  /**
   * Adds gradients of looked-up rows up by row of their table: each row of the table that a batch looks up has a place
   * among `seen` ones. `places` of the codes of an input, int32 [codes]: of one code a row, or of the elements of its bags.
   */
  | { readonly from: 'table_places'; readonly feature: string; readonly rows: RowsOf; readonly table?: string }
  /** The row of a bag's input, float32 [rows, dim] or [rows · max, dim], to which each looked-up element belongs: int32 [codes]. */
  | { readonly from: 'element_rows'; readonly feature: string; readonly rows: RowsOf; readonly pool: BagPool }
  /** The weight of an element there: 1, or 1 ÷ its bag's length in a mean; 0 past the last: float32 [codes]. */
  | { readonly from: 'element_weights'; readonly feature: string; readonly rows: RowsOf; readonly pool: BagPool }
  /**
   * The index of each list element among the rows `elements`; 0 past a list's end. With pool `sequence` int32 [rows, places], otherwise in the order
   * of `element_rows`, int32 [codes]. `most`: maximum elements of a row.
   */
  | {
      readonly from: 'element_places';
      readonly feature: string;
      readonly rows: RowsOf;
      readonly pool: BagPool;
      readonly most: number;
    }
  /** The corpus row of each row's item; 0 if there is none: int32 [batch]. */
  | { readonly from: 'corpus_places'; readonly key: string }
  /** 1 where the corpus has the row's item, else 0: float32 [batch]. */
  | { readonly from: 'in_corpus'; readonly key: string }
  /** Number of items that a draw of this kind chooses from, at least 1: float32 []. */
  | { readonly from: 'draw_pool'; readonly key: string; readonly by: DrawnBy }
  /** 1 for each row of a table that the batch looks up, 0 for padding: float32 [seen]. */
  | { readonly from: 'table_seen'; readonly table: string }
  /** int32 [positives, 2]: (row, column) of the batch whose query is the same, each row with itself among them. */
  | { readonly from: 'positives'; readonly key: string }
  /**
   * Index of the last element of each row's list among those of the rows `sequences`: int32 [batch]. Elements are numbered row by row, `max` for each
   * row including padding. For a part: among its sequences, `length` for each row, int32 [part].
   */
  | { readonly from: 'newest'; readonly rows?: PartRows }
  /** The batch row of each row of a part: int32 [part]. */
  | { readonly from: 'part_places'; readonly rows: PartRows }
  /** 1 for a row of a part, 0 for one that only fills up an empty part: float32 [part]. */
  | { readonly from: 'part_known'; readonly rows: PartRows }
  /**
   * The batch in pieces of one size, where a matrix of its rows is too large: which row each row of each piece is, int32
   * [pieces, piece]; 1, and 0 for what fills up the last, float32 [pieces, piece]; where each row is among them, int32 [batch].
   */
  | { readonly from: 'piece_rows' | 'piece_known'; readonly pieces: number }
  | { readonly from: 'piece_places' }
  /** The accidental hits within one piece, with rows relative to the piece: int32 [hits, 2]. */
  | {
      readonly from: 'piece_hits';
      readonly pieces: number;
      readonly at: number;
      readonly of: Extract<InputSource, { readonly from: 'accidental_hits' }>;
    }
  /** Uniform in [0, 1), float32 [batch, width], drawn anew each step from the seed: dropout. Absent `rows`: the events. */
  | { readonly from: 'noise'; readonly width: number; readonly rows?: RowsOf }
  /** Scalars, float32 []: the learning rate of an optimizer after its schedule; the step's number from 1. */
  | {
      readonly from: 'rate';
      readonly optimizer: 'dense';
      /** In place of the rate of the optimizer, before the schedule. */
      readonly own?: number;
    }
  | { readonly from: 'step' };

/**
 * The events' own rows; or those of one part of them; or events whose lists hold those of all rows of the batch, each list once
 * (`feed/windows`); or each of their items once, as rows of events that have it; or every item of the corpus once, in its
 * order; or `perRow` sampled items for each event (row-major: row 0's negatives first); or `count` sampled items that all rows
 * of a batch share; or the items of the corpus that are elements of the batch's lists `through` the item tower, each once.
 */
export type RowsOf =
  | { readonly kind: 'events' }
  | PartRows
  | Sequences
  | { readonly kind: 'distinct' }
  | { readonly kind: 'corpus' }
  | ElementRows
  | ({ readonly kind: 'sampled'; readonly perRow: number } & Draw)
  | SharedRows
  | ListedRows
  | MinedRows
  | QueueRows;

interface ElementRows {
  readonly kind: 'elements';
  /** No row fills up to few different counts: a block takes statistics of them. */
  readonly exact?: true;
}

/** Items of a list of each event, row-major: all where they are `perRow` at most, else some drawn at each step. */
export interface ListedRows {
  readonly kind: 'listed';
  /** A list of the item tower's key. */
  readonly feature: string;
  readonly perRow: number;
}

/**
 * Items that the towers ranked high for the event's user at the beginning of the epoch, drawn at each step out of the user's `best`, after
 * `skip` better ones. `users` users have such items; rows of others draw from the training part, each item alike.
 */
export interface MinedRows {
  readonly kind: 'mined';
  readonly perRow: number;
  readonly best: number;
  readonly skip: number;
  readonly users: number;
}

/** The events of past batches whose items' vectors a task remembers: `count` rows, the latest over the oldest. */
export interface QueueRows {
  readonly kind: 'queue';
  readonly task: string;
  readonly count: number;
  readonly width: number;
  /** Steps before which none counts. */
  readonly after: number;
}

/** Rows of the corpus of which each event has as many of its own. */
export type OwnRows = Extract<RowsOf, { readonly perRow: number }>;

/** The list that a step reads as whole sequences, where its targets are positions; else nothing. */
export function sequenceFeature({ inputs }: GraphPlan): string | undefined {
  for (const { source } of inputs) {
    if ('rows' in source && source.rows?.kind === 'sequences') return source.rows.feature;
  }
  return undefined;
}

export interface Sequences {
  readonly kind: 'sequences';
  readonly feature: string;
  /** Present for the sequences of one part of the batch. */
  readonly length?: number;
}

/**
 * A batch is cut by the length of a list: a part has the rows whose list has at most `length` elements and does not fit a shorter
 * part. Its tensors have as many places. Where the targets are positions, the length is that of the whole sequence.
 */
export interface PartRows {
  readonly kind: 'part';
  readonly feature: string;
  readonly length: number;
}

/** The length of a list in the tensors of some rows, if it is less than its `max`. */
export function placesIn(rows: RowsOf, feature: string): number | undefined {
  return (rows.kind === 'part' || rows.kind === 'sequences') && rows.feature === feature ? rows.length : undefined;
}

/** Pools the rows of a bag; `sequence` keeps them all. */
export type BagPool = 'mean' | 'sum' | 'sequence';

/** Items of the training part each alike, or in proportion to their events; or all items of the corpus alike. */
export type DrawnBy = 'uniform' | 'frequency' | 'corpus';

export interface Draw {
  readonly by: DrawnBy;
  /** By frequency, the chance of an item is in proportion to (its events) ^ power. Absent: 1. */
  readonly power?: number;
}

export interface SharedRows extends Draw {
  readonly kind: 'shared';
  readonly count: number;
}

export interface InputPlan {
  readonly name: string;
  readonly source: InputSource;
}

export interface GraphPlan {
  readonly graph: Graph;
  readonly inputs: readonly InputPlan[];
}

export interface TowerPlan {
  readonly name: string;
  /** The feature that identifies what the tower describes. */
  readonly key?: string;
  readonly features: readonly string[];
  /**
   * Embedding rows in, retrieval vector out (output `vector`, float32 [batch, width]): the inner product of the two
   * towers' vectors is the score that `retrieve` declares. That of the item tower also has an output `element:<channel>` for each
   * channel that lists go through.
   */
  readonly embedded: GraphPlan;
  /** The same vectors of rows whose list is short, from tensors with fewer places: ascending, all by one list. Absent: `embedded` for all. */
  readonly parts?: readonly TowerPartPlan[];
  readonly width: number;
  /**
   * The query tower may have several vectors a row: `vector` is then float32 [batch, interests, width], and the score is the
   * largest of the inner products.
   */
  readonly interests?: number;
  /** Values within `embedded` that show the attention of the tower; absent if it has none. */
  readonly readouts?: readonly Readout[];
}

/** A graph for rows whose list `feature` has at most `length` elements. Its inputs and `vector` have only these rows. */
export interface TowerPartPlan extends GraphPlan {
  readonly feature: string;
  readonly length: number;
}

export const towerGraphs = ({ embedded, parts = [] }: TowerPlan): readonly GraphPlan[] => [embedded, ...parts];

/** The last node of the graph labelled `label`: float32 [batch, of.length], a number for each field named. */
export interface Readout {
  readonly label: string;
  readonly of: readonly string[];
}

/** A row-wise optimizer of the tables, run by the host; only rows seen are touched. */
export interface RowOptimizerPlan {
  readonly kind: 'sgd' | 'momentum' | 'adagrad' | 'row_adagrad' | 'adam' | 'lamb';
  readonly rate: number;
  readonly schedule: SchedulePlan;
  readonly initialAccumulator: number;
  readonly epsilon: number;
  /** `momentum` reads it too. */
  readonly beta1: number;
  readonly beta2: number;
  /** Share of a row that goes at each step, times the rate. */
  readonly weightDecay: number;
  /** Share of a row that is added to its gradient. */
  readonly l2: number;
}

/** Multiplier of the rate at step t (from 1) of T: t ÷ `warmup` up to step `warmup`, then the decay towards step T + 1. */
export interface SchedulePlan {
  readonly warmup: number;
  readonly decay: 'constant' | 'linear' | 'cosine' | 'inverse_sqrt';
}

/** A metric of the library at its cutoff, if it takes one. */
export interface MeasureSpec {
  readonly metric: string;
  readonly k?: number;
}

export interface TrainPlan {
  readonly batch: number;
  readonly epochs: number;
  /** Steps in all, in place of `epochs`. */
  readonly steps?: number;
  readonly seed: number;
  readonly dense: { readonly rate: number; readonly schedule: SchedulePlan };
  readonly embeddings: RowOptimizerPlan;
  /** Precision of matrix products in a step. The graphs of a plan are always in float32. Absent: float32. */
  readonly precision?: 'bf16' | 'auto';
  /** Largest length of a step's gradient. The step's graph cuts it. */
  readonly clip?: number;
  /** Between two tables: look-ups read the mean of so many layers of it, and of the rows themselves. The query tower's table first. */
  readonly graph?: { readonly layers: number; readonly tables: readonly [string, string] };
  /** Measured by validation, `evaluate` and `compare`. Absent: the usual ones. */
  readonly metrics?: readonly MeasureSpec[];
  /** Absent: after each epoch, on the whole part. */
  readonly validate?: {
    /** The interval between validations. */
    readonly epochs?: number;
    /** The interval in steps. Rounds are then steps instead of epochs. */
    readonly steps?: number;
    /** Rankings that are drawn. */
    readonly sample?: number;
  };
  readonly stop?: MeasureSpec & { readonly patience: number };
}

export interface TaskPlan {
  readonly name: string;
  /** Absent where only a product of tasks learns it. */
  readonly loss?: string;
  readonly label?: string;
  /** The label or feature by which each row counts. */
  readonly weight?: string;
  /** The binary label that a row must have to count. */
  readonly only?: string;
  /** Its prediction for an event. The output of `predictions` is the logit x of the probability σ(x) that the label is 1, or an estimate of the label. */
  readonly predicts?: 'probability' | 'number';
  /** The parameter that holds the mean of its label over the training part, where the score adds it. */
  readonly mean?: string;
}

export interface Plan {
  readonly model: string;
  readonly features: readonly FeaturePlan[];
  readonly labels: readonly { readonly name: string; readonly sort: 'binary' | 'number' }[];
  readonly tables: readonly TablePlan[];
  /** The query tower, then the item tower. */
  readonly towers: readonly [TowerPlan, TowerPlan];
  readonly tasks: readonly TaskPlan[];
  /**
   * One training step: outputs `loss`, `loss:<task>`, `weight:<task>` where weights change by themselves, `temperature:<task>` where it is trained, and `gradient:<input>`
   * for each embedding or sequence input; `gradient_norm`, where gradients are clipped, before they are; updates of the dense weights, of their optimizer's slots, and of what weights the tasks.
   */
  readonly step: GraphPlan;
  /** The towers as served, over the rows of events: outputs `prediction:<task>`, float32 [batch]. Absent where no task predicts. */
  readonly predictions?: GraphPlan;
  readonly train: TrainPlan;
}
