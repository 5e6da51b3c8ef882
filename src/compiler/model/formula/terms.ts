/**
 * What a block of formulas computes: a tree of terms over its inputs and weights. Axes have letters, and no term knows a size, so a block is read once for all
 * its uses. `read_formula.ts` makes terms, and `lower/formula` turns them into a graph.
 */
import type { Span } from '../../../base/text/source.ts';
import type { SequenceRead } from '../../library/contract.ts';
import type { FlowStep } from '../model.ts';
import type { FunctionName } from './functions.ts';

/** The letters of a value's axes, without order. */
export type Axes = readonly string[];

export type InputKind = 'vector' | 'sequence' | 'fields' | 'interests';

export interface FormulaInput {
  readonly name: string;
  readonly kind: InputKind;
  readonly axes: Axes;
  /** True for fields whose widths may differ. */
  readonly isRagged: boolean;
}

/** What an axis counts: elements of a list, fields, interests, or other numbers. */
export interface Letter {
  readonly kind: 'list' | 'fields' | 'interests' | 'plain';
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
export const reductions = ['sum', 'mean', 'max', 'logsumexp'] as const;
export const rescalings = ['softmax', 'log_softmax', 'normalize'] as const;
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
  readonly gives?: { readonly kind: InputKind; readonly axes: Axes };
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
    case 'flow':
    case 'shown':
      return [term.operand];
    case 'states':
      return term.scan.carries.flatMap(({ first, next }) => (next ? [first, next] : [first]));
    default:
      return [];
  }
}
