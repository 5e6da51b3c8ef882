/**
 * Reading a text that has mistakes in it. The text is cut where declarations begin, and a declaration that has a mistake where
 * its entries begin, so that each mistake stays where it is made; a known mistake is corrected and reading goes on.
 * Long because a declaration, its entries and what is lost between them share one reading of the tokens.
 */
import type { CstNode, IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import { likest } from '../../base/text/nearest.ts';
import type { Source, Span } from '../../base/text/source.ts';
import { isTerm, meaningOf } from '../../base/text/synonyms.ts';
import type * as ast from './ast.ts';
import { balance } from './braces.ts';
import type { Builder } from './build.ts';
import { type Collector, movingCodes } from './collector.ts';
import { correct } from './correct.ts';
import {
  declarationWords,
  looksLikeDeclaration,
  missingWord,
  namesEnd,
  splitDeclarations,
  splitEntries,
} from './layout.ts';
import { type Complaint, type EntryRule, entryRule, isColumns, readStrictly } from './parsers.ts';
import { after, endOf, insertedBefore, is, isAny, replaced, spanOf } from './token.ts';
import { expected, found, quote } from './words.ts';

type BodyEntry = ast.EntryNode | ast.TypedEntryNode | ast.TowerEntryNode | ast.SearchEntryNode | ast.ColumnsNode;

/** Mistakes corrected in one entry, before the rest of it is given up. */
const mostCorrections = 8;

export interface Recovered {
  readonly declarations: ast.DeclarationNode[];
  readonly lost: ast.UnreadPart[];
  /** Stretches whose reading is a guess. */
  readonly doubtful: Span[];
}

export class Recovery {
  private readonly lost: ast.UnreadPart[] = [];
  private readonly doubtful: Span[] = [];
  /** Whether a brace of the declaration at hand is missing or one too many: what is in its place says nothing. */
  private braced = false;
  /** The first word of the declaration at hand. */
  private declaring: IToken | undefined;

  constructor(
    private readonly source: Source,
    private readonly builder: Builder,
    private readonly collector: Collector,
    /** All tokens of the file: what a mistake at the end of an entry is followed by. */
    private readonly all: readonly IToken[],
  ) {}

  read(): Recovered {
    const declarations: ast.DeclarationNode[] = [];
    const parts = splitDeclarations(balance(this.source, this.all, this.collector.report));
    for (const [index, part] of parts.entries()) {
      if (this.collector.full) break;
      const end = parts[index + 1]?.[0]?.startOffset ?? this.source.text.length;
      this.braced = this.collector.missesBrace(part[0]!.startOffset, end);
      this.doubtMisled(part, end);
      const declaration = this.declaration(part);
      if (declaration) declarations.push(declaration);
      else this.lose(part, part[0]);
    }
    return { declarations, lost: this.lost, doubtful: this.doubtful };
  }

  /** What brackets and strange signs leave open: of the head and of each entry that has one. */
  private doubtMisled(part: readonly IToken[], end: number): void {
    const { collector } = this;
    const [first] = part;
    if (!collector.misleads(first!.startOffset, end)) return;
    this.declaring = first;
    const open = part.findIndex((token) => is(token, t.LeftBrace));
    const body = open === -1 ? [] : part.slice(open + 1, closeOf(part, open));
    if (collector.misleads(...this.stretch(part))) this.doubt(part);
    for (const entry of splitEntries(body, entryRule(first))) {
      if (collector.misleads(...this.stretch(entry))) this.doubt(entry);
    }
    // A block may have lost its head: its entries then seem to be of the declaration around it.
    if (collector.knows(endOf(part.at(-1)!), end)) this.lost.push({ within: first!.image });
  }

  private declaration(part: readonly IToken[]): ast.DeclarationNode | undefined {
    const tokens = this.firstWord(part);
    if (tokens === undefined) return undefined;
    this.declaring = tokens[0];
    const whole = readStrictly('declaration', tokens);
    if ('node' in whole) return this.builder.declaration(whole.node);
    const open = tokens.findIndex((token) => is(token, t.LeftBrace));
    if (open === -1) return this.corrected('declaration', tokens, (node) => this.builder.declaration(node));

    const rule = entryRule(tokens[0]);
    if (rule === undefined) return this.bodiless(tokens, open);
    const close = closeOf(tokens, open);
    const outside = [...tokens.slice(0, open + 1), ...tokens.slice(close)];
    const declaration = this.corrected('declaration', outside, (node) => this.builder.declaration(node));
    const entries = this.entries(rule, tokens.slice(open + 1, close), tokens[0]!);
    if (declaration === undefined || !('entries' in declaration)) return declaration;
    return { ...declaration, span: this.spanOfAll(tokens), entries } as unknown as ast.DeclarationNode;
  }

  /** `model m { … }`: a body where none belongs. The word that it belongs to may be missing. */
  private bodiless(tokens: readonly IToken[], open: number): ast.DeclarationNode | undefined {
    const at = spanOf(this.source, tokens[open]!);
    const wanted = '`features`, `labels` or `train` before it';
    this.collector.report(diagnose('unexpected-text', at, { expected: wanted, found: '`{`' }));
    return this.corrected('declaration', tokens.slice(0, open), (node) => this.builder.declaration(node));
  }

  private entries(rule: EntryRule, tokens: readonly IToken[], word: IToken): BodyEntry[] {
    const read: BodyEntry[] = [];
    for (const part of splitEntries(tokens, rule)) {
      if (this.collector.full) break;
      const own = part.length > 1 && is(part.at(-1), t.Comma) ? part.slice(0, -1) : part;
      const entry = this.entry(rule, own);
      if (entry) read.push(entry);
      else this.lose(own, word);
    }
    return read;
  }

  private entry(rule: EntryRule, tokens: readonly IToken[]): BodyEntry | undefined {
    switch (rule) {
      case 'typedEntry':
        return this.corrected(rule, tokens, (node) => this.builder.typedEntry(node));
      case 'towerEntry':
        return this.corrected(rule, tokens, (node) => this.builder.towerEntry(node));
      case 'searchEntry':
        return this.corrected(rule, tokens, (node) => this.builder.searchEntry(node));
      case 'dataEntry':
        if (isColumns(rule, tokens[0], tokens[1])) return this.columns(tokens);
        return this.corrected(rule, tokens, (node) => this.builder.entry(node));
      default:
        return this.corrected(rule, tokens, (node) => this.builder.entry(node));
    }
  }

  private columns(tokens: readonly IToken[]): ast.ColumnsNode | undefined {
    const close = closeOf(tokens, 1);
    const outside = [...tokens.slice(0, 2), ...tokens.slice(close)];
    const columns = this.corrected('columns', outside, (node) => this.builder.columns(node));
    const entries = this.entries('entry', tokens.slice(2, close), tokens[0]!);
    return columns && { ...columns, span: this.spanOfAll(tokens), entries: entries as ast.EntryNode[] };
  }

  /** The tokens with a first word that begins a declaration, or nothing. */
  private firstWord(tokens: readonly IToken[]): readonly IToken[] | undefined {
    const first = tokens[0]!;
    if (isAny(first, declarationWords)) return tokens;
    const at = spanOf(this.source, first);
    // What goes too deep is left out, and this is what is left of it.
    if (!isFirstOnLine(this.source, first) && is(first, t.Equals)) return undefined;
    const missing = missingWord(tokens);
    if (missing !== undefined && (missing === t.Tower || !this.misspelt(first))) {
      const image = missing.PATTERN as string;
      const before = { source: this.source, start: first.startOffset, end: first.startOffset };
      const facts = { sign: `\`${image}\``, before: quote(first.image) };
      this.complain(tokens, () =>
        diagnose('missing-sign', at, facts, { fixes: [[{ at: before, text: `${image} ` }]] }),
      );
      return [insertedBefore(missing, image, first), ...tokens];
    }
    const home = homeOf(tokens);
    if (home !== undefined) {
      const entry = tokens.slice(0, 3).map((token) => token.image);
      const image =
        is(tokens[1], t.Colon) || is(tokens[1], t.Comma)
          ? `${entry[0]}: …`
          : `${entry.slice(0, is(first, t.Channel) ? 2 : 1).join(' ')} = …`;
      this.complain(tokens, () => diagnose('misplaced-entry', at, { entry: image, home }));
      return undefined;
    }
    const fitting = [...words].filter(([image, type]) =>
      looksLikeDeclaration([replaced(first, type, image), ...tokens.slice(1, 4)], 0),
    );
    const candidates = fitting.length > 0 ? fitting.map(([image]) => image) : words.keys();
    const meaning = is(first, t.Name) ? meaningOf(first.image, 'declaration', candidates) : undefined;
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

  /** A word that is nearly one that begins declarations. */
  private misspelt(token: IToken): boolean {
    return is(token, t.Name) && likest(token.image, words.keys()) !== undefined;
  }

  /** Read, correct, read again; nothing after a mistake that no correction knows. */
  private corrected<T>(
    rule: 'declaration' | EntryRule,
    tokens: readonly IToken[],
    build: (node: CstNode) => T | undefined,
  ): T | undefined {
    let input = tokens;
    // What was guessed before may have misled the reader; a mistake with its fix has not.
    let misled = this.collector.misleads(...this.stretch(tokens));
    for (let round = 0; ; round++) {
      const reading = readStrictly(rule, input);
      if ('node' in reading) return build(reading.node);
      const corrected = round < mostCorrections ? correct(this.source, input, reading.complaint, rule) : undefined;
      const certain =
        corrected?.diagnostic !== undefined && corrected.diagnostic.fixes.length > 0 && !corrected.diagnostic.doubtful;
      if (certain && !misled) this.collector.report(corrected.diagnostic!);
      // The tree leaves out a name that was moved, and brackets part things otherwise.
      const moves = corrected?.diagnostic !== undefined && movingCodes.has(corrected.diagnostic.code);
      if (certain && moves) this.doubt(tokens);
      if (!certain) {
        misled ||= moves;
        this.complain(input, () => corrected?.diagnostic ?? this.word(input, reading.complaint));
        this.doubt(tokens);
      }
      if (corrected === undefined || corrected.tokens.length === 0) return undefined;
      input = corrected.tokens;
    }
  }

  private doubt(tokens: readonly IToken[]): void {
    const [start, end] = this.stretch(tokens);
    this.doubtful.push({ source: this.source, start, end });
    // What a tower lets in, or hands on, may have been a part of it.
    if (is(this.declaring, t.Tower) || tokens[0] === this.declaring) this.lost.push({ within: this.declaring!.image });
  }

  /** One complaint where nothing else has been reported in these tokens: the first is the cause of the others. */
  private complain(tokens: readonly IToken[], diagnostic: () => ReturnType<typeof diagnose>): void {
    if (!this.knows(tokens) && !this.braced) this.collector.report(diagnostic());
  }

  private knows(tokens: readonly IToken[]): boolean {
    return this.collector.knows(...this.stretch(tokens));
  }

  /** Where tokens are; those of a declaration, up to its body. */
  private stretch(tokens: readonly IToken[]): [start: number, end: number] {
    const open = tokens.findIndex((token) => is(token, t.LeftBrace));
    const last = open > 0 ? tokens[open - 1]! : tokens.at(-1)!;
    return [tokens[0]!.startOffset, endOf(last)];
  }

  private word(tokens: readonly IToken[], complaint: Complaint) {
    const here = tokens[complaint.index];
    const previous = tokens[complaint.index - 1];
    const next = here ?? this.following(previous);
    const at = here ? spanOf(this.source, here) : previous ? after(this.source, previous) : undefined;
    const isDomain = complaint.rule === 'range' || (complaint.rule === 'searchEntry' && is(previous, t.Colon));
    if (isDomain && complaint.expected !== t.Name) {
      const wanted = '`one of` with choices, or a range such as `0.1 .. 0.5`';
      return diagnose('unexpected-text', at, { expected: wanted, found: found(next, previous) });
    }
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

  /** @param word that begins the declaration which it is, or is in */
  private lose(tokens: readonly IToken[], word: IToken | undefined): void {
    const [first, second] = tokens;
    const whole = first === word && isAny(first, declarationWords);
    const at = whole && is(first, t.Shared) ? 2 : whole || (is(first, t.Channel) && is(second, t.Name)) ? 1 : 0;
    // What begins with a word of its own and has a body may declare anything.
    const named = is(tokens[at], t.Name) && !(first === word && at === 0 && !isAny(second, [t.Equals, t.Colon]));
    const within = isAny(word, declarationWords) ? { within: word!.image } : {};
    // `a, b : …` loses each of its names.
    const names = named ? tokens.slice(at, namesEnd(tokens, at)).filter((token) => is(token, t.Name)) : [];
    for (const { image } of names) this.lost.push({ name: image, ...within });
    if (names.length === 0) this.lost.push(within);
  }
}

const words = new Map(declarationWords.map((word) => [word.PATTERN as string, word]));
const wordList = [...words.keys()].map((word) => `\`${word}\``).join(', ');

/** What an entry that is alone should be inside of. */
function homeOf(tokens: readonly IToken[]): string | undefined {
  if (is(tokens[0], t.Channel) && is(tokens[1], t.Name)) return '`tower NAME(…) { … }`';
  if (!is(tokens[0], t.Name)) return undefined;
  if (is(tokens[namesEnd(tokens, 0)], t.Colon)) return '`features { … }` or `labels { … }`';
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

function isFirstOnLine({ text }: Source, { startOffset }: IToken): boolean {
  return text.slice(text.lastIndexOf('\n', startOffset - 1) + 1, startOffset).trim() === '';
}
