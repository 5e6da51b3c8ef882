import type { IToken } from 'chevrotain';
import { builders } from 'prettier/doc';
import type { Doc } from './doc.ts';
import { hasComments, merge, nothing, type TokenGap } from './gaps.ts';

const { hardline, indent, lineSuffix, literalline } = builders;

/** Walks over the tokens of a file, each once, with the comments before it: nothing that it passes is lost. */
export class TokenCursor {
  private at = 0;
  /** Gaps of tokens that were passed over: they belong to what comes next. */
  private pending: TokenGap | undefined;

  constructor(
    private readonly tokens: readonly IToken[],
    private readonly gaps: readonly TokenGap[],
    private readonly text: string,
  ) {}

  /** Offset of the next token; past everything at the end. */
  get offset(): number {
    return this.tokens[this.at]?.startOffset ?? Number.POSITIVE_INFINITY;
  }

  get image(): string | undefined {
    return this.tokens[this.at]?.image;
  }

  /** The line the next token begins on. */
  get line(): number {
    return this.tokens[this.at]?.startLine ?? 0;
  }

  /** The line of the token that was printed last. */
  get lastLine(): number {
    return this.tokens[this.at - 1]?.endLine ?? 0;
  }

  peek(): TokenGap {
    const gap = this.gaps[this.at]!;
    return this.pending === undefined ? gap : merge(this.pending, gap);
  }

  /** The gap before the next token, for a caller that prints its comments itself. */
  takeGap(): TokenGap {
    const gap = this.peek();
    this.pending = nothing;
    return gap;
  }

  /** The next token's text; its gap has been taken. */
  word(): string {
    this.pending = undefined;
    return this.tokens[this.at++]!.image;
  }

  /** Parts the next token from the one before: by `wanted`, or by a line for each comment between them. */
  gap(wanted: Doc): Doc {
    const gap = this.takeGap();
    return hasComments(gap) ? [commentsOf(gap), hardline] : wanted;
  }

  /** `wanted` and the next token. */
  take(wanted: Doc): Doc {
    const gapDoc = this.gap(wanted);
    return [gapDoc, this.word()];
  }

  /** As `take`, for what closes a bracket: comments before it are indented as what it holds. */
  close(wanted: Doc): Doc {
    const gap = this.takeGap();
    return [hasComments(gap) ? [indent(commentsOf(gap)), hardline] : wanted, this.word()];
  }

  /** Everything from the next token up to `end` as it was written; the gap before it has been taken. */
  verbatim(end: number): Doc {
    const startOffset = this.offset;
    while (this.offset < end) this.at++;
    this.pending = undefined;
    const lastToken = this.tokens[this.at - 1]!;
    const [first, ...lines] = this.text.slice(startOffset, lastToken.endOffset! + 1).split('\n');
    return lines.length === 0 ? first! : [first!, ...lines.map((line): Doc => [literalline, line])];
  }

  /** Passes over a comma, if one is next; comments before it will be after it. */
  passComma(): boolean {
    if (this.image !== ',') return false;
    const gap = this.takeGap();
    this.word();
    this.pending = gap;
    return true;
  }
}

/** A space of four cells separates a comment from the text before it. */
export const beforeComment = '    ';

function commentsOf({ trailing, own }: TokenGap): Doc {
  const trailingDocs = trailing === undefined ? [] : [lineSuffix(beforeComment + trailing)];
  return [...trailingDocs, ...own.map(({ text }) => [hardline, text])];
}
