/** Walks the tokens of a file for the printer, with the comments and blank lines between each two tokens, which stay there. */
import type { IToken } from 'chevrotain';
import { builders } from 'prettier/doc';
import type { Doc } from './doc.ts';

interface CommentLine {
  readonly text: string;
  /** True if an empty line is above it. */
  readonly blank: boolean;
  /** True if it continues a comment at a line's end, in the same column of the next line. */
  readonly continues: boolean;
}

export interface TokenGap {
  /** The comment on the line of the previous token. */
  readonly trailing?: string;
  /** Comments on lines of their own. */
  readonly own: readonly CommentLine[];
  /** True if an empty line is directly above the next token. */
  readonly blank: boolean;
  /** True if the next token starts a line. */
  readonly newline: boolean;
}

const nothing: TokenGap = { own: [], blank: false, newline: false };

export const hasComments = ({ trailing, own }: TokenGap): boolean => trailing !== undefined || own.length > 0;

/** True if one of its comments is a `///`, which belongs to the token below. */
export const hasDescription = ({ trailing, own }: TokenGap): boolean =>
  (trailing?.startsWith('///') ?? false) || own.some(({ text }) => text.startsWith('///'));

/** True if the following code must not be formatted. */
export const saysIgnore = ({ own }: TokenGap): boolean => /^\/\/\s*prettier-ignore\s*$/.test(own.at(-1)?.text ?? '');

/** Merges two gaps, if the token between them is printed before both or not at all. */
function merge(first: TokenGap, second: TokenGap): TokenGap {
  const newline = first.newline || second.newline;
  if (!hasComments(first)) return { ...second, blank: second.blank || (first.blank && !hasComments(second)), newline };
  const { trailing, own, blank } = second;
  const below = trailing === undefined ? [] : [{ text: trailing, blank: first.blank, continues: false }];
  return { trailing: first.trailing, own: [...first.own, ...below, ...own], blank, newline };
}

/** Returns the gap before each token, and one more before the end of the file. Tokens and comments must be sorted. */
export function gapsBetween(tokens: readonly IToken[], comments: readonly IToken[]): TokenGap[] {
  const gaps: TokenGap[] = [];
  let nextComment = 0;
  let previousToken: IToken | undefined;
  for (let index = 0; index <= tokens.length; index++) {
    const token = tokens[index];
    const commentsWithin: IToken[] = [];
    while (
      nextComment < comments.length &&
      (token === undefined || comments[nextComment]!.startOffset < token.startOffset)
    ) {
      commentsWithin.push(comments[nextComment++]!);
    }
    gaps.push(gapOf(previousToken, commentsWithin, token));
    previousToken = token;
  }
  return gaps;
}

function gapOf(before: IToken | undefined, comments: readonly IToken[], after: IToken | undefined): TokenGap {
  let line = before?.endLine ?? 0;
  let trailing: IToken | undefined;
  /** The column of a trailing comment while comments continue below it. */
  let trailingColumn: number | undefined;
  const ownComments: CommentLine[] = [];
  for (const comment of comments) {
    const commentLine = comment.startLine ?? 0;
    if (before !== undefined && commentLine === line && ownComments.length === 0 && trailing === undefined) {
      trailing = comment;
      trailingColumn = comment.startColumn;
    } else {
      const continues =
        trailingColumn !== undefined && commentLine === line + 1 && comment.startColumn === trailingColumn;
      if (!continues) trailingColumn = undefined;
      ownComments.push({
        text: comment.image.trimEnd(),
        blank: commentLine > line + 1 && (line > 0 || ownComments.length > 0),
        continues,
      });
    }
    line = commentLine;
  }
  const nextLine = after?.startLine ?? line;
  return {
    trailing: trailing?.image.trimEnd(),
    own: ownComments,
    blank: nextLine > line + 1 && line > 0,
    newline: nextLine > line,
  };
}

const { hardline, indent, lineSuffix, literalline } = builders;

/** Walks over the tokens of a file once, with the comments in front of each, so that none is lost. */
export class TokenCursor {
  private at = 0;
  /** Gaps before skipped tokens. They belong to the next printed token. */
  private pending: TokenGap | undefined;

  constructor(
    private readonly tokens: readonly IToken[],
    private readonly gaps: readonly TokenGap[],
    private readonly text: string,
  ) {}

  /** Offset of the next token; at the end, an offset after all tokens. */
  get offset(): number {
    return this.tokens[this.at]?.startOffset ?? Number.POSITIVE_INFINITY;
  }

  get image(): string | undefined {
    return this.tokens[this.at]?.image;
  }

  /** The line on which the next token starts. */
  get line(): number {
    return this.tokens[this.at]?.startLine ?? 0;
  }

  /** The line of the last printed token. */
  get lastLine(): number {
    return this.tokens[this.at - 1]?.endLine ?? 0;
  }

  peek(): TokenGap {
    const gap = this.gaps[this.at]!;
    return this.pending === undefined ? gap : merge(this.pending, gap);
  }

  /** Takes the gap before the next token, for a caller that prints its comments itself. */
  takeGap(): TokenGap {
    const gap = this.peek();
    this.pending = nothing;
    return gap;
  }

  /** Returns the text of the next token, whose gap has been taken. */
  word(): string {
    this.pending = undefined;
    return this.tokens[this.at++]!.image;
  }

  /** Separates the next token from the previous one: by `wanted`, or by lines with the comments between them. */
  gap(wanted: Doc): Doc {
    const gap = this.takeGap();
    return hasComments(gap) ? [commentsOf(gap), hardline] : wanted;
  }

  /** Returns `wanted` and the next token. */
  take(wanted: Doc): Doc {
    const gapDoc = this.gap(wanted);
    return [gapDoc, this.word()];
  }

  /** Does the same as `take` for a closing bracket: comments before it are indented like the content. */
  close(wanted: Doc): Doc {
    const gap = this.takeGap();
    return [hasComments(gap) ? [indent(commentsOf(gap)), hardline] : wanted, this.word()];
  }

  /** Returns the unchanged source from the next token up to `end`. The gap before it must have been taken. */
  verbatim(end: number): Doc {
    const startOffset = this.offset;
    while (this.offset < end) this.at++;
    this.pending = undefined;
    const lastToken = this.tokens[this.at - 1]!;
    const [first, ...lines] = this.text.slice(startOffset, lastToken.endOffset! + 1).split('\n');
    return lines.length === 0 ? first! : [first!, ...lines.map((line): Doc => [literalline, line])];
  }

  /** Skips a comma, if one is next. Comments in front of it move behind it. */
  passComma(): boolean {
    if (this.image !== ',') return false;
    const gap = this.takeGap();
    this.word();
    this.pending = gap;
    return true;
  }
}

/** Four spaces separate a comment from the text in front of it. */
export const beforeComment = '    ';

function commentsOf({ trailing, own }: TokenGap): Doc {
  const trailingDocs = trailing === undefined ? [] : [lineSuffix(beforeComment + trailing)];
  return [...trailingDocs, ...own.map(({ text }) => [hardline, text])];
}
