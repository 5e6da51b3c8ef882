/** Diagnostics for the protocol, by file: each where it is, also where a file that uses it found it. */
import { DiagnosticSeverity, DiagnosticTag, type Diagnostic as ProtocolDiagnostic } from 'vscode-languageserver';
import { type Code, codes } from '../../base/diagnostics/codes.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { toLocation, toRange } from './convert.ts';
import type { Session } from './session.ts';

function isUnnecessary(code: Code): boolean {
  const { unnecessary }: { readonly unnecessary?: true } = codes[code];
  return unnecessary === true;
}

/** The page of each code, which `tower explain` prints too. */
const pages = 'https://github.com/tower-lang/tower/blob/main/docs/errors';

const nowhere = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

export function toProtocol(session: Session, diagnostic: Diagnostic): ProtocolDiagnostic {
  const { code, severity, message, hint, at, notes } = diagnostic;
  return {
    range: at ? toRange(at) : nowhere,
    severity: severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    code,
    codeDescription: { href: `${pages}/${code}.md` },
    source: 'tower',
    message: hint === undefined ? message : `${message}\n${hint}`,
    ...(isUnnecessary(code) ? { tags: [DiagnosticTag.Unnecessary] } : {}),
    relatedInformation: notes.map((note) => ({ message: note.message, location: toLocation(session, note.at) })),
  };
}

/** By file, each once. */
export type Reports = Map<string, Map<string, Diagnostic>>;

/** Adds what a check of a file says of it and of the files that it uses. What two say of one file counts once. */
export function addReports(session: Session, path: string, reports: Reports): void {
  reports.set(path, reports.get(path) ?? new Map());
  for (const diagnostic of session.facts(path)?.checked.diagnostics ?? []) {
    const file = diagnostic.at?.source.name ?? path;
    const found = reports.get(file) ?? new Map<string, Diagnostic>();
    reports.set(file, found);
    const { code, at, message } = diagnostic;
    found.set(`${code} ${at?.start} ${at?.end} ${message}`, diagnostic);
  }
}

export function reportOf(session: Session, reports: Reports, path: string): ProtocolDiagnostic[] {
  return [...(reports.get(path)?.values() ?? [])].map((diagnostic) => toProtocol(session, diagnostic));
}
