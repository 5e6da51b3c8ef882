/** Corrects round and square brackets of an entry or of the head of a declaration that are missing, surplus or of the wrong kind. */
import type { IToken, TokenType } from 'chevrotain';
import { lex } from '../../../grammar/lexer.ts';
import * as t from '../../../grammar/tokens.ts';
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import { type KnownCall, knownCalls } from './known_calls.ts';
import type { CorrectedTokens, ParseStop } from './sign_mistakes.ts';
import { beginsValue, depthOf, endsValue, inserted, is, isAny, quote, replaced, spanOf, writing } from './token.ts';

interface CallFrame {
  readonly call: KnownCall | undefined;
  readonly isCall: boolean;
  readonly given: Set<string>;
  /** True after an argument with a name: an argument without one would then be odd. */
  named: boolean;
}

const operators = [t.Plus, t.Minus, t.Times, t.Divide];
const still = [t.NumberToken, t.Text];
const letAnywhere = [t.NumberToken, t.Name, t.RightParenthesis];

/** Returns 0 for tokens that use the words of the library correctly, and more the less they do. */
export function oddness(tokens: readonly IToken[]): number {
  let oddCount = 0;
  const frames: CallFrame[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    const [previous, next] = [tokens[index - 1], tokens[index + 1]];
    const frame = frames.at(-1);
    const depthChange = depthOf(token);
    if (depthChange > 0) {
      const callee = is(token, t.LeftParenthesis) && is(previous, t.Name) ? previous! : undefined;
      const isHeader = isAny(tokens[index - 2], [t.Tower, t.Block]);
      const call = callee && !isHeader ? knownCalls.get(callee.image) : undefined;
      if (callee && !isHeader && !call) oddCount += 2;
      if (frame?.isCall && frame.named && isAny(previous, [t.Comma])) oddCount += 1;
      frames.push({ call, isCall: call !== undefined, given: new Set(), named: false });
      continue;
    }
    if (depthChange < 0) {
      frames.pop();
      continue;
    }
    // A number or a text cannot be a step of a flow.
    if (is(token, t.Arrow) && (isAny(previous, still) || isAny(next, still))) oddCount += 2;
    // The comma is followed by a closing bracket.
    if (is(token, t.Comma) && next && depthOf(next) < 0) oddCount += 2;
    if (frame === undefined) {
      // The value of a feature or a label must be a kind.
      if (is(token, t.Colon) && isAny(next, [t.NumberToken, t.Text, t.LeftBracket])) oddCount += 2;
      continue;
    }
    if (!frame.isCall) {
      if (is(token, t.Arrow)) oddCount += 3;
      continue;
    }
    const { call } = frame;
    const beginsArgument = isAny(previous, [t.LeftParenthesis, t.Comma]);
    if (is(token, t.Arrow) && !call!.flow) oddCount += 3;
    if (isAny(token, operators) && !beginsArgument && call!.takes.size === 0) oddCount += 3;
    if (isAny(token, operators) && isAny(previous, letAnywhere) && is(tokens[index - 2], t.Dot)) oddCount += 3;
    if (!beginsArgument) continue;
    if (is(token, t.Name) && isAny(next, [t.Colon, t.Equals])) {
      if (!call!.takes.has(token.image) || frame.given.has(token.image)) oddCount += 2;
      if (is(next, t.Equals)) oddCount += 1;
      frame.given.add(token.image);
      frame.named = true;
    } else if (beginsValue(token)) {
      const isAlone = next === undefined || isAny(next, [t.Comma, t.RightParenthesis]);
      if (isAlone && is(token, t.NumberToken) && !call!.numbers) oddCount += 2;
      if (isAlone && is(token, t.Name) && call!.takes.has(token.image) && !call!.flags.has(token.image)) oddCount += 2;
      if (frame.named) oddCount += 1;
    }
  }
  return oddCount;
}

export type TokenChange =
  | { readonly kind: 'insert'; readonly type: TokenType }
  | { readonly kind: 'remove' }
  | { readonly kind: 'replace'; readonly type: TokenType }
  | { readonly kind: 'swap' };

export interface TokenRepair {
  readonly change: TokenChange;
  /** Index of the changed token, or of the token in front of which one is inserted. */
  readonly index: number;
  readonly tokens: IToken[];
  /** True if no other change is nearly as good, and no name was made up. */
  readonly certain: boolean;
}

export interface RepairCandidate extends Omit<TokenRepair, 'certain'> {
  readonly cost: number;
  /** True if the change keeps every word and makes none up. */
  readonly keeps: boolean;
}

/** A bracket without a partner, or two that do not match. */
interface UnmatchedBrackets {
  /** Indexes of the brackets, of which one may be absent. */
  readonly open?: number;
  readonly close?: number;
}

/** Returns the first closing bracket that does not match; if there is none, the last unclosed one. */
export function unmatched(tokens: readonly IToken[]): UnmatchedBrackets | undefined {
  const openIndexes: number[] = [];
  for (const [close, token] of tokens.entries()) {
    const depthChange = depthOf(token);
    if (depthChange > 0) openIndexes.push(close);
    if (depthChange >= 0) continue;
    const lastOpen = openIndexes.pop();
    if (lastOpen === undefined) return { close };
    if (partner(tokens[lastOpen]!) !== token.tokenType) return { open: lastOpen, close };
  }
  return openIndexes.length > 0 ? { open: openIndexes.at(-1)! } : undefined;
}

const pairs: readonly (readonly [TokenType, TokenType])[] = [
  [t.LeftBrace, t.RightBrace],
  [t.LeftParenthesis, t.RightParenthesis],
  [t.LeftBracket, t.RightBracket],
];

/** Returns the counterpart of a bracket. */
function partner({ tokenType }: IToken): TokenType {
  for (const [open, close] of pairs) {
    if (tokenType === open) return close;
    if (tokenType === close) return open;
  }
  return tokenType;
}

/** The cost of replacing another token by the bracket, because that token is lost. */
const insteadCost = 8;
const leftOutCost = 1;
const beforeList = [t.Colon, t.Equals, t.Comma, t.LeftParenthesis, t.LeftBracket];

/** Returns candidates that insert, remove or replace a bracket. Of two equal ones the later wins, so that brackets keep their content. */
export function bracketCandidates(
  tokens: readonly IToken[],
  { open, close }: UnmatchedBrackets,
  text: string,
): RepairCandidate[] {
  const repairCandidates: RepairCandidate[] = [];
  const addCandidate = (change: TokenChange, index: number, cost: number, changed: IToken[], keeps = true) =>
    repairCandidates.push({ change, index, cost, tokens: changed, keeps });
  const addInsertion = (type: TokenType, index: number) => {
    const insertedToken = inserted(type, tokens[index - 1]!);
    addCandidate({ kind: 'insert', type }, index, 0, tokens.toSpliced(index, 0, insertedToken));
  };
  const addReplacement = (type: TokenType, index: number, cost: number, keeps: boolean) => {
    const replacedToken = replaced(tokens[index]!, type);
    addCandidate({ kind: 'replace', type }, index, cost, tokens.toSpliced(index, 1, replacedToken), keeps);
  };
  if (open !== undefined) {
    const closingType = partner(tokens[open]!);
    for (let index = close ?? tokens.length; index > open; index--) {
      const previous = tokens[index - 1]!;
      if (!endsValue(previous) && index !== open + 1 && !is(previous, t.Comma)) continue;
      addInsertion(closingType, index);
      const thisToken = tokens[index];
      if (thisToken && index !== close && depthOf(thisToken) === 0)
        addReplacement(closingType, index, insteadCost, false);
    }
    addCandidate({ kind: 'remove' }, open, leftOutCost, tokens.toSpliced(open, 1));
  }
  if (close !== undefined) {
    const openingType = partner(tokens[close]!);
    const opensCall = openingType === t.LeftParenthesis;
    for (let index = close; index > 0; index--) {
      const [previous, here] = [tokens[index - 1]!, tokens[index]!];
      const mayOpenHere = opensCall ? is(previous, t.Name) : isAny(previous, beforeList);
      // An empty pair of brackets is useless.
      if (mayOpenHere && index < close) addInsertion(openingType, index);
      if (index < close && depthOf(here) === 0 && (mayOpenHere || !opensCall))
        addReplacement(openingType, index, insteadCost, false);
      if (!opensCall || !is(previous, t.Name)) continue;
      for (const [name, rest] of halves(previous, is(tokens[index - 2], t.Tower), text)) {
        const changedTokens = tokens.toSpliced(index - 1, 1, name, inserted(openingType, name), rest);
        addCandidate({ kind: 'insert', type: openingType }, index, 1, changedTokens);
      }
    }
    addCandidate({ kind: 'remove' }, close, leftOutCost, tokens.toSpliced(close, 1));
  }
  if (open !== undefined && close !== undefined) {
    addReplacement(partner(tokens[open]!), close, 0, true);
    addReplacement(partner(tokens[close]!), open, 0, true);
  }
  return repairCandidates;
}

/** Splits a token such as `iddim` or `mlp128` into the name of a call and its argument. */
function* halves(token: IToken, header: boolean, text: string): Generator<[IToken, IToken]> {
  const { image, startOffset } = token;
  const occursInText = (word: string) => new RegExp(`\\b${word}\\b`).test(text);
  for (let index = 1; index < image.length; index++) {
    const [name, rest] = [image.slice(0, index), image.slice(index)];
    if (header ? !occursInText(name) || !occursInText(rest) : !knownCalls.has(name)) continue;
    const [restToken, ...more] = lex(rest).tokens;
    if (more.length > 0 || !restToken || !isAny(restToken, [t.Identifier, t.NumberToken])) continue;
    if (is(restToken, t.MalformedNumber)) continue;
    const splitOffset = startOffset + index;
    const splitColumn = (token.startColumn ?? 1) + index;
    const leftHalf = { ...token, image: name, endOffset: splitOffset - 1, endColumn: splitColumn - 1 };
    const { tokenType, tokenTypeIdx } = restToken;
    const rightStart = { startOffset: splitOffset, startColumn: splitColumn };
    yield [leftHalf, { ...token, tokenType, tokenTypeIdx, image: rest, ...rightStart }];
  }
}

/** Closes all open brackets at the end, and removes unopened ones, if no single bracket makes the entry parse. */
export function withoutUnmatched(place: ParseStop): CorrectedTokens | undefined {
  const { tokens } = place;
  const unmatchedBracket = unmatched(tokens);
  if (unmatchedBracket === undefined) return undefined;
  const { open, close = tokens.length } = unmatchedBracket;
  const type = open === undefined ? undefined : partner(tokens[open]!);
  const change: TokenChange = type ? { kind: 'insert', type } : { kind: 'remove' };
  const changedTokens = type
    ? tokens.toSpliced(close, 0, inserted(type, tokens[close - 1]!))
    : tokens.toSpliced(close, 1);
  const repair = { change, index: close, tokens: changedTokens, certain: false };
  return { diagnostic: bracketMistake(place, unmatchedBracket, repair), tokens: changedTokens };
}

/** Describes an error of a bracket by the change that repairs it. */
export function bracketMistake(
  { source, tokens }: ParseStop,
  { open, close }: UnmatchedBrackets,
  { change, index, certain, tokens: mended }: TokenRepair,
): Diagnostic {
  const thisToken = tokens[index];
  if (change.kind === 'remove') {
    const tokenSpan = spanOf(source, thisToken!);
    if (index === open) {
      const sign = quote(thisToken!.image);
      return diagnose('needless-sign', tokenSpan, { sign }, certain ? writing(tokenSpan, '') : {});
    }
    // One of two equal adjacent brackets is surplus.
    const isRepeated = [tokens[index - 1], tokens[index + 1]].some((token) => token?.image === thisToken!.image);
    const facts = { close: quote(thisToken!.image), open: partner(thisToken!).LABEL ?? '' };
    return diagnose('unopened', tokenSpan, facts, certain || isRepeated ? writing(tokenSpan, '') : {});
  }
  const putToken = mended[index]!;
  if (change.kind === 'replace' && (index === open || index === close)) {
    const tokenSpan = spanOf(source, thisToken!);
    const [opening, closing] = [quote(mended[open!]!.image), quote(mended[close!]!.image)];
    const facts = { open: opening, close: closing, found: quote(thisToken!.image) };
    return diagnose('wrong-bracket', tokenSpan, facts, { ...writing(tokenSpan, putToken.image), doubtful: !certain });
  }
  const insertionPoint = { source, start: putToken.startOffset, end: putToken.startOffset };
  const fix = writing(insertionPoint, putToken.image);
  if (depthOf(putToken) < 0) {
    const facts = { open: quote(tokens[open!]!.image), close: quote(putToken.image) };
    return diagnose('unclosed', spanOf(source, tokens[open!]!), facts, { ...fix, doubtful: !certain });
  }
  const nextToken = change.kind === 'insert' ? mended[index + 1]! : thisToken!;
  const signFacts = { sign: quote(putToken.image), before: quote(nextToken.image) };
  return diagnose('missing-sign', spanOf(source, nextToken), signFacts, certain ? fix : {});
}
