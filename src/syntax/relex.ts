/** The tokens of a text that differs a little from the one before: only the lines that changed are read again. */
import type { IToken } from 'chevrotain';
import { type Lexed, lex } from '../../grammar/lexer.ts';
import { isOdd } from './lexical.ts';
import { firstFrom } from './token.ts';

interface Own {
  readonly tokens: IToken[];
  readonly comments: IToken[];
  readonly foreignComments: readonly IToken[];
  readonly unknown: IToken[];
  /** Of the tokens, those about which a mistake may be reported. */
  readonly odd: IToken[];
}

/** Where the tokens of a text differ from those of the text before: by index, past which the others moved. */
export interface Change {
  readonly start: number;
  readonly end: number;
  /** How many more there are. */
  readonly delta: number;
  /** Whether the tokens that were there have the types of the new ones and are at the places of their lines, and no comment is near. */
  readonly alike: boolean;
}

/** As `Lexed`. */
export interface Relexed extends Lexed {
  readonly odd: readonly IToken[];
}

export class Relexer {
  #text: string | undefined;
  #lexed: Own | undefined;
  #change: Change | undefined;
  #texts = 0;

  /** Absent where all tokens may differ. */
  get change(): Change | undefined {
    return this.#change;
  }

  /** The tokens of a text, if it is the last that was read. */
  lexedOf(text: string): Lexed | undefined {
    return this.#text === text ? this.#lexed : undefined;
  }

  /** How many texts were read. */
  get texts(): number {
    return this.#texts;
  }

  /** The same as `lex`. The tokens of the text before are moved, and belong to this one from then on, as do the lists of them. */
  lex(text: string): Relexed {
    this.#texts++;
    this.#change = this.#text !== undefined && this.#lexed ? relex(this.#text, this.#lexed, text) : undefined;
    if (!this.#change) {
      const { tokens, comments, foreignComments, unknown } = lex(text);
      const odd = tokens.filter(isOdd);
      this.#lexed = { tokens: [...tokens], comments: [...comments], foreignComments, unknown: [...unknown], odd };
    }
    this.#text = text;
    return this.#lexed!;
  }
}

/** Changes the tokens to those of the new text. Not where one may go over several lines, or lines may end in several ways. */
function relex(before: string, lexed: Own, text: string): Change | undefined {
  if (lexed.foreignComments.length > 0 || before.includes('\r') || text.includes('\r')) return undefined;
  const most = Math.min(before.length, text.length);
  const same = sharedStart(before, text, most);
  const tail = sharedEnd(before, text, most - same);
  const start = same === 0 ? 0 : before.lastIndexOf('\n', same - 1) + 1;
  const nextLine = before.indexOf('\n', before.length - tail);
  const endBefore = nextLine === -1 ? before.length : nextLine;
  const delta = text.length - before.length;
  const end = endBefore + delta;

  const stretch = lex(copied(text.slice(start, end)));
  if (stretch.foreignComments.length > 0) return undefined;
  const fresh = { ...stretch, odd: stretch.tokens.filter(isOdd) };
  const line = countLines(text, 0, start);
  const lines = countLines(text, start, end) - countLines(before, start, endBefore);
  const first = firstFrom(lexed.tokens, start);
  const count = lexed.tokens.length;
  let alike = lines === 0;
  move(fresh.tokens, start, line, 0);
  for (const name of ['odd', 'tokens', 'comments', 'unknown'] as const) {
    const list = lexed[name];
    const from = firstFrom(list, start);
    const to = firstFrom(list, endBefore);
    // Odd tokens are among the tokens.
    if (name !== 'odd') move(list, delta, lines, to);
    if (name === 'comments' || name === 'unknown') move(fresh[name], start, line, 0);
    alike &&= name === 'tokens' ? areAlike(list, from, to, fresh.tokens) : from === to && fresh[name].length === 0;
    replace(list, from, to, fresh[name]);
  }
  return { start: first, end: first + fresh.tokens.length, delta: lexed.tokens.length - count, alike };
}

/** One by one where they are many: a call takes no hundred thousand arguments. */
function replace(list: IToken[], from: number, to: number, fresh: readonly IToken[]): void {
  if (fresh.length < 1000) {
    list.splice(from, to - from, ...fresh);
    return;
  }
  const rest = list.slice(to);
  list.length = from;
  for (const tokens of [fresh, rest]) for (const token of tokens) list.push(token);
}

/** Whether tokens have the same types, each on the line and, where it is the first there, at the column of the other. */
function areAlike(list: readonly IToken[], from: number, to: number, fresh: readonly IToken[]): boolean {
  if (to - from !== fresh.length) return false;
  return fresh.every((token, at) => {
    const other = list[from + at]!;
    const isFirst = at === 0 || fresh[at - 1]!.startLine !== token.startLine;
    const same = token.tokenTypeIdx === other.tokenTypeIdx && token.startLine === other.startLine;
    return same && (!isFirst || token.startColumn === other.startColumn);
  });
}

/** Texts are compared by stretches of this length first, which the engine does much quicker than letter by letter. */
const stretch = 1024;

/** How many characters two texts begin with alike. */
function sharedStart(before: string, text: string, most: number): number {
  let same = 0;
  while (same + stretch <= most && text.startsWith(before.slice(same, same + stretch), same)) same += stretch;
  while (same < most && before.charCodeAt(same) === text.charCodeAt(same)) same++;
  return same;
}

/** How many characters two texts end with alike. */
function sharedEnd(before: string, text: string, most: number): number {
  const [end, ends] = [before.length, text.length];
  let same = 0;
  while (same + stretch <= most && text.endsWith(before.slice(end - same - stretch, end - same), ends - same)) {
    same += stretch;
  }
  while (same < most && before.charCodeAt(end - 1 - same) === text.charCodeAt(ends - 1 - same)) same++;
  return same;
}

/** A stretch of a text that does not keep the whole of it in memory, as engines' own stretches do. */
export const copied = (stretch: string): string => ` ${stretch}`.slice(1);

function move(tokens: readonly IToken[], offset: number, lines: number, from: number): void {
  if (offset === 0 && lines === 0) return;
  for (let at = from; at < tokens.length; at++) {
    const token = tokens[at]!;
    token.startOffset += offset;
    token.endOffset! += offset;
    if (lines === 0) continue;
    token.startLine! += lines;
    token.endLine! += lines;
  }
}

function countLines(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
