/**
 * Corrects one error. Common habits are in `known_mistakes.ts`. For others it searches all changes of one token near the point where parsing failed, and
 * chooses the most natural one after which the whole entry parses. The search is that of Burke and Fisher, "A practical method for LR and LL syntactic error
 * diagnosis and recovery", TOPLAS 1987, ranked by the usual arguments of the library's kinds.
 */
import type { IToken, TokenType } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import type { Source } from '../../base/text/source.ts';
import {
  bracketCandidates,
  bracketMistake,
  oddness,
  type RepairCandidate,
  type TokenChange,
  type TokenRepair,
  unmatched,
  withoutUnmatched,
} from './brackets.ts';
import { type CommonErrorRule, habits, steps } from './known_mistakes.ts';
import { namesEnd } from './layout.ts';
import { type EntryRule, type ParseError, readStrictly } from './parsers.ts';
import {
  type CorrectedTokens,
  missingPart,
  missingSign,
  needless,
  type ParseStop,
  swapped,
  wrongSign,
} from './sign_mistakes.ts';
import {
  beginsLine,
  beginsValue,
  depthOf,
  endOf,
  endsValue,
  exchanged,
  inserted,
  is,
  isAny,
  madeUp,
  replaced,
} from './token.ts';

/** Maximum number of tokens of an entry that is searched. */
const longest = 200;
/** Number of tokens before the position where parsing stopped in which the error may be. */
const back = 3;
/** The first correction is only certain if the second one costs this much more. */
const margin = 4;
const oddCost = 10;

const betweenValues: readonly (readonly [TokenType, number])[] = [
  [t.Colon, 10],
  [t.Equals, 10],
  [t.Comma, 10],
  [t.Arrow, 11],
  [t.Dot, 14],
  [t.Times, 18],
  [t.Plus, 20],
];
const signs: readonly TokenType[] = [t.Colon, t.Equals, t.Comma, t.Arrow, t.Plus, t.Minus, t.Times, t.Divide];
/** Types that another operator may have been meant as. Minus is not among them, because it would turn almost anything into a number. */
const meant: readonly TokenType[] = [t.Colon, t.Equals, t.Comma, t.Arrow, t.Dot, t.Times, t.Plus];
const madeUpCost = 30;

/** Returns the best change of one token; undefined if none makes the tokens readable. */
function repair(
  rule: 'declaration' | EntryRule,
  tokens: readonly IToken[],
  { index, expected, source }: ParseStop,
): TokenRepair | undefined {
  if (tokens.length > longest) return undefined;
  const cheapestByText = new Map<string, RepairCandidate>();
  const limit = { cost: Number.POSITIVE_INFINITY };
  const unmatchedBracket = unmatched(tokens);
  const allCandidates = unmatchedBracket
    ? bracketCandidates(tokens, unmatchedBracket, source.text)
    : candidates(tokens, index, expected);
  for (const candidate of allCandidates) {
    if (candidate.cost > limit.cost + margin) continue;
    const totalCost = candidate.cost + oddCost * oddness(candidate.tokens);
    if (totalCost > limit.cost + margin) continue;
    const candidateText = candidate.tokens.map(({ image }) => image).join(' ');
    if ((cheapestByText.get(candidateText)?.cost ?? Number.POSITIVE_INFINITY) <= totalCost) continue;
    if (!('tree' in readStrictly(rule, source, candidate.tokens))) continue;
    cheapestByText.set(candidateText, { ...candidate, cost: totalCost });
    limit.cost = Math.min(limit.cost, totalCost);
  }
  const [best, second] = [...cheapestByText.values()].sort((a, b) => a.cost - b.cost);
  if (best === undefined) return undefined;
  const isCertain = best.keeps && (second === undefined || second.cost >= best.cost + margin);
  return { change: best.change, index: best.index, tokens: best.tokens, certain: isCertain };
}

/** Returns candidates, the cheapest first. */
function candidates(tokens: readonly IToken[], stopped: number, expected: TokenType | undefined): RepairCandidate[] {
  const foundCandidates: RepairCandidate[] = [];
  const firstIndex = Math.max(0, stopped - back);
  for (let index = firstIndex; index <= Math.min(tokens.length, stopped + 1); index++) {
    const distanceCost = index === stopped ? 0 : 1 + Math.abs(stopped - index);
    const addCandidate = (change: TokenChange, cost: number, changed: IToken[], keeps = cost < madeUpCost) => {
      foundCandidates.push({ change, index, cost: cost + distanceCost, tokens: changed, keeps });
    };
    const [previous, here, next] = [tokens[index - 1], tokens[index], tokens[index + 1]];
    const addInsertion = (type: TokenType, cost: number) => {
      const insertedToken = inserted(type, previous ?? here!);
      const changedTokens = tokens.toSpliced(index, 0, type === t.Name ? madeUp(insertedToken) : insertedToken);
      addCandidate({ kind: 'insert', type }, cost, changedTokens, cost < madeUpCost && type !== t.Dot);
    };
    if (previous && endsValue(previous) && beginsValue(here)) {
      for (const [type, cost] of betweenValues) {
        if (type === t.Dot && !(is(previous, t.Name) && is(here, t.Name))) continue;
        addInsertion(type, cost + (type === t.Arrow && !is(here, t.Name) ? 8 : 0));
      }
    }
    if (!endsValue(previous) || !beginsValue(here) || is(here, t.LeftParenthesis)) addInsertion(t.Name, madeUpCost);
    if (here === undefined) continue;
    addCandidate({ kind: 'remove' }, removal(here, previous, next), tokens.toSpliced(index, 1));
    for (const type of meant) {
      if (here.tokenType === type || depthOf(here) !== 0) continue;
      const replacementCost = isAny(here, signs) ? replacing(type) : madeUpCost + 4;
      addCandidate({ kind: 'replace', type }, replacementCost, tokens.toSpliced(index, 1, replaced(here, type)));
    }
    if (!beginsValue(here) && depthOf(here) === 0) {
      addCandidate({ kind: 'replace', type: t.Name }, madeUpCost + 6, tokens.toSpliced(index, 1, madeUp(here)));
    }
    if (index === stopped && (expected === t.By || expected === t.Keyed)) {
      const expectedWord = replaced(here, expected);
      addCandidate({ kind: 'replace', type: expected }, madeUpCost + 4, tokens.toSpliced(index, 1, expectedWord));
    }
    if (next && here.image !== next.image && !beginsLine(tokens, index + 1)) {
      addCandidate({ kind: 'swap' }, madeUpCost + 1, tokens.toSpliced(index, 2, ...exchanged(here, next)), true);
    }
  }
  return foundCandidates.sort((a, b) => a.cost - b.cost);
}

const replacing = (type: TokenType): number =>
  type === t.Colon || type === t.Equals ? 10 : type === t.Arrow || type === t.Comma ? 11 : 18;

/** Returns the cost of removing a token. A repeated token is probably surplus, but between two commas or arrows a part may be missing instead. */
function removal(here: IToken, previous: IToken | undefined, next: IToken | undefined): number {
  const twinToken = here.image === previous?.image ? previous : here.image === next?.image ? next : undefined;
  const [one, other] = twinToken === previous ? [twinToken, here] : [here, twinToken];
  const isSeparator = isAny(here, [t.Comma, t.Arrow]);
  // `x ** 2` is a power.
  if (twinToken && !is(here, t.Times) && (!isSeparator || endOf(one!) === other!.startOffset)) return 8;
  return depthOf(here) === 0 ? madeUpCost + 2 : madeUpCost + 4;
}

/**
 * Returns the first applicable correction: a habit, otherwise a single change after which everything parses, otherwise a change after which parsing
 * can continue. @param whole the grammar rule for the tokens
 */
export function correct(
  source: Source,
  tokens: readonly IToken[],
  complaint: ParseError,
  whole: 'declaration' | EntryRule,
): CorrectedTokens | undefined {
  const { index } = complaint;
  const parseStop: ParseStop = { ...complaint, source, tokens, here: tokens[index], previous: tokens[index - 1] };
  const habitCorrection = first(habits, parseStop);
  if (habitCorrection) return habitCorrection;
  // For `a, b` alone the missing part is unknown, and no change of punctuation supplies it.
  if (whole === 'typedEntry' && parseStop.here === undefined && namesEnd(tokens, 0) === tokens.length) return undefined;
  return searched(parseStop, whole) ?? withoutUnmatched(parseStop) ?? first(steps, parseStop);
}

function first(known: readonly CommonErrorRule[], place: ParseStop): CorrectedTokens | undefined {
  for (const one of known) {
    const corrected = one(place);
    if (corrected) return corrected;
  }
  return undefined;
}

/** Returns the single change after which all tokens can be parsed. */
function searched(place: ParseStop, whole: 'declaration' | EntryRule): CorrectedTokens | undefined {
  const { source, tokens, rule } = place;
  const foundRepair = repair(whole, tokens, place);
  if (foundRepair === undefined) return undefined;
  const { change, index, certain, tokens: mended } = foundRepair;
  const unmatchedBracket = unmatched(tokens);
  if (unmatchedBracket) return { diagnostic: bracketMistake(place, unmatchedBracket, foundRepair), tokens: mended };
  const [here, previous] = [tokens[index], tokens[index - 1]];
  const describeChange = (): Diagnostic | undefined => {
    if (change.kind === 'insert' && change.type === t.Name) return missingPart(place, index);
    if (!certain) return undefined;
    if (change.kind === 'insert') return missingSign({ ...place, index, here, previous }, change.type);
    if (change.kind === 'remove') return needless(source, here!);
    return change.kind === 'swap'
      ? swapped(source, here!, tokens[index + 1]!)
      : wrongSign(source, here!, change.type, rule);
  };
  return { diagnostic: describeChange(), tokens: mended };
}
