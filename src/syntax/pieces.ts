/**
 * Declarations and entries that were read before are not read again: their nodes move to where they stand now. For an editor,
 * whose text changes in one place at a time. What is read is the same as without.
 */
import type { IToken } from 'chevrotain';
import * as t from '../../grammar/tokens.ts';
import type { Source, Span } from '../text/source.ts';
import type * as ast from './ast.ts';
import type { Builder } from './build.ts';
import { declarationRanges, entryRanges, type Range } from './layout.ts';
import { type EntryRule, entryRule, isColumns, type Rule, readStrictly } from './parsers.ts';
import { copied } from './relex.ts';
import { endOf, is } from './token.ts';

type Moving = { -readonly [K in keyof Span]: Span[K] };

/** A node, its places apart from those of its parts, and its parts. */
interface Piece {
  readonly node: object;
  readonly spans: readonly Moving[];
  readonly parts: readonly Part[];
  /** What it was read from. */
  readonly rule: Rule;
  readonly text: string;
  readonly doc: string | undefined;
  /** Where it begins now. */
  start: number;
  /** The last text it was read in. */
  used: number;
  /** What was read after it. */
  next?: Piece;
}

interface Part {
  readonly piece: Piece;
  /** Where it begins, from where the whole begins. */
  readonly offset: number;
}

type New = Pick<Piece, 'node' | 'parts'>;

export type BodyEntry = ast.Entry | ast.TypedEntry | ast.TowerEntry | ast.Columns;

/** Texts after which what is not read any more is forgotten. */
const remembered = 16;

export class Pieces {
  /** By what they were read from. */
  readonly #known = new Map<string, Piece[]>();
  #text = 0;

  /** For the next text. Nodes of the text before move, and belong to this one from then on. */
  reader(source: Source, all: readonly IToken[], docs: ReadonlyMap<number, string>, builder: Builder): PieceReader {
    this.#text++;
    if (this.#text % remembered === 0) this.#forget();
    return new PieceReader(this.#known, this.#text, source, all, docs, builder);
  }

  #forget(): void {
    for (const [key, pieces] of this.#known) {
      const kept = pieces.filter(({ used }) => used > this.#text - remembered);
      for (const piece of kept) delete piece.next;
      if (kept.length === 0) this.#known.delete(key);
      else this.#known.set(key, kept);
    }
  }
}

export class PieceReader {
  /** Where declarations begin that the grammar refuses, too. */
  readonly #refused = new Set<number>();

  constructor(
    private readonly known: Map<string, Piece[]>,
    private readonly text: number,
    private readonly source: Source,
    /** All tokens of the text, as they stand in it. */
    private readonly all: readonly IToken[],
    private readonly docs: ReadonlyMap<number, string>,
    private readonly builder: Builder,
  ) {}

  /** All declarations; nothing where one of them has a mistake, or does not begin where it seems to. */
  file(): ast.Declaration[] | undefined {
    const declarations: ast.Declaration[] = [];
    for (const range of declarationRanges(this.all)) {
      const piece = this.declarationPiece(range);
      if (!piece) return undefined;
      declarations.push(piece.node as ast.Declaration);
    }
    return declarations;
  }

  /** Whether the grammar refuses a declaration that was asked for, by itself or in `file`: it need not be asked again. */
  refuses(first?: IToken): boolean {
    return first === undefined ? this.#refused.size > 0 : this.#refused.has(first.startOffset);
  }

  /** Nothing where it has a mistake, or its entries do not begin where they seem to. */
  declaration(tokens: readonly IToken[]): ast.Declaration | undefined {
    const range = this.rangeOf(tokens);
    return range && (this.declarationPiece(range)?.node as ast.Declaration | undefined);
  }

  /** Nothing where it has a mistake. */
  entry(rule: EntryRule, tokens: readonly IToken[]): BodyEntry | undefined {
    const range = this.rangeOf(tokens);
    return range && (this.entryPiece(rule, range)?.node as BodyEntry | undefined);
  }

  private declarationPiece(range: Range): Piece | undefined {
    return this.pieceOf('declaration', range, undefined, () => this.newDeclaration(range));
  }

  private entryPiece(rule: EntryRule, range: Range, expected?: Piece): Piece | undefined {
    return this.pieceOf(rule, range, expected, () => {
      const node = this.read(rule, this.all.slice(...range));
      return node && { node, parts: [] };
    });
  }

  private newDeclaration([start, end]: Range): New | undefined {
    const { all } = this;
    const rule = entryRule(all[start]);
    let open = start;
    while (open < end && all[open]!.tokenType !== t.LeftBrace) open++;
    if (rule === undefined || open === end || !is(all[end - 1], t.RightBrace)) {
      const node = this.read('declaration', all.slice(start, end));
      return node && { node, parts: [] };
    }
    const head = this.read('declaration', [...all.slice(start, open + 1), all[end - 1]!]);
    if (!head) return undefined;
    const parts: Part[] = [];
    const from = all[start]!.startOffset;
    let before: Piece | undefined;
    for (const [first, past] of entryRanges(all, [open + 1, end - 1])) {
      const own: Range = [first, past - first > 1 && is(all[past - 1], t.Comma) ? past - 1 : past];
      const kind = isColumns(rule, all[first], all[first + 1]) ? 'columns' : rule;
      const piece = this.entryPiece(kind, own, before?.next);
      if (!piece) {
        // Whatever came before was read up to here, and no name goes on with a feature or a label that is whole.
        if (rule === 'typedEntry') this.#refused.add(from);
        return undefined;
      }
      if (before) before.next = piece;
      before = piece;
      parts.push({ piece, offset: piece.start - from });
    }
    return { node: { ...head, entries: parts.map(({ piece }) => piece.node) }, parts };
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
      case 'columns':
        return builder.columns(reading.node);
      case 'entry':
      case 'dataEntry':
        return builder.entry(reading.node);
      default:
        return builder.declaration(reading.node);
    }
  }

  /** @param expected tried first: what followed the entry before, in an earlier text */
  private pieceOf(
    rule: Rule,
    [first, past]: Range,
    expected: Piece | undefined,
    read: () => New | undefined,
  ): Piece | undefined {
    const start = this.all[first]!.startOffset;
    const end = endOf(this.all[past - 1]!);
    const doc = this.docs.get(start);
    const { text } = this.source;
    const isSame = (piece: Piece): boolean =>
      piece.text.length === end - start &&
      piece.rule === rule &&
      piece.doc === doc &&
      text.startsWith(piece.text, start) &&
      this.isFree(piece, start);
    if (expected && isSame(expected)) return this.move(expected, start);
    const slice = text.slice(start, end);
    const known = this.known.get(slice);
    const free = known?.find(isSame);
    if (free) return this.move(free, start);
    const found = read();
    if (!found) return undefined;
    const spans = spansOf(found.node, found.parts);
    const own = copied(slice);
    const piece: Piece = { ...found, spans, rule, text: own, doc, start, used: this.text };
    if (known) known.push(piece);
    else this.known.set(own, [piece]);
    return piece;
  }

  /** Where these tokens stand among the text's; nothing where one is left out or made up. */
  private rangeOf(tokens: readonly IToken[]): Range | undefined {
    const { all } = this;
    let low = 0;
    let high = all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (all[middle]!.startOffset < tokens[0]!.startOffset) low = middle + 1;
      else high = middle;
    }
    return tokens.every((token, at) => token === all[low + at]) ? [low, low + tokens.length] : undefined;
  }

  /** Not read at another place of this text already, nor any of its parts. */
  private isFree({ used, start, parts }: Piece, at: number): boolean {
    if (used === this.text && start !== at) return false;
    for (const { piece, offset } of parts) if (!this.isFree(piece, at + offset)) return false;
    return true;
  }

  private move(piece: Piece, start: number): Piece {
    if (piece.used === this.text) return piece;
    const delta = start - piece.start;
    for (const span of piece.spans) {
      span.source = this.source;
      span.start += delta;
      span.end += delta;
    }
    for (const { piece: part, offset } of piece.parts) this.move(part, start + offset);
    piece.start = start;
    piece.used = this.text;
    return piece;
  }
}

/** Every place in a node but those of its parts, each once. */
function spansOf(node: object, parts: readonly Part[]): readonly Moving[] {
  const within = new Set<unknown>(parts.map(({ piece }) => piece.node));
  const found = new Set<Moving>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || within.has(value)) return;
    if (Array.isArray(value)) value.forEach(visit);
    else if ('source' in value && 'start' in value) found.add(value as Moving);
    else for (const key in value) visit((value as Record<string, unknown>)[key]);
  };
  visit(node);
  return [...found];
}
