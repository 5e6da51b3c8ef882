/** The gaps of a file: the comments and blank lines between each two tokens, which stay between them when printed. */
import type { IToken } from 'chevrotain';
import { defined } from '../../base/util/defined.ts';

interface CommentLine {
  readonly text: string;
  /** An empty line is above it. */
  readonly blank: boolean;
  /** It goes on below a comment at a line's end, in the same column. */
  readonly continues: boolean;
}

export interface TokenGap {
  /** The comment on the line of the token before. */
  readonly trailing?: string;
  /** Comments that have a line to themselves. */
  readonly own: readonly CommentLine[];
  /** An empty line is right above the next token. */
  readonly blank: boolean;
  /** The next token begins a line. */
  readonly newline: boolean;
}

export const nothing: TokenGap = { own: [], blank: false, newline: false };

export const hasComments = ({ trailing, own }: TokenGap): boolean => trailing !== undefined || own.length > 0;

/** True if one of its comments is a `///`, which belongs to the token below. */
export const hasDescription = ({ trailing, own }: TokenGap): boolean =>
  (trailing?.startsWith('///') ?? false) || own.some(({ text }) => text.startsWith('///'));

/** True if what follows is to stay as it was written. */
export const saysIgnore = ({ own }: TokenGap): boolean => /^\/\/\s*prettier-ignore\s*$/.test(own.at(-1)?.text ?? '');

/** The gap of two, when the token between them is printed before both or not at all. */
export function merge(first: TokenGap, second: TokenGap): TokenGap {
  const newline = first.newline || second.newline;
  if (!hasComments(first)) return { ...second, blank: second.blank || (first.blank && !hasComments(second)), newline };
  const { trailing, own, blank } = second;
  const below = trailing === undefined ? [] : [{ text: trailing, blank: first.blank, continues: false }];
  return {
    ...defined({ trailing: first.trailing }),
    own: [...first.own, ...below, ...own],
    blank,
    newline,
  };
}

/** The gap before each token, and one more before the end of the file. Tokens and comments in their order. */
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
  /** The column of a comment at a line's end, while comments go on below it. */
  let trailingColumn: number | undefined;
  const own: CommentLine[] = [];
  for (const comment of comments) {
    const commentLine = comment.startLine ?? 0;
    if (before !== undefined && commentLine === line && own.length === 0 && trailing === undefined) {
      trailing = comment;
      trailingColumn = comment.startColumn;
    } else {
      const continues =
        trailingColumn !== undefined && commentLine === line + 1 && comment.startColumn === trailingColumn;
      if (!continues) trailingColumn = undefined;
      own.push({
        text: comment.image.trimEnd(),
        blank: commentLine > line + 1 && (line > 0 || own.length > 0),
        continues,
      });
    }
    line = commentLine;
  }
  const nextLine = after?.startLine ?? line;
  return {
    ...defined({ trailing: trailing?.image.trimEnd() }),
    own,
    blank: nextLine > line + 1 && line > 0,
    newline: nextLine > line,
  };
}
