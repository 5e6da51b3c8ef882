/** The tokens of a text that differs a little from the one before: only the lines that changed are read again. */
import type { IToken } from 'chevrotain';
import { type Lexed, lex } from '../../grammar/lexer.ts';
import { firstFrom } from './token.ts';

interface Own {
  readonly tokens: IToken[];
  readonly comments: IToken[];
  readonly foreignComments: readonly IToken[];
  readonly unknown: IToken[];
}

/** Where the tokens of a text differ from those of the text before: by index, past which the others moved. */
export interface Change {
  readonly start: number;
  readonly end: number;
  /** How many more there are. */
  readonly delta: number;
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

  /** How many texts were read. */
  get texts(): number {
    return this.#texts;
  }

  /** The same as `lex`. The tokens of the text before are moved, and belong to this one from then on, as do the lists of them. */
  lex(text: string): Lexed {
    this.#texts++;
    this.#change = this.#text !== undefined && this.#lexed ? relex(this.#text, this.#lexed, text) : undefined;
    if (!this.#change) {
      const { tokens, comments, foreignComments, unknown } = lex(text);
      this.#lexed = { tokens: [...tokens], comments: [...comments], foreignComments, unknown: [...unknown] };
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

  const fresh = lex(copied(text.slice(start, end)));
  if (fresh.foreignComments.length > 0) return undefined;
  const line = countLines(text, 0, start);
  const lines = countLines(text, start, end) - countLines(before, start, endBefore);
  const first = firstFrom(lexed.tokens, start);
  const count = lexed.tokens.length;
  for (const name of ['tokens', 'comments', 'unknown'] as const) {
    const list = lexed[name];
    const from = firstFrom(list, start);
    const to = firstFrom(list, endBefore);
    move(list, delta, lines, to);
    move(fresh[name], start, line, 0);
    list.splice(from, to - from, ...fresh[name]);
  }
  return { start: first, end: first + fresh.tokens.length, delta: lexed.tokens.length - count };
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
    token.startLine! += lines;
    token.endLine! += lines;
  }
}

function countLines(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
