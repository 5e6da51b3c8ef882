/** Where a file takes one more declaration or entry, in the layout that it has. */
import type { Edit } from '../../../base/diagnostics/diagnostic.ts';
import { indentOf, positionAt, type Source } from '../../../base/text/source.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';

export function insertionAt(source: Source, offset: number, text: string): Edit {
  return { at: { source, start: offset, end: offset }, text };
}

/** An entry after the last one of a body. One that has its entries on one line goes on there. */
export function entryAfter(
  { span: { source } }: Ast.DeclarationNode,
  last: { readonly span: Ast.FileNode['span'] },
  text: string,
): Edit {
  const { end } = last.span;
  const lineEnd = endOfLine(source, end);
  // The brace on the same line, or another entry.
  if (/^[^/]*[^\s/,]/.test(source.text.slice(end, lineEnd))) return insertionAt(source, end, `, ${text}`);
  const indent = indentOf(source, positionAt(source, last.span.start).line);
  return insertionAt(source, lineEnd, `\n${indent}${text}`);
}

/** A declaration of its own after another one; where there is none, at the start of the file. */
export function declarationAfter(
  file: Ast.FileNode,
  node: Ast.DeclarationNode | undefined,
  text: string,
  gap: string,
): Edit {
  const { source } = file.span;
  if (!node) return insertionAt(source, file.declarations[0]?.span.start ?? 0, `${text}${gap}`);
  return insertionAt(source, endOfLine(source, node.span.end), `${gap}${text}`);
}

/** The last declaration of some kinds. */
export function lastOf<K extends Ast.DeclarationNode['kind']>(
  { declarations }: Ast.FileNode,
  ...kinds: readonly K[]
): Extract<Ast.DeclarationNode, { kind: K }> | undefined {
  return declarations.findLast((node): node is Extract<Ast.DeclarationNode, { kind: K }> =>
    kinds.includes(node.kind as K),
  );
}

function endOfLine({ text }: Source, offset: number): number {
  const end = text.indexOf('\n', offset);
  const line = end === -1 ? text.length : end;
  return text[line - 1] === '\r' ? line - 1 : line;
}
