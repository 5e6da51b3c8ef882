/** A provider is one capability of the language server with its handlers. Offsets are converted to the positions of the protocol, which count from 0. */
import {
  type Connection,
  ErrorCodes,
  type Location,
  type Position,
  type Range,
  ResponseError,
  type ServerCapabilities,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import type { Edit } from '../../base/diagnostics/diagnostic.ts';
import { offsetAt, positionAt, type Source, type Span, withLineEndingsOf } from '../../base/text/source.ts';
import type { FileAnalysis } from '../language/file_analysis.ts';
import type { EditorSession } from './session.ts';

export interface Provider {
  readonly capabilities: ServerCapabilities;
  register(connection: Connection, session: EditorSession): void;
}

/** Error code of the protocol for a request that is understood but cannot be done. Editors show its message. */
const requestFailed = -32803;

export const refusedRequest = (message: string): ResponseError<void> => new ResponseError(requestFailed, message);

/** Reports the missing parameter to a client that violates the protocol. */
const invalid = (message: string): ResponseError<void> => new ResponseError(ErrorCodes.InvalidParams, message);

interface DocumentParams {
  readonly textDocument: { readonly uri: string };
}

export interface PositionParams extends DocumentParams {
  readonly position: Position;
}

/** Returns the analysis of the document that a request names, and the offset of its position. */
export function locate(
  session: EditorSession,
  params: PositionParams,
): { readonly facts: FileAnalysis; readonly offset: number } | undefined {
  const facts = analysisOf(session, params);
  if (facts && typeof params.position?.line !== 'number') throw invalid('`position` is missing');
  return facts && { facts, offset: toOffset(facts.source, params.position) };
}

export function analysisOf(session: EditorSession, { textDocument }: DocumentParams): FileAnalysis | undefined {
  if (typeof textDocument?.uri !== 'string') throw invalid('`textDocument.uri` is missing');
  return session.facts(session.pathOf(textDocument.uri));
}

/** Answers a request about a document; null if it is unknown. */
export const aboutDocument =
  <P extends DocumentParams, A>(session: EditorSession, answer: (facts: FileAnalysis, params: P) => A) =>
  (params: P): A | null => {
    const fileAnalysis = analysisOf(session, params);
    return fileAnalysis ? answer(fileAnalysis, params) : null;
  };

/** Answers a request about a position in a document. */
export const aboutPosition =
  <P extends PositionParams, A>(
    session: EditorSession,
    answer: (facts: FileAnalysis, offset: number, params: P) => A,
  ) =>
  (params: P): A | null => {
    const location = locate(session, params);
    return location ? answer(location.facts, location.offset, params) : null;
  };

export function toPosition(source: Source, offset: number): Position {
  const { line, column } = positionAt(source, offset);
  // Editors count a byte order mark as a character.
  const markLength = line === 1 ? source.lineStarts[0]! : 0;
  return { line: line - 1, character: column - 1 + markLength };
}

export function toRange({ source, start, end }: Span): Range {
  return { start: toPosition(source, start), end: toPosition(source, end) };
}

export function toOffset(source: Source, { line, character }: Position): number {
  const markLength = line === 0 ? source.lineStarts[0]! : 0;
  if (line >= source.lineStarts.length) return source.text.length;
  const offset = offsetAt(source, { line: line + 1, column: Math.max(0, character - markLength) + 1 });
  return Math.min(offset, (source.lineStarts[line + 1] ?? source.text.length + 1) - 1);
}

export function toLocation(session: EditorSession, span: Span): Location {
  return { uri: session.uriOf(span.source.name), range: toRange(span) };
}

export function toTextEdit({ at, text }: Edit): TextEdit {
  return { range: toRange(at), newText: withLineEndingsOf(at.source, text) };
}

export function toWorkspaceEdit(session: EditorSession, edits: readonly Edit[]): WorkspaceEdit {
  const changes: Record<string, TextEdit[]> = {};
  for (const edit of edits) {
    const uri = session.uriOf(edit.at.source.name);
    changes[uri] = [...(changes[uri] ?? []), toTextEdit(edit)];
  }
  return { changes };
}
