/**
 * Entries and declarations of the text before that are as they were, also while other parts of the text have mistakes. Most of a long
 * text is so far from each mistake that it need not be read again.
 */
import type { IToken } from 'chevrotain';
import * as t from '../../grammar/tokens.ts';
import { areBalanced } from './brackets.ts';
import { declarationWords, looksLikeDeclaration, looksLikeEntry, type Range } from './layout.ts';
import type { Piece, ReadFile } from './piece.ts';
import type { Since } from './split_again.ts';
import { beginsLine, is, oneOf } from './token.ts';

/** What was read by itself: a declaration, or an entry of one. */
export interface Element {
  /** Indexes of its first token, and of the one past its last. */
  start: number;
  end: number;
  readonly isEntry: boolean;
  readonly piece: Piece;
  /** Of a declaration with entries: how far behind its first token these begin. */
  readonly body?: number;
  /** Absent where nobody asked. */
  quiet?: boolean;
}

const isDeclarationWord = oneOf(declarationWords);
const isOdd = oneOf([t.LeftBrace, t.RightBrace, t.Keyed, t.Columns]);

/** Of one file, whose text changes again and again. */
export class Elements {
  #known: Element[] = [];
  #text = 0;

  /** What is known of a text that has a mistake; what was read of it goes with that of the texts before. */
  keep(again: readonly Element[], read: readonly Element[], { texts }: Since): void {
    const all = [...again, ...read].sort((a, b) => a.start - b.start || b.end - a.end);
    let past = 0;
    this.#known = all.filter(({ start, end }) => {
      if (start < past) return false;
      past = end;
      return true;
    });
    this.#text = texts;
  }

  /**
   * Those of the text before that this text has too, each where it is now.
   * @param last the last text of which all could be read
   */
  again({ change, texts }: Since, last: ReadFile | undefined): Element[] | undefined {
    if (!change) return undefined;
    if (last?.text === texts - 1) this.#known = last.ranges.map((range, at) => elementOf(range, last.pieces[at]!));
    else if (this.#text !== texts - 1) return undefined;
    const { start, end, delta } = change;
    const found: Element[] = [];
    const add = (element: Element): void => {
      if (element.end <= start) found.push(element);
      // A description of the first token after the change may be another.
      else if (element.start > end - delta) {
        element.start += delta;
        element.end += delta;
        found.push(element);
      } else for (const entry of entriesOf(element)) add(entry);
    };
    for (const element of this.#known) add(element);
    return found;
  }
}

const elementOf = ([start, end]: Range, piece: Piece): Element => ({
  start,
  end,
  isEntry: false,
  piece,
  ...(piece.body ? { body: piece.body.origin - start } : {}),
});

/** The entries of a declaration, as elements. */
export function entriesOf({ piece, start, body }: Element): Element[] {
  if (body === undefined || !piece.body) return [];
  const { places, read } = piece.body;
  const from = start + body;
  return read.map((entry, at) => ({
    start: from + places[at]!,
    end: from + places[at + 1]!,
    isEntry: true,
    piece: entry,
  }));
}

/**
 * Whether no mistake elsewhere changes how it is read, as long as its neighbours are so too: it is on lines of its own, says by its first
 * tokens what it is, and its brackets match.
 */
export function isQuiet(tokens: readonly IToken[], element: Element): boolean {
  return (element.quiet ??= judged(tokens, element));
}

function judged(tokens: readonly IToken[], element: Element): boolean {
  const { start, end, isEntry, body } = element;
  if (body === undefined) return isLine(tokens, start, end, element) && (isEntry ? isEntryLine : isLet)(tokens, start);
  const head = start + body;
  if (!isLine(tokens, start, head - 1, element) || !looksLikeDeclaration(tokens, start)) return false;
  if (!is(tokens[end - 1], t.RightBrace)) return false;
  return entriesOf(element).every((entry) => isQuiet(tokens, entry));
}

const isEntryLine = (tokens: readonly IToken[], start: number): boolean =>
  looksLikeEntry(tokens, start) && !looksLikeDeclaration(tokens, start) && !beginsLine(tokens, start + 1);

const isLet = (tokens: readonly IToken[], start: number): boolean => looksLikeDeclaration(tokens, start);

/** Whether tokens are one line, by themselves, on which nothing is odd. */
function isLine(tokens: readonly IToken[], start: number, end: number, { isEntry, piece, body }: Element): boolean {
  const [first, last] = [tokens[start]!, tokens[end - 1]!];
  if (!beginsLine(tokens, start) || (first.startLine ?? 0) !== (last.endLine ?? 0)) return false;
  // What is behind it begins a line, unless it is the entries of a declaration.
  if (body === undefined && end < tokens.length && !beginsLine(tokens, end)) return false;
  if (is(last, t.Shared) || (is(last, t.Comma) && piece.rule !== 'typedEntry')) return false;
  for (let at = start; at < end; at++) {
    const token = tokens[at]!;
    // A tower says what its rows are keyed by.
    if (isOdd(token) && !(body !== undefined && is(token, t.Keyed))) return false;
    if (is(token, t.Channel) && !(isEntry && at === start && is(tokens[at + 1], t.Name))) return false;
    if (at > start + 1 && !isEntry && isDeclarationWord(token)) return false;
  }
  return areBalanced(tokens.slice(start, end));
}
