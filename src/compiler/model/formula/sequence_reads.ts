/** Tells how a formula depends on the elements of its lists, as blocks of the library declare. The blocks of its flows declare it for themselves. */
import type { SequenceRead } from '../../library/contract.ts';
import { type Formula, isRescaling, type Letter, type Term, type Test, termsWithin } from '../model.ts';

/** Each reads more than those before it; a set and an order together are all. */
const rank: Readonly<Record<SequenceRead, number>> = { each: 0, set: 1, earlier: 1, all: 2 };

function joinReads(one: SequenceRead, other: SequenceRead): SequenceRead {
  if (rank[one] === rank[other]) return one === other ? one : 'all';
  return rank[one] > rank[other] ? one : other;
}

export const readsOf = ({ result, gives, letters, weights }: Omit<Formula, 'reads'>): SequenceRead => {
  const isList = (letter: string): boolean => letters.get(letter)?.kind === 'list';
  if (gives?.kind === 'vector' && gives.axes.some(isList)) return 'all';
  const isEarlier = (over: readonly string[], tests: readonly Test[]): boolean => areEarlier(over, tests, letters);
  const ownReads = (term: Term): SequenceRead => {
    switch (term.kind) {
      case 'place':
      case 'count':
        return isList(term.letter) ? 'all' : 'each';
      case 'weight': {
        const { each, from } = weights.get(term.name)!;
        return [...each, ...from].some(isList) ? 'all' : 'each';
      }
      case 'over': {
        const isZeroLater =
          term.function === 'sum' &&
          term.letters.filter(isList).every((letter) => isZeroAfter(term.operand, letter, isEarlier)) &&
          term.letters.some(isList);
        if (term.tests.length === 0 && isZeroLater) return 'earlier';
        return term.letters.some(isList) ? overReads(term.letters, term.tests, letters) : 'each';
      }
      case 'product': {
        // Only a use tells the axes of a flow, among which a list may be.
        if (!term.map && !(term.left.axes && term.right.axes)) return [...letters.keys()].some(isList) ? 'all' : 'each';
        const summed = term.map?.from ?? term.left.axes?.filter((letter) => term.right.axes?.includes(letter)) ?? [];
        const lists = summed.filter(isList);
        const isZeroLater = (letter: string) =>
          isZeroAfter(term.left, letter, isEarlier) || isZeroAfter(term.right, letter, isEarlier);
        return lists.length === 0 ? 'each' : lists.every(isZeroLater) ? 'earlier' : 'set';
      }
      case 'states':
        return 'earlier';
      default:
        return 'each';
    }
  };
  const seen = new Map<Term, SequenceRead>();
  const walk = (term: Term): SequenceRead => {
    const known = seen.get(term);
    if (known) return known;
    // A state refers to the scan that it is part of.
    seen.set(term, 'each');
    // `s <= t` compares indices, which by themselves would depend on all.
    const parts = term.kind === 'over' ? [term.operand] : termsWithin(term);
    const reads = parts.map(walk).reduce(joinReads, ownReads(term));
    seen.set(term, reads);
    return reads;
  };
  return walk(result);
};

/** True for shares that are 0 for each element s after t, as those of `softmax over s where s <= t`, and for products with them. */
const isZeroAfter = (
  term: Term,
  letter: string,
  isEarlier: (over: readonly string[], tests: readonly Test[]) => boolean,
): boolean => {
  const isZero = (part: Term | undefined): boolean => part !== undefined && isZeroAfter(part, letter, isEarlier);
  switch (term.kind) {
    case 'over':
      return isRescaling(term.function) && term.letters.includes(letter) && isEarlier(term.letters, term.tests);
    case 'map':
      if (term.function === '*') return term.operands.some(isZero);
      return (term.function === '/' || term.function === 'neg') && isZero(term.operands[0]);
    case 'shown':
      return isZero(term.operand);
    case 'flow':
      return term.steps.every((step) => step.kind === 'block' && step.call.kind === 'dropout') && isZero(term.operand);
    default:
      return false;
  }
};

function overReads(
  over: readonly string[],
  tests: readonly Test[],
  letters: ReadonlyMap<string, Letter>,
): SequenceRead {
  if (tests.length === 0) return 'set';
  return areEarlier(over, tests, letters) ? 'earlier' : 'all';
}

const areEarlier = (over: readonly string[], tests: readonly Test[], letters: ReadonlyMap<string, Letter>): boolean =>
  tests.some(
    ({ left, operator, right }) =>
      operator !== '=' &&
      left.kind === 'index' &&
      right.kind === 'index' &&
      over.includes(left.letter) &&
      !over.includes(right.letter) &&
      letters.get(right.letter)?.kind === 'list' &&
      (letters.get(left.letter)?.list ?? left.letter) === (letters.get(right.letter)?.list ?? right.letter),
  );
