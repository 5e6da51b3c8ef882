/**
 * Brackets: whether they match, and, if not, where the missing ones belong.
 * Long because each way to close a bracket is weighed against all others over the same tokens.
 */
import type { IToken, TokenType } from 'chevrotain';
import * as t from '../../grammar/tokens.ts';
import { diagnose } from '../diagnostics/diagnose.ts';
import type { Diagnostic, Edit } from '../diagnostics/diagnostic.ts';
import type { Source, Span } from '../text/source.ts';
import { declarationWords, headerEnd, looksLikeDeclaration, looksLikeEntry } from './layout.ts';
import { type Closed, closeWhere, entryEnd, openWhere } from './parentheses.ts';
import { after, beginsLine, depthOf, endOf, exchanged, inserted, is, isAny, spanOf } from './token.ts';
import { quote } from './words.ts';

const pairs: ReadonlyMap<TokenType, { readonly close: TokenType; readonly image: string }> = new Map([
  [t.LeftBrace, { close: t.RightBrace, image: '}' }],
  [t.LeftParenthesis, { close: t.RightParenthesis, image: ')' }],
  [t.LeftBracket, { close: t.RightBracket, image: ']' }],
]);

interface Open {
  readonly token: IToken;
  /** Column of the first token on its line. */
  readonly indent: number;
  /** Index in the balanced tokens. */
  readonly at: number;
  /** Index at which the entry begins that it is in. */
  readonly entry: number;
  /** Of a brace that is missing: the declaration that it should open. */
  readonly header?: Header;
}

interface Header {
  /** The first word of the declaration. */
  readonly token: IToken;
  readonly endLine: number;
  /** Where its brace belongs. */
  readonly at: Span;
}

/** Tokens with every bracket closed and none too many. The text's layout says where a missing one was meant. */
export function balance(
  source: Source,
  tokens: readonly IToken[],
  report: (diagnostic: Diagnostic) => void,
): readonly IToken[] {
  return new Balancer(source, tokens, report).run();
}

class Balancer {
  private readonly result: IToken[] = [];
  private readonly open: Open[] = [];
  private indent = 1;
  /** Index in `result` where the declaration at hand begins. */
  private declaration = 0;
  /** Index in `result` where the entry at hand begins. */
  private entry = 0;
  /** Opening braces left out as one too many, whose closing ones may be so too. */
  private readonly strays: IToken[] = [];
  private ahead: IToken | undefined;
  /** Where the entries begin, in `result`, of which a mistake has been reported. */
  private readonly reported = new Set<number>();
  /** Brackets whose place may still be searched for: a text that is no program has thousands. */
  private searches = 20;

  constructor(
    private readonly source: Source,
    private readonly tokens: readonly IToken[],
    private readonly collect: (diagnostic: Diagnostic) => void,
  ) {}

  /** One mistake of brackets an entry: where one is wrong, others seem to be. */
  private report(diagnostic: Diagnostic, entry = this.start(this.result.length)): void {
    if (!this.reported.has(entry)) this.collect(diagnostic);
    this.reported.add(entry);
  }

  run(): readonly IToken[] {
    const { tokens, open, result } = this;
    for (let index = 0; index < tokens.length; index++) {
      const token = tokens[index]!;
      if (token === this.ahead) continue;
      this.layout(index);

      // No brace and no key is inside parentheses.
      const outside = is(token, t.LeftBrace) || (is(token, t.Keyed) && is(tokens[index + 1], t.By));
      if (outside) this.closeInner(0);

      const deeper = depthOf(token);
      if (is(token, t.LeftBrace) && this.swapped(index)) continue;
      if (is(token, t.LeftBrace) && this.opensNothing(index)) {
        this.strays.push(token);
        continue;
      }
      if (deeper > 0) {
        open.push({ token, indent: this.indent, at: result.length, entry: this.start(result.length) });
      } else if (deeper < 0) {
        const at = findOpen(open, token.tokenType);
        if (at === undefined) {
          const corrected = this.unmatched(index);
          if (corrected) result.push(corrected);
          continue;
        }
        this.closeInner(at + 1, index);
        const { header } = open.pop()!;
        if (header) this.missingBrace(header);
      }
      result.push(token);
      if (deeper > 0 && is(token, t.LeftBrace)) this.entry = result.length;
      this.openHeader(index);
    }
    while (open.length > 0) this.closeTop();
    for (const stray of this.strays) this.stray(stray);
    return result;
  }

  /** A second brace, or one after `model NAME` around declarations. */
  private opensNothing(index: number): boolean {
    const { tokens, open, result } = this;
    if (is(tokens[index - 1], t.LeftBrace)) return true;
    const model = result.length === this.declaration + 2 && is(result[this.declaration], t.Model);
    return open.length === 0 && model && isAny(tokens[index + 1], declarationWords);
  }

  private stray(brace: IToken, close?: IToken): void {
    const at = spanOf(this.source, brace);
    // With the blanks before it.
    const edits = [brace, ...(close ? [close] : [])].map((token) => {
      const { text } = this.source;
      let start = token.startOffset;
      while (/[ \t]/.test(text[start - 1] ?? '')) start--;
      return { at: { source: this.source, start, end: endOf(token) }, text: '' };
    });
    this.report(diagnose('needless-sign', at, { sign: quote(brace.image) }, { fixes: [edits] }));
  }

  /** What a token at the start of a line says of brackets that are open: a declaration or an entry ends what is inside it. */
  private layout(index: number): void {
    const { tokens, open, result } = this;
    const token = tokens[index]!;
    const declares = looksLikeDeclaration(tokens, index);
    if (beginsLine(tokens, index)) {
      const column = token.startColumn ?? 1;
      this.indent = column;
      if (open.length > 0 && declares && outranks(token, column, open)) {
        while (open.length > 0) this.closeTop();
      } else if (looksLikeEntry(tokens, index)) {
        // An entry that is not further in than what is open cannot be inside it.
        while (open.length > 1 && column <= open.at(-1)!.indent) this.closeTop();
      }
      if (open.length === 0 && (declares || isAny(token, declarationWords))) {
        this.declaration = result.length;
        this.entry = result.length;
      }
    } else if (open.length === 0 && declares) {
      this.declaration = result.length;
      this.entry = result.length;
    }
    const inBody = open.length > 0 && is(open.at(-1)!.token, t.LeftBrace);
    if (inBody && beginsLine(tokens, index) && looksLikeEntry(tokens, index)) this.entry = result.length;
  }

  /** Closes what is open inside of the bracket at this depth; of braces only those that are deeper. */
  private closeInner(depth: number, index?: number): void {
    while (this.open.length > depth && !is(this.open.at(-1)!.token, t.LeftBrace)) this.closeTop(index);
    while (this.open.length > depth && depth > 0) this.closeTop(index);
  }

  /** @param index of a closing bracket that ends what is around this one: what follows it may say where this one ends */
  private closeTop(index?: number): void {
    const { open, result, source } = this;
    const { token, at, entry, header } = open.pop()!;
    const { close, image } = pairs.get(token.tokenType)!;
    const previous = result.at(-1)!;
    if (header) {
      const last = after(source, previous);
      this.missingBrace(header, [{ at: last, text: previous.endLine === header.endLine ? ' }' : '\n}' }]);
      result.push(inserted(close, image, previous));
      return;
    }
    const start = this.start(at);
    const word = result[this.declaration]!;
    const rest = index === undefined ? [] : this.rest(index);
    const own = result.slice(start);
    const closed =
      image === '}' || this.searches-- <= 0
        ? undefined
        : closeWhere([...own, ...rest], at - start, own.length, close, word);
    if (closed?.instead === token) this.needless(token, closed.certain, entry);
    else {
      const here = { source, start: closed?.at ?? endOf(previous), end: closed?.at ?? endOf(previous) };
      const line = previous.endLine !== token.startLine;
      const text = image === '}' && line ? '\n}' : image === '}' ? ' }' : image;
      const facts = { open: `\`${token.image}\``, close: `\`${image}\`` };
      const extra = { fixes: [[{ at: here, text }]], doubtful: image !== '}' && !closed?.certain };
      this.report(diagnose('unclosed', spanOf(source, token), facts, extra), entry);
    }
    if (closed) result.splice(start, own.length, ...closed.tokens.slice(0, closed.tokens.length - rest.length));
    else result.push(inserted(close, image, previous));
  }

  /** Index in `result` where the entry, or the head of a declaration, begins that the token at an index is in. */
  private start(at: number): number {
    return this.entry <= at ? this.entry : this.declaration;
  }

  /** `features user_id { : id(…)`, `task { watch`: a brace that has changed places with the word before or after it. */
  private swapped(index: number): boolean {
    const { tokens, open, result, source } = this;
    if (open.length > 0) return false;
    const [previous, brace, next] = [tokens[index - 1], tokens[index]!, tokens[index + 1]];
    const late =
      previous && isAny(next, [t.Colon, t.Equals]) && headerEnd(result, this.declaration) === result.length - 1;
    const named = isAny(previous, [t.Task, t.Data]) && previous === result[this.declaration];
    const keyed = is(previous, t.By) && is(tokens[index - 2], t.Keyed);
    // `{ features`, before the entries.
    const heads = isAny(next, [t.Features, t.Labels, t.Train, t.Search]) && looksLikeEntry(tokens, index + 2);
    const early = heads || ((named || keyed) && is(next, t.Name) && !looksLikeEntry(tokens, index + 1));
    if (!late && !early) return false;
    const [one, other] = late ? [previous, brace] : [brace, next!];
    const at = { source, start: one.startOffset, end: endOf(other) };
    const text = `${other.image}${source.text.slice(endOf(one), other.startOffset)}${one.image}`;
    const facts = { first: quote(other.image), second: quote(one.image) };
    this.report(diagnose('swapped-words', at, facts, { fixes: [[{ at, text }]] }));
    const [first, second] = exchanged(one, other);
    if (heads) this.declaration = result.length;
    if (late) result.pop();
    // The second of the two is passed over when its turn comes.
    else this.ahead = next;
    if (early) result.push(first);
    open.push({
      token: late ? first : second,
      indent: this.indent,
      at: result.length,
      entry: this.declaration,
    });
    result.push(late ? first : second);
    this.entry = result.length;
    if (late) result.push(second);
    return true;
  }

  /** The brace that should follow the head of a declaration: there is none, and its entries follow. */
  private openHeader(index: number): void {
    const { tokens, open, result, source } = this;
    const next = index + 1;
    if (is(tokens[next], t.LeftBrace)) return;
    const top = open.at(-1)?.token;
    const columns = is(tokens[index], t.Columns) && beginsLine(tokens, index) && beginsLine(tokens, next);
    const begins = columns ? result.length - 1 : this.declaration;
    if (!columns && (top !== undefined || headerEnd(result, begins) !== result.length)) return;
    if (!looksLikeEntry(tokens, next)) return;
    const header = { token: result[begins]!, endLine: tokens[index]!.endLine ?? 1, at: after(source, tokens[index]!) };
    const brace = inserted(t.LeftBrace, '{', tokens[index]!);
    open.push({ token: brace, indent: this.indent, at: result.length, entry: begins, header });
    result.push(brace);
    this.entry = result.length;
  }

  private missingBrace({ token, at }: Header, also: readonly Edit[] = []): void {
    const edits = [{ at, text: ' {' }, ...also];
    this.report(diagnose('missing-brace', spanOf(this.source, token), { word: token.image }, { fixes: [edits] }));
  }

  private needless(token: IToken, certain = true, entry?: number): void {
    const at = spanOf(this.source, token);
    const fixes = certain ? [[{ at, text: '' }]] : [];
    this.report(diagnose('needless-sign', at, { sign: quote(token.image) }, { fixes }), entry);
  }

  /** A closing bracket that nothing opened: read as the one that was meant, or left out. */
  private unmatched(index: number): IToken | undefined {
    const { source, tokens, open, result } = this;
    const token = tokens[index]!;
    const at = spanOf(source, token);
    const stray = is(token, t.RightBrace) ? this.strays.pop() : undefined;
    if (stray) {
      this.stray(stray, token);
      return undefined;
    }
    const opener = [...pairs].find(([, { close }]) => close === token.tokenType)![0];
    const top = open.at(-1)?.token;
    const opened = is(token, t.RightBrace) ? undefined : this.opened(index, opener);
    const wrong = top && (!opened || opened.instead === token) && !is(top, t.LeftBrace) && !is(token, t.RightBrace);
    if (wrong) {
      open.pop();
      const { close, image } = pairs.get(top.tokenType)!;
      const facts = { open: `\`${top.image}\``, close: `\`${image}\``, found: `\`${token.image}\`` };
      this.report(diagnose('wrong-bracket', at, facts, { fixes: [[{ at, text: image }]] }));
      return { ...token, tokenType: close, tokenTypeIdx: close.tokenTypeIdx!, image };
    }
    if (opened && opened.instead !== token) {
      const image = opener.PATTERN as string;
      const near = opened.instead ?? opened.before ?? token;
      const facts = { sign: `\`${image}\``, before: quote(near.image) };
      const fixes = opened.certain ? [[{ at: { source, start: opened.at, end: opened.at }, text: image }]] : [];
      this.report(diagnose('missing-sign', spanOf(source, near), facts, { fixes }));
      return token;
    }
    const header =
      open.length === 0 && is(token, t.RightBrace) && result.length > 0
        ? headerEnd(result, this.declaration)
        : undefined;
    if (
      header !== undefined &&
      header < result.length &&
      !result.slice(this.declaration).some((one) => is(one, t.LeftBrace))
    ) {
      const last = result[header - 1]!;
      this.missingBrace({ token: result[this.declaration]!, endLine: 0, at: after(source, last) });
      result.splice(header, 0, inserted(t.LeftBrace, '{', last));
      return token;
    }
    const facts = { close: `\`${token.image}\``, open: opener.LABEL ?? '' };
    const fixes = this.repeats(index) || opened?.certain ? [[{ at, text: '' }]] : [];
    this.report(diagnose('unopened', at, facts, { fixes }));
    return undefined;
  }

  /** A bracket that follows its like: one of the two is one too many. */
  private repeats(index: number): boolean {
    const { tokens } = this;
    return tokens[index - 1]?.image === tokens[index]!.image || tokens[index + 1]?.image === tokens[index]!.image;
  }

  /** From a token to the end of its entry. */
  private rest(index: number): readonly IToken[] {
    const { tokens } = this;
    const begins = (at: number): boolean =>
      looksLikeEntry(tokens, at) || looksLikeDeclaration(tokens, at) || isAny(tokens[at], declarationWords);
    return tokens.slice(index, entryEnd(tokens, index, begins));
  }

  /** Puts the bracket that a closing one needs into `result`. */
  private opened(index: number, opener: TokenType): Closed | undefined {
    const { tokens, result } = this;
    const start = this.start(result.length);
    const word = result[this.declaration];
    if (word === undefined || start >= result.length || this.searches-- <= 0) return undefined;
    const own = result.slice(start);
    const rest = this.rest(index);
    const occurs = (image: string) => tokens.some((token) => token.image === image);
    const found = openWhere([...own, ...rest], own.length, opener, word, occurs);
    if (found && found.instead !== tokens[index]) {
      result.splice(start, own.length, ...found.tokens.slice(0, found.tokens.length - rest.length));
    }
    return found;
  }
}

/** Whether a line that reads like a declaration is one, though brackets are open. */
function outranks(token: IToken, column: number, open: readonly Open[]): boolean {
  // `objective = …` could also be an entry of the body that is open.
  return isAny(token, [t.Objective, t.Retrieve]) ? column <= open[0]!.indent : true;
}

/** The open bracket that a closing one ends: parentheses never reach past a brace. */
function findOpen(open: readonly Open[], close: TokenType): number | undefined {
  for (let at = open.length - 1; at >= 0; at--) {
    const type = open[at]!.token.tokenType;
    if (pairs.get(type)!.close === close) return at;
    if (type === t.LeftBrace) return undefined;
  }
  return undefined;
}
