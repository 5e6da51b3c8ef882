/** What a term depends on, and the ranges of numbers that are the same for all rows: sizes of axes, and first values of weights. */
import { type FormulaFunction, functions } from '../../library/formula_functions.ts';
import { type FormulaWeight, type Term, termsWithin } from '../model.ts';

/** True if all were read. */
export const isWhole = <T>(parts: readonly (T | undefined)[]): parts is readonly T[] =>
  parts.every((part) => part !== undefined);

/** Remembers what a function makes of a term. A line may be read by many others, and its terms are judged once. */
function once<T>(judge: (term: Term) => T): (term: Term) => T {
  const known = new WeakMap<Term, { readonly verdict: T }>();
  return (term) => {
    const verdict = known.get(term) ?? { verdict: judge(term) };
    known.set(term, verdict);
    return verdict.verdict;
  };
}

/** True for a number that is the same for all rows. */
export const isPlainNumber: (term: Term) => boolean = once(
  (term) =>
    term.kind === 'number' || term.kind === 'size' || (term.kind === 'map' && term.operands.every(isPlainNumber)),
);

/** Returns the value of a plain number; undefined if it depends on a size, or on a parameter that has no value yet. */
export const knownNumber: (term: Term) => number | undefined = once((term) => {
  if (term.kind === 'number') return term.value;
  if (term.kind !== 'map') return undefined;
  const operands = term.operands.map(knownNumber);
  const row: FormulaFunction = functions[term.function];
  return isWhole(operands) ? row.ofNumbers(...operands) : undefined;
});

/** True if a value reads a state within the scan of the state, and so differs from element to element. */
export const isOfState: (term: Term) => boolean = once(
  // After its scan a state is a sequence.
  (term) => term.kind === 'carry' || (term.kind !== 'states' && termsWithin(term).some(isOfState)),
);

export interface ValidRange {
  /** Continues "must be …". */
  readonly expected: string;
  holds(value: number): boolean;
}

const largest = 1_000_000;

/** What the size of an axis must be. */
export const sizeRange = `a whole number from 1 to ${largest}`;
export const isSize = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= largest;

export const divisors: ValidRange = { expected: 'other than 0', holds: (value) => value !== 0 };

const positive: ValidRange = { expected: `from 0 to ${largest}`, holds: (value) => value >= 0 && value <= largest };

/** What first values must be: beyond, a product with another one would not be finite. */
export const initialRanges: Readonly<Record<Exclude<FormulaWeight['initial']['kind'], 'glorot'>, ValidRange>> = {
  constant: { expected: `from -${largest} to ${largest}`, holds: (value) => Math.abs(value) <= largest },
  normal: positive,
  uniform: positive,
};
