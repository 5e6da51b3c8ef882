/** Braces: where a missing one belongs, and which is one too many. Round and square brackets are mended within their entries. */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic, Edit } from '../../base/diagnostics/diagnostic.ts';
import type { Source, Span } from '../../base/text/source.ts';
import { declarationWords, headerEnd, looksLikeDeclaration, looksLikeEntry } from './layout.ts';
import { swapped, wrongSign } from './sign_mistakes.ts';
import { after, beginsLine, endOf, exchanged, inserted, is, isAny, replaced, spanOf } from './token.ts';
import { quote } from './words.ts';

interface OpenBrace {
  readonly token: IToken;
  /** Column of the first token on its line. */
  readonly indent: number;
  /** Of a brace that is missing. */
  readonly header?: BraceHeader;
}

interface BraceHeader {
  /** The first word of the declaration. */
  readonly token: IToken;
  readonly endLine: number;
  /** Where its brace belongs. */
  readonly at: Span;
}

/** Tokens with every brace closed and none too many. The text's layout says where a missing one was meant. */
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
  /** Index in `result` where the declaration at hand begins. */
  private declaration = 0;
  /** Opening braces left out as one too many, whose closing ones may be so too. */
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
      const meant = this.meant(index);
      const opens = is(meant, t.LeftBrace);
      if (opens && this.swapped(index)) continue;
      if (opens && this.opensNothing(index)) {
        this.strays.push(token);
        continue;
      }
      if (opens) open.push({ token: meant, indent: this.indent });
      else if (is(meant, t.RightBrace)) {
        const closed = open.pop();
        if (closed?.header) this.missingBrace(closed.header);
        if (!closed && !this.opened(index)) continue;
      }
      result.push(meant);
      this.openHeader(index);
    }
    while (open.length > 0) this.closeTop();
    for (const stray of this.strays) this.stray(stray);
    return result;
  }

  /** `features ( user_id : …`: another bracket in the place of the brace. `mlp(64 })`: two that have changed places. */
  private meant(index: number): IToken {
    const { tokens, open, result, source } = this;
    const [token, next] = [tokens[index]!, tokens[index + 1]];
    const body = open.length === 0 && headerEnd(result, this.declaration) === result.length;
    if (body && isAny(token, [t.LeftParenthesis, t.LeftBracket]) && looksLikeEntry(tokens, index + 1)) {
      this.report(wrongSign(source, token, t.LeftBrace, '', 'the body'));
      return replaced(token, t.LeftBrace, '{');
    }
    if (open.length > 0 && is(token, t.RightBrace) && isAny(next, [t.RightParenthesis, t.RightBracket])) {
      this.report(swapped(source, token, next!));
      this.ahead = next;
      const [inner, brace] = exchanged(token, next!);
      result.push(inner);
      return brace;
    }
    const closes = open.length > 0 && beginsLine(tokens, index) && (token.startColumn ?? 1) <= open.at(-1)!.indent;
    if (closes && isAny(token, [t.RightParenthesis, t.RightBracket])) {
      const at = spanOf(source, token);
      const facts = { open: '`{`', close: '`}`', found: quote(token.image) };
      this.report(diagnose('wrong-bracket', at, facts, { fixes: [[{ at, text: '}' }]] }));
      return replaced(token, t.RightBrace, '}');
    }
    return token;
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

  /** What a token at the start of a line says of braces that are open: a declaration or an entry ends what is inside it. */
  private layout(index: number): void {
    const { tokens, open, result } = this;
    const token = tokens[index]!;
    const declares = looksLikeDeclaration(tokens, index);
    const first = beginsLine(tokens, index);
    if (first) {
      const column = token.startColumn ?? 1;
      this.indent = column;
      if (open.length > 0 && declares && outranks(token, column, open)) {
        while (open.length > 0) this.closeTop();
      } else if (looksLikeEntry(tokens, index)) {
        // An entry that is not further in than what is open cannot be inside it.
        while (open.length > 1 && column <= open.at(-1)!.indent) this.closeTop();
      }
    }
    if (open.length === 0 && (declares || (first && isAny(token, declarationWords)))) this.declaration = result.length;
  }

  private closeTop(): void {
    const { open, result, source } = this;
    const { token, header } = open.pop()!;
    const previous = result.at(-1)!;
    const last = after(source, previous);
    if (header) this.missingBrace(header, [{ at: last, text: previous.endLine === header.endLine ? ' }' : '\n}' }]);
    else {
      const text = previous.endLine === token.startLine ? ' }' : '\n}';
      const facts = { open: '`{`', close: '`}`' };
      this.report(diagnose('unclosed', spanOf(source, token), facts, { fixes: [[{ at: last, text }]] }));
    }
    result.push(inserted(t.RightBrace, '}', previous));
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
    this.report(swapped(source, one, other));
    const [first, second] = exchanged(one, other);
    if (heads) this.declaration = result.length;
    if (late) result.pop();
    // The second of the two is passed over when its turn comes.
    else this.ahead = next;
    if (early) result.push(first);
    open.push({ token: late ? first : second, indent: this.indent });
    result.push(late ? first : second);
    if (late) result.push(second);
    return true;
  }

  /** The brace that should follow the head of a declaration: there is none, and its entries follow. */
  private openHeader(index: number): void {
    const { tokens, open, result, source } = this;
    const next = index + 1;
    if (is(tokens[next], t.LeftBrace)) return;
    const columns = is(tokens[index], t.Columns) && beginsLine(tokens, index) && beginsLine(tokens, next);
    const begins = columns ? result.length - 1 : this.declaration;
    if (!columns && (open.length > 0 || headerEnd(result, begins) !== result.length)) return;
    if (!looksLikeEntry(tokens, next)) return;
    const header = { token: result[begins]!, endLine: tokens[index]!.endLine ?? 1, at: after(source, tokens[index]!) };
    const brace = inserted(t.LeftBrace, '{', tokens[index]!);
    open.push({ token: brace, indent: this.indent, header });
    result.push(brace);
  }

  private missingBrace({ token, at }: BraceHeader, also: readonly Edit[] = []): void {
    const edits = [{ at, text: ' {' }, ...also];
    this.report(diagnose('missing-brace', spanOf(this.source, token), { word: token.image }, { fixes: [edits] }));
  }

  /** Whether a brace that closes nothing has lost its opening one, which is then put in; else it is one too many. */
  private opened(index: number): boolean {
    const { source, tokens, result, declaration } = this;
    const token = tokens[index]!;
    const stray = this.strays.pop();
    if (stray) {
      this.stray(stray, token);
      return false;
    }
    const header = headerEnd(result, declaration);
    const bare = !result.slice(declaration).some((one) => is(one, t.LeftBrace));
    if (header !== undefined && header < result.length && bare) {
      const last = result[header - 1]!;
      this.missingBrace({ token: result[declaration]!, endLine: 0, at: after(source, last) });
      result.splice(header, 0, inserted(t.LeftBrace, '{', last));
      return true;
    }
    const repeats = is(tokens[index - 1], t.RightBrace) || is(tokens[index + 1], t.RightBrace);
    const at = spanOf(source, token);
    const facts = { close: '`}`', open: t.LeftBrace.LABEL ?? '' };
    this.report(diagnose('unopened', at, facts, { fixes: repeats ? [[{ at, text: '' }]] : [] }));
    return false;
  }
}

/** Whether a line that reads like a declaration is one, though braces are open. */
function outranks(token: IToken, column: number, open: readonly OpenBrace[]): boolean {
  // `objective = …` could also be an entry of the body that is open.
  return isAny(token, [t.Objective, t.Retrieve]) ? column <= open[0]!.indent : true;
}
