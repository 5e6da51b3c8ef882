/** Converts diagnostics for the protocol, by file, and sends them while the user types. */
import {
  type Connection,
  DiagnosticSeverity,
  DiagnosticTag,
  type Diagnostic as ProtocolDiagnostic,
} from 'vscode-languageserver';
import { codes } from '../../base/diagnostics/codes.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { toLocation, toRange } from './provider.ts';
import type { EditorSession } from './session.ts';

/** Address of the folder with the pages of all codes, which `tower explain` also prints. */
const pages = 'https://github.com/tower-lang/tower/blob/main/docs/errors';

const nowhere = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

export function toProtocol(session: EditorSession, diagnostic: Diagnostic): ProtocolDiagnostic {
  const { code, severity, message, hint, at, notes } = diagnostic;
  const { unnecessary }: { readonly unnecessary?: true } = codes[code];
  return {
    range: at ? toRange(at) : nowhere,
    severity: severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    code,
    codeDescription: { href: `${pages}/${code}.md` },
    source: 'tower',
    message: hint === undefined ? message : `${message}\n${hint}`,
    ...(unnecessary ? { tags: [DiagnosticTag.Unnecessary] } : {}),
    relatedInformation: notes.map((note) => ({ message: note.message, location: toLocation(session, note.at) })),
  };
}

/** The diagnostics of each file, without duplicates. */
export type FileReports = Map<string, Map<string, Diagnostic>>;

/** Adds the diagnostics of a check, for the file and for the files that it uses. The same diagnostic from two checks counts once. */
export function addReports(session: EditorSession, path: string, reports: FileReports): void {
  reports.set(path, reports.get(path) ?? new Map());
  for (const diagnostic of session.facts(path)?.checked.diagnostics ?? []) {
    const file = diagnostic.at?.source.name ?? path;
    const fileReports = reports.get(file) ?? new Map<string, Diagnostic>();
    reports.set(file, fileReports);
    const { code, at, message } = diagnostic;
    fileReports.set(`${code} ${at?.start} ${at?.end} ${message}`, diagnostic);
  }
}

export function reportOf(session: EditorSession, reports: FileReports, path: string): ProtocolDiagnostic[] {
  return [...(reports.get(path)?.values() ?? [])].map((diagnostic) => toProtocol(session, diagnostic));
}

/** Milliseconds without a keystroke after which the open documents are checked, so that a burst of keystrokes causes one check. */
export const debounceMs = 25;

/** Checks the open documents, each as a whole, and sends what has changed. */
export class Publisher {
  readonly #connection: Connection;
  readonly #session: EditorSession;
  #timer: NodeJS.Timeout | undefined;
  /** The diagnostics last sent for each file, so that a fixed file gets an empty list. */
  #sent = new Map<string, string>();

  constructor(connection: Connection, session: EditorSession) {
    this.#connection = connection;
    this.#session = session;
  }

  schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.publish(), debounceMs);
  }

  publish(): void {
    clearTimeout(this.#timer);
    const reports: FileReports = new Map();
    for (const { uri } of this.#session.open) addReports(this.#session, this.#session.pathOf(uri), reports);
    const sentTexts = new Map<string, string>();
    for (const path of reports.keys()) {
      const diagnostics = reportOf(this.#session, reports, path);
      const version = this.#session.document(path)?.version;
      const reportText = JSON.stringify([version, diagnostics]);
      sentTexts.set(path, reportText);
      if (this.#sent.get(path) === reportText) continue;
      const uri = this.#session.uriOf(path);
      this.#connection.sendDiagnostics({ uri, diagnostics, version });
    }
    for (const path of this.#sent.keys()) {
      if (!sentTexts.has(path)) this.#connection.sendDiagnostics({ uri: this.#session.uriOf(path), diagnostics: [] });
    }
    this.#sent = sentTexts;
  }
}
