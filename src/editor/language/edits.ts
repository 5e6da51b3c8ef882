/** Makes edits of a text: replaces whole lines, or adds a declaration or an entry in the layout of the file. */
import type { Diagnostic, Edit } from '../../base/diagnostics/diagnostic.ts';
import { applyEdits } from '../../base/diagnostics/fixes.ts';
import { indentationOf, makeSource, positionAt, type Source, type Span } from '../../base/text/source.ts';
import { insertion } from '../../compiler/model/report.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';

/**
 * Returns the smallest edit of whole lines that turns one text into another, so that the editor keeps cursors and marks elsewhere. Undefined if the
 * texts are equal.
 */
export function changeOf(source: Source, text: string): Edit | undefined {
  if (source.text === text) return undefined;
  const next = makeSource(source.name, text);
  const [before, after] = [linesOf(source), linesOf(next)];
  const shortest = Math.min(before.length, after.length);
  let above = 0;
  while (above < shortest && before[above] === after[above]) above++;
  let below = 0;
  while (below < shortest - above && before.at(-1 - below) === after.at(-1 - below)) below++;
  const start = lineStart(source, above);
  const end = lineStart(source, before.length - below);
  return {
    at: { source, start, end },
    text: text.slice(lineStart(next, above), lineStart(next, after.length - below)),
  };
}

/** Lines with their line ends. */
const linesOf = (source: Source): readonly string[] =>
  source.lineStarts.map((_, line) => source.text.slice(lineStart(source, line), lineStart(source, line + 1)));

const lineStart = ({ lineStarts, text }: Source, line: number): number => lineStarts[line] ?? text.length;

/** Inserts an entry after the last one of a body; on the same line if the body has a single line. */
export function entryAfter(
  { span: { source } }: Ast.DeclarationNode,
  last: { readonly span: Ast.FileNode['span'] },
  text: string,
): Edit {
  const { end } = last.span;
  const lineEnd = endOfLine(source, end);
  // The brace on the same line, or another entry.
  if (/^[^/]*[^\s/,]/.test(source.text.slice(end, lineEnd))) return insertion(source, end, `, ${text}`);
  const indent = indentationOf(source, positionAt(source, last.span.start).line);
  return insertion(source, lineEnd, `\n${indent}${text}`);
}

/** Inserts a declaration after another one, or at the start of the file. */
export function declarationAfter(
  file: Ast.FileNode,
  node: Ast.DeclarationNode | undefined,
  text: string,
  gap: string,
): Edit {
  const { source } = file.span;
  if (!node) return insertion(source, file.declarations[0]?.span.start ?? 0, `${text}${gap}`);
  return insertion(source, endOfLine(source, node.span.end), `${gap}${text}`);
}

function endOfLine({ text }: Source, offset: number): number {
  const breakIndex = text.indexOf('\n', offset);
  const line = breakIndex === -1 ? text.length : breakIndex;
  return text[line - 1] === '\r' ? line - 1 : line;
}

type DeclarationOf<K extends Ast.DeclarationNode['kind']> = Extract<Ast.DeclarationNode, { kind: K }>;

/** Returns the last declaration of some kinds. */
export function lastOf<K extends Ast.DeclarationNode['kind']>(
  { declarations }: Ast.FileNode,
  ...kinds: readonly K[]
): DeclarationOf<K> | undefined {
  return declarations.findLast((node): node is DeclarationOf<K> => kinds.includes(node.kind as K));
}

/** Returns the declaration, of one of some kinds, that contains a span. */
export function declarationAround<K extends Ast.DeclarationNode['kind']>(
  { declarations }: Ast.FileNode,
  span: Pick<Span, 'start' | 'end'>,
  ...kinds: readonly K[]
): DeclarationOf<K> | undefined {
  return declarations.find(
    (node): node is DeclarationOf<K> => kinds.includes(node.kind as K) && isWithinSpan(span, node.span),
  );
}

export const isWithinSpan = (inner: Pick<Span, 'start' | 'end'>, outer: Span): boolean =>
  outer.start <= inner.start && inner.end <= outer.end;

/** Returns the text of an expression with edits made in it. */
export function withEdits({ span }: Ast.ExpressionNode, edits: readonly Edit[]): string {
  const { source, start, end } = span;
  return applyEdits(
    source,
    edits.filter(({ at }) => isWithinSpan(at, span)),
  ).slice(start, end - source.text.length || undefined);
}

/** True if a check after some edits finds nothing that the check before them has not found. */
export function bringsNone(before: readonly Diagnostic[], after: readonly Diagnostic[]): boolean {
  const keyOf = ({ code, message }: Diagnostic): string => `${code} ${message}`;
  const unmatchedKeys = before.map(keyOf);
  return after.every((diagnostic) => {
    const index = unmatchedKeys.indexOf(keyOf(diagnostic));
    if (index !== -1) unmatchedKeys.splice(index, 1);
    return index !== -1;
  });
}
