/**
 * Declarations and entries that were read before are not read again: their nodes move to where they are now. For an editor,
 * whose text changes in one place at a time. What is read is the same as without.
 * Long because all ways to find, move and read a piece of one text share a few tables.
 */
import type { IToken } from 'chevrotain';
import * as t from '../../grammar/tokens.ts';
import { isSame } from '../kept/kept.ts';
import type { Source } from '../text/source.ts';
import type * as ast from './ast.ts';
import type { Builder } from './build.ts';
import type { DocText } from './docs.ts';
import type { Element } from './elements.ts';
import type { Range } from './layout.ts';
import { type EntryRule, entryRule, isColumns, type Rule, readStrictly } from './parsers.ts';
import { type Moving, movePiece, type Piece, type ReadFile, spansOf } from './piece.ts';
import { copied } from './relex.ts';
import { type Since, splitAgain } from './split_again.ts';
import { endOf, firstFrom, is } from './token.ts';

type Bodied = Extract<ast.Declaration, { readonly entries: unknown }>;

export type BodyEntry = ast.Entry | ast.TypedEntry | ast.TowerEntry | ast.SearchEntry | ast.Columns;

/** Texts after which what is not read any more is forgotten. */
const remembered = 16;

export class Pieces {
  /** By what they were read from. */
  readonly #known = new Map<string, Piece[]>();
  #text = 0;
  /** The last text of which all could be read. */
  last: ReadFile | undefined;

  /** For the next text. Nodes of the text before move, and belong to this one from then on. */
  reader(source: Source, all: readonly IToken[], docs: DocText, builder: Builder, since: Since): PieceReader {
    this.#text++;
    if (this.#text % remembered === 0) this.#forget();
    return new PieceReader(this, this.#known, this.#text, source, all, docs, builder, since);
  }

  #forget(): void {
    for (const [key, pieces] of this.#known) {
      const kept = pieces.filter(({ used }) => used > this.#text - remembered);
      for (const piece of kept) piece.next = undefined;
      if (kept.length === 0) this.#known.delete(key);
      else this.#known.set(key, kept);
    }
  }
}

export class PieceReader {
  /** What was read of this text, by where it begins: a declaration with a mistake has its entries asked for again. */
  readonly #here = new Map<number, Piece>();
  #noted: Element[] | undefined;

  constructor(
    private readonly pieces: Pieces,
    private readonly known: Map<string, Piece[]>,
    private readonly text: number,
    private readonly source: Source,
    /** All tokens of the text, as they are in it. */
    private readonly all: readonly IToken[],
    private readonly docs: DocText,
    private readonly builder: Builder,
    private readonly since: Since,
  ) {}

  /** All declarations; nothing where one of them has a mistake, or does not begin where it seems to. */
  file(ranges: readonly Range[]): ast.Declaration[] | undefined {
    const known = this.carried(ranges);
    const pieces: Piece[] = [];
    for (const [at, range] of ranges.entries()) {
      const piece = known[at] ?? this.declarationPiece(this.all, range);
      if (!piece) return undefined;
      pieces.push(piece);
    }
    this.pieces.last = { ranges, pieces, text: this.since.texts };
    return pieces.map(({ node }) => node as ast.Declaration);
  }

  /** Elements that are as they were: nothing else takes their pieces. */
  hold(elements: readonly Element[]): void {
    for (const { piece, start, body } of elements) {
      this.move(piece, this.all[start]!.startOffset);
      const known = piece.body;
      if (body === undefined || !known) continue;
      known.origin = start + body;
      known.text = this.since.texts;
      for (const [at, entry] of known.read.entries()) {
        this.move(entry, this.all[known.origin + known.places[at]!]!.startOffset);
      }
    }
  }

  /** Whether what is read from now on is noted. */
  note(notes: boolean): void {
    this.#noted = notes ? [] : undefined;
  }

  get noted(): readonly Element[] {
    return this.#noted ?? [];
  }

  /**
   * Declarations of which no token changed, by index: they are as they were, but for where they are. They come first, so that nothing
   * else takes their pieces.
   */
  private carried(ranges: readonly Range[]): readonly (Piece | undefined)[] {
    const { last } = this.pieces;
    const { change, texts } = this.since;
    const carried: Piece[] = [];
    if (!change || last?.text !== texts - 1) return carried;
    const { delta } = change;
    const most = Math.min(ranges.length, last.ranges.length);
    let at = 0;
    for (; at < most && isRange(ranges[at]!, last.ranges[at]!, 0) && ranges[at]![1] <= change.start; at++) {
      carried[at] = this.carry(last.pieces[at]!, ranges[at]!, 0);
    }
    for (let left = most - at, end = 1; left > 0; left--, end++) {
      const [now, before] = [ranges.length - end, last.ranges.length - end];
      const range = ranges[now]!;
      // A description of the first token after the change may be another.
      if (!isRange(range, last.ranges[before]!, delta) || range[0] <= change.end) break;
      carried[now] = this.carry(last.pieces[before]!, range, delta);
    }
    return carried;
  }

  private carry(piece: Piece, [first]: Range, delta: number): Piece {
    const { start } = piece;
    this.move(piece, this.all[first]!.startOffset);
    const { body } = piece;
    if (!body || body.text === this.since.texts) return piece;
    body.origin += delta;
    body.text = this.since.texts;
    for (const entry of body.read) this.shift(entry, entry.start + piece.start - start);
    return piece;
  }

  /** Nothing where it has a mistake, or its entries do not begin where they seem to. */
  declaration(tokens: readonly IToken[]): ast.Declaration | undefined {
    return this.declarationPiece(tokens, [0, tokens.length])?.node as ast.Declaration | undefined;
  }

  /** Of all of it; of one with entries the piece of its head, whose node has them. */
  private declarationPiece(tokens: readonly IToken[], [start, end]: Range): Piece | undefined {
    const rule = entryRule(tokens[start]);
    const last = tokens[end - 1]!;
    let open = start;
    while (open < end && tokens[open]!.tokenType !== t.LeftBrace) open++;
    if (rule === undefined || open === end || !is(last, t.RightBrace)) {
      return this.pieceOf('declaration', tokens, [start, end]);
    }
    const head = this.pieceOf('head', tokens, [start, open + 1], last);
    if (!head) return undefined;
    const entries = this.entriesOf(rule, tokens, [open + 1, end - 1], head);
    if (!entries) return undefined;
    const known = head.node as Bodied;
    (known.span as Moving).end = endOf(last);
    if (!isSame(known.entries, entries)) head.node = { ...known, entries };
    return head;
  }

  /** Nothing where it has a mistake. */
  entry(rule: EntryRule, tokens: readonly IToken[]): BodyEntry | undefined {
    return this.pieceOf(rule, tokens, [0, tokens.length])?.node as BodyEntry | undefined;
  }

  private entriesOf(
    rule: EntryRule,
    tokens: readonly IToken[],
    [start, end]: Range,
    head: Piece,
  ): readonly object[] | undefined {
    const before = tokens === this.all ? head.body : undefined;
    const { places, first, last } = splitAgain(tokens, start, end, rule, before, this.since);
    const count = places.length - 1;
    const pieces: (Piece | undefined)[] = new Array(count);
    if (before) {
      for (let at = 0; at < first; at++) pieces[at] = this.again(before.read[at]!, 0);
      const moved = before.read.length - last;
      const from = count - last;
      const delta = last === 0 ? 0 : tokens[start + places[from]!]!.startOffset - before.read[moved]!.start;
      for (let at = 0; at < last; at++) pieces[from + at] = this.again(before.read[moved + at]!, delta);
    }
    for (let at = 0; at < count; at++) {
      if (pieces[at]) continue;
      const [own, past] = [start + places[at]!, start + places[at + 1]!];
      const to = past - own > 1 && is(tokens[past - 1], t.Comma) ? past - 1 : past;
      const piece = this.entryPiece(rule, tokens, [own, to], pieces[at - 1]);
      if (!piece) return undefined;
      pieces[at] = piece;
    }
    const read = pieces as readonly Piece[];
    if (tokens === this.all) head.body = { origin: start, places, read, text: this.since.texts };
    return read.map(({ node }) => node);
  }

  /** @param before the entry before it, which knows what followed it in an earlier text */
  private entryPiece(
    rule: EntryRule,
    tokens: readonly IToken[],
    own: Range,
    before: Piece | undefined,
  ): Piece | undefined {
    const [first] = own;
    const kind = isColumns(rule, tokens[first], tokens[first + 1]) ? 'columns' : rule;
    const piece = this.pieceOf(kind, tokens, own, undefined, before?.next);
    if (before && piece) before.next = piece;
    return piece;
  }

  /** An entry of the same tokens and descriptions as in the text before; nothing where another has its piece. */
  private again(piece: Piece, delta: number): Piece | undefined {
    const start = piece.start + delta;
    if (!this.isFree(piece, start)) return undefined;
    this.shift(piece, start);
    return piece;
  }

  /**
   * @param close of a declaration of which only the head is read
   * @param expected tried first: what followed the entry before, in an earlier text
   */
  private pieceOf(
    rule: Piece['rule'],
    tokens: readonly IToken[],
    range: Range,
    close?: IToken,
    expected?: Piece,
  ): Piece | undefined {
    const start = tokens[range[0]]!.startOffset;
    const doc = this.docs.get(start);
    const written = tokens === this.all || this.isWritten(tokens, range);
    const end = endOf(tokens[range[1] - 1]!);
    if (!written) return this.readPiece(rule, tokens, range, close, '', doc);
    const here = this.#here.get(start);
    if (here && here.rule === rule && here.doc === doc && here.text.length === end - start)
      return this.noting(here, range, tokens);
    const text = this.source.text.slice(start, end);
    if (expected && this.isSame(expected, rule, text, doc, start))
      return this.noting(this.move(expected, start), range, tokens);
    const free = this.known.get(text)?.find((piece) => this.isSame(piece, rule, text, doc, start));
    if (free) return this.noting(this.move(free, start), range, tokens);
    const piece = this.readPiece(rule, tokens, range, close, text, doc);
    if (!piece) return undefined;
    this.remember(piece);
    return this.noting(piece, range, tokens);
  }

  private noting(piece: Piece, [start, end]: Range, tokens: readonly IToken[]): Piece {
    const { rule } = piece;
    if (!this.#noted || rule === 'head' || rule === 'columns' || rule === 'file') return piece;
    const from = firstFrom(this.all, tokens[start]!.startOffset);
    this.#noted.push({ start: from, end: from + end - start, isEntry: rule !== 'declaration', piece });
    return piece;
  }

  private readPiece(
    rule: Piece['rule'],
    tokens: readonly IToken[],
    range: Range,
    close: IToken | undefined,
    text: string,
    doc: string | undefined,
  ): Piece | undefined {
    const start = tokens[range[0]]!.startOffset;
    const part = tokens.slice(...range);
    const node = rule === 'head' ? this.read('declaration', [...part, close!]) : this.read(rule, part);
    if (!node) return undefined;
    const own = copied(text);
    const { source } = this;
    return { node, spans: spansOf(node), rule, text: own, doc, source, start, used: this.text, next: undefined };
  }

  private remember(piece: Piece): void {
    this.#here.set(piece.start, piece);
    const known = this.known.get(piece.text);
    if (known) known.push(piece);
    else this.known.set(piece.text, [piece]);
  }

  /** Of the same words, and not read at another place of this text already. */
  private isSame(piece: Piece, rule: Piece['rule'], text: string, doc: string | undefined, start: number): boolean {
    return this.isFree(piece, start) && piece.rule === rule && piece.doc === doc && piece.text === text;
  }

  private isFree(piece: Piece, start: number): boolean {
    return piece.used !== this.text || piece.start === start;
  }

  private read(rule: Rule, tokens: readonly IToken[]): object | undefined {
    const reading = readStrictly(rule, tokens);
    if (!('node' in reading)) return undefined;
    const { builder } = this;
    switch (rule) {
      case 'typedEntry':
        return builder.typedEntry(reading.node);
      case 'towerEntry':
        return builder.towerEntry(reading.node);
      case 'searchEntry':
        return builder.searchEntry(reading.node);
      case 'columns':
        return builder.columns(reading.node);
      case 'entry':
      case 'dataEntry':
        return builder.entry(reading.node);
      default:
        return builder.declaration(reading.node);
    }
  }

  /** Whether the text has exactly these tokens: none is left out or made up. */
  private isWritten(tokens: readonly IToken[], [start, end]: Range): boolean {
    const from = firstFrom(this.all, tokens[start]!.startOffset) - start;
    for (let at = start; at < end; at++) if (tokens[at] !== this.all[from + at]) return false;
    return true;
  }

  private move(piece: Piece, start: number): Piece {
    this.#here.set(start, piece);
    this.shift(piece, start);
    return piece;
  }

  private shift(piece: Piece, start: number): void {
    if (piece.used === this.text) return;
    piece.used = this.text;
    movePiece(piece, this.source, start);
  }
}

const isRange = ([start, end]: Range, [from, to]: Range, delta: number): boolean =>
  start === from + delta && end === to + delta;
