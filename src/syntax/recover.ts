/**
 * Reading a text that has mistakes in it. The text is cut where declarations begin, and a declaration that has a mistake where
 * its entries begin, so that each mistake stays where it is made; a known mistake is mended and reading goes on.
 */
import type { CstNode, IToken } from 'chevrotain';
import * as t from '../../grammar/tokens.ts';
import type { Code } from '../diagnostics/codes.ts';
import { diagnose } from '../diagnostics/diagnostic.ts';
import { likest } from '../text/nearest.ts';
import type { Source, Span } from '../text/source.ts';
import { isTerm, meaningOf } from '../text/synonyms.ts';
import type * as ast from './ast.ts';
import { balance } from './brackets.ts';
import type { Builder } from './build.ts';
import type { Collector } from './collector.ts';
import type { Complaint } from './complaint.ts';
import { declarationWords, splitDeclarations, splitEntries } from './layout.ts';
import { mend } from './mend.ts';
import { type EntryRule, entryRule, isColumns, readForgivingly, readStrictly } from './parsers.ts';
import type { BodyEntry, PieceReader } from './pieces.ts';
import { after, endOf, is, isAny, replaced, spanOf } from './token.ts';
import { expected, found, quote } from './words.ts';

/** Mistakes mended in one entry, before the rest of it is given up. */
const mostMends = 8;

export interface Recovered {
  readonly declarations: ast.Declaration[];
  /** Names whose declaration could not be read. */
  readonly lost: string[];
}

export class Recovery {
  private readonly lost: string[] = [];

  constructor(
    private readonly source: Source,
    private readonly builder: Builder,
    private readonly collector: Collector,
    /** All tokens of the file: what a mistake at the end of an entry is followed by. */
    private readonly all: readonly IToken[],
    /** What was read before, where this is not the first text. */
    private readonly pieces?: PieceReader,
  ) {}

  read(): Recovered {
    const balanced = balance(this.source, this.all, this.collector.report);
    const declarations: ast.Declaration[] = [];
    for (const part of splitDeclarations(balanced)) {
      if (this.collector.full) break;
      const declaration = this.declaration(part);
      if (declaration) declarations.push(declaration);
      else this.lose(part);
    }
    return { declarations, lost: this.lost };
  }

  private declaration(part: readonly IToken[]): ast.Declaration | undefined {
    const tokens = this.firstWord(part);
    if (tokens === undefined) return undefined;
    const known = this.pieces?.declaration(tokens);
    if (known) return known;
    if (!this.pieces?.refuses(tokens[0])) {
      const whole = readStrictly('declaration', tokens);
      if ('node' in whole) return this.builder.declaration(whole.node);
    }
    const open = tokens.findIndex((token) => is(token, t.LeftBrace));
    if (open === -1) return this.mended('declaration', tokens, (node) => this.builder.declaration(node));

    const rule = entryRule(tokens[0]);
    if (rule === undefined) return this.bodiless(tokens, open);
    const close = closeOf(tokens, open);
    const outside = [...tokens.slice(0, open + 1), ...tokens.slice(close)];
    const declaration = this.mended('declaration', outside, (node) => this.builder.declaration(node));
    const entries = this.entries(rule, tokens.slice(open + 1, close));
    if (declaration === undefined || !('entries' in declaration)) return declaration;
    return { ...declaration, span: this.spanOfAll(tokens), entries } as unknown as ast.Declaration;
  }

  /** `model m { … }`: a body where none belongs. The word that it belongs to may be missing. */
  private bodiless(tokens: readonly IToken[], open: number): ast.Declaration | undefined {
    const at = spanOf(this.source, tokens[open]!);
    const wanted = '`features`, `labels` or `train` before it';
    this.collector.report(diagnose('unexpected-text', at, { expected: wanted, found: '`{`' }));
    return this.mended('declaration', tokens.slice(0, open), (node) => this.builder.declaration(node));
  }

  private entries(rule: EntryRule, tokens: readonly IToken[]): BodyEntry[] {
    const read: BodyEntry[] = [];
    for (const part of splitEntries(tokens)) {
      if (this.collector.full) break;
      const own = part.length > 1 && is(part.at(-1), t.Comma) ? part.slice(0, -1) : part;
      const entry = this.entry(rule, own);
      if (entry) read.push(entry);
      else this.lose(own);
    }
    return read;
  }

  private entry(rule: EntryRule, tokens: readonly IToken[]): BodyEntry | undefined {
    const known = this.pieces?.entry(rule, tokens);
    if (known) return known;
    switch (rule) {
      case 'typedEntry':
        return this.mended(rule, tokens, (node) => this.builder.typedEntry(node));
      case 'towerEntry':
        return this.mended(rule, tokens, (node) => this.builder.towerEntry(node));
      case 'dataEntry':
        if (isColumns(rule, tokens[0], tokens[1])) return this.columns(tokens);
        return this.mended(rule, tokens, (node) => this.builder.entry(node));
      default:
        return this.mended(rule, tokens, (node) => this.builder.entry(node));
    }
  }

  private columns(tokens: readonly IToken[]): ast.Columns | undefined {
    const close = closeOf(tokens, 1);
    const outside = [...tokens.slice(0, 2), ...tokens.slice(close)];
    const columns = this.mended('columns', outside, (node) => this.builder.columns(node));
    const entries = this.entries('entry', tokens.slice(2, close));
    return columns && { ...columns, span: this.spanOfAll(tokens), entries: entries as ast.Entry[] };
  }

  /** The tokens with a first word that begins a declaration, or nothing. */
  private firstWord(tokens: readonly IToken[]): readonly IToken[] | undefined {
    const first = tokens[0]!;
    if (isAny(first, declarationWords)) return tokens;
    const at = spanOf(this.source, first);
    const home = homeOf(tokens);
    if (home !== undefined) {
      const entry = tokens.slice(0, 3).map((token) => token.image);
      const image = is(tokens[1], t.Colon)
        ? `${entry[0]}: …`
        : `${entry.slice(0, is(first, t.Channel) ? 2 : 1).join(' ')} = …`;
      this.complain(tokens, () => diagnose('misplaced-entry', at, { entry: image, home }));
      return undefined;
    }
    const meaning = is(first, t.Name) ? meaningOf(first.image, 'declaration', words.keys()) : undefined;
    const likely = is(first, t.Name) ? likest(first.image, words.keys()) : undefined;
    const image = likely?.sure ? likely.name : (meaning?.write ?? (meaning ? undefined : likely?.name));
    const type = image === undefined ? undefined : words.get(image);
    if (is(first, t.Name)) {
      const fixes = image === undefined ? [] : [[{ at, text: image }]];
      const facts = { word: first.image, nearest: image, advice: meaning?.advice, words: wordList };
      const doubtful = !likely?.sure || isTerm(first.image);
      this.complain(tokens, () => diagnose('unknown-declaration', at, facts, { fixes, doubtful }));
    } else {
      this.complain(tokens, () =>
        diagnose('unexpected-text', at, { expected: 'a declaration', found: found(first, undefined) }),
      );
    }
    return type && [replaced(first, type, image!), ...tokens.slice(1)];
  }

  /** Read, mend, read again. After a mistake that no mend knows, whatever the parser itself can save. */
  private mended<T>(
    rule: 'declaration' | EntryRule,
    tokens: readonly IToken[],
    build: (node: CstNode) => T | undefined,
  ): T | undefined {
    let input = tokens;
    const misled = this.knows(tokens, bracketCodes);
    for (let round = 0; ; round++) {
      const reading = readStrictly(rule, input);
      if ('node' in reading) return build(reading.node);
      const mended = round < mostMends ? mend(this.source, input, reading.complaint) : undefined;
      if (mended === undefined) {
        if (round === 0) this.complain(input, () => this.word(input, reading.complaint));
        const saved = readForgivingly(rule, input);
        return saved && build(saved);
      }
      if (!misled) this.collector.report(mended.diagnostic);
      input = mended.tokens;
    }
  }

  /** One complaint where nothing else has been reported in these tokens: the first is the cause of the others. */
  private complain(tokens: readonly IToken[], diagnostic: () => ReturnType<typeof diagnose>): void {
    if (!this.knows(tokens)) this.collector.report(diagnostic());
  }

  /** Whether a mistake has been told in these tokens; of a declaration's, up to its body. */
  private knows(tokens: readonly IToken[], codes?: ReadonlySet<Code>): boolean {
    const open = tokens.findIndex((token) => is(token, t.LeftBrace));
    const last = open > 0 ? tokens[open - 1]! : tokens.at(-1)!;
    return this.collector.knows(tokens[0]!.startOffset, endOf(last), codes);
  }

  private word(tokens: readonly IToken[], complaint: Complaint) {
    const here = tokens[complaint.index];
    const previous = tokens[complaint.index - 1];
    const next = here ?? this.following(previous);
    const at = here ? spanOf(this.source, here) : previous ? after(this.source, previous) : undefined;
    if (complaint.because === 'no-alternative' && previous) {
      const what = is(previous, t.Arrow) ? 'a step' : 'a value';
      return diagnose('missing-part', spanOf(this.source, previous), { what, after: quote(previous.image) });
    }
    if (complaint.expected === t.Name && here === undefined && previous) {
      const what = expected(t.Name, complaint.rule);
      return diagnose('missing-part', spanOf(this.source, previous), { what, after: quote(previous.image) });
    }
    const wanted =
      complaint.because === 'left-over'
        ? complaint.rule === 'declaration'
          ? 'the next declaration'
          : 'the next entry'
        : complaint.expected
          ? expected(complaint.expected, complaint.rule)
          : 'a value';
    return diagnose('unexpected-text', at, { expected: wanted, found: found(next, previous) });
  }

  private following(previous: IToken | undefined): IToken | undefined {
    return this.all.find((token) => token.startOffset >= (previous ? endOf(previous) : 0));
  }

  private spanOfAll(tokens: readonly IToken[]): Span {
    return { source: this.source, start: tokens[0]!.startOffset, end: endOf(tokens.at(-1)!) };
  }

  private lose(tokens: readonly IToken[]): void {
    const name = isAny(tokens[1], [t.Equals, t.Colon]) ? tokens[0] : is(tokens[1], t.Name) ? tokens[1] : undefined;
    if (is(name, t.Name)) this.lost.push(name!.image);
  }
}

/** After one of these, what else looks wrong in the same entry may only follow from it. */
const bracketCodes: ReadonlySet<Code> = new Set<Code>([
  'unclosed',
  'unopened',
  'wrong-bracket',
  'missing-brace',
  'too-deep',
]);

const words = new Map(declarationWords.map((word) => [word.PATTERN as string, word]));
const wordList = [...words.keys()].map((word) => `\`${word}\``).join(', ');

/** What an entry that stands alone should be inside of. */
function homeOf(tokens: readonly IToken[]): string | undefined {
  if (is(tokens[0], t.Channel) && is(tokens[1], t.Name)) return '`tower NAME(…) { … }`';
  if (!is(tokens[0], t.Name)) return undefined;
  if (is(tokens[1], t.Colon)) return '`features { … }` or `labels { … }`';
  return is(tokens[1], t.Equals)
    ? '`tower NAME(…) { … }`, `task NAME { … }`, `train { … }` or `data NAME { … }`'
    : undefined;
}

/** Index of the bracket that closes the one at `open`; the tokens are balanced. */
function closeOf(tokens: readonly IToken[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (is(tokens[at], t.LeftBrace)) depth++;
    else if (is(tokens[at], t.RightBrace) && --depth === 0) return at;
  }
  return tokens.length;
}
