/** Places of ours and of the protocol's: offsets, and lines and columns from 0. */
import type { Location, Position, Range, TextEdit, WorkspaceEdit } from 'vscode-languageserver';
import type { Edit } from '../../base/diagnostics/diagnostic.ts';
import { offsetAt, positionAt, type Source, type Span, withLineEndsOf } from '../../base/text/source.ts';
import type { Session } from './session.ts';

export function toPosition(source: Source, offset: number): Position {
  const { line, column } = positionAt(source, offset);
  // A byte order mark is a character to the editor.
  const mark = line === 1 ? source.lineStarts[0]! : 0;
  return { line: line - 1, character: column - 1 + mark };
}

export function toRange({ source, start, end }: Span): Range {
  return { start: toPosition(source, start), end: toPosition(source, end) };
}

export function toOffset(source: Source, { line, character }: Position): number {
  const mark = line === 0 ? source.lineStarts[0]! : 0;
  if (line >= source.lineStarts.length) return source.text.length;
  const offset = offsetAt(source, { line: line + 1, column: Math.max(0, character - mark) + 1 });
  return Math.min(offset, (source.lineStarts[line + 1] ?? source.text.length + 1) - 1);
}

export function toLocation(session: Session, span: Span): Location {
  return { uri: session.uriOf(span.source.name), range: toRange(span) };
}

export function toTextEdit({ at, text }: Edit): TextEdit {
  return { range: toRange(at), newText: withLineEndsOf(at.source, text) };
}

export function toWorkspaceEdit(session: Session, edits: readonly Edit[]): WorkspaceEdit {
  const changes: Record<string, TextEdit[]> = {};
  for (const edit of edits) {
    const uri = session.uriOf(edit.at.source.name);
    changes[uri] = [...(changes[uri] ?? []), toTextEdit(edit)];
  }
  return { changes };
}
