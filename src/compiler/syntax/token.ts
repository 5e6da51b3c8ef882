/** Tests tokens, words them for messages, and makes new ones. */
import type { IToken, TokenType } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import type { Source, Span } from '../../base/text/source.ts';

const longestQuote = 30;

/** Quotes the text of a token as in `` `mlp` ``, and shortens a long one. */
export function quote(image: string): string {
  const line = image.split(/\r?\n/, 1)[0]!;
  return line.length > longestQuote ? `\`${line.slice(0, longestQuote)}…\`` : `\`${line}\``;
}

/** Describes the token that was found, or the end of the line or file. */
export function found(token: IToken | undefined, previous: IToken | undefined): string {
  if (token === undefined) return 'the end of the file';
  if (previous !== undefined && (previous.endLine ?? 0) < (token.startLine ?? 0)) return 'the end of the line';
  return is(token, t.Text) ? `the text ${quote(token.image)}` : quote(token.image);
}

/** The name that each rule expects, in words. */
const names: Readonly<Record<string, string>> = {
  let: 'the name of the constant',
  model: 'the name of the model',
  group: 'the name of a feature or group',
  block: 'the name of the block',
  parameter: 'the name of a parameter',
  tower: 'a name',
  task: 'the name of the task',
  data: 'the name of the data set',
  path: 'a name',
};

export function expected(type: TokenType, rule: string): string {
  if (type === t.Name) return names[rule] ?? 'a name';
  if (type === t.Text && rule === 'use') return 'a path in "quotes"';
  return type.LABEL ?? type.name;
}

/** The part that follows the punctuation of each rule that has one, in words. */
export const signed: Readonly<Record<string, string>> = {
  typedEntry: 'a kind',
  towerEntry: 'a flow',
  entry: "an entry's value",
  dataEntry: "an entry's value",
  let: "a constant's value",
  group: "a group's list",
  block: "a block's flow",
  objective: 'the objective',
  retrieve: 'what is retrieved by',
  call: "an argument's value",
  searchEntry: '`one of` or a range',
};

/** Makes a table indexed by token type, because every token of a text is looked up in every check. */
export function byType<T>(of: (type: TokenType) => T): readonly T[] {
  const said: T[] = [];
  for (const type of t.tokens) said[type.tokenTypeIdx!] = of(type);
  return said;
}

const isOf = (one: TokenType, type: TokenType): boolean =>
  t.isOf({ tokenType: one, tokenTypeIdx: one.tokenTypeIdx! } as IToken, type);

/** True at two types if a token of the second type is of the first one, or of a type that stands for it. */
const matches = byType((type) => byType((one) => isOf(one, type)));

export function is(token: IToken | undefined, type: TokenType): boolean {
  return token !== undefined && matches[type.tokenTypeIdx!]![token.tokenTypeIdx]!;
}

export function isAny(token: IToken | undefined, types: readonly TokenType[]): boolean {
  for (const type of types) if (is(token, type)) return true;
  return false;
}

/** Returns a faster `isAny` for a fixed list of types. */
export function oneOf(types: readonly TokenType[]): (token: IToken | undefined) => boolean {
  const any = byType((one) => types.some((type) => isOf(one, type)));
  return (token) => token !== undefined && any[token.tokenTypeIdx]!;
}

const depths = byType((type) =>
  [t.LeftBrace, t.LeftParenthesis, t.LeftBracket].includes(type)
    ? 1
    : [t.RightBrace, t.RightParenthesis, t.RightBracket].includes(type)
      ? -1
      : 0,
);

/** Returns 1 for an opening bracket, −1 for a closing one, 0 for all other tokens. */
export const depthOf = ({ tokenTypeIdx }: IToken): number => depths[tokenTypeIdx]!;

/** Returns the index of the first token that starts at an offset or after it. */
export function firstFrom(tokens: readonly IToken[], offset: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middleIndex = (low + high) >> 1;
    if (tokens[middleIndex]!.startOffset < offset) low = middleIndex + 1;
    else high = middleIndex;
  }
  return low;
}

/** Returns the offset after the last character of a token. */
export function endOf(token: IToken): number {
  return (token.endOffset ?? token.startOffset) + 1;
}

export function spanOf(source: Source, token: IToken): Span {
  return { source, start: token.startOffset, end: endOf(token) };
}

/** Returns the empty span directly after a token. */
export function after(source: Source, token: IToken): Span {
  const tokenEnd = endOf(token);
  return { source, start: tokenEnd, end: tokenEnd };
}

/** Returns the fix of a diagnostic that writes a text in place of a span. */
export const writing = (at: Span, text: string) => ({ fixes: [[{ at, text }]] });

/** Returns the text of a keyword or punctuation mark; an empty text for a name. */
export const imageOf = ({ PATTERN }: TokenType): string => (typeof PATTERN === 'string' ? PATTERN : '');

/** Makes a token that is not in the text: an empty one directly after another. */
export function inserted(type: TokenType, previous: IToken): IToken {
  return {
    tokenType: type,
    tokenTypeIdx: type.tokenTypeIdx!,
    image: imageOf(type),
    startOffset: endOf(previous),
    endOffset: endOf(previous) - 1,
    startLine: previous.endLine ?? 1,
    endLine: previous.endLine ?? 1,
    startColumn: (previous.endColumn ?? 0) + 1,
    endColumn: previous.endColumn ?? 0,
  };
}

/** Makes a token that is not in the text: an empty one directly before another. */
export function insertedBefore(type: TokenType, next: IToken): IToken {
  const { startOffset, startLine = 1, startColumn = 1 } = next;
  return {
    ...inserted(type, next),
    startOffset,
    endOffset: startOffset - 1,
    startLine,
    endLine: startLine,
    startColumn,
    endColumn: startColumn - 1,
  };
}

/** Makes a missing name, which the parser reads and the tree omits. */
export function madeUp(token: IToken): IToken {
  return { ...token, tokenType: t.Identifier, tokenTypeIdx: t.Identifier.tokenTypeIdx!, isInsertedInRecovery: true };
}

/** Makes a token of another type at the same position. */
export function replaced(token: IToken, type: TokenType, image = imageOf(type)): IToken {
  return { ...token, tokenType: type, tokenTypeIdx: type.tokenTypeIdx!, image };
}

export function beginsLine(tokens: readonly IToken[], index: number): boolean {
  const previous = tokens[index - 1];
  return previous === undefined || (previous.endLine ?? 0) < (tokens[index]?.startLine ?? 0);
}

export const beginsValue = oneOf([t.Name, t.NumberToken, t.Text, t.LeftBracket, t.LeftParenthesis]);
export const endsValue = oneOf([t.Name, t.NumberToken, t.Text, t.RightBracket, t.RightParenthesis]);

/** Signs after which an expression continues on the next line. */
export const isUnfinished = oneOf([t.Equals, t.Colon, t.Arrow, t.Plus, t.Minus, t.Times, t.Divide, t.Dot]);

/** Exchanges two neighbours: each gets the position of the other, so that positions stay in order. The tree omits names that are not at their own position. */
export function exchanged(one: IToken, other: IToken): readonly [IToken, IToken] {
  return [moved(other, one), moved(one, other)];
}

function moved({ tokenType, tokenTypeIdx, image }: IToken, place: IToken): IToken {
  const movedToken = { ...place, tokenType, tokenTypeIdx, image };
  return is(movedToken, t.Name) ? { ...movedToken, isInsertedInRecovery: true } : movedToken;
}
