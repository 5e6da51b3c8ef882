/** The language server: the protocol over a pair of streams. Never loads an engine or the database. */
import {
  type Connection,
  DidChangeWatchedFilesNotification,
  DidChangeWorkspaceFoldersNotification,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { Publisher } from './diagnostics.ts';
import { providers } from './providers/table.ts';
import { Session } from './session.ts';

/** @param rest called where nothing has been typed for a while */
export function serve(connection: Connection, version: string, rest: () => void = () => {}): void {
  const session = new Session();
  const documents = new TextDocuments(TextDocument);
  const publisher = new Publisher(connection, session);
  let watches = false;
  let resting: NodeJS.Timeout | undefined;

  connection.onInitialize(({ workspaceFolders, rootUri, capabilities }) => {
    const uris = workspaceFolders?.map(({ uri }) => uri) ?? (rootUri ? [rootUri] : []);
    session.openFolders(uris);
    watches = capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration ?? false;
    return {
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
        ...Object.assign({}, ...providers.map((provider) => provider.capabilities)),
      },
      serverInfo: { name: 'tower', version },
    };
  });
  connection.onInitialized(() => {
    if (!watches) return;
    const watchers = [{ globPattern: '**/*.tower' }];
    void connection.client.register(DidChangeWatchedFilesNotification.type, { watchers });
  });
  connection.onNotification(DidChangeWorkspaceFoldersNotification.type, ({ event: { added, removed } }) => {
    session.closeFolders(removed.map(({ uri }) => uri));
    session.openFolders(added.map(({ uri }) => uri));
    publisher.schedule();
  });
  connection.onDidChangeWatchedFiles(() => publisher.schedule());

  documents.onDidOpen(({ document }) => session.put(document));
  documents.onDidChangeContent(({ document }) => {
    session.put(document);
    publisher.schedule();
    clearTimeout(resting);
    resting = setTimeout(rest, 2000).unref();
  });
  documents.onDidClose(({ document }) => {
    session.remove(document.uri);
    publisher.schedule();
  });

  for (const provider of providers) provider.register(connection, session);
  documents.listen(connection);
  connection.listen();
}
