/**
 * Guesses where declarations and entries begin from their layout, like a person who skims the page. It is used after a syntax error, so that the
 * error affects only its own entry.
 */
import type { IToken, TokenType } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { entryTables } from '../library/declarations/table.ts';
import { type EntryRule, listGoesOn } from './parsers.ts';
import { beginsLine, beginsValue, depthOf, endsValue, is, isAny, isUnfinished, oneOf } from './token.ts';

/** The tokens that follow the first word of each declaration. */
const declarations: ReadonlyMap<TokenType, readonly TokenType[]> = new Map([
  [t.Use, [t.Text]],
  [t.Let, [t.Name, t.Equals]],
  [t.Model, [t.Name]],
  [t.Features, [t.LeftBrace]],
  [t.Labels, [t.LeftBrace]],
  [t.Group, [t.Name, t.Equals]],
  [t.Shared, [t.Block, t.Name]],
  [t.Block, [t.Name, t.Equals]],
  [t.Tower, [t.Name, t.LeftParenthesis]],
  [t.Loss, [t.Name, t.Of]],
  [t.Task, [t.Name, t.LeftBrace]],
  [t.Objective, [t.Equals]],
  [t.Retrieve, [t.Equals]],
  [t.Train, [t.LeftBrace]],
  [t.Search, [t.LeftBrace]],
  [t.Data, [t.Name, t.LeftBrace]],
]);

const entries: readonly (readonly TokenType[])[] = [
  [t.Channel, t.Name, t.Equals],
  [t.Columns, t.LeftBrace],
  [t.Name, t.Equals],
  [t.Name, t.Colon],
];

const beginsEntries = oneOf(entries.map(([first]) => first!));

/** The words that begin a declaration. */
export const declarationWords: readonly TokenType[] = [...declarations.keys()];

const isOneOfThem = oneOf(declarationWords);

/** True for a word that begins a declaration. `loss` is also an entry of a task, and begins one before a name alone. */
export const isDeclarationWord = (tokens: readonly IToken[], index: number): boolean =>
  isOneOfThem(tokens[index]) && (!is(tokens[index], t.Loss) || is(tokens[index + 1], t.Name));

/** True for `loss mine of (` and `loss mine(margin = 0.2) of (`; `loss softmax(in_batch)` is an entry without its sign. */
function isLoss(tokens: readonly IToken[], index: number): boolean {
  const close = is(tokens[index + 2], t.LeftParenthesis)
    ? tokens.findIndex((token, at) => at > index && is(token, t.RightParenthesis) && is(tokens[at + 1], t.Of))
    : index + 1;
  return is(tokens[index + 1], t.Name) && is(tokens[close + 1], t.Of) && close <= index + mostNames;
}

export function looksLikeDeclaration(tokens: readonly IToken[], index: number): boolean {
  const firstToken = tokens[index];
  if (is(firstToken, t.Loss)) return isLoss(tokens, index);
  if (!isDeclarationWord(tokens, index)) return false;
  const followingTypes = firstToken && declarations.get(firstToken.tokenType);
  if (is(firstToken, t.Block) && is(tokens[index + 1], t.Name) && isAny(tokens[index + 2], [t.LeftParenthesis, t.Of]))
    return true;
  return followingTypes !== undefined && matches(tokens, index + 1, followingTypes);
}

/** True for the start of an entry. `objective =` and `retrieve =` may also be entries of a body. */
export function looksLikeEntry(tokens: readonly IToken[], index: number): boolean {
  if (!beginsEntries(tokens[index])) return false;
  for (const pattern of entries) if (matches(tokens, index, pattern)) return true;
  if (isSearchEntry(tokens, index)) return true;
  const endOfNames = namesEnd(tokens, index);
  return endOfNames > index + 1 && is(tokens[endOfNames], t.Colon) && !beginsLine(tokens, endOfNames);
}

/** True for the start of a search entry: `dense.rate :`. */
function isSearchEntry(tokens: readonly IToken[], index: number): boolean {
  let nameIndex = index;
  while (nameIndex < index + 2 * mostNames && is(tokens[nameIndex], t.Name) && is(tokens[nameIndex + 1], t.Dot))
    nameIndex += 2;
  return nameIndex > index && is(tokens[nameIndex], t.Name) && is(tokens[nameIndex + 1], t.Colon);
}

/** Maximum names of a list to check: a very long list would take too long. */
const mostNames = 64;

/** Returns the index after `a` or `a, b, c`; that of the first token if it is not a name. */
export function namesEnd(tokens: readonly IToken[], index: number): number {
  if (!is(tokens[index], t.Name)) return index;
  let endIndex = index + 1;
  while (endIndex < index + 2 * mostNames && is(tokens[endIndex], t.Comma) && is(tokens[endIndex + 1], t.Name))
    endIndex += 2;
  return endIndex;
}

function matches(tokens: readonly IToken[], index: number, pattern: readonly TokenType[]): boolean {
  for (let at = 0; at < pattern.length; at++) if (!is(tokens[index + at], pattern[at]!)) return false;
  return true;
}

/** Splits balanced tokens into declarations, which may have errors. */
export function splitDeclarations(tokens: readonly IToken[]): IToken[][] {
  let declarationColumn = 1;
  return split(tokens, (index, length) => {
    const token = tokens[index]!;
    const previous = tokens[index - 1];
    const isFirstOnLine = beginsLine(tokens, index);
    // A name followed by other punctuation cannot be a value, so the preceding declaration has ended, even after `=`.
    const isClearStart =
      looksLikeDeclaration(tokens, index) &&
      (isFirstOnLine
        ? !is(previous, t.Shared)
        : is(previous, t.RightBrace) || (endsValue(previous) && !is(previous, t.Name)));
    const isContinued = isUnfinished(previous) || is(previous, t.Comma);
    const beginsDeclaration =
      isFirstOnLine &&
      !isContinued &&
      (is(token, t.Name)
        ? isDeclarationWord(tokens, index) ||
          (token.startColumn ?? 1) <= declarationColumn ||
          looksLikeHeader(tokens, index)
        : hasLostItsWord(tokens, index, index - length));
    if (beginsDeclaration || isClearStart) declarationColumn = token.startColumn ?? 1;
    return beginsDeclaration || isClearStart;
  });
}

/** True for a declaration without its keyword: `user(profile) keyed`, `watch {`, `profile =`. */
function looksLikeHeader(tokens: readonly IToken[], index: number): boolean {
  const nextToken = tokens[index + 1];
  if (isAny(nextToken, [t.LeftBrace, t.Equals])) return true;
  // In `deep block = …` the keyword comes after the name.
  const followingTypes = nextToken && declarations.get(nextToken.tokenType);
  if (
    followingTypes?.[0] === t.Name &&
    followingTypes.length > 1 &&
    matches(tokens, index + 2, followingTypes.slice(1))
  )
    return true;
  if (!is(nextToken, t.LeftParenthesis)) return false;
  let inputIndex = index + 2;
  while (isAny(tokens[inputIndex], [t.Name, t.Comma])) inputIndex++;
  return is(tokens[inputIndex], t.RightParenthesis) && isAny(tokens[inputIndex + 1], [t.Keyed, t.LeftBrace]);
}

/** True for a line that begins with `{`, `=` or a text and does not continue the declaration above, which begins at `start`. */
function hasLostItsWord(tokens: readonly IToken[], index: number, start: number): boolean {
  const token = tokens[index];
  if (is(token, t.LeftBrace)) return headerEnd(tokens, start) !== index;
  if (is(token, t.Text)) return index - start > 1;
  if (!is(token, t.Equals)) return false;
  for (let at = start; at < index; at++) if (isAny(tokens[at], [t.Equals, t.RightBrace])) return true;
  return false;
}

/** Splits the balanced tokens of a body into entries. A comma between two of them belongs to the first. */
export function splitEntries(tokens: readonly IToken[], rule?: EntryRule): IToken[][] {
  /** True while the current entry consists only of names and commas: `a, b`. */
  let isListOfNames = rule === 'typedEntry';
  return split(tokens, (index, length) => {
    const isEntryStart = beginsEntry(
      index,
      length,
      isListOfNames && is(tokens[index - 1], t.Comma) && isAny(tokens[index], [t.Name, t.Colon]),
    );
    isListOfNames =
      rule === 'typedEntry' && (isEntryStart || (isListOfNames && isAny(tokens[index], [t.Name, t.Comma])));
    return isEntryStart;
  });

  function beginsEntry(index: number, length: number, goesOn: boolean): boolean {
    const token = tokens[index]!;
    const previous = tokens[index - 1];
    if (goesOn) return false;
    // The previous token is a misspelled `channel`.
    if (length === 1 && is(previous, t.Name) && !beginsLine(tokens, index)) return false;
    if (!beginsLine(tokens, index) && is(previous, t.Channel) && looksLikeEntry(tokens, index - 1)) return false;
    const isFresh = beginsLine(tokens, index) || is(previous, t.Comma);
    // The name before it is missing, because no entry continues like this.
    if (isFresh && isAny(token, [t.Equals, t.Colon])) return true;
    const isFreshName = isFresh && is(token, t.Name);
    const entryStart = index - length;
    if (is(previous, t.Comma) && is(tokens[entryStart + 1], t.Equals)) {
      if (listGoesOn(tokens[entryStart]!.image, token, tokens[index + 1])) return false;
    }
    // On a new line `name =` starts an entry even after a missing value; within a line something else may be wrong. If the `=` is on the next line, an entry
    // without its name starts there instead.
    const isEntry = looksLikeEntry(tokens, index) && !beginsLine(tokens, index + 1);
    // Only a name with a colon ends the list of `one of 16, 32`.
    if (rule === 'searchEntry' && is(previous, t.Comma) && !isEntry) return false;
    // Without a sign so far this is no entry: a surplus word precedes the name.
    if (isEntry && !isFresh && !hasSign(tokens, index - length, index)) return false;
    return isEntry ? isFreshName || !isUnfinished(previous) : isFreshName && !isUnfinished(previous);
  }
}

/** Splits the balanced tokens of a formula, or of its `scan`, into lines, which may have errors. */
export function splitLines(tokens: readonly IToken[]): IToken[][] {
  return split(tokens, (index) => looksLikeLine(tokens, index) || beginsOtherLine(tokens, index));
}

const continuesFormula = oneOf([t.Over, t.Where, t.And, t.As, t.Then]);
const lineWords: ReadonlyMap<TokenType, readonly TokenType[]> = new Map([
  [t.Weights, [t.Name]],
  [t.Shown, [t.Name]],
  [t.Scan, [t.Over]],
  [t.Repeat, [t.Name, t.NumberToken]],
]);

/** True for the start of a line of a formula: `a =`, `weights A`, `give`. */
export function looksLikeLine(tokens: readonly IToken[], index: number): boolean {
  const [previous, token, next] = [tokens[index - 1], tokens[index], tokens[index + 1]];
  if (!is(token, t.Name) || isAny(previous, [t.Where, t.And, t.Shown, t.Plus, t.Minus, t.Colon])) return false;
  // `let a = …`: a word is in front of the name.
  if (is(next, t.Equals)) return beginsLine(tokens, index) || !is(previous, t.Name) || !beginsLine(tokens, index - 1);
  if (is(token, t.Give)) return beginsLine(tokens, index) || (endsValue(previous) && beginsValue(next));
  if (beginsLine(tokens, index) && is(next, t.LeftBracket)) return isState(tokens, index, previous);
  const following = lineWords.get(token!.tokenType);
  return following !== undefined && isAny(next, following);
}

/** True for `state[u, d]` where it does not go on with the line above: it begins a state of a `scan`. */
function isState(tokens: readonly IToken[], index: number, previous: IToken | undefined): boolean {
  const end = namesEnd(tokens, index + 2);
  return is(tokens[end], t.RightBracket) && (endsValue(previous) || is(previous, t.LeftBrace));
}

/** True for a name on a new line where the line above is complete: its `=` is missing, or it is a state of a `scan`. */
const beginsOtherLine = (tokens: readonly IToken[], index: number): boolean =>
  beginsLine(tokens, index) &&
  is(tokens[index], t.Name) &&
  !continuesFormula(tokens[index]) &&
  (endsValue(tokens[index - 1]) || is(tokens[index - 1], t.RightBrace));

function hasSign(tokens: readonly IToken[], start: number, end: number): boolean {
  for (let index = start; index < end; index++) if (isAny(tokens[index], [t.Equals, t.Colon, t.LeftBrace])) return true;
  return false;
}

function split(tokens: readonly IToken[], beginsPart: (index: number, length: number) => boolean): IToken[][] {
  const isWithinBrackets = withinBrackets(tokens);
  const tokenParts: IToken[][] = [];
  let partStart = 0;
  for (let index = 1; index < tokens.length; index++) {
    if (isWithinBrackets[index] || !beginsPart(index, index - partStart)) continue;
    tokenParts.push(tokens.slice(partStart, index));
    partStart = index;
  }
  if (tokens.length > 0) tokenParts.push(tokens.slice(partStart));
  return tokenParts;
}

/**
 * Marks tokens that are inside of brackets or close some. Braces are balanced, others may not be. An unclosed bracket ends at the next entry that is
 * not indented further, and an unopened one begins on its line.
 */
function withinBrackets(tokens: readonly IToken[]): readonly boolean[] {
  const isWithin = tokens.map(() => false);
  const openBrackets: { readonly at: number; readonly indent: number; readonly brace: boolean }[] = [];
  /** Start and column of the current entry. */
  let entryStart = 0;
  let entryColumn = Number.POSITIVE_INFINITY;
  let indent = 1;
  /** True at `loss` in `, loss =` after another entry on the same line. Arguments have no equals sign. */
  const followsComma = (index: number) => is(tokens[index - 1], t.Comma) && is(tokens[index + 1], t.Equals);
  /** Ends the open brackets at an index, up to a brace, and only those with at least the indentation `least`. */
  const endOpenBrackets = (index: number, least = 0) => {
    while (openBrackets.length > 0 && !openBrackets.at(-1)!.brace && least <= openBrackets.at(-1)!.indent) {
      const { at } = openBrackets.pop()!;
      let endIndex = at + 1;
      while (endIndex < index && !followsComma(endIndex)) endIndex++;
      isWithin.fill(true, at + 1, endIndex);
    }
  };
  for (const [index, token] of tokens.entries()) {
    const depthChange = depthOf(token);
    const isBrace = isAny(token, [t.LeftBrace, t.RightBrace]);
    if (beginsLine(tokens, index)) {
      indent = token.startColumn ?? 1;
      const beginsPart =
        looksLikeDeclaration(tokens, index) || looksLikeEntry(tokens, index) || looksLikeLine(tokens, index);
      if (beginsPart) endOpenBrackets(index, indent);
      if (beginsPart || (indent <= entryColumn && depthChange >= 0)) [entryStart, entryColumn] = [index, indent];
    } else if (followsComma(index) && (openBrackets.at(-1)?.brace ?? true)) entryStart = index;
    if (isBrace) {
      endOpenBrackets(index);
      entryColumn = Number.POSITIVE_INFINITY;
    }
    if (depthChange > 0) openBrackets.push({ at: index, indent, brace: isBrace });
    if (depthChange >= 0) continue;
    const opener = isBrace || !openBrackets.at(-1)?.brace ? openBrackets.pop() : undefined;
    isWithin.fill(true, (opener?.at ?? entryStart) + 1, index + 1);
    if (opener === undefined) entryStart = index;
  }
  endOpenBrackets(tokens.length);
  return isWithin;
}

/** Returns the index after the header of a declaration with a body. */
export function headerEnd(tokens: readonly IToken[], start: number): number | undefined {
  const firstToken = tokens[start];
  if (isAny(firstToken, [t.Features, t.Labels, t.Train, t.Search, t.Columns])) return start + 1;
  if (isAny(firstToken, [t.Task, t.Data]) && is(tokens[start + 1], t.Name)) return start + 2;
  if (!matches(tokens, start, [t.Tower, t.Name, t.LeftParenthesis])) return undefined;
  let inputIndex = start + 3;
  while (isAny(tokens[inputIndex], [t.Name, t.Comma])) inputIndex++;
  if (!is(tokens[inputIndex], t.RightParenthesis)) return undefined;
  return matches(tokens, inputIndex + 1, [t.Keyed, t.By, t.Name]) ? inputIndex + 4 : inputIndex + 1;
}

/** Returns the missing keyword of a declaration, if its remaining tokens determine it. */
export function missingWord(tokens: readonly IToken[]): TokenType | undefined {
  const [first, second] = tokens;
  if (is(first, t.Text) && tokens.length === 1) return t.Use;
  if (is(first, t.LeftBrace)) return entriesWord(tokens, 1, t.Features, t.Train);
  if (!is(first, t.Name)) return undefined;
  if (is(second, t.LeftParenthesis)) {
    const closeIndex = tokens.findIndex((token) => is(token, t.RightParenthesis));
    if (is(tokens[closeIndex + 1], t.Equals)) return t.Block;
    return tokens.some((token) => is(token, t.LeftBrace)) ? t.Tower : undefined;
  }
  if (is(second, t.LeftBrace)) return entriesWord(tokens, 2, undefined, t.Task);
  const members = tokens.slice(2);
  const isList = members.length > 2 && members.every((token, index) => is(token, index % 2 === 0 ? t.Name : t.Comma));
  return is(second, t.Equals) && isList ? t.Group : undefined;
}

/** Returns the keyword of a body, determined by its first `:` or `=`. */
function entriesWord(
  tokens: readonly IToken[],
  at: number,
  typed: TokenType | undefined,
  valued: TokenType,
): TokenType | undefined {
  if (!is(tokens[at], t.Name)) return undefined;
  const endOfNames = namesEnd(tokens, at);
  if (is(tokens[endOfNames], t.Colon)) {
    // Labels have types such as in `clicked: binary`; features call their kinds.
    const isLabel =
      /^(?:binary|number)$/.test(tokens[endOfNames + 1]?.image ?? '') && !is(tokens[endOfNames + 2], t.LeftParenthesis);
    return isLabel && typed === t.Features ? t.Labels : typed;
  }
  if (!is(tokens[at + 1], t.Equals)) return undefined;
  if (valued === t.Task) {
    const entryNames = tokens.filter((_, index) => is(tokens[index + 1], t.Equals)).map(({ image }) => image);
    const hasEntryOf = (word: 'data' | 'task'): boolean =>
      entryNames.some((name) => Object.hasOwn(entryTables[word], name));
    if (hasEntryOf('data') || tokens.some((token) => is(token, t.Columns))) return t.Data;
    return hasEntryOf('task') ? t.Task : undefined;
  }
  return valued;
}
