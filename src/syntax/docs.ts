/** The `///` comments of a file, by the token that each is above. */
import type { IToken } from 'chevrotain';
import { firstFrom } from './token.ts';

export interface Docs {
  /** Offset of the token below → the lines, without their slashes. */
  readonly text: ReadonlyMap<number, string>;
  /** Offset of the token below → the comments themselves. */
  readonly comments: ReadonlyMap<number, readonly IToken[]>;
  /** Those that nothing follows. */
  readonly trailing: readonly IToken[];
  /** Those on the line of what is before them. */
  readonly inLine: ReadonlySet<IToken>;
}

/** Give each run of `///` lines to the token below it. */
export function docsAbove(tokens: readonly IToken[], comments: readonly IToken[]): Docs {
  const found = new Map<number, IToken[]>();
  const trailing: IToken[] = [];
  const inLine = new Set<IToken>();
  for (const comment of comments) {
    if (!comment.image.startsWith('///')) continue;
    const next = firstFrom(tokens, comment.startOffset);
    if (tokens[next - 1]?.endLine === comment.startLine) inLine.add(comment);
    const below = tokens[next]?.startOffset;
    if (below === undefined) trailing.push(comment);
    else if (found.has(below)) found.get(below)!.push(comment);
    else found.set(below, [comment]);
  }
  const text = new Map([...found].map(([at, lines]) => [at, lines.map((line) => strip(line.image)).join('\n')]));
  return { text, comments: found, trailing, inLine };
}

function strip(image: string): string {
  return image.slice(3).replace(/^ /, '').trimEnd();
}
