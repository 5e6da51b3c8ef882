/** Warnings for the `///` comments that describe nothing. */
import { diagnose } from '../diagnostics/diagnose.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Source } from '../text/source.ts';
import type { Columns, Declaration, Entry, File, SearchEntry, TowerEntry, TypedEntry } from './ast.ts';
import type { Docs } from './docs.ts';
import { spanOf } from './token.ts';

type Node = Declaration | Columns | Entry | SearchEntry | TowerEntry | TypedEntry;

/** Warnings for the `///` comments that belong to no declaration and no entry, and those that look as if to another. */
export function strayDocs(source: Source, docs: Docs, file: File): Diagnostic[] {
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
