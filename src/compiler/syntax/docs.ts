/** The `///` comments of a file, by the token that each is above. */
import type { IToken } from 'chevrotain';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import type { Source } from '../../base/text/source.ts';
import type {
  ColumnsNode,
  DeclarationNode,
  EntryNode,
  FileNode,
  SearchEntryNode,
  TowerEntryNode,
  TypedEntryNode,
} from './ast.ts';
import { firstFrom, spanOf } from './token.ts';

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

type Node = DeclarationNode | ColumnsNode | EntryNode | SearchEntryNode | TowerEntryNode | TypedEntryNode;

/** Warnings for the `///` comments that belong to no declaration and no entry, and those that look as if to another. */
export function strayDocs(source: Source, docs: Docs, file: FileNode): Diagnostic[] {
  const homes = new Set<number>();
  for (const declaration of file.declarations) addHomes(declaration, homes);
  const last = file.declarations.at(-1)?.span.end ?? 0;
  const known = [...docs.comments]
    // After a mistake it may be the reading that failed, not the writer.
    .filter(([below]) => file.declarations.some(({ span }) => span.start <= below && below < span.end));
  const strays = known.flatMap(([below, comments]) =>
    homes.has(below) ? comments.filter((comment) => docs.inLine.has(comment)) : comments,
  );
  const all = [...strays, ...docs.trailing.filter((comment) => comment.startOffset >= last)];
  return all.map((comment) => {
    const at = spanOf(source, comment);
    const slash = { source, start: at.start, end: at.start + 1 };
    const facts = { inLine: docs.inLine.has(comment) };
    return diagnose('stray-description', at, facts, { fixes: [[{ at: slash, text: '' }]] });
  });
}

/** Where what has a description begins. */
function addHomes(node: Node, homes: Set<number>): void {
  if (node.doc !== undefined) homes.add(node.span.start);
  if ('entries' in node) for (const entry of node.entries) addHomes(entry, homes);
}
