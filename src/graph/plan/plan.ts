/**
 * Lowering a model gives a plan: graphs, and how the host feeds them. A plan is plain data: it is written into the manifest, printed by `tower inspect`, and
 * everything that training, evaluation and export know of the model.
 * Long because it is one format, which a reader of manifests takes in as a whole.
 */
import type { Graph } from '../graph.ts';

/** The encoding of a column. `data/columns` fits its statistics on the training part. */
export type Encoder =
  /** Code 0 is the unseen or missing value; 1.. are learned from the training part, most frequent first, then by name. */
  | {
      readonly kind: 'vocabulary';
      readonly minimumCount: number;
      /** Number of days without a training event after which a value is removed. */
      readonly expireDays?: number;
      readonly values?: readonly string[];
      /** Instead: a file with one value per line. */
      readonly file?: string;
    }
  /** Codes 0..buckets-1 from a stable hash of the value's text. */
  | { readonly kind: 'hash'; readonly buckets: number }
  /** Code = number of boundaries ≤ value; missing is code `boundaries.length + 1`. */
  | { readonly kind: 'boundaries'; readonly boundaries: readonly number[]; readonly log: boolean }
  /** Equal-frequency buckets learned from the training part; encoded like `boundaries`. */
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
  | ({ readonly kind: 'words' } & TextPieces)
  /** Text to a bag of hashed lower-case words and of pairs of adjacent words. */
  | ({ readonly kind: 'bigrams' } & TextPieces)
  /** Text to a bag of hashed letter trigrams of `#word#` (Huang et al. 2013). */
  | ({ readonly kind: 'trigrams' } & TextPieces);

/** Pieces of text that have a row each, and rows that the hashes of all other pieces share. */
interface TextPieces {
  readonly buckets: number;
  readonly values?: readonly string[];
  /** Instead: a file with one piece per line. */
  readonly file?: string;
}

/** Parts of a moment, with the number of codes of each. */
export const clockParts = { hour: 24, weekday: 7, month: 12, week_hour: 168, moment: 876_600 } as const;
export type ClockPart = keyof typeof clockParts;

export interface FeaturePlan {
  readonly name: string;
  readonly tower: string;
  /** The encoder gives a row one code, a bag of codes, or numbers. */
  readonly gives: 'code' | 'bag' | 'numbers';
  readonly encoder: Encoder;
  /** The column that the feature reads; equal to its name unless it is `like` another feature or a list of another. */
  readonly column: string;
  /** The features whose codes, as text and joined by commas, this one encodes; it then reads no column. */
  readonly crosses?: readonly string[];
  /** The list whose newest element this feature is; it then reads no column. */
  readonly last?: string;
  /** The list to whose elements this one's belong, one each: it keeps and omits the same elements. */
  readonly along?: string;
  /** Each element is a bag of values, of which at most `max` are kept, and which is pooled. */
  readonly each?: { readonly max: number; readonly pool: 'mean' | 'sum'; readonly skipsUnseen?: true };
  /** The column of weights for the elements of a pooled list. Absent: each has the weight 1. */
  readonly weights?: string;
  /** The feature that owns the encoder, if several share it: a history of movie_id uses movie_id's vocabulary. */
  readonly encoderOf: string;
  /** Maximum number of elements that bags keep. */
  readonly max?: number;
  /** The channel of the item tower that computes a vector for each element. The feature has no table. */
  readonly through?: ItemChannel;
  /**
   * The elements that a bag keeps: those at its end, for the items of the query, in the order of time. Absent: those at its beginning. A history of a data
   * block keeps the latest in any case.
   */
  readonly keeps?: 'latest';
  /** True if its bags have no code 0: unknown values are removed before `max` is applied, at training and at serving. */
  readonly skipsUnseen?: true;
  /** The share of training rows in which the feature is the unknown id, code 0, drawn anew each step. Ids that training never had then share a trained row. */
  readonly drop?: number;
  /** Files of the initial values of its table: a .npy of [rows, width], and the key of each row, one per line. */
  readonly vectors?: VectorFiles;
  /** True if training does not change its table. */
  readonly frozen?: true;
  readonly table?: string;
  readonly width: number;
}

export interface ItemChannel {
  readonly tower: string;
  readonly channel: string;
}

/**
 * Returns the name of the table with the vectors that a channel of the item tower computes, a row for each item of the corpus. It is computed, never trained.
 */
export const computedTableName = ({ tower, channel }: ItemChannel): string => `${tower}/${channel}`;

/** Returns the name of the output of the item tower's retrieval graph with the vectors of such a channel: float32 [batch, width] */
export const elementOutputName = (channel: string): string => `element:${channel}`;

export interface VectorFiles {
  readonly file: string;
  readonly keys: string;
}

/** Returns the features from which a feature without a column is made; none if a column feeds it. */
export function madeOf({ crosses, last }: Pick<FeaturePlan, 'crosses' | 'last'>): readonly string[] {
  return crosses ?? (last === undefined ? [] : [last]);
}

/** Returns the features whose columns are needed to read a feature: those from which it is made, or the list that it belongs to. */
export function requiredFeatures(feature: Pick<FeaturePlan, 'crosses' | 'last' | 'along'>): readonly string[] {
  return feature.along === undefined ? madeOf(feature) : [feature.along];
}

/** Returns the plan of one element, if the elements of a list are bags of values; else the feature itself. */
export function elementPlan({ each, ...feature }: FeaturePlan): FeaturePlan {
  if (each === undefined) return feature;
  const { along: _, keeps: __, skipsUnseen: ___, ...featurePlan } = feature;
  const { pool: ____, ...elementSettings } = each;
  return { ...featurePlan, ...elementSettings };
}

/** Returns the table that rows are looked up in; undefined if there is none. */
export function tableOfSource(source: InputSource, { table }: FeaturePlan): string | undefined {
  return 'table' in source && source.table !== undefined ? source.table : table;
}

export interface TablePlan {
  readonly name: string;
  readonly dim: number;
  /** The feature whose encoder determines the number of rows. */
  readonly encoderOf: string;
  /** Initial values are uniform in ±limit, unless a file has others. */
  readonly limit: number;
  /** Replaces settings of the tables' optimizer. */
  readonly overrides?: Partial<Pick<RowOptimizerPlan, 'rate' | 'l2' | 'weightDecay'>>;
  /** True if training does not change it. Rows that are in no file are 0. */
  readonly frozen?: true;
  /** Precision in memory. Absent: float32. */
  readonly precision?: 'bf16';
  /** True if row c is the number c. Such a table is frozen. */
  readonly ordinal?: true;
}

/** The way that the host fills one graph input. `rows` selects rows of the batch: the events' own, or sampled negatives. */
export type InputSource =
  /** Rows of a table: float32 [batch, dim]; bags are pooled on the host. Its gradient is output `gradient:<input>`. */
  | {
      readonly from: 'embedding';
      readonly feature: string;
      readonly pool: 'none' | 'mean' | 'sum';
      readonly rows: RowsOf;
      /** Absent: the table of the feature. A bias has another one, with one number per row. */
      readonly table?: string;
      /** True if its table gets no gradient. */
      readonly frozen?: true;
    }
  /** Rows of a table, not pooled: float32 [batch, max, dim], zeros after the end of a bag. Gradient as above. */
  | { readonly from: 'sequence'; readonly feature: string; readonly rows: RowsOf; readonly frozen?: true }
  /** 1 where a sequence has an element, else 0: float32 [batch, max]. */
  | { readonly from: 'mask'; readonly feature: string; readonly rows: RowsOf }
  /** Encoded numbers: float32 [batch, width]. */
  | { readonly from: 'numbers'; readonly feature: string; readonly rows: RowsOf }
  /** float32 [batch]; 0 for a missing label. */
  | { readonly from: 'label'; readonly label: string }
  /** 1 where a label has a value, else 0: float32 [batch]. */
  | { readonly from: 'label_known'; readonly label: string }
  /**
   * log of the share of training rows that have the row's item: float32 [rows]; never −∞. With `mixed` these rows are drawn in addition to the batch's, and it
   * is the log of the item's expected share among all columns together.
   */
  | {
      readonly from: 'log_q';
      readonly key: string;
      readonly estimator: 'frequency' | 'streaming';
      readonly rows: RowsOf;
      readonly mixed?: SharedRows;
    }
  /**
   * int32 [hits, 2]: (row, column), each once, with column ≠ row whose item is the row's own positive again. Columns of drawn rows count from 0 (for rows drawn
   * for each row, within its own draws), and column = row is not excluded.
   */
  | {
      readonly from: 'accidental_hits';
      readonly key: string;
      readonly rows: RowsOf;
      /** Also hides columns whose item is in this bag of the row. */
      readonly history?: string;
      /** Also hides the row's own column, of the batch or of the corpus. */
      readonly own?: true;
      /** The query tower's key. With it, the pairs are instead columns of other queries whose item an event of the row's query has. */
      readonly query?: string;
    }
  /** The weight of each item of a list of the row, 1 in a list without weights; −1 where there is no item: float32 [batch, perRow]. */
  | { readonly from: 'listed_weights'; readonly rows: ListedRows }
  /** Vectors of the items of past batches, as their steps computed them: float32 [count, width]. */
  | { readonly from: 'queue_vectors'; readonly rows: QueueRows }
  /** 1 for a slot of the queue that has no vector, or none that counts yet, else 0: float32 [count]. */
  | { readonly from: 'queue_empty'; readonly rows: QueueRows }
  /** int32 [batch, 2]: (row, index of its item among the distinct rows). */
  | { readonly from: 'places'; readonly key: string }
  /** Number of rows of the batch that have each distinct row's item: float32 [distinct]; 0 for padding. */
  | { readonly from: 'counts'; readonly key: string }
  /**
   * For adding up gradients of looked-up rows by row of their table: each row of the table that a batch looks up has a place among `seen` ones. These are the
   * places of the codes of an input, int32 [codes]: of one code per row, or of the elements of its bags.
   */
  | { readonly from: 'table_places'; readonly feature: string; readonly rows: RowsOf; readonly table?: string }
  /** Index of the row of a bag's input, float32 [rows, dim] or [rows · max, dim], that each of its elements is looked up for: int32 [codes]. */
  | { readonly from: 'element_rows'; readonly feature: string; readonly rows: RowsOf; readonly pool: BagPool }
  /** Weight of an element there: 1, or 1 ÷ its bag's length for a mean; 0 for padding: float32 [codes]. */
  | { readonly from: 'element_weights'; readonly feature: string; readonly rows: RowsOf; readonly pool: BagPool }
  /**
   * Index of each element of a list among the rows `elements`; 0 after a list's end. With pool `sequence` int32 [rows, places], else in the order of
   * `element_rows`, int32 [codes]. `most`: maximum number of elements of a row.
   */
  | {
      readonly from: 'element_places';
      readonly feature: string;
      readonly rows: RowsOf;
      readonly pool: BagPool;
      readonly most: number;
    }
  /** Index of the corpus row that has the row's item; 0 if there is none: int32 [batch]. */
  | { readonly from: 'corpus_places'; readonly key: string }
  /** int32 [items, 2]: (row, corpus row of an item) for each item of the training events of the row's user, each once. */
  | { readonly from: 'user_items'; readonly key: string }
  /** The number of these items: float32 [batch], or [part]. */
  | { readonly from: 'item_counts'; readonly rows?: PartRows }
  /** 1 if the corpus has any of these items, else 0: float32 [batch]. */
  | { readonly from: 'has_items'; readonly key: string }
  /** 1 if the corpus has the row's item, else 0: float32 [batch]. */
  | { readonly from: 'in_corpus'; readonly key: string }
  /** Number of items that a draw of this kind chooses from, at least 1: float32 []. */
  | { readonly from: 'draw_pool'; readonly key: string; readonly by: DrawKind }
  /** 1 for each row of a table that the batch looks up, 0 for padding: float32 [seen]. */
  | { readonly from: 'table_seen'; readonly table: string }
  /** int32 [positives, 2]: (row, column) of rows of the batch with the same query, each row with itself included. */
  | { readonly from: 'positives'; readonly key: string }
  /** A number for the user of each view; with `key`, for its item. A view without one has a number of its own: int32 [views]. */
  | { readonly from: 'view_numbers'; readonly rows: ViewRows; readonly key?: string }
  /**
   * Index of the last element of each row's list among those of the rows `sequences`: int32 [batch]. Elements are counted row by row, `max` per row, including
   * those after a row's end. For a part: among the elements of its sequences, `length` per row, int32 [part].
   */
  | { readonly from: 'newest'; readonly rows?: PartRows }
  /** Index in the batch, or among the views, of each row of a part: int32 [part]. */
  | { readonly from: 'part_places'; readonly rows: PartRows | ViewPart }
  /** 1 for a row of a part, 0 for the padding of an empty part: float32 [part]. */
  | { readonly from: 'part_known'; readonly rows: PartRows | ViewPart }
  /**
   * The batch in pieces of one size, if a matrix of its rows is too large: the index of each row of each piece, int32 [pieces, piece]; 1, or 0 for the padding
   * of the last piece, float32 [pieces, piece]; the position of each row among them, int32 [batch].
   */
  | { readonly from: 'piece_rows' | 'piece_known'; readonly pieces: number }
  | { readonly from: 'piece_places' }
  /** The accidental hits of one of the pieces, whose rows count from 0: int32 [hits, 2]. */
  | {
      readonly from: 'piece_hits';
      readonly pieces: number;
      readonly at: number;
      readonly of: Extract<InputSource, { readonly from: 'accidental_hits' }>;
    }
  /** Uniform in [0, 1), for dropout, or of the standard normal distribution: float32 [batch, width], drawn anew each step from the seed. Absent `rows`: the events. */
  | { readonly from: 'noise'; readonly width: number; readonly normal?: true; readonly rows?: RowsOf }
  /** Scalars, float32 []: the learning rate of an optimizer after its schedule; the step's number from 1. */
  | {
      readonly from: 'rate';
      readonly optimizer: 'dense';
      /** Replaces the rate of the optimizer, before the schedule. */
      readonly own?: number;
    }
  | { readonly from: 'step' };

/**
 * The rows of an input: the events' own; or those of one part of them; or events whose lists hold those of all rows of the batch, each list once
 * (`feed/windows`); or each of their items once, as rows of events that have it; or every item of the corpus once, in its order; or `perRow` sampled items for
 * each event (row-major: row 0's negatives first); or `count` sampled items that all rows of a batch share; or the items of the corpus that are elements of the
 * batch's lists `through` the item tower, each once; or those that a task sees a second time, changed at random.
 */
export type RowsOf =
  | { readonly kind: 'events' }
  | PartRows
  | Sequences
  | { readonly kind: 'distinct' }
  | { readonly kind: 'corpus' }
  | ViewRows
  | ElementRows
  | SampledRows
  | SharedRows
  | ListedRows
  | MinedRows
  | QueueRows;

/**
 * Rows of the batch for which the query tower is computed once more, with draws of its own: the events of the batch whose `list` is not empty; if the targets are
 * positions, the whole sequences. Both views of a task have the same number of rows, in the same order.
 */
export interface ViewRows {
  readonly kind: 'views';
  readonly task: string;
  readonly view: 1 | 2;
  /** A list that the query tower reads in sequence. Absent: all events of the batch. */
  readonly list?: string;
  /** Each row is instead another event of the training part with the same item, drawn in each step; itself if there is none. */
  readonly sameItem?: true;
  /** Present for a part of the views, as in `PartRows`: those whose list has at most so many elements. */
  readonly length?: number;
}

export type ViewPart = ViewRows & Required<Pick<ViewRows, 'list' | 'length'>>;

export const isViewPart = (rows: RowsOf): rows is ViewPart => rows.kind === 'views' && rows.length !== undefined;

/** Items that are drawn in each step for each event, row-major. */
export interface SampledRows extends Draw {
  readonly kind: 'sampled';
  readonly perRow: number;
  /** A feature of the items, with one code each: an event draws among the other items with the code of its own. Absent: among all. */
  readonly within?: string;
}

interface ElementRows {
  readonly kind: 'elements';
  /** No padding, because a block computes statistics over the rows. */
  readonly exact?: true;
}

/** Items of a list of each event, row-major: all of them if there are at most `perRow`, else some that are drawn in each step. */
export interface ListedRows {
  readonly kind: 'listed';
  /** A list feature whose values are keys of the item tower. */
  readonly feature: string;
  readonly perRow: number;
}

/**
 * Items that the towers ranked high for the event's user at the beginning of the epoch, drawn in each step from the user's `best`, after `skip` better ones are
 * skipped. `users` users have such items; rows of other users draw from the training part, each item alike.
 */
export interface MinedRows {
  readonly kind: 'mined';
  readonly perRow: number;
  readonly best: number;
  readonly skip: number;
  readonly users: number;
}

/**
 * The items of past batches whose vectors a task stores: `count` of them, of which the latest replace the oldest. They are numbered as items of the batch are
 * compared by `key`; −1 for an item that equals no other.
 */
export interface QueueRows {
  readonly kind: 'queue';
  readonly task: string;
  readonly key: string;
  readonly count: number;
  readonly width: number;
  /** Number of steps before which no vector counts. */
  readonly after: number;
}

/** Rows of the corpus of which each event has an equal number of its own. */
export type PerRowItems = Extract<RowsOf, { readonly perRow: number }>;

/** Returns the rows of a list that a step reads as whole sequences, if its targets are positions; else undefined. */
export function findSequences({ inputs }: GraphPlan): Sequences | undefined {
  for (const { source } of inputs) {
    if ('rows' in source && source.rows?.kind === 'sequences') return source.rows;
  }
  return undefined;
}

/** Returns the list that a step reads as whole sequences, if its targets are positions; else undefined. */
export const sequenceFeature = (step: GraphPlan): string | undefined => findSequences(step)?.feature;

/** True if each row of a step stands for all training events of a user, because its targets are users. */
export const hasRowPerUser = ({ inputs }: GraphPlan): boolean =>
  inputs.some(({ source }) => source.from === 'user_items');

/** True if the towers are asked about users when an epoch begins, as of the latest training event of each. */
export const hasMinedRows = ({ step }: Pick<Plan, 'step'>): boolean =>
  step.inputs.some(({ source }) => 'rows' in source && source.rows?.kind === 'mined');

export interface Sequences {
  readonly kind: 'sequences';
  readonly feature: string;
  /** An event is the target of one of so many positions before it, drawn for each step. Absent: 1, of the position just before it. */
  readonly ahead?: number;
  /** Present for the sequences of one part of the batch. */
  readonly length?: number;
}

/**
 * The rows of one part of a batch that is cut by the length of a list: those whose list has at most `length` elements and does not fit a shorter part. Its
 * tensors have `length` places. If the targets are positions, the length is that of the whole sequence.
 */
export interface PartRows {
  readonly kind: 'part';
  readonly feature: string;
  readonly length: number;
}

/** Returns the number of places that a list has in the tensors of some rows, if it is less than its `max`. */
export function shortenedLength(rows: RowsOf, feature: string): number | undefined {
  if (rows.kind === 'views') return rows.list === feature ? rows.length : undefined;
  return (rows.kind === 'part' || rows.kind === 'sequences') && rows.feature === feature ? rows.length : undefined;
}

/** Pools the rows of a bag; `sequence` keeps them all. */
export type BagPool = 'mean' | 'sum' | 'sequence';

/** `uniform`: items of the training part, all alike; `frequency`: in proportion to their events; `corpus`: all items of the corpus alike. */
export type DrawKind = 'uniform' | 'frequency' | 'corpus';

export interface Draw {
  readonly by: DrawKind;
  /** With `frequency`, the chance of an item is in proportion to (its events) ^ power. Absent: 1. */
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
  /** The feature that identifies the user, query or item that the tower describes. */
  readonly key?: string;
  readonly features: readonly string[];
  /**
   * Maps embedding rows to the retrieval vector (output `vector`, float32 [batch, width]): the inner product of the two towers' vectors is the score that
   * `retrieve` declares. The graph of the item tower also has an output `element:<channel>` for each channel that lists go through.
   */
  readonly embedded: GraphPlan;
  /** Graphs with fewer places, for the same vectors of rows whose list is short: ascending, all by one list. Absent: `embedded` for all. */
  readonly parts?: readonly TowerPartPlan[];
  readonly width: number;
  /**
   * Number of vectors per row, if the tower has several: `vector` is then float32 [batch, interests, width]. With several of the query tower alone the score is
   * the largest of the inner products; with several of both it is that of `maxSimOfAll`.
   */
  readonly interests?: number;
  /** Values within `embedded` that show how the tower weighs its fields; absent if it has none. */
  readonly readouts?: readonly Readout[];
}

/** A graph for rows whose list `feature` has at most `length` elements: its inputs and its `vector` are those of these rows. */
export interface TowerPartPlan extends GraphPlan {
  readonly feature: string;
  readonly length: number;
}

export const graphsOfTower = ({ embedded, parts = [] }: TowerPlan): readonly GraphPlan[] => [embedded, ...parts];

/** The last node of the graph labelled `label`: float32 [batch, of.length], a number for each field in `of`. */
export interface Readout {
  readonly label: string;
  readonly of: readonly string[];
}

/** A row-wise optimizer of the tables, run by the host; it changes only the rows seen. */
export interface RowOptimizerPlan {
  readonly kind: 'sgd' | 'momentum' | 'adagrad' | 'row_adagrad' | 'adam' | 'lamb';
  readonly rate: number;
  readonly schedule: SchedulePlan;
  readonly initialAccumulator: number;
  readonly epsilon: number;
  /** `momentum` uses it too. */
  readonly beta1: number;
  readonly beta2: number;
  /** Share of a row that is removed at each step, times the rate. */
  readonly weightDecay: number;
  /** Share of a row that is added to its gradient. */
  readonly l2: number;
}

/** Multiplier of the rate at step t (from 1) of T: t ÷ `warmup` up to step `warmup`, then the decay towards step T + 1. */
export interface SchedulePlan {
  readonly warmup: number;
  readonly decay: 'constant' | 'linear' | 'cosine' | 'inverse_sqrt';
}

/** A metric of the library, with the column of the items and the cutoff, if it takes them. */
export interface MeasureSpec {
  readonly metric: string;
  readonly column?: string;
  readonly k?: number;
}

export interface TrainPlan {
  readonly batch: number;
  readonly epochs: number;
  /** Total number of steps, instead of `epochs`. */
  readonly steps?: number;
  readonly seed: number;
  readonly dense: { readonly rate: number; readonly schedule: SchedulePlan };
  readonly embeddings: RowOptimizerPlan;
  /** Precision of a step's matrix products. The graphs of a plan are in float32 in any case. Absent: float32. */
  readonly precision?: 'bf16' | 'auto';
  /** Maximum norm of a step's gradient. The step's graph clips it. */
  readonly clip?: number;
  /** A graph between two tables: look-ups read the mean of this many layers and of the rows themselves. The query tower's table comes first. */
  readonly graph?: { readonly layers: number; readonly tables: readonly [string, string] };
  /** Metrics of validation, `evaluate` and `compare`. Absent: the default ones. */
  readonly metrics?: readonly MeasureSpec[];
  /** Absent: validation after each epoch, on the whole part. */
  readonly validate?: {
    /** Number of epochs between two validations. */
    readonly epochs?: number;
    /** Number of steps between two validations; a round is then this many steps, not an epoch. */
    readonly steps?: number;
    /** Number of rankings that are drawn. */
    readonly sample?: number;
  };
  readonly stop?: MeasureSpec & { readonly patience: number };
}

export interface TaskPlan {
  readonly name: string;
  /** Absent if the task is only learned through a product of tasks. */
  readonly loss?: string;
  readonly label?: string;
  /** The label or feature that is the weight of each row. */
  readonly weight?: string;
  /** The binary label that a row must have to count. */
  readonly only?: string;
  /** Its prediction for an event. The output of `predictions` is the logit x of the probability σ(x) that the label is 1, or an estimate of the label. */
  readonly predicts?: 'probability' | 'number';
  /** The parameter that holds the mean of the label over the training part, if the score adds it. */
  readonly mean?: string;
}

/** `binary` is 0 or 1, `probability` from 0 to 1. */
export type LabelType = 'binary' | 'probability' | 'number';

/** The baselines whose weights from item to item may be fitted as a model. */
export const fitMethods = ['slim', 'ease', 'item_knn', 'rp3beta'] as const;

/**
 * A score that is fitted to the training part as a whole: the sum over the distinct items i of a list of decay^age(i) times the weight from i to the scored item.
 * The plan then has no step, and its towers have no vectors.
 */
export interface FittedPlan {
  readonly by: (typeof fitMethods)[number];
  /** The list of the query tower with keys of the item tower, in the order of time. */
  readonly list: string;
  /** Number of weights from each item. */
  readonly keep: number;
}

/** Names of the tables of a fitted score. Each has a row for each code of the key of the item tower. */
export const fittedTableNames = {
  /** float32 [codes, keep]: the codes to which an item has weights; 0 where it has fewer. */
  neighbours: 'item_to_item/neighbours',
  /** float32 [codes, keep]: these weights, 0 where it has fewer. */
  weights: 'item_to_item/weights',
  /** float32 [codes, 1]: the number of training events. Row 0, which belongs to no item, holds the decay. */
  events: 'item_to_item/events',
} as const;

export const fittedTables = ({ keep }: FittedPlan, encoderOf: string): readonly TablePlan[] =>
  Object.values(fittedTableNames).map((name) => ({
    name,
    dim: name === fittedTableNames.events ? 1 : keep,
    encoderOf,
    limit: 0,
    frozen: true,
  }));

export interface Plan {
  readonly model: string;
  readonly features: readonly FeaturePlan[];
  readonly labels: readonly { readonly name: string; readonly sort: LabelType }[];
  readonly tables: readonly TablePlan[];
  /** The query tower, then the item tower. */
  readonly towers: readonly [TowerPlan, TowerPlan];
  readonly tasks: readonly TaskPlan[];
  /**
   * One training step. Its outputs are `loss`; `loss:<task>`; `weight:<task>`, if weights change by themselves; `temperature:<task>`, if it is trained;
   * `gradient:<input>` for each embedding or sequence input; and `gradient_norm`, before clipping, if gradients are clipped. It updates the dense weights,
   * their optimizer's slots, and the weights of the tasks.
   */
  readonly step: GraphPlan;
  /** The towers as served, over the rows of events: outputs `prediction:<task>`, float32 [batch]. Absent if no task predicts. */
  readonly predictions?: GraphPlan;
  /** Present if the score is fitted as a whole. */
  readonly fitted?: FittedPlan;
  readonly train: TrainPlan;
}
