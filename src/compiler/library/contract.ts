/**
 * Defines the contract of the rows of each library table. Everything that a `.tower` file can name is in `src/compiler/library/<folder>/`, with one file for
 * each name and one table for each folder. Arguments are declared as data, so that checking, completion, hover and the reference page use the same row.
 * Long because it is the whole contract of a library row, and every folder of the library reads it.
 */
import type { Builder, Ref } from '../../graph/builder.ts';
import type { Dim } from '../../graph/graph.ts';
import type { Encoder, InputSource, RowOptimizerPlan, RowsOf, VectorFiles } from '../../graph/plan/plan.ts';
import type { formulas } from './blocks/generated_formulas.ts';

// ── Arguments ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Types of arguments. `parameters.ts` has a constructor for each, which carries the TypeScript type. */
export type ParameterType =
  | { readonly is: 'integer'; readonly min?: number; readonly max?: number }
  | {
      readonly is: 'number';
      readonly min?: number;
      readonly max?: number;
      readonly above?: number;
      readonly below?: number;
      /** Calls that may replace the number: `learned(0.07)`. */
      readonly or?: Readonly<Record<string, KindRow>>;
    }
  | { readonly is: 'choice'; readonly of: readonly string[] }
  | { readonly is: 'flag' }
  | { readonly is: 'text' }
  /** The name of a data column, which the model does not declare: `weights: stars`. */
  | { readonly is: 'column' }
  /** A list such as `[18, 25, 35]`, which must be ascending if `ascending` is set. */
  | { readonly is: 'numbers'; readonly ascending?: boolean }
  /** The name of a declaration in the file. */
  | { readonly is: 'name'; readonly of: 'feature' | 'label' | 'task' | 'block' | 'tower' }
  /** A tower, or one of its channels: `item`, `item.main`. */
  | { readonly is: 'side' }
  /**
   * A call of one of a small set of kinds, such as `sampled(4)`. A bare name is a call without arguments. `what` is the word for such a kind in messages, and
   * `also` are parameters that the context adds to those of each kind.
   */
  | {
      readonly is: 'kind';
      readonly of: Readonly<Record<string, KindRow>>;
      readonly what?: string;
      readonly also?: Parameters;
    }
  /** A call of any feature kind, such as the `category(dim: 16)` in `list(category(dim: 16))`, or a feature's name. */
  | { readonly is: 'feature' }
  /** Blocks in the order of the data, such as the `mlp(128, 64)` in `residual(mlp(128, 64))`. */
  | { readonly is: 'flow' };

/** Returns the kinds whose calls a value of this type may be; none for most types. */
export function kindsWithin(type: ParameterType): Readonly<Record<string, KindRow>> {
  if (type.is === 'kind') return type.of;
  return (type.is === 'number' && type.or) || {};
}

export interface Parameter<T = unknown> {
  readonly type: ParameterType;
  readonly doc: string;
  /** Absent without `required`: the argument is then optional, and may be `undefined`. */
  readonly default?: T;
  readonly required?: boolean;
  /** True if the argument may be given without its name. Positional parameters are filled in the order of the table. */
  readonly positional?: boolean;
  /** Its names in other programs, for this kind only. */
  readonly also?: readonly string[];
  /** Words of other programs that may mean something similar. */
  readonly near?: readonly string[];
  /** True if it takes all remaining positional arguments of its type, as an array. */
  readonly rest?: boolean;
  /** Exists only for its type, which is that of the checked argument. Never set. */
  readonly value?: T;
}

export type Parameters = Readonly<Record<string, Parameter>>;

/** The checked arguments of a kind, by parameter. */
export type Arguments<P extends Parameters> = {
  readonly [N in keyof P]: P[N] extends Parameter<infer T> ? T : never;
};

/** A block with a text in Tower, `library/blocks/NAME.tower`. */
export type FormulaName = keyof typeof formulas;

export interface KindRow<P extends Parameters = Parameters> {
  /** Describes the computation, with shapes and units. */
  readonly doc: string;
  /**
   * The lines of its formula in plain text, with the names of its arguments; for a feature, the looked-up value. Every row of a table has one; docs/spec.md
   * lists them. Kinds that are arguments, such as `sampled`, have no formula.
   */
  readonly formula?: readonly string[];
  /** When to use it, and what to use instead, in one or two sentences. */
  readonly when?: string;
  /** Its source: a paper or a page. */
  readonly paper?: string;
  /** Names of it in other programs, which a fix replaces. Case, `_` and `-` are ignored. */
  readonly also?: readonly string[];
  /** Words for something that may be similar, for which a hint suggests this kind. */
  readonly near?: readonly string[];
  readonly parameters: P;
  /** A valid use in a file: `senet(reduction: 2)`. */
  readonly example: string;
  /** True if `formula` is the text in Tower that is computed. */
  readonly inTower?: true;
}

/** A call `name(args)` whose arguments are checked: the value of a `kind` parameter. */
export interface BoundKind {
  readonly kind: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** The value of a `feature` parameter: the name of a declared feature, or a checked call of a feature kind. */
export type FeatureArgument = { readonly feature: string } | BoundKind;

/** The value of a `side` parameter. */
export interface SideArgument {
  readonly tower: string;
  /** Absent: the only channel of the tower. */
  readonly channel?: string;
}

/** The value of a `flow` parameter: steps that a kind only hands to `BlockContext.through`. */
export interface FlowArgument {
  readonly flow: readonly unknown[];
}

// ── Values that flow between blocks ──────────────────────────────────────────────────────────────────────────────────

export interface Field {
  readonly name: string;
  /** float32 [batch, width] */
  readonly tensor: Ref;
  readonly width: number;
}

export interface Fields {
  readonly kind: 'fields';
  readonly fields: readonly Field[];
}

export interface Sequence {
  readonly kind: 'sequence';
  /** The list of its elements. Sequences with the same name correspond element by element. */
  readonly name: string;
  /** float32 [batch, length, width], zeros where the mask is 0 */
  readonly tensor: Ref;
  /** float32 [batch, length] of 1 and 0 */
  readonly mask: Ref;
  readonly length: number;
  /**
   * Maximum length in any batch. It exceeds `length` if batches are split by list length. The output of a block must not depend on `length`, so
   * weights for positions have this length.
   */
  readonly maxLength: number;
  readonly width: number;
  /** True if its numbers are the times of its elements, which only the intervals of a block may read. */
  readonly holdsTimes?: true;
}

export interface Vector {
  readonly kind: 'vector';
  /** float32 [batch, width] */
  readonly tensor: Ref;
  readonly width: number;
  /** True if every row is a unit vector. */
  readonly normalized: boolean;
}

/** Several vectors of one row, such as the interests of a user, of which a score takes the best. */
export interface Interests {
  readonly kind: 'interests';
  /** float32 [batch, count, width] */
  readonly tensor: Ref;
  readonly count: number;
  readonly width: number;
  /** True if all of them are unit vectors. */
  readonly normalized: boolean;
}

/** Named vectors, of which a flow selects one: `shared.click`. */
export interface Outputs {
  readonly kind: 'outputs';
  readonly outputs: ReadonlyMap<string, Vector>;
}

/** An arrow carries a value. Its type, as the editor shows it, comes from `printValueType`. */
export type Value = Fields | Sequence | Vector | Interests | Outputs;

/**
 * The type of a value is the value without its tensors. It is printed as `fields[9 × 16]`, `fields[32, 4, 8]`, `sequence[50 × 32]`, `vector[64]`, `interests[4
 * × 64]`, `outputs[click: 64, like: 64]`.
 */
export type ValueType =
  | { readonly kind: 'fields'; readonly fields: readonly { readonly name: string; readonly width: number }[] }
  | { readonly kind: 'sequence'; readonly length: number; readonly width: number }
  | { readonly kind: 'vector'; readonly width: number }
  | { readonly kind: 'interests'; readonly count: number; readonly width: number }
  | { readonly kind: 'outputs'; readonly outputs: readonly { readonly name: string; readonly width: number }[] };

/** Thrown if a block does not accept a value. `reason` completes "`senet` …" in the words of the language: "needs fields, but gets vector[64]". */
export class ShapeError extends Error {
  constructor(
    readonly reason: string,
    /** The feature with the error, if there is one. */
    readonly feature?: string,
    /** Text of a flow step that fixes the error if it is inserted before this one: `flatten`. */
    readonly insert?: string,
  ) {
    super(reason);
  }
}

// ── Rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface BlockContext {
  readonly builder: Builder;
  /** False in exported and served towers, where dropout is the identity. */
  readonly training: boolean;
  /** Returns a graph input that the host fills; the same one for repeated calls with a name. */
  input(name: string, source: InputSource, shape: readonly Dim[], dtype?: 'float32' | 'int32'): Ref;
  /** Returns a name that is unique in the tower for an anonymous part of this step: `noise`, `noise_2`. */
  uniqueName(stem: string): string;
  /**
   * Applies a `flow` argument to a value, and throws ReportedShapeError if one of its steps rejects its input. @param round counts from 1 if the flow is
   * applied several times: each round has its own weights
   */
  applyFlow(flow: FlowArgument, input: Value, round?: number): Value;
  /**
   * Computes a block of the library whose text is Tower. Throws ShapeError if its inputs do not accept the values.
   * @param values those of its inputs, in order @param numbers those of its parameters
   */
  formula(name: FormulaName, values: readonly Value[], numbers: Readonly<Record<string, unknown>>): Value;
  /**
   * In training, gives a parameter that is not trained, such as a running mean, its value for the next step, computed from the current one. A shared block
   * applies its updates one after the other. Rows that are only drawn as negatives make no updates.
   */
  setAfterStep(parameter: Ref, next: (current: Ref) => Ref): void;
  /** In training, adds the mean over the rows of the batch of some values to the loss: float32 [batch]. Rows that are only drawn as negatives add nothing. */
  penalize(values: Ref): void;
  /** In training, returns how many items the user of each row has: float32 [rows] for float32 [rows, any width]. Only for `targets = users`. */
  itemCounts(rows: Ref): Ref;
  /**
   * Present if the targets of a step are positions, so that a sequence serves several rows of the batch. From float32 [sequences, length, width] it selects the
   * last element of each row's own list, float32 [batch, width]. Blocks that need the newest element of a sequence must use it.
   */
  readonly selectNewest?: (elements: Ref) => Ref;
  /** Adds float32 [batch, names.length] numbers that `tower inspect RUN --attention` reads from a served tower. */
  readout(label: string, names: readonly string[], compute: () => Ref): Ref;
}

/** Thrown for an error within a `flow` argument that is reported at its own position already. */
export class ReportedShapeError extends Error {}

/**
 * Which elements of the input sequence an element of the output depends on: the same one, all in any order, those up to it in their order, or all in
 * their order. The last two also stand for a single output value that depends on the order.
 */
export type SequenceRead = 'each' | 'set' | 'earlier' | 'all';

/** One kind of block. The type of its output follows from lowering and is never declared. */
export interface BlockKind<P extends Parameters = Parameters> extends KindRow<P> {
  /** Lowers the block. Its graph parameters are named by the scope of the builder. Throws ShapeError if it does not accept `input`. */
  lower(context: BlockContext, input: Value, args: Arguments<P>): Value;
  /** Combines several values at the start of a flow, as in `concat(deep, wide)`. Absent: it takes them as fields. */
  join?(context: BlockContext, parts: readonly NamedValue[], args: Arguments<P>): Value;
  /** True if a value of `join` after the first may hold the times of the elements of the first. */
  readonly takesTimes?: true;
  /** Which elements it reads, apart from statistics of the batch. Absent: each element by itself. A test compares it with numbers. */
  reads?(args: Arguments<P>): SequenceRead;
  /** True if each number of its output depends on the same number of its input only, and the shape stays. */
  readonly numberwise?: true;
  /** How often it applies its `flow` argument, if its output is that of the flow. */
  times?(args: Arguments<P>): number;
  /** Names of its outputs, if it has several. */
  outputs?(args: Arguments<P>): readonly string[];
}

/** A step, an output or an input of a tower, with its name. */
export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

/** The values of one element of a list whose elements are bags. */
export interface ElementBag {
  readonly max: number;
  readonly pool: 'mean' | 'sum';
  readonly unseen?: 'skip' | 'keep';
}

/** What a feature kind needs of the host and of the graph. */
export interface FeatureUse {
  /** `owner` names the feature whose encoder and table are used instead of its own. */
  readonly encoder: Encoder | { readonly owner: string };
  readonly gives: 'code' | 'bag' | 'numbers';
  readonly max?: number;
  /** Treatment of bag elements outside of the vocabulary: skipped, or kept as the row for unseen values. Default: skipped. */
  readonly unseen?: 'skip' | 'keep';
  /** Share of training rows in which the value is replaced by the unknown id. */
  readonly drop?: number;
  /** Files with the initial values of its table. */
  readonly vectors?: VectorFiles;
  /** True if training does not change its table. */
  readonly frozen?: true;
  /** Precision of the table in memory. Absent: float32. */
  readonly precision?: 'bf16';
  /** True if row c of its table is the number c, which only a list's elements may have. */
  readonly ordinal?: true;
  /** Width of its own table. 0: no table, for a key or plain numbers. Absent with an owner: that of the owner. */
  readonly dim?: number;
  /** The column with the weights of a pooled bag's elements. */
  readonly weights?: string;
  /** Pools a bag to one row; `none` keeps the sequence. */
  readonly pool?: 'none' | 'mean' | 'sum';
  /** Width of the field if plain numbers [batch, width] are multiplied by a learned [width, project] matrix. */
  readonly project?: number;
  /** Length of a row of `numbers`. */
  readonly size?: number;
  /** The features whose codes it combines. It reads no column itself. */
  readonly crosses?: readonly string[];
  /** True for a bag of values in the order of the data; absent for the pieces of a text. */
  readonly lists?: true;
  /** The list of which it is the newest element. It reads no column itself. */
  readonly last?: string;
  /** The list whose elements correspond to its own. */
  readonly along?: string;
  /** Set if each element is a bag itself, which is pooled. */
  readonly each?: ElementBag;
  /** The channel of the item tower that computes a vector for each element of the list. The feature then has no table. */
  readonly through?: SideArgument;
}

export interface FeatureKind<P extends Parameters = Parameters> extends KindRow<P> {
  /** The type of the column, for the check against the files' headers. */
  readonly column: 'any' | 'number' | 'text' | 'list' | 'vector' | 'time' | 'none';
  /** True if it reads the values of the features that it names, and not only their tables; they must then belong to the same tower. */
  readonly readsNamed?: true;
  /**
   * @param elements the needs of an argument that is a single feature
   * @param named the needs of each feature that arguments name
   * @throws ShapeError for conflicting arguments
   */
  use(args: Arguments<P>, elements?: FeatureUse, named?: readonly FeatureUse[]): FeatureUse;
}

/**
 * Every score is an inner product: score(i, j) = query_i · item_j. So single pairs, the whole batch against the whole batch, and retrieval by nearest
 * neighbours use the same vectors, and a weighted sum of scores again needs only one vector for each side.
 *
 * With `interests` it is the largest of K inner products: score(i, j) = max over k of query_ik · item_j. A loss gets one query vector a row: the one with
 * the highest score for the row's own item (`ownInterest`), so that the score of each row's own pair is exact; with `power` a mixture of all (`mixedInterests`).
 * Retrieval searches with all K vectors and keeps the best score of each item.
 *
 * A score of sets (`ScoreKind.ofSets`) is no inner product: both tensors are sets of vectors (`maxSimOfAll`), float32 [batch, interests, width] and [items,
 * vectors, width], and it stands alone in its score.
 */
export interface VectorScore {
  /** float32 [batch, width]; with `interests` [batch, interests, width] */
  readonly query: Ref;
  /** float32 [items, width]; `items` is `batch`, or the sampled rows */
  readonly item: Ref;
  readonly width: number;
  /** Number of query vectors for each row, if there are several. */
  readonly interests?: number;
  /** Present if a loss gets a mixture of the interests, whose shares are the softmax of the own scores to this power. */
  readonly power?: number;
  /** Maximum of |score|: 1 for a cosine. Infinity if there is no known bound. */
  readonly bound: number;
  /** The vectors of which this is the cosine, before they are scaled to length 1. */
  readonly cosineOf?: { readonly query: Ref; readonly item: Ref };
  /** True if the vectors have more numbers than the channels, as those of `distance`: their directions mean nothing. */
  readonly hasExtraColumns?: true;
}

/** Channels of the two towers that a score pairs, by name. */
export interface ChannelPair {
  readonly channel: string;
  readonly query: Vector | Interests | Sequence;
  /** One vector, except for a score of sets. */
  readonly item: Vector | Interests | Sequence;
}

export interface ScoreKind<P extends Parameters = Parameters> extends KindRow<P> {
  /** True if it compares several vectors of each side, and channels may end as sequences. */
  readonly ofSets?: true;
  /** Absent if the score compares no vectors: it is fitted as a whole, and stands alone in a model. */
  lower?(context: BlockContext, pairs: readonly ChannelPair[], args: Arguments<P>): VectorScore;
}

export interface LossContext extends BlockContext {
  /** The key feature of the item tower, which losses that compare rows need. */
  readonly key: string;
  /** The key feature of the query tower, if it has one. */
  readonly queryKey?: string;
  readonly task: string;
  /** True if a feature is a list of keys of the item tower, such as items that the user has seen. */
  listsItems(feature: string): boolean;
  /** Returns the maximum length of a query's list of keys of the item tower; undefined for any other feature. */
  maxItemCount(feature: string): number | undefined;
  /** True if a feature of the item tower gives one code for each item. */
  describesItem(feature: string): boolean;
  /** Number of rows in a full batch. */
  readonly batch: number;
  /** Returns the task's score with items drawn by `rows` instead of those of the events. Lowers the item tower again, with the same weights. */
  scoreOf(rows: RowsOf): VectorScore;
  /**
   * Computes the query vector of the score twice more, each time with its own random draws, for the rows of the batch that have a list. Throws
   * ShapeError if the two views would be equal.
   */
  views(options: ViewOptions): Views;
  /**
   * Computes the loss of each row, float32 [batch], by the text in Tower of a loss of the library, or of the file. Throws ShapeError for arguments that
   * exclude each other. @param text absent for the text of the file; the form is that of several, from 0
   */
  lossOfRows(
    score: VectorScore,
    args: Readonly<Record<string, unknown>>,
    text?: { readonly name: FormulaName; readonly form?: number },
  ): Ref;
  /** Adds a scalar to the logs and the report of the run: `temperature` of task `watch` becomes `temperature:watch`. */
  measure(quantity: 'temperature', value: Ref): void;
  /** True if the item tower may compute each item of the batch once, because the losses of all tasks allow it (`LossKind.distinct`). */
  readonly itemsAreDistinct: boolean;
  /**
   * Present if each row of a step stands for all training events of a user. Returns (row, column of the corpus) for each item that the user has, each once,
   * int32 [items, 2]; and 1 for a row that has any, else 0, float32 [batch]. A loss that does not call it is an error then.
   */
  readonly userItems?: () => { readonly pairs: Ref; readonly has: Ref };
  /** The task's label, float32 [batch]. Present if the row needs one. */
  readonly label?: Ref;
  /**
   * The weight of each row, float32 [batch]: the task's `weight`, or 0 if `only` excludes the row or its label is missing. Absent: every row has weight 1. It
   * may be 0 for a whole batch.
   */
  readonly weight?: Ref;
}

export interface ViewOptions {
  /** The second view is of another event with the same item. */
  readonly sameItem: boolean;
  /**
   * Changes each sequence that enters the query tower. `noise` returns uniform numbers in [0, 1), float32 [rows, width], the same for all sequences along one
   * list. Absent: the views differ by what the blocks draw.
   */
  readonly change?: (sequence: Sequence, noise: (purpose: string, width: number) => Ref) => Sequence;
}

export interface Views {
  /** float32 [views, width] each. */
  readonly vectors: readonly [Ref, Ref];
  /** float32 [views, views]: 1 where a row and a column are not each other's negatives, which includes each row with itself; else 0. */
  readonly isNoNegative: Ref;
}

export interface LossKind<P extends Parameters = Parameters> extends KindRow<P> {
  readonly label: 'none' | 'binary' | 'number';
  /** True if its binary label may be a probability. */
  readonly soft?: true;
  /** True if it compares items, which needs an item tower with a key to mask accidental hits. */
  readonly needsItemKey: boolean;
  /** Returns overrides of these two properties that depend on arguments. */
  argumentNeeds?(args: Arguments<P>): {
    readonly label?: 'none' | 'binary' | 'number';
    readonly needsItemKey?: boolean;
  };
  /** True if the loss reads the batch's items only as columns: the item tower may then compute each distinct item once. Absent: false. */
  distinct?(args: Arguments<P>): boolean;
  /** True if the loss depends only on differences within a row, so that a constant in all scores of a row has no effect. */
  readonly relative?: true;
  /** Returns c if σ(c · score) is the probability of the label of each single event. Absent, or undefined: the loss yields no probability. */
  probability?(args: Arguments<P>): number | undefined;
  /** True if the loss leaves a tower without training, so that a model needs another task. */
  readonly oneSided?: true;
  /** True if the loss normalizes both vectors of a score. A bias is a column of these vectors, and would change their direction. */
  readonly normalizesVectors?: true;
  /** Returns the scalar Σ weight · loss ÷ Σ weight over the batch. */
  lower(context: LossContext, score: VectorScore, args: Arguments<P>): Ref;
}

export interface TaskLoss {
  readonly task: string;
  /** A scalar. */
  readonly loss: Ref;
  /** True for the error of a number, such as `mse`, in contrast to the logarithm of a probability. */
  readonly regression: boolean;
  /** A scalar: 1 if a row of the batch counts for the task, otherwise 0, and then the loss is 0. Absent if every batch has such rows. */
  readonly present?: Ref;
}

export interface WeightingContext extends BlockContext {
  /** The losses in the order in which they are named. */
  readonly losses: readonly TaskLoss[];
  /** All parameters that several losses reach, in the order of the graph: weights, and looked-up embedding rows of shared tables. */
  readonly shared: readonly Ref[];
  /** Shared weights of the last shared layers; embedding rows if no weights are shared. */
  readonly lastShared: readonly Ref[];
  /** Returns gradients of one scalar; undefined for values that it does not depend on. Repeated calls are cached. */
  gradients(loss: Ref, by: readonly Ref[]): readonly (Ref | undefined)[];
  /**
   * Returns gradients of a scalar with respect to the trained parameters in `by`. Gradients of looked-up embedding rows are summed by row of their table,
   * because rows are the parameters. Norms and inner products use these.
   */
  sumByTableRow(by: readonly Ref[], gradients: readonly (Ref | undefined)[]): readonly (Ref | undefined)[];
}

export interface WeightedLosses {
  /** The scalar to minimise. Its gradient trains parameters of single tasks, and `shared` parameters unless the field `shared` replaces theirs. */
  readonly total: Ref;
  /** The weight of each loss in this step, scalars in the order of the losses: outputs `weight:<task>` of the step. */
  readonly weights: readonly Ref[];
  /** Replaces the total's gradients of `shared`, in its order. */
  readonly shared?: readonly (Ref | undefined)[];
}

export interface WeightingKind<P extends Parameters = Parameters> extends KindRow<P> {
  /**
   * Combines losses into the scalar to minimise. State is a parameter that is not trainable, with `builder.update`, so that checkpoints contain it. Throws
   * ShapeError for conflicting arguments.
   */
  lower(context: WeightingContext, args: Arguments<P>): WeightedLosses;
}

export interface OptimizerKind<P extends Parameters = Parameters> extends KindRow<P> {
  /** The smallest and the largest rate that can make sense, whatever the model. A rate outside gets a warning. */
  readonly rates: readonly [least: number, most: number];
  /** State of the dense weights, in their shapes, with the initial value `initial`. */
  slots(args: Arguments<P>): readonly { readonly name: string; readonly initial: number }[];
  /** True if its step depends on a whole weight matrix or bias. Absent: each number is updated independently. */
  readonly layerwise?: true;
  /** Lowers the update of dense weights as part of the graph. */
  update(
    builder: Builder,
    inputs: {
      readonly weights: Ref;
      readonly gradient: Ref;
      readonly slots: readonly Ref[];
      readonly rate: Ref;
      readonly step: Ref;
    },
    args: Arguments<P>,
  ): { readonly weights: Ref; readonly slots: readonly Ref[] };
  /** Returns the plan for the same update of embedding rows, which the host runs. */
  rows(args: Arguments<P>): RowOptimizerPlan;
}

/** Held-out items of one ranking that score the same. */
export interface TiedGroup {
  /** Number of items that score higher than the group. */
  readonly better: number;
  /** Items with the score of the group, held out or not. */
  readonly size: number;
  /** Number of held-out items among them, at least 1. */
  readonly heldOutCount: number;
}

/** The held-out items of one ranking of the corpus, and their positions. */
export interface HeldOut {
  /** Best first. An item that is not ranked is in no group, and counts as a miss. So are cold items, unless the scorer ranks them. */
  readonly groups: readonly TiedGroup[];
  /** Number of held-out items including cold ones: 1 if single events are measured, all of a user's if users are. */
  readonly count: number;
  /** Number of ranked items. */
  readonly corpus: number;
}

/** Facts about the items of the corpus that a metric of lists may read. They are the same for every model and baseline. */
interface ItemFacts {
  /** Number of training events. */
  readonly trainingCounts: Int32Array;
  /** The values of the column that the parameter `column` of the metric names; absent without this parameter. */
  readonly elements?: ItemElements;
}

/** Item i has the distinct codes `values[starts[i] … ends[i])`; none if its value is missing. */
export interface ItemElements {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly values: Int32Array;
}

/**
 * A metric of rankings has one of three methods. `ofRanking` compares a ranking with held-out items: it is a metric of accuracy, of which higher is better.
 * The other two describe the lists of the first k items, where no direction is better, and need a parameter `k`.
 */
export interface MetricKind<P extends Parameters = Parameters> extends KindRow<P> {
  /** Returns the value of one ranking in [0, 1]. It is the exact mean over all orders of ties. */
  ofRanking?(heldOut: HeldOut, args: Arguments<P>): number;
  /**
   * Returns the value of one list, which is not empty, best first, for a user who had `seenItems` before; −1 stands for items outside the corpus. The figure is
   * the mean over all lists.
   */
  ofList?(items: ItemFacts): (list: Int32Array, seenItems: Int32Array) => number;
  /**
   * Returns a number for all lists together.
   * @param timesShown the number of lists that have it, for each item that is in any list
   * @param corpus the number of ranked items
   */
  ofLists?(timesShown: readonly number[], corpus: number): number;
}
