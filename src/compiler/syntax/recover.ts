/**
 * Parses a text with errors. It splits the text into declarations, and a declaration with an error into entries, so that each error is confined to
 * its entry. A correctable error is corrected, and parsing continues. Long because a declaration, its entries and the lost parts between them share
 * one pass over the tokens.
 */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import type { Code } from '../../base/diagnostics/codes.ts';
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import { findNearestName } from '../../base/text/nearest.ts';
import { type Source, type Span, spanText } from '../../base/text/source.ts';
import { isTerm, meaningOf } from '../../base/text/synonyms.ts';
import type * as ast from './ast.ts';
import { balance } from './braces.ts';
import { correct } from './correct.ts';
import {
  declarationWords,
  isDeclarationWord,
  looksLikeDeclaration,
  looksLikeLine,
  missingWord,
  namesEnd,
  splitDeclarations,
  splitEntries,
  splitLines,
} from './layout.ts';
import {
  type EntryRule,
  entryRules,
  isColumns,
  type ParseError,
  type RuleTree,
  readStrictly,
  ruleOfLine,
} from './parsers.ts';
import {
  after,
  beginsLine,
  endOf,
  expected,
  found,
  imageOf,
  inserted,
  insertedBefore,
  is,
  isAny,
  quote,
  replaced,
  spanOf,
  writing,
} from './token.ts';

/** Maximum number of collected errors. */
const most = 50;

/** Collects errors. At the limit it becomes `full`, reports this once, and ignores further ones. */
export class DiagnosticCollector {
  readonly diagnostics: Diagnostic[] = [];
  full = false;

  constructor(private readonly source: Source) {}

  readonly report = (diagnostic: Diagnostic): void => {
    if (this.full) return;
    if (this.diagnostics.length < most) {
      this.diagnostics.push(diagnostic);
      return;
    }
    this.full = true;
    const reportedSpan = diagnostic.at ?? { source: this.source, start: 0, end: 0 };
    this.diagnostics.push(diagnose('too-many-mistakes', reportedSpan, { shown: most }));
  };

  /** True if an error in this range of the text has been reported. */
  knows(start: number, end: number, isMeant: (one: Diagnostic) => boolean = () => true): boolean {
    return this.diagnostics.some(
      (one) => one.at !== undefined && one.at.start < end && one.at.end >= start && isMeant(one),
    );
  }

  /** True if an error there has no certain fix or has moved a bracket, so that other errors may follow from it. */
  misleads(start: number, end: number): boolean {
    return this.knows(
      start,
      end,
      ({ code, fixes, severity, doubtful }) =>
        severity === 'error' && (fixes.length === 0 || doubtful === true || movingCodes.has(code)),
    );
  }

  /** True if a brace there is missing or surplus. */
  missesBrace(start: number, end: number): boolean {
    return this.knows(
      start,
      end,
      ({ at, code }) => code === 'missing-brace' || (movingCodes.has(code) && /^[{}]$/.test(spanText(at!))),
    );
  }
}

/** Errors of brackets are at guessed positions. */
const movingCodes: ReadonlySet<Code> = new Set<Code>([
  'unclosed',
  'unopened',
  'wrong-bracket',
  'missing-brace',
  'swapped-words',
  'too-deep',
]);

/** Maximum corrected errors in one entry, after which the rest is skipped. */
const mostCorrections = 8;

export interface RecoveredFile {
  readonly declarations: ast.DeclarationNode[];
  readonly lost: ast.UnreadPart[];
  /** Spans whose reading is a guess. */
  readonly doubtful: Span[];
}

export class Recovery {
  private readonly lost: ast.UnreadPart[] = [];
  private readonly doubtful: Span[] = [];
  /** True if a brace of the current declaration is missing or surplus, so that other errors in it are not reported. */
  private braced = false;
  /** The keyword of the current declaration. */
  private declaring: IToken | undefined;

  constructor(
    private readonly source: Source,
    private readonly docs: ReadonlyMap<number, string>,
    private readonly collector: DiagnosticCollector,
    /** All tokens of the file, to find the token after an error at the end of an entry. */
    private readonly all: readonly IToken[],
  ) {}

  read(): RecoveredFile {
    const declarations: ast.DeclarationNode[] = [];
    const declarationRuns = splitDeclarations(balance(this.source, this.all, this.collector.report));
    for (const [index, part] of declarationRuns.entries()) {
      if (this.collector.full) break;
      const partEnd = declarationRuns[index + 1]?.[0]?.startOffset ?? this.source.text.length;
      this.braced = this.collector.missesBrace(part[0]!.startOffset, partEnd);
      this.doubtMisled(part, partEnd);
      const declaration = this.declaration(part);
      if (declaration) declarations.push(declaration);
      else this.lose(part, part[0]);
    }
    return { declarations, lost: this.lost, doubtful: this.doubtful };
  }

  /** Marks the header and each entry as doubtful in which errors of brackets or unknown characters leave the meaning open. */
  private doubtMisled(part: readonly IToken[], end: number): void {
    const { collector } = this;
    const [first] = part;
    if (!collector.misleads(first!.startOffset, end)) return;
    this.declaring = first;
    const openIndex = part.findIndex((token) => is(token, t.LeftBrace));
    const bodyTokens = openIndex === -1 ? [] : part.slice(openIndex + 1, closeOf(part, openIndex));
    if (collector.misleads(...this.stretch(part))) this.doubt(part);
    for (const entry of splitEntries(bodyTokens, entryRules[first!.tokenType.name])) {
      if (collector.misleads(...this.stretch(entry))) this.doubt(entry);
    }
    // A block may have lost its header, so that its entries seem to belong to the enclosing declaration.
    if (collector.knows(endOf(part.at(-1)!), end)) this.lost.push({ within: first!.image });
  }

  private declaration(part: readonly IToken[]): ast.DeclarationNode | undefined {
    const tokens = this.firstWord(part);
    if (tokens === undefined) return undefined;
    this.declaring = tokens[0];
    const wholeResult = readStrictly('declaration', this.source, tokens, this.docs);
    if ('tree' in wholeResult) return wholeResult.tree;
    const openIndex = tokens.findIndex((token) => is(token, t.LeftBrace));
    if (openIndex === -1) return this.corrected('declaration', tokens);
    if (isFormula(tokens, openIndex)) return this.formula(tokens, openIndex);
    const rule = entryRules[tokens[0]!.tokenType.name];
    const block = isAny(tokens[0], [t.Block, t.Shared]) ? this.bracedBlock(tokens, openIndex) : undefined;
    if (block) return block;
    const withOf = isAny(tokens[0], [t.Block, t.Shared, t.Loss]) ? this.missingOf(tokens, openIndex) : undefined;
    if (withOf) return this.formula(withOf, openIndex + 1);
    if (rule === undefined) return this.bodiless(tokens, openIndex);
    const closeIndex = closeOf(tokens, openIndex);
    const outsideBody = [...tokens.slice(0, openIndex + 1), ...tokens.slice(closeIndex)];
    const declaration = this.corrected('declaration', outsideBody);
    // The correction may have changed the kind of the declaration.
    const correctedRule = (declaration && entryRules[declaration.kind]) ?? rule;
    const entries = this.entries(correctedRule, tokens.slice(openIndex + 1, closeIndex), tokens[0]!);
    if (declaration === undefined || !('entries' in declaration)) return declaration;
    return { ...declaration, span: this.spanOfAll(tokens), entries } as unknown as ast.DeclarationNode;
  }

  /** Reports a body where none belongs, as in `model m { … }`. The keyword of the body may be missing. */
  private bodiless(tokens: readonly IToken[], open: number): ast.DeclarationNode | undefined {
    const braceSpan = spanOf(this.source, tokens[open]!);
    const wanted = '`features`, `labels` or `train` before it';
    this.collector.report(diagnose('unexpected-text', braceSpan, { expected: wanted, found: '`{`' }));
    return this.corrected('declaration', tokens.slice(0, open));
  }

  private entries(rule: EntryRule, tokens: readonly IToken[], word: IToken): ast.BodyEntryNode[] {
    const readEntries: ast.BodyEntryNode[] = [];
    for (const part of splitEntries(tokens, rule)) {
      if (this.collector.full) break;
      const withoutComma = part.length > 1 && is(part.at(-1), t.Comma) ? part.slice(0, -1) : part;
      const entry = this.entry(rule, withoutComma);
      if (entry) readEntries.push(entry);
      else this.lose(withoutComma, word);
    }
    return readEntries;
  }

  private entry(rule: EntryRule, tokens: readonly IToken[]): ast.BodyEntryNode | undefined {
    return isColumns(rule, tokens[0], tokens[1])
      ? this.columns(tokens)
      : (this.corrected(rule, tokens) as ast.BodyEntryNode | undefined);
  }

  /** Inserts the `of` of `block asked(x: sequence[t, d]) {`; undefined if the parentheses hold no inputs. */
  private missingOf(tokens: readonly IToken[], open: number): readonly IToken[] | undefined {
    const paren = tokens.findIndex((token) => is(token, t.LeftParenthesis));
    const isInput = paren > 0 && paren < open && is(tokens[paren + 2], t.Colon) && is(tokens[paren + 4], t.LeftBracket);
    if (!isInput) return undefined;
    const token = tokens[paren]!;
    const at = { ...spanOf(this.source, token), end: token.startOffset };
    const facts = { sign: '`of`', before: '`(`' };
    this.collector.report(diagnose('missing-sign', spanOf(this.source, token), facts, writing(at, ' of ')));
    return tokens.toSpliced(paren, 0, insertedBefore(t.Of, token));
  }

  /** Reads `block deep(n) { flatten -> dense(n) }`, whose steps may stand on lines of their own. */
  private bracedBlock(tokens: readonly IToken[], open: number): ast.DeclarationNode | undefined {
    const closeIndex = closeOf(tokens, open);
    const [brace, close] = [tokens[open]!, tokens[closeIndex]];
    const body = tokens.slice(open + 1, closeIndex);
    const starts = body.filter((token, index) => index > 0 && beginsLine(body, index) && is(token, t.Name));
    const joined = body.flatMap((token) =>
      starts.includes(token) ? [insertedBefore(t.Arrow, token), token] : [token],
    );
    const equals = is(tokens[open - 1], t.Equals) ? [] : [replaced(brace, t.Equals)];
    for (const flow of [body, joined]) {
      const reading = readStrictly(
        'declaration',
        this.source,
        [...tokens.slice(0, open), ...equals, ...flow],
        this.docs,
      );
      if (!('tree' in reading) || !close) continue;
      const arrows =
        flow === joined ? starts.map((token) => ({ ...spanOf(this.source, token), end: token.startOffset })) : [];
      const edits = [
        { at: spanOf(this.source, brace), text: equals.length > 0 ? '=' : '' },
        ...arrows.map((at) => ({ at, text: '-> ' })),
        { at: spanOf(this.source, close), text: '' },
      ];
      const rule = 'the steps of a block stand after `=`, with arrows between them';
      const facts = {
        found: '`{ … }`',
        written: `block ${tokens[open - 1]!.image === ')' ? 'NAME(…)' : 'NAME'} = …`,
        rule,
      };
      this.collector.report(diagnose('foreign-form', spanOf(this.source, brace), facts, { fixes: [edits] }));
      return reading.tree;
    }
    return undefined;
  }

  /** Reads a block that computes by a formula line by line, so that an error leaves the other lines known. */
  private formula(tokens: readonly IToken[], open: number): ast.DeclarationNode | undefined {
    const closeIndex = closeOf(tokens, open);
    const [brace, close] = [tokens[open]!, tokens[closeIndex] ?? inserted(t.RightBrace, tokens.at(-1)!)];
    const zero = { ...inserted(t.NumberToken, brace), image: '0' };
    const rest = tokens.slice(closeIndex + 1);
    const header = [...tokens.slice(0, open + 1), inserted(t.Give, brace), zero, close, ...rest];
    const block = this.corrected('declaration', header);
    const lines = splitLines(tokens.slice(open + 1, closeIndex)).map((line) => this.lineWord(line));
    const giveIndex = lines.findIndex((line) => ruleOfLine(line) === 'give');
    if (giveIndex === -1 && !this.braced) this.giveLast(lines, close);
    const entries = lines.map((line) => this.line(ruleOfLine(line), line) ?? this.lostLine(line));
    const surplus = giveIndex === -1 ? undefined : lines[giveIndex + 1]?.[0];
    if (surplus && !this.braced) {
      const facts = { expected: '`}` after `give`, which is the last line', found: quote(surplus.image) };
      this.collector.report(diagnose('unexpected-text', spanOf(this.source, surplus), facts));
    }
    if ((block?.kind !== 'Block' && block?.kind !== 'Loss') || !block.formula) return block;
    return { ...block, span: this.spanOfAll(tokens), formula: { ...block.formula, entries } };
  }

  /** Reports that the last line is no `give`. It may be a value without its word, or the line whose value is meant. */
  private giveLast(lines: (readonly IToken[])[], close: IToken): void {
    const line = lines.at(-1) ?? [];
    const given = line[0] && [insertedBefore(t.Give, line[0]), ...line];
    if (given && 'tree' in readStrictly('give', this.source, given)) {
      const fix = writing({ ...spanOf(this.source, line[0]!), end: line[0]!.startOffset }, 'give ');
      const facts = { sign: '`give`', before: quote(line[0]!.image) };
      this.collector.report(diagnose('missing-sign', spanOf(this.source, line[0]!), facts, fix));
      lines[lines.length - 1] = given;
      return;
    }
    const name = line.find((_, index) => is(line[index + 1], t.Equals));
    const at = { source: this.source, start: close.startOffset, end: close.startOffset };
    const text = isFirstOnLine(this.source, close) ? `  give ${name?.image}\n` : ` give ${name?.image} `;
    const facts = { expected: '`give` with what the block gives', found: quote('}') };
    const fix = name ? { ...writing(at, text), doubtful: true } : {};
    this.collector.report(diagnose('unexpected-text', spanOf(this.source, close), facts, fix));
  }

  /** Corrects the first word of a line: `return a`, `weight A[d -> u]`, `let a = x`. */
  private lineWord(tokens: readonly IToken[]): readonly IToken[] {
    const [first, second] = tokens;
    if (!is(first, t.Identifier) || tokens.length < 2 || is(second, t.Equals)) return tokens;
    const { image } = first!;
    const span = spanOf(this.source, first!);
    const fitting = [t.Weights, t.Shown, t.Scan, t.Repeat, t.Give].filter((type) =>
      looksLikeLine([replaced(first!, type), ...tokens.slice(1, 3)], 0),
    );
    const candidates = fitting.map(imageOf);
    const word = meaningOf(image, 'line', candidates)?.write ?? findNearestName(image, candidates)?.name;
    const type = fitting.find((one) => imageOf(one) === word);
    if (!word || !type) return tokens;
    this.collector.report(diagnose('misspelt-word', span, { found: image, word }, writing(span, word)));
    return [replaced(first!, type), ...tokens.slice(1)];
  }

  private line(rule: EntryRule, tokens: readonly IToken[]): ast.FormulaLineNode | undefined {
    const open = tokens.findIndex((token) => is(token, t.LeftBrace));
    const hasBody = (rule === 'scan' || rule === 'repeat') && open !== -1;
    const states = hasBody ? splitLines(tokens.slice(open + 1, closeOf(tokens, open))) : [];
    const ruleOfState = ([first, second]: readonly IToken[]) =>
      is(second, t.Equals) ? 'definition' : rule === 'repeat' && is(first, t.Weights) ? 'weights' : 'carry';
    const broken = states.filter((state) => !('tree' in readStrictly(ruleOfState(state), this.source, state)));
    for (const state of broken) this.corrected(ruleOfState(state), state);
    return broken.length === 0 ? (this.corrected(rule, tokens) as ast.FormulaLineNode | undefined) : undefined;
  }

  private lostLine(tokens: readonly IToken[]): ast.LostLineNode {
    const names = tokens.filter((token) => is(token, t.Name)).map(({ image }) => image);
    return { kind: 'LostLine', span: this.spanOfAll(tokens), names };
  }

  private columns(tokens: readonly IToken[]): ast.ColumnsNode | undefined {
    const closeIndex = closeOf(tokens, 1);
    const outsideBody = [...tokens.slice(0, 2), ...tokens.slice(closeIndex)];
    const columns = this.corrected('columns', outsideBody);
    const entries = this.entries('entry', tokens.slice(2, closeIndex), tokens[0]!);
    return columns && { ...columns, span: this.spanOfAll(tokens), entries: entries as ast.EntryNode[] };
  }

  /** Returns the tokens with a keyword at the start; undefined if there is none. */
  private firstWord(tokens: readonly IToken[]): readonly IToken[] | undefined {
    const firstToken = tokens[0]!;
    if (isDeclarationWord(tokens, 0)) return tokens;
    const firstSpan = spanOf(this.source, firstToken);
    // This is the remainder of a construct that was removed because it was nested too deeply.
    if (!isFirstOnLine(this.source, firstToken) && is(firstToken, t.Equals)) return undefined;
    const missingType = missingWord(tokens);
    const likelyWord = is(firstToken, t.Name) ? findNearestName(firstToken.image, words.keys()) : undefined;
    if (missingType !== undefined && (missingType === t.Tower || !likelyWord)) {
      const image = imageOf(missingType);
      const insertionPoint = { source: this.source, start: firstToken.startOffset, end: firstToken.startOffset };
      const signFacts = { sign: `\`${image}\``, before: quote(firstToken.image) };
      this.complain(tokens, () => diagnose('missing-sign', firstSpan, signFacts, writing(insertionPoint, `${image} `)));
      return [insertedBefore(missingType, firstToken), ...tokens];
    }
    const home = homeOf(tokens);
    if (home !== undefined) {
      const entryImages = tokens.slice(0, 3).map((token) => token.image);
      const entryText =
        is(tokens[1], t.Colon) || is(tokens[1], t.Comma)
          ? `${entryImages[0]}: …`
          : `${entryImages.slice(0, is(firstToken, t.Channel) ? 2 : 1).join(' ')} = …`;
      this.complain(tokens, () => diagnose('misplaced-entry', firstSpan, { entry: entryText, home }));
      return undefined;
    }
    const fittingWords = [...words].filter(([, type]) =>
      looksLikeDeclaration([replaced(firstToken, type), ...tokens.slice(1, 4)], 0),
    );
    const candidates = fittingWords.length > 0 ? fittingWords.map(([image]) => image) : words.keys();
    const knownMeaning = is(firstToken, t.Name) ? meaningOf(firstToken.image, 'declaration', candidates) : undefined;
    const meantWord = likelyWord?.sure
      ? likelyWord.name
      : (knownMeaning?.write ?? (knownMeaning ? undefined : likelyWord?.name));
    const wordType = meantWord === undefined ? undefined : words.get(meantWord);
    if (is(firstToken, t.Name)) {
      const fixes = meantWord === undefined ? [] : [[{ at: firstSpan, text: meantWord }]];
      const wordFacts = { word: firstToken.image, nearest: meantWord, advice: knownMeaning?.advice, words: wordList };
      const doubtful = !likelyWord?.sure || isTerm(firstToken.image);
      this.complain(tokens, () => diagnose('unknown-declaration', firstSpan, wordFacts, { fixes, doubtful }));
    } else {
      this.complain(tokens, () =>
        diagnose('unexpected-text', firstSpan, { expected: 'a declaration', found: found(firstToken, undefined) }),
      );
    }
    return wordType && [replaced(firstToken, wordType), ...tokens.slice(1)];
  }

  /** Parses, corrects and parses again. Returns undefined after an error without a correction. */
  private corrected<R extends 'declaration' | EntryRule>(rule: R, tokens: readonly IToken[]): RuleTree<R> | undefined {
    let input = tokens;
    // An earlier guess may have misled the parser; an error with a fix has not.
    let isMisled = this.collector.misleads(...this.stretch(tokens));
    for (let round = 0; ; round++) {
      const parseResult = readStrictly(rule, this.source, input, this.docs);
      if ('tree' in parseResult) return parseResult.tree;
      const corrected = round < mostCorrections ? correct(this.source, input, parseResult.complaint, rule) : undefined;
      const isCertain =
        corrected?.diagnostic !== undefined && corrected.diagnostic.fixes.length > 0 && !corrected.diagnostic.doubtful;
      if (isCertain && !isMisled) this.collector.report(corrected.diagnostic!);
      // The tree lacks a moved name, and brackets may group tokens differently.
      const movesTokens = corrected?.diagnostic !== undefined && movingCodes.has(corrected.diagnostic.code);
      if (isCertain && movesTokens) this.doubt(tokens);
      if (!isCertain) {
        isMisled ||= movesTokens;
        this.complain(input, () => corrected?.diagnostic ?? this.word(input, parseResult.complaint));
        this.doubt(tokens);
      }
      if (corrected === undefined || corrected.tokens.length === 0) return undefined;
      input = corrected.tokens;
    }
  }

  private doubt(tokens: readonly IToken[]): void {
    const [start, end] = this.stretch(tokens);
    this.doubtful.push({ source: this.source, start, end });
    // It may have contained an input or an output of the tower.
    if (is(this.declaring, t.Tower) || tokens[0] === this.declaring) this.lost.push({ within: this.declaring!.image });
  }

  /** Reports an error unless there is already one in these tokens, because the first one is the cause of the others. */
  private complain(tokens: readonly IToken[], diagnostic: () => ReturnType<typeof diagnose>): void {
    if (!this.collector.knows(...this.stretch(tokens)) && !this.braced) this.collector.report(diagnostic());
  }

  /** Returns the range of tokens; for a declaration, that of its header. */
  private stretch(tokens: readonly IToken[]): [start: number, end: number] {
    const openIndex = tokens.findIndex((token) => is(token, t.LeftBrace));
    const lastToken = openIndex > 0 ? tokens[openIndex - 1]! : tokens.at(-1)!;
    return [tokens[0]!.startOffset, endOf(lastToken)];
  }

  private word(tokens: readonly IToken[], complaint: ParseError) {
    const stopToken = tokens[complaint.index];
    const previous = tokens[complaint.index - 1];
    const nextToken = stopToken ?? this.following(previous);
    const stopSpan = stopToken ? spanOf(this.source, stopToken) : previous ? after(this.source, previous) : undefined;
    const isDomain = complaint.rule === 'range' || (complaint.rule === 'searchEntry' && is(previous, t.Colon));
    if (isDomain && complaint.expected !== t.Name) {
      const wanted = '`one of` with choices, or a range such as `0.1 .. 0.5`';
      return diagnose('unexpected-text', stopSpan, { expected: wanted, found: found(nextToken, previous) });
    }
    const missing = missingAfter(complaint, previous, stopToken);
    if (missing !== undefined) {
      const { image } = previous!;
      return diagnose('missing-part', spanOf(this.source, previous!), { what: missing, after: quote(image) });
    }
    const wanted =
      complaint.because === 'left-over'
        ? complaint.rule === 'declaration'
          ? 'the next declaration'
          : 'the next entry'
        : complaint.expected
          ? expected(complaint.expected, complaint.rule)
          : 'a value';
    return diagnose('unexpected-text', stopSpan, { expected: wanted, found: found(nextToken, previous) });
  }

  private following(previous: IToken | undefined): IToken | undefined {
    return this.all.find((token) => token.startOffset >= (previous ? endOf(previous) : 0));
  }

  private spanOfAll(tokens: readonly IToken[]): Span {
    return { source: this.source, start: tokens[0]!.startOffset, end: endOf(tokens.at(-1)!) };
  }

  /** @param word the keyword of the declaration that the tokens are or are in */
  private lose(tokens: readonly IToken[], word: IToken | undefined): void {
    const [first, second] = tokens;
    const isDeclaration = first === word && isAny(first, declarationWords);
    const nameIndex =
      isDeclaration && is(first, t.Shared) ? 2 : isDeclaration || (is(first, t.Channel) && is(second, t.Name)) ? 1 : 0;
    // A part with an unknown first word and a body may declare anything.
    const isNamed =
      is(tokens[nameIndex], t.Name) && !(first === word && nameIndex === 0 && !isAny(second, [t.Equals, t.Colon]));
    const within = isAny(word, declarationWords) ? { within: word!.image } : {};
    // `a, b : …` loses each of its names.
    const lostNames = isNamed
      ? tokens.slice(nameIndex, namesEnd(tokens, nameIndex)).filter((token) => is(token, t.Name))
      : [];
    for (const { image } of lostNames) this.lost.push({ name: image, ...within });
    if (lostNames.length === 0) this.lost.push(within);
  }
}

/** Returns what is missing after the last token that could be read; undefined if another token is in its place. */
function missingAfter(complaint: ParseError, previous: IToken | undefined, stop: IToken | undefined) {
  if (previous === undefined) return undefined;
  if (complaint.because === 'no-alternative') return is(previous, t.Arrow) ? 'a step' : 'a value';
  return complaint.expected === t.Name && stop === undefined ? expected(t.Name, complaint.rule) : undefined;
}

const words = new Map(declarationWords.map((word) => [imageOf(word), word]));
const wordList = [...words.keys()].map((word) => `\`${word}\``).join(', ');

/** Returns the declaration in which an entry outside of any declaration belongs. */
function homeOf(tokens: readonly IToken[]): string | undefined {
  if (is(tokens[0], t.Channel) && is(tokens[1], t.Name)) return '`tower NAME(…) { … }`';
  if (!is(tokens[0], t.Name)) return undefined;
  if (is(tokens[namesEnd(tokens, 0)], t.Colon)) return '`features { … }` or `labels { … }`';
  return is(tokens[1], t.Equals)
    ? '`tower NAME(…) { … }`, `task NAME { … }`, `train { … }` or `data NAME { … }`'
    : undefined;
}

/** True for a block or a loss that computes by a formula: `of` stands before its brace. */
const isFormula = (tokens: readonly IToken[], open: number): boolean =>
  isAny(tokens[0], [t.Block, t.Shared, t.Loss]) && tokens.slice(0, open).some((token) => is(token, t.Of));

/** Returns the index of the brace that closes the one at `open`. The tokens are balanced. */
function closeOf(tokens: readonly IToken[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index++) {
    if (is(tokens[index], t.LeftBrace)) depth++;
    else if (is(tokens[index], t.RightBrace) && --depth === 0) return index;
  }
  return tokens.length;
}

function isFirstOnLine({ text }: Source, { startOffset }: IToken): boolean {
  return text.slice(text.lastIndexOf('\n', startOffset - 1) + 1, startOffset).trim() === '';
}
