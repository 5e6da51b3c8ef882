/** What was read of a stretch of a text, and its places, which move with the text. */
import type { Source, Span } from '../text/source.ts';
import type { Range } from './layout.ts';
import type { Rule } from './parsers.ts';
import type { Body } from './split_again.ts';

export type Moving = { -readonly [K in keyof Span]: Span[K] };

/** A node, its places, and what it was read from. Entries are pieces of their own, and so is the head of what they are in. */
export interface Piece {
  /** Of a head the declaration, with the entries that it had last. */
  node: object;
  readonly spans: readonly Moving[];
  readonly rule: Rule | 'head';
  /** Empty where tokens were made up: nothing else is read from those. */
  readonly text: string;
  readonly doc: string | undefined;
  source: Source;
  /** Where it begins now. */
  start: number;
  /** The last text it was read in. */
  used: number;
  /** The entry that was read after it. */
  next: Piece | undefined;
  /** Of a head: the entries of its declaration, where all were read. */
  body?: Body<Piece>;
}

/** The declarations of a text of which all could be read. */
export interface ReadFile {
  readonly ranges: readonly Range[];
  /** Those of their heads, or of all of them. */
  readonly pieces: readonly Piece[];
  /** Which text it was. */
  readonly text: number;
}

/** Moves a piece to where it is now. Of an open document, which has one source, nothing before a change is written to. */
export function movePiece(piece: Piece, source: Source, start: number): void {
  const delta = start - piece.start;
  if (delta !== 0) {
    for (const span of piece.spans) {
      span.start += delta;
      span.end += delta;
    }
    piece.start = start;
  }
  if (piece.source === source) return;
  for (const span of piece.spans) span.source = source;
  piece.source = source;
}

/** Every place in a node, each once. */
export function spansOf(node: object): readonly Moving[] {
  const found = new Set<Moving>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) value.forEach(visit);
    else if ('source' in value && 'start' in value) found.add(value as Moving);
    else for (const key in value) visit((value as Record<string, unknown>)[key]);
  };
  visit(node);
  return [...found];
}
