/** One thing that the server offers: what it says it can do, and how it answers. */
import type { Connection, Position, ServerCapabilities } from 'vscode-languageserver';
import { ErrorCodes, ResponseError } from 'vscode-languageserver';
import type { FileAnalysis } from '../language/file_analysis.ts';
import { toOffset } from './convert.ts';
import type { Session } from './session.ts';

export interface Provider {
  readonly capabilities: ServerCapabilities;
  register(connection: Connection, session: Session): void;
}

/** Protocol code of a request that is understood and cannot be done; its message is shown. */
const requestFailed = -32803;

export const refuse = (message: string): ResponseError<void> => new ResponseError(requestFailed, message);

/** Of a client that does not keep to the protocol: it learns what it has left out. */
const invalid = (message: string): ResponseError<void> => new ResponseError(ErrorCodes.InvalidParams, message);

/** The check of the document that a request names, and the offset it asks about. */
export function placeOf(
  session: Session,
  params: { readonly textDocument: { readonly uri: string }; readonly position: Position },
): { readonly facts: FileAnalysis; readonly offset: number } | undefined {
  const facts = factsOf(session, params);
  if (facts && typeof params.position?.line !== 'number') throw invalid('`position` is missing');
  return facts && { facts, offset: toOffset(facts.source, params.position) };
}

export function factsOf(
  session: Session,
  { textDocument }: { readonly textDocument: { readonly uri: string } },
): FileAnalysis | undefined {
  if (typeof textDocument?.uri !== 'string') throw invalid('`textDocument.uri` is missing');
  return session.facts(session.pathOf(textDocument.uri));
}
