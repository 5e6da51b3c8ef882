/**
 * A model with every name looked up, every argument checked and nothing computed: what `resolve` makes of an Ast, and all
 * that lowering reads. Spans stay, so that a shape that does not fit points at its arrow.
 */
import type { Span } from '../../base/text/source.ts';
import type { BoundKind } from '../library/contract.ts';
import type { DeclarationEntry, Entries } from '../library/declarations/entry.ts';
import type { train } from '../library/declarations/train.ts';

export interface Model {
  readonly name: string;
  readonly span: Span;
  readonly features: ReadonlyMap<string, Feature>;
  readonly labels: ReadonlyMap<string, Label>;
  readonly groups: ReadonlyMap<string, Group>;
  /** The query tower, then the item tower: as the scores name them. */
  readonly towers: readonly [Tower, Tower];
  readonly tasks: readonly Task[];
  readonly objective: Objective;
  /** Linear in the scores: task name → factor. */
  readonly retrieve: readonly { readonly task: string; readonly factor: number }[];
  readonly train: Training;
}

/** A checked call: `kind` is a row of the table that its place implies. */
export interface Call extends BoundKind {
  readonly span: Span;
}

export interface Feature {
  readonly name: string;
  readonly span: Span;
  readonly call: Call;
}

export interface Label {
  readonly name: string;
  readonly span: Span;
  readonly type: 'binary' | 'number';
}

interface Group {
  readonly name: string;
  readonly span: Span;
  readonly members: readonly string[];
}

export interface Tower {
  readonly name: string;
  readonly span: Span;
  /** The features it reads, groups opened, in order. */
  readonly features: readonly string[];
  readonly key?: string;
  /** A score reads a learned number for each value of its key, as channel `bias`, which no step has as its name. */
  readonly bias?: true;
  /** In the order written: a step reads only what is above it. */
  readonly steps: readonly TowerStep[];
}

export interface TowerStep {
  readonly name: string;
  readonly span: Span;
  readonly channel: boolean;
  readonly flow: Flow;
}

/** A source and its steps. */
export interface Flow {
  readonly span: Span;
  readonly from: FlowSource;
  readonly steps: readonly FlowStep[];
}

export type FlowSource =
  | { readonly kind: 'features'; readonly span: Span; readonly name: string; readonly features: readonly string[] }
  /** `output`: the one that is taken of several, `shared.click`. */
  | { readonly kind: 'step'; readonly span: Span; readonly name: string; readonly output?: string }
  /** `concat(deep, wide)`: a block that takes several values. */
  | { readonly kind: 'join'; readonly span: Span; readonly call: Call; readonly parts: readonly FlowPart[] };

/** One of the values that a flow begins with. */
export type FlowPart = Exclude<FlowSource, { readonly kind: 'join' }>;

export type FlowStep =
  /** A block of the library. */
  | { readonly kind: 'block'; readonly span: Span; readonly call: Call }
  /** A block that the file declares, its steps written out. `shared`: every use has the weights of scope `name`. */
  | {
      readonly kind: 'declared';
      readonly span: Span;
      readonly name: string;
      /** The values of its parameters, where it has some. */
      readonly values?: Readonly<Record<string, number>>;
      readonly shared: boolean;
      readonly steps: readonly FlowStep[];
    };

export interface Task {
  readonly name: string;
  readonly span: Span;
  readonly score: ScoreSum;
  /** Absent where a product names the task and only the product learns. */
  readonly loss?: Call;
  readonly label?: string;
  /** A label or feature whose value weighs each row. */
  readonly weight?: string;
  /** Where the task names it. */
  readonly weightAt?: Span;
  /** A binary label: the task learns from the rows alone where it is 1. */
  readonly only?: string;
}

/** A sum of scores: `0.7 * cosine(user.a, item.a) + 0.3 * dot(user.b, item.b)`; or a product of tasks. */
export interface ScoreSum {
  readonly span: Span;
  /** One at least; none of a product. */
  readonly terms: readonly ScoreUse[];
  /** `click * convert`: the tasks whose probabilities it multiplies, as written. It is the logit of their product. */
  readonly product?: readonly string[];
  /** Added to the terms; each depends on one side alone or on none. */
  readonly biases?: readonly Bias[];
}

/** `+ item.bias`, a number of one tower; `+ mean`, of the task's label; `+ 3.5`. */
export type Bias =
  | {
      readonly kind: 'channel';
      readonly span: Span;
      readonly side: 'query' | 'item';
      /** A channel of width 1; `bias` where the tower has no step of that name: the learned number of its key. */
      readonly channel: string;
      readonly factor: number;
    }
  | { readonly kind: 'mean'; readonly span: Span; readonly factor: number }
  | { readonly kind: 'constant'; readonly span: Span; readonly value: number };

/** Scores call the learned number of a tower's key so. */
export const keyBias = 'bias';

/** `factor × Σ kind(channels)`: the channels to pair, by name; a factor from `/ 0.1` or `* 2`. */
export interface ScoreUse {
  readonly span: Span;
  readonly call: Call;
  readonly channels: readonly { readonly query: string; readonly item: string }[];
  readonly factor: number;
}

export type Objective =
  | {
      readonly kind: 'sum';
      readonly span?: Span;
      readonly terms: readonly { readonly task: string; readonly weight: number }[];
    }
  | { readonly kind: 'dynamic'; readonly span: Span; readonly call: Call; readonly tasks: readonly string[] };

/** The values of the entries of `train`, by name. `stop` has its patience among its arguments. */
export interface Training extends CheckedEntries<(typeof train)['entries']> {
  readonly span?: Span;
}

/** The value of a checked entry: a call has its span. */
type CheckedValue<T> = T extends BoundKind ? Call : T extends readonly BoundKind[] ? readonly Call[] : T;

type CheckedEntries<E extends Entries> = {
  readonly [N in keyof E]: E[N] extends DeclarationEntry<infer T> ? CheckedValue<T> : never;
};
