/** Embedding tables that an engine holds next to the weights of a graph: it reads their rows and trains them, and the host sends only the numbers of rows. */
/** The row optimizer of a group, as `RowOptimizerPlan` of the plan. */
interface GroupOptimizer {
  readonly kind: 'sgd' | 'momentum' | 'adagrad' | 'row_adagrad' | 'adam' | 'lamb';
  readonly epsilon: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly weightDecay: number;
  readonly l2: number;
}

/** State of an optimizer: one number for each row, or for each value. */
interface GroupSlot {
  readonly name: string;
  readonly per: 'row' | 'element';
  readonly dtype: 'float32' | 'int32';
}

/** Tables of one width and one optimizer, with their rows one after the other. */
export interface TableGroup {
  readonly dim: number;
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  readonly optimizer: GroupOptimizer;
  readonly slots: readonly GroupSlot[];
  /** Inputs of the graph that are rows of the group, or sums of them, in the order of their look-ups. */
  readonly inputs: readonly GroupInput[];
}

export interface GroupInput {
  readonly name: string;
  /** True if the output `gradient:<name>` of the graph trains the rows. */
  readonly isTrained: boolean;
}

/**
 * The look-ups of a step. A place is a row of an input, and is a weighted sum of rows of the group. `numbers` has one list after the other:
 * the row of each code, in the order of look-ups [codes]; where the codes of each place begin, and the end [places + 1]; the distinct rows that are
 * trained [distinct]; for each of these in turn, the trained places that read it [trained], and where those of each begin, and the end [distinct + 1];
 * as float32, the weights of the codes [codes], and those of the codes that are trained in the order of their distinct rows [trained].
 */
export interface GroupReads {
  readonly numbers: Int32Array;
  readonly codes: number;
  readonly places: number;
  readonly distinct: number;
  readonly trained: number;
}

export interface GroupsStep {
  /** One for each group. */
  readonly reads: readonly GroupReads[];
  /** Learning rate of each group in this step. */
  readonly rates: readonly number[];
  /** True to return the gradients of look-ups as outputs, and their norms. */
  readonly isWatched: boolean;
}

/** By name of the table. */
export type TableNorms = ReadonlyMap<string, number>;
