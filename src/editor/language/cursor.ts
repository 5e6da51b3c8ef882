/** Finds where in the language a cursor is from the words before it, because a text that is being written is seldom complete enough for a syntax tree. */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { typeOfEntry } from '../../compiler/library/declarations/table.ts';
import { isDeclarationWord, looksLikeEntry } from '../../compiler/syntax/layout.ts';
import { beginsLine, depthOf, endOf, endsValue, is, isAny, isUnfinished } from '../../compiler/syntax/token.ts';
import type { FileAnalysis } from './file_analysis.ts';

export interface EditorCursor {
  /** The typed part of the word at the cursor, which begins at `start`. */
  readonly start: number;
  readonly word: string;
  /** The declaration that the cursor is in, and its name where it has one. */
  readonly declaration?: { readonly word: string; readonly name?: string; readonly tokens: readonly IToken[] };
  /** Inside the braces of the declaration: among its entries, or among those of `columns`. */
  readonly body?: 'entries' | 'columns';
  /** The entry that the cursor is in, if its `=` or `:` is written. */
  readonly entry?: { readonly name: string; readonly channel: boolean };
  /** True if the value of a declaration or an entry has begun. */
  readonly value: boolean;
  /** The calls around the cursor, outermost first. */
  readonly calls: readonly CallAtCursor[];
  /** Number of arrows before the cursor in its flow. */
  readonly arrows: number;
  /** The words of the declaration before the cursor, nearest last. */
  readonly before: readonly IToken[];
  /** The range between the quotes, if the cursor is within a text. */
  readonly text?: { readonly start: number; readonly end: number };
}

export interface CallAtCursor {
  readonly callee: IToken;
  /** Number of arrows before the callee in its flow. */
  readonly arrows: number;
  /** The argument at the cursor: its index, and its name if that is written. */
  readonly index: number;
  readonly argument?: string;
  /** Names of arguments that are written before or after the cursor. */
  readonly named: readonly string[];
  /** The arguments before that of the cursor, as words. */
  readonly given: readonly (readonly IToken[])[];
}

/** Returns the context of an offset; undefined inside a comment. */
export function cursorAt({ lexed, source }: FileAnalysis, offset: number): EditorCursor | undefined {
  const isInComment = [...lexed.comments, ...lexed.foreignComments].some(
    (token) => token.startOffset < offset && (offset <= endOf(token) || endOf(token) === source.text.length),
  );
  if (isInComment) return undefined;
  const allTokens = lexed.tokens;
  const touchedIndex = allTokens.findIndex((token) => endOf(token) >= offset);
  const touchedToken = touchedIndex === -1 ? undefined : allTokens[touchedIndex]!;
  const inText = touchedToken && is(touchedToken, t.Text) && touchedToken.startOffset < offset;
  const isWord = touchedToken && touchedToken.startOffset < offset && isAny(touchedToken, [t.Name, t.NumberToken]);
  const isPunctuation = touchedToken && !inText && !isWord && touchedToken.startOffset < offset;
  const count = touchedIndex === -1 ? allTokens.length : isPunctuation ? touchedIndex + 1 : touchedIndex;
  const tokens = allTokens.slice(0, count);
  const start = isWord ? touchedToken.startOffset : offset;
  const word = source.text.slice(start, offset);
  const tokensAfter = allTokens.slice(isWord || inText ? count + 1 : count);
  const textField = inText ? { text: { start: touchedToken.startOffset + 1, end: textEnd(touchedToken) } } : {};
  return { start, word, ...surroundings(tokens, tokensAfter, startsLine(source.text, start)), ...textField };
}

function textEnd(token: IToken): number {
  const isClosed = token.image.length > 1 && /["'”’]$/.test(token.image);
  return isClosed ? endOf(token) - 1 : endOf(token);
}

function startsLine(text: string, offset: number): boolean {
  return /^[ \t]*$/.test(text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset));
}

type CursorContext = Omit<EditorCursor, 'start' | 'word' | 'text'>;

function surroundings(tokens: readonly IToken[], after: readonly IToken[], freshLine: boolean): CursorContext {
  const openIndices = openBrackets(tokens);
  const innerBrace = openIndices.findLastIndex((at) => is(tokens[at], t.LeftBrace));
  const headStart = headOf(tokens, innerBrace === -1 ? tokens.length : openIndices[innerBrace]!);
  const none = { value: false, calls: [], arrows: 0, before: [] };
  if (headStart === undefined) return none;
  const before = tokens.slice(headStart);
  const declaration = declarationOf(before);
  const inner = innerBrace === -1 ? headStart : openIndices[innerBrace]! + 1;
  const braces =
    innerBrace === -1
      ? {}
      : ({ body: is(tokens[openIndices[innerBrace]! - 1], t.Columns) ? 'columns' : 'entries' } as const);
  const innerTokens = tokens.slice(inner);
  const calls = openIndices.filter(
    (at) => at >= inner && is(tokens[at], t.LeftParenthesis) && is(tokens[at - 1], t.Name) && !is(tokens[at - 1], t.Of),
  );
  const isHeader = innerBrace === -1 && declaration.word === 'tower';
  if (innerBrace !== -1 && mayHaveFormula(declaration.word)) {
    const inFlow = calls.findIndex((at) => is(tokens[at - 2], t.Arrow));
    const flowCalls = inFlow === -1 ? [] : calls.slice(inFlow);
    const depth = (at: number): number => openIndices.filter((other) => other > at).length;
    const callsAround = flowCalls.map((at) => callAt(tokens, after, at, inner, depth(at)));
    return { declaration, body: 'entries', value: true, calls: callsAround, arrows: 0, before };
  }

  const firstOpen = openIndices.find((at) => at >= inner);
  const outermost = firstOpen === undefined ? undefined : firstOpen - inner;
  const signIndex = isHeader ? undefined : signBefore(innerTokens, innerBrace !== -1, outermost);
  const lastToken = tokens.at(-1);
  const isWithin = firstOpen !== undefined;
  const goesOn = lastToken !== undefined && (isUnfinished(lastToken) || is(lastToken, t.Comma));
  const isDone = !isWithin && freshLine && !goesOn;
  if (innerBrace === -1 && isDone && (endsValue(lastToken) || is(lastToken, t.RightBrace))) return none;
  if (innerBrace === -1 && is(lastToken, t.RightBrace)) return none;
  const isEnded =
    innerBrace !== -1 &&
    (isDone ||
      (is(lastToken, t.Comma) && !isWithin && !listGoesOn(declaration.word, innerTokens[(signIndex ?? 0) - 1]?.image)));
  if (signIndex === undefined || isEnded) return { declaration, ...braces, value: false, calls: [], arrows: 0, before };
  const entryName = innerBrace === -1 ? undefined : innerTokens[signIndex - 1];
  const entry = entryName && { name: entryName.image, channel: is(innerTokens[signIndex - 2], t.Channel) };
  const valueFrom = inner + signIndex + 1;
  return {
    declaration,
    ...braces,
    entry,
    value: true,
    calls: isHeader
      ? []
      : calls
          .filter((at) => at >= valueFrom)
          .map((at) => callAt(tokens, after, at, valueFrom, openIndices.filter((other) => other > at).length)),
    arrows: arrowsBetween(tokens, valueFrom, tokens.length),
    before,
  };
}

/** True for the word of a declaration whose body may be a formula. */
export const mayHaveFormula = (word: string): word is 'block' | 'loss' => word === 'block' || word === 'loss';

const listGoesOn = (word: string, entry: string | undefined): boolean =>
  word === 'group' || word === 'search' || (entry !== undefined && typeOfEntry(word, entry)?.is === 'kinds');

/** Returns the indexes of the brackets that are still open. An unclosed bracket of an earlier entry does not count. */
function openBrackets(tokens: readonly IToken[]): number[] {
  const open: number[] = [];
  for (const [at, token] of tokens.entries()) {
    if (beginsDeclaration(tokens, at)) open.length = 0;
    else if (beginsEntry(tokens, at, tokens[open.at(-1) ?? -1])) {
      open.length = open.findLastIndex((index) => is(tokens[index], t.LeftBrace)) + 1;
    }
    if (depthOf(token) > 0) open.push(at);
    else if (depthOf(token) < 0) {
      const openingBracket = is(token, t.RightBrace)
        ? t.LeftBrace
        : is(token, t.RightParenthesis)
          ? t.LeftParenthesis
          : t.LeftBracket;
      const matchIndex = open.findLastIndex((index) => is(tokens[index], openingBracket));
      if (matchIndex !== -1) open.length = matchIndex;
    }
  }
  return open;
}

/** True for `name =` or `name :` at the beginning of a line, left of the line of the open bracket: an argument is indented further. */
function beginsEntry(tokens: readonly IToken[], at: number, open: IToken | undefined): boolean {
  if (!open || is(open, t.LeftBrace) || !beginsLine(tokens, at) || !looksLikeEntry(tokens, at)) return false;
  const firstOfLine = tokens.find(({ startLine }) => startLine === open.startLine);
  return (tokens[at]!.startColumn ?? 1) <= (firstOfLine?.startColumn ?? 1);
}

/** True for a declaration's word at the beginning of a line, unindented, even if a bracket above was left open. */
function beginsDeclaration(tokens: readonly IToken[], at: number): boolean {
  const token = tokens[at]!;
  return (
    beginsLine(tokens, at) &&
    (token.startColumn ?? 1) === 1 &&
    isDeclarationWord(tokens, at) &&
    !is(tokens[at + 1], t.Dot) &&
    at > 0
  );
}

/** Returns the index where the declaration begins whose header or body ends before `end`. */
function headOf(tokens: readonly IToken[], end: number): number | undefined {
  let depth = 0;
  for (let index = end - 1; index >= 0; index--) {
    const token = tokens[index]!;
    depth = Math.max(0, depth - depthOf(token));
    if (depth > 0 || !isDeclarationWord(tokens, index)) continue;
    const previous = tokens[index - 1];
    const isFirst = previous === undefined || beginsLine(tokens, index) || is(previous, t.RightBrace);
    if (!isFirst || (previous !== undefined && (isUnfinished(previous) || is(previous, t.Comma)))) continue;
    // `columns {` is in a body: the declaration is further out.
    if (is(tokens[index + 1], t.Equals) && !isAny(token, [t.Objective, t.Retrieve])) continue;
    // `task.watch.loss :`, an entry of a search.
    if (isAny(tokens[index + 1], [t.Colon, t.Dot])) continue;
    return index;
  }
  return undefined;
}

function declarationOf(tokens: readonly IToken[]): NonNullable<EditorCursor['declaration']> {
  const [first, ...rest] = tokens;
  const word = is(first, t.Shared) ? 'block' : first!.image;
  const nameToken = is(first, t.Shared) ? rest[1] : rest[0];
  return { word, tokens, ...(nameToken && is(nameToken, t.Name) ? { name: nameToken.image } : {}) };
}

/** Returns the index of the `=` or `:` of the last entry, or of a declaration without a body. @param open index of the first bracket that is open there */
function signBefore(tokens: readonly IToken[], body: boolean, open: number | undefined): number | undefined {
  let depth = 0;
  for (let index = (open ?? tokens.length) - 1; index >= 0; index--) {
    const token = tokens[index]!;
    depth = Math.max(0, depth - depthOf(token));
    if (is(token, t.Equals) || (is(token, t.Colon) && body && depth === 0)) return index;
  }
  return undefined;
}

function arrowsBetween(tokens: readonly IToken[], from: number, end: number): number {
  let depth = 0;
  let arrows = 0;
  for (let index = end - 1; index >= from; index--) {
    const token = tokens[index]!;
    if (isAny(token, [t.RightParenthesis, t.RightBracket])) depth++;
    else if (isAny(token, [t.LeftParenthesis, t.LeftBracket]) && --depth < 0) return arrows;
    else if (depth === 0 && is(token, t.Arrow)) arrows++;
  }
  return arrows;
}

function callAt(
  tokens: readonly IToken[],
  after: readonly IToken[],
  open: number,
  from: number,
  within: number,
): CallAtCursor {
  const argumentParts = splitArguments(tokens.slice(open + 1), false);
  const [rest, ...others] = splitArguments(after, true, within);
  const ownTokens = [...argumentParts.at(-1)!, ...(rest ?? [])];
  const givenParts = argumentParts.slice(0, -1);
  const nameOf = (part: readonly IToken[]): string | undefined =>
    is(part[0], t.Name) && is(part[1], t.Colon) ? part[0]!.image : undefined;
  const argument = nameOf(argumentParts.at(-1)!.length >= 2 ? argumentParts.at(-1)! : []);
  const argumentNames = [...givenParts, ...others].map(nameOf).filter((name) => name !== undefined);
  const ownName = nameOf(ownTokens);
  return {
    callee: tokens[open - 1]!,
    arrows: arrowsBetween(tokens, from, open - 1),
    index: givenParts.length,
    argument,
    named: argument === undefined && ownName !== undefined ? [...argumentNames, ownName] : argumentNames,
    given: givenParts,
  };
}

/** Splits at the commas of this level. @param until stops at the closing bracket @param depth number of brackets that are open where the tokens begin */
function splitArguments(tokens: readonly IToken[], until: boolean, depth = 0): IToken[][] {
  const argumentParts: IToken[][] = [[]];
  for (const token of tokens) {
    if (isAny(token, [t.LeftParenthesis, t.LeftBracket])) depth++;
    else if (isAny(token, [t.RightParenthesis, t.RightBracket])) depth--;
    if (depth < 0 || isAny(token, [t.LeftBrace, t.RightBrace])) {
      if (until) return argumentParts;
      continue;
    }
    if (depth === 0 && is(token, t.Comma)) argumentParts.push([]);
    else argumentParts.at(-1)!.push(token);
  }
  return argumentParts;
}
