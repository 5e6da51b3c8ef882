/** Where a round or square bracket that is missing belongs: of all places in its entry the one after which the entry reads best. */
import type { IToken, TokenType } from 'chevrotain';
import { lex } from '../../grammar/lexer.ts';
import * as t from '../../grammar/tokens.ts';
import { splitEntries } from './layout.ts';
import { entryRule, isColumns, readStrictly } from './parsers.ts';
import { isKnownCall, oddness } from './plausible.ts';
import { beginsLine, depthOf, endOf, endsValue, inserted, is, isAny, replaced } from './token.ts';

/** Longer stretches are not searched. */
const longest = 200;
const oddCost = 10;
const margin = 4;

/** A stretch with its bracket, and where that was put. */
export interface Closed {
  readonly tokens: readonly IToken[];
  /** Offset in the text. */
  readonly at: number;
  /** What is after the bracket; absent at the end. */
  readonly before: IToken | undefined;
  /** Of the token that is read as the bracket, or left out; absent where the bracket is put in. */
  readonly instead?: IToken;
  readonly certain: boolean;
}

interface Candidate extends Omit<Closed, 'certain'> {
  readonly cost: number;
}

/** What it costs to read another token as the bracket: it is then lost. */
const instead = 8;
/** What it costs to leave the other bracket out. */
const leftOut = 1;

/**
 * The bracket that closes the one at `open` is missing.
 * @param end where it is missing at the latest
 * @param word that begins the declaration; a stretch that begins with it is read whole, any other as entries of its body
 */
export function closeWhere(
  tokens: readonly IToken[],
  open: number,
  end: number,
  close: TokenType,
  word: IToken,
): Closed | undefined {
  if (tokens.length - open > longest) return undefined;
  const found: Candidate[] = [];
  for (let index = open + 1; index <= end; index++) {
    const previous = tokens[index - 1]!;
    if (!endsValue(previous) && index !== open + 1 && !is(previous, t.Comma)) continue;
    const image = close.PATTERN as string;
    const changed = tokens.toSpliced(index, 0, inserted(close, image, previous));
    found.push({ tokens: changed, at: endOf(previous), before: tokens[index], cost: 0 });
    const here = tokens[index];
    if (here === undefined || index === end || depthOf(here) !== 0) continue;
    const read = tokens.toSpliced(index, 1, replaced(here, close, image));
    found.push({ tokens: read, at: here.startOffset, before: tokens[index + 1], instead: here, cost: instead });
  }
  found.reverse();
  const opener = tokens[open]!;
  const without = tokens.toSpliced(open, 1);
  found.push({ tokens: without, at: opener.startOffset, before: tokens[open + 1], instead: opener, cost: leftOut });
  // Of two that are alike the later one: what is inside stays inside.
  return best(found, word);
}

/** The bracket that opens what one at `closed` closes is missing; a name may have run into what was behind it. */
export function openWhere(
  tokens: readonly IToken[],
  closed: number,
  open: TokenType,
  word: IToken,
  occurs: (image: string) => boolean,
): Closed | undefined {
  if (closed > longest) return undefined;
  const found: Candidate[] = [];
  const image = open.PATTERN as string;
  for (let index = closed; index > 0; index--) {
    const previous = tokens[index - 1]!;
    // Nothing calls for an empty pair of them.
    if (index < closed && (open === t.LeftParenthesis ? is(previous, t.Name) : isAny(previous, before))) {
      const changed = tokens.toSpliced(index, 0, inserted(open, image, previous));
      found.push({ tokens: changed, at: endOf(previous), before: tokens[index], cost: 0 });
    }
    const here = tokens[index];
    if (
      here !== undefined &&
      index < closed &&
      depthOf(here) === 0 &&
      (open !== t.LeftParenthesis || is(previous, t.Name))
    ) {
      const read = tokens.toSpliced(index, 1, replaced(here, open, image));
      found.push({ tokens: read, at: here.startOffset, before: tokens[index + 1], instead: here, cost: instead });
    }
    if (open !== t.LeftParenthesis || !is(previous, t.Name)) continue;
    for (const [name, rest] of halves(previous, is(tokens[index - 2], t.Tower), occurs)) {
      const changed = tokens.toSpliced(index - 1, 1, name, inserted(open, image, name), rest);
      found.push({ tokens: changed, at: endOf(name), before: rest, cost: 1 });
    }
  }
  const closing = tokens[closed]!;
  const without = tokens.toSpliced(closed, 1);
  found.push({ tokens: without, at: closing.startOffset, before: tokens[closed + 1], instead: closing, cost: leftOut });
  return best(found, word);
}

const before = [t.Colon, t.Equals, t.Comma, t.LeftParenthesis, t.LeftBracket];

/** `iddim`, `mlp128`: a call's name and what was in its parentheses. */
function* halves(token: IToken, header: boolean, occurs: (image: string) => boolean): Generator<[IToken, IToken]> {
  const { image, startOffset } = token;
  for (let at = 1; at < image.length; at++) {
    const [name, rest] = [image.slice(0, at), image.slice(at)];
    if (header ? !occurs(name) || !occurs(rest) : !isKnownCall(name)) continue;
    const read = lex(rest).tokens;
    if (read.length !== 1 || !isAny(read[0], [t.Identifier, t.NumberToken]) || is(read[0], t.MalformedNumber)) continue;
    const middle = startOffset + at;
    const column = (token.startColumn ?? 1) + at;
    const line = { startLine: token.startLine!, endLine: token.endLine! };
    const left = { ...token, image: name, endOffset: middle - 1, endColumn: column - 1 };
    const right = { ...read[0]!, ...line, startOffset: middle, endOffset: token.endOffset!, startColumn: column };
    yield [left, { ...right, endColumn: token.endColumn! }];
  }
}

function best(candidates: readonly Candidate[], word: IToken): Closed | undefined {
  const read = candidates
    .map((candidate) => ({ ...candidate, cost: candidate.cost + oddCost * oddness(candidate.tokens) }))
    .sort((a, b) => a.cost - b.cost);
  const first = read.find(({ tokens }) => reads(tokens, word));
  if (first === undefined) return undefined;
  const second = read.slice(read.indexOf(first) + 1).find(({ tokens }) => reads(tokens, word));
  const kept = first.instead === undefined || depthOf(first.instead) !== 0;
  const certain = kept && (second === undefined || second.cost >= first.cost + margin);
  const { cost, ...closed } = first;
  return { ...closed, certain };
}

/** Whether a stretch reads: a declaration, its head, or entries of its body. */
function reads(tokens: readonly IToken[], word: IToken): boolean {
  if (tokens[0] === word) {
    const body = entryRule(word) === undefined ? [] : emptyBody(tokens.at(-1)!);
    return 'node' in readStrictly('declaration', [...tokens, ...body]);
  }
  const rule = entryRule(word);
  if (rule === undefined) return false;
  return splitEntries(tokens).every((part) => {
    const own = part.length > 1 && is(part.at(-1), t.Comma) ? part.slice(0, -1) : part;
    return 'node' in readStrictly(isColumns(rule, own[0], own[1]) ? 'columns' : rule, own);
  });
}

const emptyBody = (last: IToken): IToken[] => [inserted(t.LeftBrace, '{', last), inserted(t.RightBrace, '}', last)];

/** Index past the line, or lines, that an entry goes on for; a brace ends it too. */
export function entryEnd(tokens: readonly IToken[], from: number, begins: (index: number) => boolean): number {
  let at = from;
  while (at < tokens.length && !isAny(tokens[at], [t.LeftBrace, t.RightBrace])) {
    if (at > from && beginsLine(tokens, at) && begins(at)) break;
    at++;
  }
  return at;
}
