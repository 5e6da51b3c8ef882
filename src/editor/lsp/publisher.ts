/** Sends diagnostics while a person types. */
import type { Connection } from 'vscode-languageserver';
import { defined } from '../../base/util/defined.ts';
import { addReports, type Reports, reportOf } from './diagnostics.ts';
import type { Session } from './session.ts';

/** Milliseconds without a keystroke after which the open documents are checked: a burst of keystrokes is one check. */
export const debounceMs = 25;

/** Checks the open documents, each as a whole, and sends what has changed. */
export class Publisher {
  readonly #connection: Connection;
  readonly #session: Session;
  #timer: NodeJS.Timeout | undefined;
  /** The diagnostics last sent for each file, so that a file whose mistakes are fixed gets an empty list. */
  #sent = new Map<string, string>();

  constructor(connection: Connection, session: Session) {
    this.#connection = connection;
    this.#session = session;
  }

  schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.publish(), debounceMs);
  }

  publish(): void {
    clearTimeout(this.#timer);
    const reports: Reports = new Map();
    for (const { uri } of this.#session.open) addReports(this.#session, this.#session.pathOf(uri), reports);
    const sent = new Map<string, string>();
    for (const path of reports.keys()) {
      const diagnostics = reportOf(this.#session, reports, path);
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
  }
}
