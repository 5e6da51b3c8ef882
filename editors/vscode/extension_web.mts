/**
 * The extension in a browser, as on vscode.dev: the language server is a worker. It reads no files, so it is given those of the workspace. No program can be
 * started, so there is no `Check with data` and no `Train`.
 */
import * as vscode from 'vscode';
import {
  BrowserMessageReader,
  BrowserMessageWriter,
  LanguageClient,
  type MessageTransports,
} from 'vscode-languageclient/browser';
import { filesOf, givenFile } from './given_files.mts';
import { documents, hideLenses, listenToPictures, openReport, pictures, restart } from './window.mts';

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const { files, leftOut } = await filesOf();
  const server = vscode.Uri.joinPath(context.extensionUri, 'dist/web/server.js').toString(true);
  const started = new LanguageClient('tower', 'Tower', async () => connect(server), {
    documentSelector: documents(),
    initializationOptions: () => ({ pictures: pictures(), files: [...files.values()] }),
    middleware: { provideCodeLenses: hideLenses },
  });
  client = started;
  if (leftOut > 0) started.outputChannel.appendLine(`${leftOut} files are left out: they are too large, or too many.`);
  // What a file holds now, also at the next start.
  const give = async (uri: vscode.Uri, isGone = false): Promise<void> => {
    const file = isGone ? { uri: uri.toString(), text: null } : await givenFile(uri);
    if (file.text === null) files.delete(file.uri);
    else files.set(file.uri, file);
    await started.sendNotification('tower/files', { files: [file] });
  };
  const watcher = vscode.workspace.createFileSystemWatcher('**/*.tower');
  context.subscriptions.push(
    watcher,
    watcher.onDidCreate((uri) => give(uri)),
    watcher.onDidChange((uri) => give(uri)),
    watcher.onDidDelete((uri) => give(uri, true)),
    vscode.commands.registerCommand('tower.openReport', openReport),
    vscode.commands.registerCommand('tower.restart', () => restart(started)),
    ...listenToPictures(started),
  );
  await started.start();
}

let worker: Worker | undefined;

/**
 * A new worker, and what speaks with it. The client takes a worker only by `instanceof Worker`, which is never true where extensions run: VS Code replaces
 * the constructor there by one whose workers are of another class.
 */
function connect(server: string): MessageTransports {
  worker?.terminate();
  worker = new Worker(server);
  return { reader: new BrowserMessageReader(worker), writer: new BrowserMessageWriter(worker) };
}

export async function deactivate(): Promise<void> {
  await client?.stop();
  worker?.terminate();
}
