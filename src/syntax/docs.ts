import type { IToken } from 'chevrotain';
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts';
import type { Source } from '../text/source.ts';
import type { Columns, Declaration, File } from './ast.ts';
import { spanOf } from './token.ts';

export interface Docs {
  /** Offset of the token below → the lines, without their slashes. */
  readonly text: ReadonlyMap<number, string>;
  /** Offset of the token below → the comments themselves. */
  readonly comments: ReadonlyMap<number, readonly IToken[]>;
  /** Those that nothing follows. */
  readonly trailing: readonly IToken[];
}

/** Give each run of `///` lines to the token below it. */
export function docsAbove(tokens: readonly IToken[], comments: readonly IToken[]): Docs {
  const found = new Map<number, IToken[]>();
  const trailing: IToken[] = [];
  let next = 0;
  for (const comment of comments) {
    if (!comment.image.startsWith('///')) continue;
    while (next < tokens.length && tokens[next]!.startOffset < comment.startOffset) next++;
    const below = tokens[next]?.startOffset;
    if (below === undefined) trailing.push(comment);
    else if (found.has(below)) found.get(below)!.push(comment);
    else found.set(below, [comment]);
  }
  const text = new Map([...found].map(([at, lines]) => [at, lines.map((line) => strip(line.image)).join('\n')]));
  return { text, comments: found, trailing };
}

function strip(image: string): string {
  return image.slice(3).replace(/^ /, '').trimEnd();
}

/** Warnings for the `///` comments that belong to no declaration and no entry. */
export function strayDocs(source: Source, docs: Docs, file: File): Diagnostic[] {
  const homes = new Set(file.declarations.flatMap(startsIn));
  const last = file.declarations.at(-1)?.span.end ?? 0;
  const strays = [...docs.comments]
    // After a mistake it may be the reading that failed, not the writer.
    .filter(
      ([below]) => !homes.has(below) && file.declarations.some(({ span }) => span.start <= below && below < span.end),
    )
    .flatMap(([, comments]) => comments);
  return [...strays, ...docs.trailing.filter((comment) => comment.startOffset >= last)].map((comment) => {
    const at = spanOf(source, comment);
    const slash = { source, start: at.start, end: at.start + 1 };
    return diagnose('stray-description', at, {}, { fixes: [[{ at: slash, text: '' }]] });
  });
}

function startsIn(node: Declaration | Columns): number[] {
  const entries = 'entries' in node ? node.entries : [];
  return [
    node.span.start,
    ...entries.flatMap((entry) => (entry.kind === 'Columns' ? startsIn(entry) : [entry.span.start])),
  ];
}
