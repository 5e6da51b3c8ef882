/**
 * A model with every name resolved and every argument checked: `resolve` makes it from an Ast, and lowering reads nothing else. It keeps spans, so that a shape
 * error points at its arrow.
 */
import type { Span } from '../../base/text/source.ts';
import type { LabelType } from '../../graph/plan/plan.ts';
import type { Operator } from '../library/arithmetic.ts';
import type { BlockKind, BoundKind, LossKind, SequenceRead } from '../library/contract.ts';
import type { DeclarationEntry, Entries } from '../library/declarations/entry.ts';
import type { train } from '../library/declarations/train_declaration.ts';
import type { FunctionName } from '../library/formula_functions.ts';
export interface Model {
  readonly name: string;
  readonly span: Span;
  readonly features: ReadonlyMap<string, Feature>;
  readonly labels: ReadonlyMap<string, Label>;
  readonly groups: ReadonlyMap<string, Group>;
  /** The query tower and the item tower, in the order of the scores. */
  readonly towers: readonly [Tower, Tower];
  readonly tasks: readonly Task[];
  readonly objective: Objective;
  /** A linear combination of scores: task name → factor. */
  readonly retrieve: readonly { readonly task: string; readonly factor: number }[];
  readonly train: Training;
}

/** A checked call. `kind` is a row of the table that its position implies. */
export interface Call extends BoundKind {
  readonly span: Span;
  /** What a loss of the file is, for a call of one. */
  readonly declared?: { readonly row: LossKind; readonly formula: Formula };
}

export interface Feature {
  readonly name: string;
  readonly span: Span;
  readonly call: Call;
}

export interface Label {
  readonly name: string;
  readonly span: Span;
  readonly type: LabelType;
}

interface Group {
  readonly name: string;
  readonly span: Span;
  readonly members: readonly string[];
}

export interface Tower {
  readonly name: string;
  readonly span: Span;
  /** The features that the tower reads, in order, with groups expanded and without repetition. */
  readonly features: readonly string[];
  readonly key?: string;
  /** True if a score reads the learned bias of each key value as channel `bias` and no step has that name. */
  readonly bias?: true;
  /** The steps in the order of the file. A step reads only steps above it. */
  readonly steps: readonly TowerStep[];
}

export interface TowerStep {
  readonly name: string;
  readonly span: Span;
  readonly channel: boolean;
  /** True if a score of sets reads the channel, which may then be a sequence. */
  readonly ofSet?: boolean;
  readonly flow: Flow;
}

/** A source and its steps. */
export interface Flow {
  readonly span: Span;
  readonly from: FlowSource;
  readonly steps: readonly FlowStep[];
}

export type FlowSource =
  | FlowPart
  /** A block that takes several values: `concat(deep, wide)`. */
  | { readonly kind: 'join'; readonly span: Span; readonly call: Call; readonly parts: readonly FlowSource[] }
  /** `gate * short`. At least one operand is no number. */
  | {
      readonly kind: 'operation';
      readonly span: Span;
      readonly operator: Operator;
      readonly operands: readonly [FlowSource, FlowSource];
    }
  | { readonly kind: 'number'; readonly span: Span; readonly value: number }
  /** A flow within an expression: `(history -> mean) + user_id`. */
  | { readonly kind: 'flow'; readonly span: Span; readonly flow: Flow };

/** A value that a flow reads by its name. */
export type FlowPart =
  | { readonly kind: 'features'; readonly span: Span; readonly name: string; readonly features: readonly string[] }
  /** `output` selects one of several outputs, as in `shared.click`. */
  | { readonly kind: 'step'; readonly span: Span; readonly name: string; readonly output?: string };

/** Returns all values that a flow reads by their names: those with which it begins, then those that steps get by the name of an input. */
export const partsOf = ({ from, steps = [] }: Pick<Flow, 'from'> & Partial<Flow>): readonly FlowPart[] => [
  ...(from.kind === 'features' || from.kind === 'step'
    ? [from]
    : sourcesIn(from).flatMap((source) => partsOf({ from: source }))),
  ...steps.flatMap(inputsOf).flatMap((source) => partsOf({ from: source })),
];

/** Returns the sources of which a source consists: those of a block, of an operation, or of a flow within an expression. */
export function sourcesIn(source: FlowSource): readonly FlowSource[] {
  if (source.kind === 'join') return [...source.parts, ...inputsOfCall(source.call)];
  if (source.kind === 'operation') return source.operands;
  return source.kind === 'flow' ? [source.flow.from, ...source.flow.steps.flatMap(inputsOf)] : [];
}

/** Returns the sources that a step of a tower gives to inputs of formulas, those of steps within it included. */
function inputsOf(step: FlowStep): readonly FlowSource[] {
  if (step.kind === 'block') return inputsOfCall(step.call);
  if (step.kind === 'declared') return step.steps.flatMap(inputsOf);
  return Object.values(step.inputs).filter((source) => source.kind !== 'term');
}

const inputsOfCall = (call: Call): readonly FlowSource[] => flowsOf(call).flat().flatMap(inputsOf);

/** Returns the flows among the arguments of a block: `residual(dense(8))`. */
export const flowsOf = ({ arguments: given }: BoundKind): readonly (readonly FlowStep[])[] =>
  Object.values(given).flatMap((value) =>
    typeof value === 'object' && value !== null && 'flow' in value ? [value.flow as readonly FlowStep[]] : [],
  );

export type FlowStep =
  /** A block of the library. */
  | { readonly kind: 'block'; readonly span: Span; readonly call: Call }
  /** A block that the file declares, with its steps expanded. `shared`: all uses share the weights of scope `name`. */
  | {
      readonly kind: 'declared';
      readonly span: Span;
      readonly name: string;
      /** The values of its parameters. Absent if it has none. */
      readonly values?: Readonly<Record<string, number>>;
      readonly shared: boolean;
      readonly steps: readonly FlowStep[];
    }
  | FormulaStep;

/** A block of the file that computes by a formula. */
export interface FormulaStep {
  readonly kind: 'formula';
  readonly span: Span;
  readonly name: string;
  readonly values?: Readonly<Record<string, number>>;
  readonly shared: boolean;
  readonly formula: Formula;
  /** What the use gives to the inputs after the first, by name. Within another formula it is a term. */
  readonly inputs: Readonly<Record<string, FlowSource | TermSource>>;
}

/** What a line of a formula gives to an input of another block. */
export interface TermSource {
  readonly kind: 'term';
  readonly span: Span;
  readonly term: Term;
  /** The formula that the term is part of. */
  readonly owner: object;
}

/** True if the steps compute each number of a value by itself. */
export const areNumberwise = (
  steps: readonly FlowStep[],
  blocks: Readonly<Record<string, Pick<BlockKind, 'numberwise'>>>,
): boolean =>
  // A parameter that stands for a flow has no steps while its block is read without values.
  steps.length > 0 &&
  steps.every((step) =>
    step.kind === 'block'
      ? blocks[step.call.kind]?.numberwise === true
      : step.kind === 'declared' && areNumberwise(step.steps, blocks),
  );

export interface Task {
  readonly name: string;
  readonly span: Span;
  readonly score: ScoreSum;
  /** Absent if a product multiplies this task and only the product has a loss. */
  readonly loss?: Call;
  readonly label?: string;
  /** The label or feature that weights each row. */
  readonly weight?: string;
  /** The span of the name of the weight in the task. */
  readonly weightAt?: Span;
  /** A binary label: the task learns only from rows where it is 1. */
  readonly only?: string;
}

/** A sum of scores, such as `0.7 * cosine(user.a, item.a) + 0.3 * dot(user.b, item.b)`, or a product of tasks. */
export interface ScoreSum {
  readonly span: Span;
  /** Has at least one term, except for a product, which has none. */
  readonly terms: readonly ScoreUse[];
  /** The tasks of a product such as `click * convert`, whose probabilities are multiplied, in the order of the file. The score is the logit of the product. */
  readonly product?: readonly string[];
  /** Added to the terms. Each depends on at most one side. */
  readonly biases?: readonly Bias[];
}

/** A bias term: `+ item.bias`, a number from one tower; `+ mean`, the mean of the task's label; `+ 3.5`. */
export type Bias =
  | {
      readonly kind: 'channel';
      readonly span: Span;
      readonly side: 'query' | 'item';
      /** A channel of width 1. `bias` without a step of that name is the learned number of the tower's key. */
      readonly channel: string;
      readonly factor: number;
    }
  | { readonly kind: 'mean'; readonly span: Span; readonly factor: number }
  | { readonly kind: 'constant'; readonly span: Span; readonly value: number };

/** The name in scores for the learned number of a tower's key. */
export const keyBias = 'bias';

/** `factor × Σ kind(channels)`, summed over pairs of channels. The factor comes from `/ 0.1` or `* 2`. */
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

/** The values of the entries of `train`, by name. The call `stop` has `patience` among its arguments. */
export interface Training extends CheckedEntries<(typeof train)['entries']> {
  readonly span?: Span;
}

/** The type of a checked entry: a call also has its span. */
type CheckedValue<T> = T extends BoundKind ? Call : T extends readonly BoundKind[] ? readonly Call[] : T;

type CheckedEntries<E extends Entries> = {
  readonly [N in keyof E]: E[N] extends DeclarationEntry<infer T> ? CheckedValue<T> : never;
};

// Formulas: a tree of terms over inputs and weights. Axes have letters, and no term knows a size, so a block is read once for all its uses.

/** The letters of a value's axes, without order. */
export type Axes = readonly string[];

export type InputKind = 'vector' | 'sequence' | 'fields' | 'interests' | 'elements';
/** What a loss reads: scores of a row with its own item and its negatives, or with negatives alone; log q of their items; labels of rows. */
export type LossInputKind = 'scores' | 'negatives' | 'log_q' | 'labels';

export interface FormulaInput {
  readonly name: string;
  readonly kind: InputKind | LossInputKind;
  readonly axes: Axes;
  /** True for fields whose widths may differ. */
  readonly isRagged: boolean;
}

/** What an axis counts: elements of a list, fields, interests, or other numbers; in a loss rows, and their columns. */
export interface Letter {
  readonly kind: 'list' | 'fields' | 'interests' | 'plain' | 'rows' | 'columns';
  /** The letter whose range this one also counts, such as the elements of a list: that of `s` in `x[t: s]` is `t`. */
  readonly list?: string;
  /** The size, if a weight states it. */
  readonly size?: Term;
}

export interface FormulaWeight {
  readonly name: string;
  /** Axes with a map for each of their places. */
  readonly each: Axes;
  readonly from: Axes;
  /** Absent for a weight that is no map. */
  readonly to?: Axes;
  readonly initial:
    | { readonly kind: 'glorot' }
    | { readonly kind: 'constant' | 'normal' | 'uniform'; readonly value: Term };
}

export interface Carry {
  readonly name: string;
  readonly axes: Axes;
  readonly first: Term;
  /** Reads the states before the element. Set after it was read, because it may refer to each carry. */
  next?: Term;
}

export interface FormulaScan {
  readonly letter: string;
  readonly carries: readonly Carry[];
}

export interface Test {
  readonly left: Term;
  readonly operator: '<' | '<=' | '=';
  readonly right: Term;
}

/** The reductions, and those that keep the axis. */
export const reductions = ['sum', 'mean', 'max', 'min', 'logsumexp'] as const;
export const rescalings = ['softmax', 'log_softmax', 'normalize'] as const;
/** True for a function over an axis that keeps the axis. */
export const isRescaling = (name: string): boolean => (rescalings as readonly string[]).includes(name);
export type OverName = (typeof reductions)[number] | (typeof rescalings)[number];

export type Term = {
  readonly span: Span;
  /** Absent if only a use tells them, as for the result of a flow of blocks. */
  readonly axes?: Axes;
} & (
  | { readonly kind: 'number' /** Absent while no use gives the parameter a value. */; readonly value?: number }
  /** `size`: how long an axis may be. `count`: how many elements a row has. `place`: 0, 1, … from the newest element or the first other. `index`: from the first. */
  | { readonly kind: 'size' | 'count' | 'place' | 'index'; readonly letter: string }
  | { readonly kind: 'input' | 'weight' | 'carry'; readonly name: string }
  | { readonly kind: 'map'; readonly function: FunctionName; readonly operands: readonly Term[] }
  /** `a @ b`. `map` is the weight on the right, if it states its axes with an arrow. */
  | { readonly kind: 'product'; readonly left: Term; readonly right: Term; readonly map?: FormulaWeight }
  | {
      readonly kind: 'over';
      readonly function: OverName;
      readonly letters: Axes;
      readonly tests: readonly Test[];
      readonly operand: Term;
    }
  | { readonly kind: 'renamed'; readonly operand: Term; readonly letters: ReadonlyMap<string, string> }
  | { readonly kind: 'spread'; readonly operand: Term; readonly letters: Axes }
  /** In a loss: the value of the row's own item. */
  | { readonly kind: 'own'; readonly operand: Term }
  /** `line` names the weights of the steps. */
  | { readonly kind: 'flow'; readonly operand: Term; readonly steps: readonly FlowStep[]; readonly line: string }
  | { readonly kind: 'states'; readonly scan: FormulaScan; readonly index: number }
  /** A line whose values `tower inspect --attention` shows. */
  | { readonly kind: 'shown'; readonly operand: Term; readonly line: string }
);

export interface Formula {
  /** Tells terms of this formula from those of others. */
  readonly owner: object;
  readonly inputs: readonly FormulaInput[];
  readonly letters: ReadonlyMap<string, Letter>;
  readonly weights: ReadonlyMap<string, FormulaWeight>;
  readonly result: Term;
  /** What `give` makes of the result. Absent: what its axes say. */
  readonly gives?: { readonly kind: Exclude<InputKind, 'elements'>; readonly axes: Axes };
  /** How the result depends on the elements of the lists among the inputs. */
  readonly reads: SequenceRead;
}

/** Returns the terms of which a term is computed. */
export function termsWithin(term: Term): readonly Term[] {
  switch (term.kind) {
    case 'map':
      return term.operands;
    case 'product':
      return [term.left, term.right];
    case 'over':
      return [term.operand, ...term.tests.flatMap(({ left, right }) => [left, right])];
    case 'renamed':
    case 'spread':
    case 'own':
    case 'flow':
    case 'shown':
      return [term.operand];
    case 'states':
      return term.scan.carries.flatMap(({ first, next }) => (next ? [first, next] : [first]));
    default:
      return [];
  }
}
