/** Answers with diagnostics that an editor requests: of one file, and of all files of the open folders. The server sends such an editor none by itself. */
import {
  type CancellationToken,
  type Diagnostic,
  DocumentDiagnosticReportKind,
  type FullDocumentDiagnosticReport,
  type UnchangedDocumentDiagnosticReport,
  type WorkspaceDocumentDiagnosticReport,
} from 'vscode-languageserver';
import { addReports, type FileReports, reportOf } from '../diagnostics.ts';
import { recentPaths, Turns } from '../project.ts';
import type { Provider } from '../provider.ts';
import type { EditorSession } from '../session.ts';

export const pulledDiagnostics: Provider = {
  capabilities: {
    diagnosticProvider: { identifier: 'tower', interFileDependencies: true, workspaceDiagnostics: true },
  },
  register(connection, session) {
    connection.languages.diagnostics.on(({ textDocument, previousResultId }) => {
      const documentPath = session.pathOf(textDocument.uri);
      const reports: FileReports = new Map();
      // The check of an open model may add diagnostics to a file that it uses.
      for (const one of new Set([documentPath, ...session.open.map(({ uri }) => session.pathOf(uri))])) {
        addReports(session, one, reports);
      }
      return report(reportOf(session, reports, documentPath), previousResultId);
    });
    connection.languages.diagnostics.onWorkspace(async ({ previousResultIds }, token) => {
      const reports = await ofProject(session, token);
      const previousIds = new Map(previousResultIds.map(({ uri, value }) => [uri, value]));
      const items = [...reports.keys()].map((path): WorkspaceDocumentDiagnosticReport => {
        const uri = session.uriOf(path);
        const version = session.document(path)?.version ?? null;
        return { ...report(reportOf(session, reports, path), previousIds.get(uri)), uri, version };
      });
      // A deleted file has no errors.
      const goneUris = [...previousIds.keys()].filter((uri) => !reports.has(session.pathOf(uri)));
      return {
        items: [...items, ...goneUris.map((uri) => ({ ...report([], previousIds.get(uri)), uri, version: null }))],
      };
    });
  },
};

type DiagnosticReport = FullDocumentDiagnosticReport | UnchangedDocumentDiagnosticReport;

async function ofProject(session: EditorSession, token: CancellationToken): Promise<FileReports> {
  const reports: FileReports = new Map();
  const turns = new Turns();
  for (const path of await recentPaths(session, token)) {
    await turns.next();
    if (token.isCancellationRequested) break;
    addReports(session, path, reports);
  }
  return reports;
}

/** The id of each report that was sent, by its JSON. */
const resultIds = new Map<string, string>();
/** Maximum number of ids that are kept. A report without one is sent in full again. */
const mostIds = 10_000;

function report(items: Diagnostic[], before: string | undefined): DiagnosticReport {
  const reportText = JSON.stringify(items);
  if (resultIds.size >= mostIds) resultIds.clear();
  const resultId = resultIds.get(reportText) ?? crypto.randomUUID();
  resultIds.set(reportText, resultId);
  return resultId === before
    ? { kind: DocumentDiagnosticReportKind.Unchanged, resultId }
    : { kind: DocumentDiagnosticReportKind.Full, resultId, items };
}
