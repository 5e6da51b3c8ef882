/** Runs the language server: the protocol over a connection. Never loads an engine or the database. */
import {
  type Connection,
  type ConnectionOptions,
  DidChangeWatchedFilesNotification,
  DidChangeWorkspaceFoldersNotification,
  LSPErrorCodes,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { Publisher } from './diagnostics.ts';
import { themeOf } from './providers/hover_provider.ts';
import { pulledDiagnostics } from './providers/pulled_diagnostics_provider.ts';
import { providers } from './providers/table.ts';
import { EditorSession, type Host } from './session.ts';

interface LanguageServerOptions {
  readonly connection: Connection;
  readonly version: string;
  readonly host: Host;
  /** Called when nothing has been typed for a while. */
  readonly rest?: () => void;
}

/** @returns a function to call when files have changed that only the host knows of */
export function startLanguageServer({ connection, version, host, rest = () => {} }: LanguageServerOptions): () => void {
  const session = new EditorSession(host);
  const documents = new TextDocuments(TextDocument);
  const publisher = new Publisher(connection, session);
  let watchesFiles = false;
  /** True if the editor asks for diagnostics. `refreshesDiagnostics`: it asks again on request. */
  let pullsDiagnostics = false;
  let refreshesDiagnostics = false;
  let restTimer: ReturnType<typeof setTimeout> | undefined;

  connection.onInitialize(({ workspaceFolders, rootUri, capabilities, initializationOptions }) => {
    const { commands, pictures } = (initializationOptions ?? {}) as Readonly<Record<'commands' | 'pictures', unknown>>;
    session.commands = new Set(Array.isArray(commands) ? commands.filter((one) => typeof one === 'string') : []);
    host.begin?.(initializationOptions);
    const takesMarkdown = capabilities.textDocument?.hover?.contentFormat?.includes('markdown') ?? false;
    session.pictures = takesMarkdown ? themeOf(pictures) : undefined;
    const folderUris = workspaceFolders?.map(({ uri }) => uri) ?? (rootUri ? [rootUri] : []);
    session.openFolders(folderUris);
    pullsDiagnostics = capabilities.textDocument?.diagnostic !== undefined;
    refreshesDiagnostics = capabilities.workspace?.diagnostics?.refreshSupport ?? false;
    watchesFiles = capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration ?? false;
    // Editors that cannot ask for diagnostics are sent them.
    const provided = providers.filter((provider) => pullsDiagnostics || provider !== pulledDiagnostics);
    return {
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
        ...Object.assign({}, ...provided.map((provider) => provider.capabilities)),
      },
      serverInfo: { name: 'tower', version },
    };
  });
  connection.onInitialized(() => {
    if (!watchesFiles) return;
    const watchers = [{ globPattern: '**/*.tower' }];
    void connection.client.register(DidChangeWatchedFilesNotification.type, { watchers });
  });
  /** Updates diagnostics after a change that is not in an open document. */
  const recheck = (): void => {
    if (!pullsDiagnostics) publisher.schedule();
    else if (refreshesDiagnostics) connection.languages.diagnostics.refresh();
  };
  connection.onNotification(DidChangeWorkspaceFoldersNotification.type, ({ event: { added, removed } }) => {
    session.closeFolders(removed.map(({ uri }) => uri));
    session.openFolders(added.map(({ uri }) => uri));
    recheck();
  });
  connection.onDidChangeWatchedFiles(recheck);

  documents.onDidOpen(({ document }) => session.put(document));
  documents.onDidChangeContent(({ document }) => {
    session.put(document);
    if (!pullsDiagnostics) publisher.schedule();
    clearTimeout(restTimer);
    restTimer = setTimeout(rest, 2000);
    // In Node.js the timer must not keep the process running.
    if (typeof restTimer === 'object') restTimer.unref();
  });
  documents.onDidClose(({ document }) => {
    session.remove(document.uri);
    if (!pullsDiagnostics) publisher.schedule();
  });

  for (const provider of providers) provider.register(connection, session);
  documents.listen(connection);
  connection.listen();
  return recheck;
}

export const answerCancelled: ConnectionOptions = {
  connectionStrategy: {
    // The connection fills in the id of the request.
    cancelUndispatched: ({ jsonrpc }) => ({
      ...{ jsonrpc, id: null },
      error: { code: LSPErrorCodes.RequestCancelled, message: 'the request was cancelled' },
    }),
  },
};
