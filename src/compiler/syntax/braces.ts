/** Balances braces: inserts missing ones and removes surplus ones. Round and square brackets are repaired within their entries. */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { type Diagnostic, diagnose, type Edit } from '../../base/diagnostics/diagnostic.ts';
import type { Source, Span } from '../../base/text/source.ts';
import { declarationWords, headerEnd, isDeclarationWord, looksLikeDeclaration, looksLikeEntry } from './layout.ts';
import { needless, swapped, wrongSign } from './sign_mistakes.ts';
import { after, beginsLine, endOf, exchanged, inserted, is, isAny, quote, replaced, spanOf } from './token.ts';

interface OpenBrace {
  readonly token: IToken;
  /** Column of the first token on its line. */
  readonly indent: number;
  /** Set if the brace is missing. */
  readonly header?: BraceHeader;
}

interface BraceHeader {
  /** The first word of the declaration. */
  readonly token: IToken;
  readonly endLine: number;
  /** The end of the header, where the missing brace belongs. */
  readonly at: Span;
}

/** Returns the tokens with balanced braces. The layout of the text determines the positions of missing ones. */
export function balance(
  source: Source,
  tokens: readonly IToken[],
  report: (diagnostic: Diagnostic) => void,
): readonly IToken[] {
  return new Balancer(source, tokens, report).run();
}

class Balancer {
  private readonly result: IToken[] = [];
  private readonly open: OpenBrace[] = [];
  private indent = 1;
  /** Index in `result` at which the current declaration starts. */
  private declaration = 0;
  /** Opening braces that were removed as surplus. Their closing braces may be surplus too. */
  private readonly strays: IToken[] = [];
  private ahead: IToken | undefined;

  constructor(
    private readonly source: Source,
    private readonly tokens: readonly IToken[],
    private readonly report: (diagnostic: Diagnostic) => void,
  ) {}

  run(): readonly IToken[] {
    const { tokens, open, result } = this;
    for (let index = 0; index < tokens.length; index++) {
      const token = tokens[index]!;
      if (token === this.ahead) continue;
      this.layout(index);
      const meantToken = this.meant(index);
      const opensBrace = is(meantToken, t.LeftBrace);
      if (opensBrace && this.swapped(index)) continue;
      if (opensBrace && this.opensNothing(index)) {
        this.strays.push(token);
        continue;
      }
      if (opensBrace) open.push({ token: meantToken, indent: this.indent });
      else if (is(meantToken, t.RightBrace)) {
        const closedBrace = open.pop();
        if (closedBrace?.header) this.missingBrace(closedBrace.header);
        if (!closedBrace && !this.opened(index)) continue;
      }
      result.push(meantToken);
      this.openHeader(index);
    }
    while (open.length > 0) this.closeTop();
    for (const stray of this.strays) this.stray(stray);
    return result;
  }

  /** Corrects another bracket in place of a brace, as in `features ( user_id : …`, and two swapped brackets, as in `mlp(64 })`. */
  private meant(index: number): IToken {
    const { tokens, open, result, source } = this;
    const [token, next] = [tokens[index]!, tokens[index + 1]];
    const isBodyStart = open.length === 0 && headerEnd(result, this.declaration) === result.length;
    if (isBodyStart && isAny(token, [t.LeftParenthesis, t.LeftBracket]) && looksLikeEntry(tokens, index + 1)) {
      this.report(wrongSign(source, token, t.LeftBrace, '', 'the body'));
      return replaced(token, t.LeftBrace);
    }
    if (open.length > 0 && is(token, t.RightBrace) && isAny(next, [t.RightParenthesis, t.RightBracket])) {
      this.report(swapped(source, token, next!));
      this.ahead = next;
      const [inner, brace] = exchanged(token, next!);
      result.push(inner);
      return brace;
    }
    const closesBody = open.length > 0 && beginsLine(tokens, index) && (token.startColumn ?? 1) <= open.at(-1)!.indent;
    if (closesBody && isAny(token, [t.RightParenthesis, t.RightBracket])) {
      const tokenSpan = spanOf(source, token);
      const facts = { open: '`{`', close: '`}`', found: quote(token.image) };
      this.report(diagnose('wrong-bracket', tokenSpan, facts, { fixes: [[{ at: tokenSpan, text: '}' }]] }));
      return replaced(token, t.RightBrace);
    }
    return token;
  }

  /** True for a second brace in a row, and for one after `model NAME` that encloses declarations. */
  private opensNothing(index: number): boolean {
    const { tokens, open, result } = this;
    if (is(tokens[index - 1], t.LeftBrace)) return true;
    const followsModelName = result.length === this.declaration + 2 && is(result[this.declaration], t.Model);
    return open.length === 0 && followsModelName && isAny(tokens[index + 1], declarationWords);
  }

  private stray(brace: IToken, close?: IToken): void {
    const braceSpan = spanOf(this.source, brace);
    // Includes the blanks before it.
    const removals = [brace, ...(close ? [close] : [])].map((token) => {
      const { text } = this.source;
      let removedFrom = token.startOffset;
      while (/[ \t]/.test(text[removedFrom - 1] ?? '')) removedFrom--;
      return { at: { source: this.source, start: removedFrom, end: endOf(token) }, text: '' };
    });
    this.report(diagnose('needless-sign', braceSpan, { sign: quote(brace.image) }, { fixes: [removals] }));
  }

  /** Closes open braces according to the layout: a declaration or an entry ends what is inside the one before it. */
  private layout(index: number): void {
    const { tokens, open, result } = this;
    const token = tokens[index]!;
    const beginsDeclaration = looksLikeDeclaration(tokens, index);
    const isFirstOnLine = beginsLine(tokens, index);
    if (isFirstOnLine) {
      const column = token.startColumn ?? 1;
      this.indent = column;
      if (open.length > 0 && beginsDeclaration && outranks(token, column, open)) {
        while (open.length > 0) this.closeTop();
      } else if (looksLikeEntry(tokens, index)) {
        // An entry with at most the indentation of an open body cannot be inside of it.
        while (open.length > 1 && column <= open.at(-1)!.indent) this.closeTop();
      }
    }
    if (open.length === 0 && (beginsDeclaration || (isFirstOnLine && isDeclarationWord(tokens, index))))
      this.declaration = result.length;
  }

  private closeTop(): void {
    const { open, result, source } = this;
    const { token, header } = open.pop()!;
    const lastToken = result.at(-1)!;
    const insertionPoint = after(source, lastToken);
    if (header)
      this.missingBrace(header, [{ at: insertionPoint, text: lastToken.endLine === header.endLine ? ' }' : '\n}' }]);
    else {
      const closingText = lastToken.endLine === token.startLine ? ' }' : '\n}';
      const facts = { open: '`{`', close: '`}`' };
      this.report(
        diagnose('unclosed', spanOf(source, token), facts, { fixes: [[{ at: insertionPoint, text: closingText }]] }),
      );
    }
    result.push(inserted(t.RightBrace, lastToken));
  }

  /** Corrects a brace that is swapped with the word before or after it: `features user_id { : id(…)`, `task { watch`. */
  private swapped(index: number): boolean {
    const { tokens, open, result, source } = this;
    if (open.length > 0) return false;
    const [previous, brace, next] = [tokens[index - 1], tokens[index]!, tokens[index + 1]];
    const isLate =
      previous && isAny(next, [t.Colon, t.Equals]) && headerEnd(result, this.declaration) === result.length - 1;
    const awaitsName = isAny(previous, [t.Task, t.Data]) && previous === result[this.declaration];
    const awaitsKey = is(previous, t.By) && is(tokens[index - 2], t.Keyed);
    // Matches `{ features` in front of entries.
    const precedesHead = isAny(next, [t.Features, t.Labels, t.Train, t.Search]) && looksLikeEntry(tokens, index + 2);
    const isEarly =
      precedesHead || ((awaitsName || awaitsKey) && is(next, t.Name) && !looksLikeEntry(tokens, index + 1));
    if (!isLate && !isEarly) return false;
    const [one, other] = isLate ? [previous, brace] : [brace, next!];
    this.report(swapped(source, one, other));
    const [first, second] = exchanged(one, other);
    if (precedesHead) this.declaration = result.length;
    if (isLate) result.pop();
    // The second of the swapped tokens is skipped when it is reached.
    else this.ahead = next;
    if (isEarly) result.push(first);
    open.push({ token: isLate ? first : second, indent: this.indent });
    result.push(isLate ? first : second);
    if (isLate) result.push(second);
    return true;
  }

  /** Corrects a missing brace between the head of a declaration and its entries. */
  private openHeader(index: number): void {
    const { tokens, open, result, source } = this;
    const isColonBeforeBrace = is(tokens[index + 1], t.Colon) && is(tokens[index + 2], t.LeftBrace);
    if (isColonBeforeBrace && open.length === 0 && headerEnd(result, this.declaration) === result.length) {
      this.ahead = tokens[index + 1];
      this.report(needless(source, this.ahead!));
      return;
    }
    // `train:` with its entries below.
    const colon = open.length === 0 && this.endsHead(index + 1) ? tokens[index + 1] : undefined;
    const nextIndex = colon ? index + 2 : index + 1;
    if (is(tokens[nextIndex], t.LeftBrace)) return;
    const isColumnsHead = is(tokens[index], t.Columns) && beginsLine(tokens, index) && beginsLine(tokens, nextIndex);
    const headStart = isColumnsHead ? result.length - 1 : this.declaration;
    if (!isColumnsHead && (open.length > 0 || headerEnd(result, headStart) !== result.length)) return;
    if (!looksLikeEntry(tokens, nextIndex)) return;
    const missingHeader = {
      token: result[headStart]!,
      endLine: tokens[index]!.endLine ?? 1,
      at: colon ? spanOf(source, colon) : after(source, tokens[index]!),
    };
    if (colon) this.ahead = colon;
    const insertedBrace = inserted(t.LeftBrace, tokens[index]!);
    open.push({ token: insertedBrace, indent: this.indent, header: missingHeader });
    result.push(insertedBrace);
  }

  /** True for a colon at the end of its line. */
  private endsHead(index: number): boolean {
    return is(this.tokens[index], t.Colon) && beginsLine(this.tokens, index + 1);
  }

  private missingBrace({ token, at }: BraceHeader, also: readonly Edit[] = []): void {
    const edits = [{ at, text: ' {' }, ...also];
    this.report(diagnose('missing-brace', spanOf(this.source, token), { word: token.image }, { fixes: [edits] }));
  }

  /** Inserts the missing opening brace of a closing one and returns true. Without a suitable position the closing brace is surplus. */
  private opened(index: number): boolean {
    const { source, tokens, result, declaration } = this;
    const token = tokens[index]!;
    const strayBrace = this.strays.pop();
    if (strayBrace) {
      this.stray(strayBrace, token);
      return false;
    }
    const headerLength = headerEnd(result, declaration);
    const hasNoBrace = !result.slice(declaration).some((one) => is(one, t.LeftBrace));
    if (headerLength !== undefined && headerLength < result.length && hasNoBrace) {
      const lastOfHeader = result[headerLength - 1]!;
      this.missingBrace({ token: result[declaration]!, endLine: 0, at: after(source, lastOfHeader) });
      result.splice(headerLength, 0, inserted(t.LeftBrace, lastOfHeader));
      return true;
    }
    const isRepeated = is(tokens[index - 1], t.RightBrace) || is(tokens[index + 1], t.RightBrace);
    const tokenSpan = spanOf(source, token);
    const facts = { close: '`}`', open: t.LeftBrace.LABEL ?? '' };
    this.report(diagnose('unopened', tokenSpan, facts, { fixes: isRepeated ? [[{ at: tokenSpan, text: '' }]] : [] }));
    return false;
  }
}

/** True if a line that looks like a declaration is one although braces are open. */
function outranks(token: IToken, column: number, open: readonly OpenBrace[]): boolean {
  // `objective = …` may also be an entry of an open body, and `let a = …` a habit there.
  return isAny(token, [t.Objective, t.Retrieve, t.Let]) ? column <= open[0]!.indent : true;
}
