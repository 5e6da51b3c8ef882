/** Finds the gaps of a file: the comments and blank lines between each two tokens, which stay between them when printed. */
import type { IToken } from 'chevrotain';
import { defined } from '../../base/util/defined.ts';
import type { Gap, OwnLine } from './gap.ts';

/** The gap before each token, and one more before the end of the file. Tokens and comments in their order. */
export function gapsBetween(tokens: readonly IToken[], comments: readonly IToken[]): Gap[] {
  const gaps: Gap[] = [];
  let next = 0;
  let last: IToken | undefined;
  for (let index = 0; index <= tokens.length; index++) {
    const token = tokens[index];
    const within: IToken[] = [];
    while (next < comments.length && (token === undefined || comments[next]!.startOffset < token.startOffset)) {
      within.push(comments[next++]!);
    }
    gaps.push(gapOf(last, within, token));
    last = token;
  }
  return gaps;
}

function gapOf(before: IToken | undefined, comments: readonly IToken[], after: IToken | undefined): Gap {
  let line = before?.endLine ?? 0;
  let trailing: IToken | undefined;
  /** The column of a comment at a line's end, while comments go on below it. */
  let column: number | undefined;
  const own: OwnLine[] = [];
  for (const comment of comments) {
    const at = comment.startLine ?? 0;
    if (before !== undefined && at === line && own.length === 0 && trailing === undefined) {
      trailing = comment;
      column = comment.startColumn;
    } else {
      const continues = column !== undefined && at === line + 1 && comment.startColumn === column;
      if (!continues) column = undefined;
      own.push({ text: comment.image.trimEnd(), blank: at > line + 1 && (line > 0 || own.length > 0), continues });
    }
    line = at;
  }
  const next = after?.startLine ?? line;
  return {
    ...defined({ trailing: trailing?.image.trimEnd() }),
    own,
    blank: next > line + 1 && line > 0,
    newline: next > line,
  };
}
