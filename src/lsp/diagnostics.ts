/** Diagnostics for the protocol, sent while a person types. */
import {
  type Connection,
  DiagnosticSeverity,
  DiagnosticTag,
  type Diagnostic as ProtocolDiagnostic,
} from 'vscode-languageserver';
import { defined } from '../defined.ts';
import { type Code, codes } from '../diagnostics/codes.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { toLocation, toRange } from './convert.ts';
import type { Session } from './session.ts';

function isUnnecessary(code: Code): boolean {
  const { unnecessary }: { readonly unnecessary?: true } = codes[code];
  return unnecessary === true;
}

const nowhere = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

export function toProtocol(session: Session, diagnostic: Diagnostic): ProtocolDiagnostic {
  const { code, severity, message, hint, at, notes } = diagnostic;
  return {
    range: at ? toRange(at) : nowhere,
    severity: severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    code,
    source: 'tower',
    message: hint === undefined ? message : `${message}\n${hint}`,
    ...(isUnnecessary(code) ? { tags: [DiagnosticTag.Unnecessary] } : {}),
    relatedInformation: notes.map((note) => ({ message: note.message, location: toLocation(session, note.at) })),
  };
}

/** Milliseconds. A check that takes longer is followed by a rest as long, so that other questions have their turn. */
const quick = 100;
const longestRest = 500;

/**
 * Checks the open documents that a change may concern, once the messages at hand are read: a burst of keystrokes is one check.
 * One that comes alone is checked at once, however long the check before it took.
 */
export class Publisher {
  readonly #connection: Connection;
  readonly #session: Session;
  #timer: NodeJS.Timeout | undefined;
  /** When the next check may begin. */
  #rested = 0;
  /** The diagnostics last sent for each file, so that a file whose mistakes are fixed gets an empty list. */
  #sent = new Map<string, string>();

  constructor(connection: Connection, session: Session) {
    this.#connection = connection;
    this.#session = session;
  }

  schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.publish(), Math.max(0, this.#rested - performance.now()));
  }

  publish(): void {
    clearTimeout(this.#timer);
    const started = performance.now();
    const byPath = new Map<string, Map<string, Diagnostic>>();
    for (const document of this.#session.open) {
      const path = this.#session.pathOf(document.uri);
      byPath.set(path, byPath.get(path) ?? new Map());
      const checked = this.#session.facts(path)?.checked;
      for (const diagnostic of checked?.diagnostics ?? []) {
        const file = diagnostic.at?.source.name ?? path;
        const found = byPath.get(file) ?? new Map<string, Diagnostic>();
        byPath.set(file, found);
        // What two open models say of a file that both use is said once.
        const { code, at, message } = diagnostic;
        found.set(`${code} ${at?.start} ${at?.end} ${message}`, diagnostic);
      }
    }
    const sent = new Map<string, string>();
    for (const [path, found] of byPath) {
      const diagnostics = [...found.values()].map((diagnostic) => toProtocol(this.#session, diagnostic));
      const version = this.#session.document(path)?.version;
      const text = JSON.stringify([version, diagnostics]);
      sent.set(path, text);
      if (this.#sent.get(path) === text) continue;
      const uri = this.#session.uriOf(path);
      this.#connection.sendDiagnostics({ uri, diagnostics, ...defined({ version }) });
    }
    for (const path of this.#sent.keys()) {
      if (!sent.has(path)) this.#connection.sendDiagnostics({ uri: this.#session.uriOf(path), diagnostics: [] });
    }
    this.#sent = sent;
    const ended = performance.now();
    const took = ended - started;
    this.#rested = took > quick ? ended + Math.min(took, longestRest) : ended;
  }
}
