/**
 * The contract of a row of each library table. Everything a `.tower` file can name lives in `src/compiler/library/<folder>/`, one file
 * per thing, one table per folder. Arguments are declared as data, so that checking, completion, hover and the reference
 * page all come from the same row.
 * Long because it is the whole contract of a library row, and every folder of the library reads it.
 */
import type { Builder, Ref } from '../../graph/builder.ts';
import type { Dim } from '../../graph/graph.ts';
import type { Encoder, InputSource, RowOptimizerPlan, RowsOf, VectorFiles } from '../../graph/plan/plan.ts';

// ── Arguments ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Types of arguments. `parameters.ts` has a short constructor for each, which carries the TypeScript type. */
export type ParameterType =
  | { readonly is: 'integer'; readonly min?: number; readonly max?: number }
  | {
      readonly is: 'number';
      readonly min?: number;
      readonly max?: number;
      readonly above?: number;
      readonly below?: number;
      /** Calls that may be in the place of the number: `learned(0.07)`. */
      readonly or?: Readonly<Record<string, KindRow>>;
    }
  | { readonly is: 'choice'; readonly of: readonly string[] }
  | { readonly is: 'flag' }
  | { readonly is: 'text' }
  /** The name of a column of the data, which no declaration of the model has: `weights: stars`. */
  | { readonly is: 'column' }
  /** `[18, 25, 35]`, ascending where `ascending`. */
  | { readonly is: 'numbers'; readonly ascending?: boolean }
  /** The name of something declared in the file. */
  | { readonly is: 'name'; readonly of: 'feature' | 'label' | 'task' | 'block' | 'tower' }
  /** A tower, or one of its channels: `item`, `item.main`. */
  | { readonly is: 'side' }
  /**
   * A call of one of a small set of kinds, such as `sampled(4)`; a bare name is a call without arguments. `what` is what messages
   * call such a kind, `also` are arguments that the place adds to those of each kind.
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

/** The calls that a value of this type may be; none for most types. */
export function callsOf(type: ParameterType): Readonly<Record<string, KindRow>> {
  if (type.is === 'kind') return type.of;
  return (type.is === 'number' && type.or) || {};
}

export interface Parameter<T = unknown> {
  readonly type: ParameterType;
  readonly doc: string;
  /** Absent and not `required`: the argument is then `undefined`. */
  readonly default?: T;
  readonly required?: boolean;
  /** May be given without its name. Positional parameters are filled in the order of the table. */
  readonly positional?: boolean;
  /** Names of other programs for it, in this kind alone, that mean the same. */
  readonly also?: readonly string[];
  /** Names that may mean something similar. */
  readonly near?: readonly string[];
  /** Takes all remaining positional arguments of its type; its value is an array. */
  readonly rest?: boolean;
  /** Only for its type, that of the checked argument. Never set. */
  readonly value?: T;
}

export type Parameters = Readonly<Record<string, Parameter>>;

/** The checked arguments of a kind, by parameter. */
export type Arguments<P extends Parameters> = {
  readonly [N in keyof P]: P[N] extends Parameter<infer T> ? T : never;
};

export interface KindRow<P extends Parameters = Parameters> {
  /** Describes the computation, with shapes and units. */
  readonly doc: string;
  /**
   * The lines of its formula in plain text, with arguments by their names; of a feature, what is looked up. Every row of a
   * table has one; docs/spec.md lists them. A kind of an argument, such as `sampled`, has none.
   */
  readonly formula?: readonly string[];
  /** One sentence or two: when to use it, and what to use instead. */
  readonly when?: string;
  /** The paper or page it comes from. */
  readonly paper?: string;
  /** Names of others for the same: a fix may replace such a word. Case, `_` and `-` do not count. */
  readonly also?: readonly string[];
  /** Names of others for something that may be similar: a hint names this kind. */
  readonly near?: readonly string[];
  readonly parameters: P;
  /** A valid use, as a file has it: `senet(reduction: 2)`. */
  readonly example: string;
}

/** A checked `name(args)`: the value of a `kind` parameter. */
export interface BoundKind {
  readonly kind: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** The value of a `feature` parameter: the name of a declared feature, or a checked call of a feature kind. */
export type FeatureArgument = { readonly feature: string } | BoundKind;

/** The value of a `side` parameter. */
export interface SideArgument {
  readonly tower: string;
  /** Absent: the only one that the tower has. */
  readonly channel?: string;
}

/** The value of a `flow` parameter: steps that a kind only hands on to `BlockContext.through`. */
export interface FlowArgument {
  readonly flow: readonly unknown[];
}

// ── Values: what flows between blocks ────────────────────────────────────────────────────────────────────────────────

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
  /** The list whose elements it has: sequences of one name belong together, element by element. */
  readonly name: string;
  /** float32 [batch, length, width], zeros where the mask is 0 */
  readonly tensor: Ref;
  /** float32 [batch, length] of 1 and 0 */
  readonly mask: Ref;
  readonly length: number;
  /**
   * Maximum length in any batch. It exceeds `length` if batches are split by list length. The output of a block must not depend on `length`, so
   * weights for positions have the length `most`.
   */
  readonly most: number;
  readonly width: number;
}

export interface Vector {
  readonly kind: 'vector';
  /** float32 [batch, width] */
  readonly tensor: Ref;
  readonly width: number;
  /** True if every row is a unit vector. */
  readonly normalized: boolean;
}

/** Several vectors of one row, such as the interests of a user: a score takes the best of them. */
export interface Interests {
  readonly kind: 'interests';
  /** float32 [batch, count, width] */
  readonly tensor: Ref;
  readonly count: number;
  readonly width: number;
  /** True if all of them are unit vectors. */
  readonly normalized: boolean;
}

/** Vectors with names, of which a flow takes one: `shared.click`. */
export interface Outputs {
  readonly kind: 'outputs';
  readonly outputs: ReadonlyMap<string, Vector>;
}

/** An arrow carries a value. Its type, as the editor shows it, comes from `printValueType`. */
export type Value = Fields | Sequence | Vector | Interests | Outputs;

/**
 * The type of a value: a value without its tensors. Printed `fields[9 × 16]`, `fields[32, 4, 8]`, `sequence[50 × 32]`,
 * `vector[64]`, `interests[4 × 64]`, `outputs[click: 64, like: 64]`.
 */
export type ValueType =
  | { readonly kind: 'fields'; readonly fields: readonly { readonly name: string; readonly width: number }[] }
  | { readonly kind: 'sequence'; readonly length: number; readonly width: number }
  | { readonly kind: 'vector'; readonly width: number }
  | { readonly kind: 'interests'; readonly count: number; readonly width: number }
  | { readonly kind: 'outputs'; readonly outputs: readonly { readonly name: string; readonly width: number }[] };

/** A block cannot take this value. `reason` completes "`senet` …" in the language's words: "needs fields, but gets vector[64]". */
export class ShapeError extends Error {
  constructor(
    readonly reason: string,
    /** The feature to blame, when there is one. */
    readonly feature?: string,
    /** Text of a flow step to insert before this one that would fix it: `flatten`. */
    readonly insert?: string,
  ) {
    super(reason);
  }
}

// ── Rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface BlockContext {
  readonly builder: Builder;
  /** False in the towers that are exported and served: dropout is then the identity. */
  readonly training: boolean;
  /** A graph input that the host fills; asked for twice under one name it is the same input. */
  input(name: string, source: InputSource, shape: readonly Dim[], dtype?: 'float32' | 'int32'): Ref;
  /** Name for the next anonymous thing within this step, unique in the tower: `noise`, `noise_2`. */
  fresh(stem: string): string;
  /**
   * Applies a `flow` argument to a value. Throws Refused if one of its steps does not accept its input. @param round from 1, if it is applied several
   * times: each round has its own weights
   */
  through(flow: FlowArgument, input: Value, round?: number): Value;
  /**
   * In training, what a parameter that is not trained becomes after the step, from its value before: running means. A shared
   * block keeps one after the other; rows that are only drawn as negatives keep nothing.
   */
  keep(parameter: Ref, next: (current: Ref) => Ref): void;
  /**
   * Present where the targets of a step are positions, so that a row of a sequence serves several rows of the batch: of float32
   * [sequences, length, width] the element that each row's own list ends with, float32 [batch, width]. What reads the newest
   * element of a sequence reads it by this.
   */
  readonly newest?: (elements: Ref) => Ref;
  /** Makes float32 [batch, names.length] numbers that `tower inspect RUN --attention` reads out of a served tower. */
  readout(what: string, names: readonly string[], make: () => Ref): Ref;
}

/** An error within a `flow` argument, which is already reported at its own position. */
export class Refused extends Error {}

/** One kind of block. Its type is that of the lowered value and is never declared. */
export interface BlockKind<P extends Parameters = Parameters> extends KindRow<P> {
  /** Parameters of the graph that it makes are named by the builder's scope. Throws ShapeError when `input` does not fit. */
  lower(context: BlockContext, input: Value, args: Arguments<P>): Value;
  /** Combines several values at the start of a flow, as in `concat(deep, wide)`. Absent: it takes them as fields. */
  join?(context: BlockContext, parts: readonly NamedValue[], args: Arguments<P>): Value;
  /** Number of times that it applies its `flow` argument, if its output is that of the flow. */
  times?(args: Arguments<P>): number;
  /** Names of its outputs, if it has several. */
  outputs?(args: Arguments<P>): readonly string[];
}

/** A step, an output or an input of a tower, with its name there. */
export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

/** The several values of one element of a list. */
export interface ElementBag {
  readonly max: number;
  readonly pool: 'mean' | 'sum';
  readonly unseen?: 'skip' | 'keep';
}

/** The needs of a feature kind of the host and of the graph. */
export interface FeatureUse {
  /** `owner` names the feature whose encoder and table are used instead of its own. */
  readonly encoder: Encoder | { readonly owner: string };
  readonly gives: 'code' | 'bag' | 'numbers';
  readonly max?: number;
  /** A bag's elements that the vocabulary does not have: left out unless they are kept, as the row of the unseen. */
  readonly unseen?: 'skip' | 'keep';
  /** The share of training rows in which it is the unknown id. */
  readonly drop?: number;
  /** Files of the first values of its table. */
  readonly vectors?: VectorFiles;
  /** True if training does not change its table. */
  readonly frozen?: true;
  /** Precision of the table in memory. Absent: float32. */
  readonly precision?: 'bf16';
  /** Width of its own table. 0: no table; the feature is a key, or plain numbers. Absent with an owner: the owner's. */
  readonly dim?: number;
  /** The column of the numbers by which a pooled bag's elements count. */
  readonly weights?: string;
  /** Pools a bag to one row; `none` keeps the sequence. */
  readonly pool?: 'none' | 'mean' | 'sum';
  /** Plain numbers [batch, width] times a learned [width, project] matrix give the field. */
  readonly project?: number;
  /** Length of a row, for `numbers`. */
  readonly size?: number;
  /** The features whose codes it takes together; it reads no column of its own. */
  readonly crosses?: readonly string[];
  /** A bag of values in the order of the data; absent for the pieces of a text. */
  readonly lists?: true;
  /** The list whose newest element it is; it reads no column of its own. */
  readonly last?: string;
  /** The list whose elements its own belong to, one each. */
  readonly along?: string;
  /** True if each element is a bag itself, which is pooled. */
  readonly each?: ElementBag;
  /** The channel of the item tower that computes a vector for each element of the list. The feature then has no table. */
  readonly through?: SideArgument;
}

export interface FeatureKind<P extends Parameters = Parameters> extends KindRow<P> {
  /** The type of the column, for the check against the files' headers. */
  readonly column: 'any' | 'number' | 'text' | 'list' | 'vector' | 'time' | 'none';
  /** The values of the features that it names are read, not only their tables: they belong to its side. */
  readonly readsNamed?: true;
  /**
   * @param elements what an argument that is one feature asks for
   * @param named what each feature asks for that arguments name
   * Throws ShapeError when the arguments do not go together.
   */
  use(args: Arguments<P>, elements?: FeatureUse, named?: readonly FeatureUse[]): FeatureUse;
}

/**
 * Every score is an inner product: score(i, j) = query_i · item_j. So one pair, the whole batch against the whole batch, and
 * retrieval by nearest neighbour are the same thing, and a weighted sum of scores is again one vector a side.
 *
 * With `interests` it is the largest of K of them: score(i, j) = max over k of query_ik · item_j. A loss never sees those: it
 * gets the query vector that the row's own item agrees with most (`ownInterest`), so that the score of each row's own pair is
 * exact; retrieval searches with all K and keeps an item's best.
 */
export interface VectorScore {
  /** float32 [batch, width]; with `interests` [batch, interests, width] */
  readonly query: Ref;
  /** float32 [items, width]; `items` is `batch`, or the sampled rows */
  readonly item: Ref;
  readonly width: number;
  /** Number of query vectors for each row, if there are several. */
  readonly interests?: number;
  /** |score| never exceeds this: 1 for a cosine. Infinity where there is no bound, or none is known. */
  readonly bound: number;
}

/** Channels of the two towers that a score pairs, by name. */
export interface ChannelPair {
  readonly channel: string;
  readonly query: Vector | Interests;
  readonly item: Vector;
}

export interface ScoreKind<P extends Parameters = Parameters> extends KindRow<P> {
  lower(context: BlockContext, pairs: readonly ChannelPair[], args: Arguments<P>): VectorScore;
}

export interface LossContext extends BlockContext {
  /** The item tower's key feature. Losses that compare with other rows need it. */
  readonly key: string;
  /** The key feature of the query tower, where it has one. */
  readonly queryKey?: string;
  readonly task: string;
  /** True if a feature is a list of the item tower's keys, such as what the user saw before. */
  listsItems(feature: string): boolean;
  /** Returns the maximum length of a query list; undefined if the feature is no list of the item tower's keys, or belongs to the item. */
  longestItems(feature: string): number | undefined;
  /** Rows of a whole batch. */
  readonly batch: number;
  /** The task's score with its items drawn by `rows` instead of from the events; lowers the item tower again, same weights. */
  scoreOf(rows: RowsOf): VectorScore;
  /** Adds a scalar to the logs and the report of the run: `temperature` of task `watch` is `temperature:watch`. */
  measure(what: 'temperature', value: Ref): void;
  /** True if the losses of all tasks allow it (`LossKind.distinct`): the item tower may compute each item of the batch once. */
  readonly distinct: boolean;
  /** The task's label, float32 [batch]. Present when the row says it needs one. */
  readonly label?: Ref;
  /**
   * The weight of each row, float32 [batch]: the task's `weight`, 0 where `only` says so or a label is missing. Absent: every row
   * counts 1. It may be 0 for a whole batch.
   */
  readonly weight?: Ref;
}

export interface LossKind<P extends Parameters = Parameters> extends KindRow<P> {
  readonly label: 'none' | 'binary' | 'number';
  /** Losses against other items need an item tower with a key, or accidental hits could not be masked. */
  readonly needsItemKey: boolean;
  /** Overrides of these two by arguments. */
  needs?(args: Arguments<P>): { readonly label?: 'none' | 'binary' | 'number'; readonly needsItemKey?: boolean };
  /**
   * True if it reads the batch's items as columns alone, of which equal ones may be one. An item that comes up twice in a batch
   * has the same vector twice: a loss that says so has the item tower compute it once. Absent: it does not.
   */
  distinct?(args: Arguments<P>): boolean;
  /** True if the loss depends only on differences within a row, so that a constant in all scores of a row has no effect. */
  readonly relative?: true;
  /** σ(this · score) is the probability of the label, for each event by itself. Absent, or undefined: the loss gives none. */
  probability?(args: Arguments<P>): number | undefined;
  /** True if the loss normalizes both vectors of a score. A bias, which is a column of them, would change their direction. */
  readonly directions?: true;
  /** A scalar: Σ weight · loss ÷ Σ weight over the batch. */
  lower(context: LossContext, score: VectorScore, args: Arguments<P>): Ref;
}

export interface TaskLoss {
  readonly task: string;
  /** A scalar. */
  readonly loss: Ref;
  /** True for the error of a number, such as `mse`, in contrast to the logarithm of a probability. */
  readonly regression: boolean;
  /** A scalar: 1 where a row of the batch counts for the task, else 0, and the loss is then 0. Absent where every batch has one. */
  readonly present?: Ref;
}

export interface WeightingContext extends BlockContext {
  /** In the order they are named. */
  readonly losses: readonly TaskLoss[];
  /**
   * All parameters that several losses reach, in the order of the graph: weights, and looked-up embedding rows of tables that several losses reach.
   */
  readonly shared: readonly Ref[];
  /** Shared weights of the last shared layers; embedding rows if no weights are shared. */
  readonly lastShared: readonly Ref[];
  /** Gradients of one scalar; undefined where it does not depend on the value. Asked for again it costs nothing. */
  gradients(loss: Ref, by: readonly Ref[]): readonly (Ref | undefined)[];
  /**
   * Gradients of a scalar with respect to the trained parameters in `by`. Gradients of looked-up embedding rows are summed by row of their table,
   * because rows are the parameters. Norms and inner products use these.
   */
  byTrained(by: readonly Ref[], gradients: readonly (Ref | undefined)[]): readonly (Ref | undefined)[];
}

export interface Weighted {
  /** The scalar that is minimised: what belongs to one task alone learns by its gradient, and `shared` where nothing else is said. */
  readonly total: Ref;
  /** The weight of each loss in this step, scalars in the order of the losses: outputs `weight:<task>` of the step. */
  readonly weights: readonly Ref[];
  /** Replaces the total's gradients of `shared`, in its order. */
  readonly shared?: readonly (Ref | undefined)[];
}

export interface WeightingKind<P extends Parameters = Parameters> extends KindRow<P> {
  /**
   * Losses into what is minimised. State is a parameter that is not trainable, with `builder.update`, so that a checkpoint holds
   * it. Throws ShapeError when the arguments do not go together.
   */
  lower(context: WeightingContext, args: Arguments<P>): Weighted;
}

export interface OptimizerKind<P extends Parameters = Parameters> extends KindRow<P> {
  /** State for the dense weights, of the same shapes, which begins with `initial`. */
  slots(args: Arguments<P>): readonly { readonly name: string; readonly initial: number }[];
  /** True if its step depends on a whole weight matrix or bias. Absent: each number is updated independently. */
  readonly layerwise?: true;
  /** The dense update, as part of the graph. */
  update(
    builder: Builder,
    at: {
      readonly weights: Ref;
      readonly gradient: Ref;
      readonly slots: readonly Ref[];
      readonly rate: Ref;
      readonly step: Ref;
    },
    args: Arguments<P>,
  ): { readonly weights: Ref; readonly slots: readonly Ref[] };
  /** The same on rows of an embedding table, run by the host. */
  rows(args: Arguments<P>): RowOptimizerPlan;
}

/** Held-out items of one ranking that score the same. */
export interface TiedGroup {
  /** Items that score above the group. */
  readonly better: number;
  /** Items with the score of the group, held out or not. */
  readonly size: number;
  /** Number of held-out items among them, at least 1. */
  readonly held: number;
}

/** The held-out items of one ranking of the corpus, and where they are. */
export interface HeldOut {
  /** Best first. An item that is not ranked is in none: it is a miss. So are cold items, unless the scorer ranks them. */
  readonly groups: readonly TiedGroup[];
  /** Held-out items, cold ones included: 1 where an event is measured, all of a user's where a user is. */
  readonly count: number;
  /** Number of ranked items. */
  readonly corpus: number;
}

/** A metric of rankings: the mean of `of` over them, or one number of all of them together. */
export interface MetricKind<P extends Parameters = Parameters> extends KindRow<P> {
  /** The value of one ranking, in [0, 1]. Ties are averaged over all their orders: a value is the exact mean. */
  of?(held: HeldOut, args: Arguments<P>): number;
  /**
   * In place of `of`: of all rankings, in [0, 1]. It has a parameter `k`.
   * @param shown how many items are among the first k of one ranking at least
   * @param corpus how many items are ranked
   */
  ofLists?(shown: number, corpus: number): number;
}
