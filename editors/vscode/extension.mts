/** Starts the language server that is bundled next to this file, stops it with the window, and carries out commands. */
import * as vscode from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { checkWords, isPlain, pathFrom, programFor, trainWords, withData } from './program.mts';
import { documents, hideLenses, listenToPictures, openReport, pictures, setting } from './window.mts';

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const commands: Readonly<Record<string, (uri?: string) => Promise<void>>> = {
    'tower.check': async (uri) => {
      const model = await modelOf(uri);
      if (model) await run(model, checkWords(model.fsPath, await dataOf(context, model)));
    },
    'tower.train': async (uri) => {
      const model = await modelOf(uri);
      const data = model && (await dataOf(context, model));
      if (model && data) await run(model, trainWords(model.fsPath, data, new Date()));
    },
    'tower.openReport': openReport,
    'tower.chooseData': async (uri) => {
      const model = await modelOf(uri);
      if (!model) return;
      await context.workspaceState.update(model.fsPath, undefined);
      await dataOf(context, model);
    },
    'tower.restart': async () => client?.restart(),
  };
  for (const [name, command] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(name, command));
  }

  // `isWeb` would hide them in a browser that is the window of a machine, as in GitHub Codespaces.
  void vscode.commands.executeCommand('setContext', 'tower.startsPrograms', isOnDisk());
  const server = { module: context.asAbsolutePath('dist/server.js'), transport: TransportKind.stdio };
  client = new LanguageClient('tower', 'Tower', server, {
    documentSelector: documents(),
    // Asked anew at each start of the server. What runs a program needs a folder that the user trusts.
    initializationOptions: () => ({
      commands: vscode.workspace.isTrusted && isOnDisk() ? ['tower.check', 'tower.train'] : [],
      pictures: pictures(),
    }),
    middleware: { provideCodeLenses: hideLenses },
  });
  context.subscriptions.push(
    vscode.workspace.onDidGrantWorkspaceTrust(() => client?.restart()),
    ...listenToPictures(client),
  );
  await client.start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

/** The file that a lens names, or the one in front; saved, since the program reads the disk. */
async function modelOf(uri?: string): Promise<vscode.Uri | undefined> {
  const document = uri
    ? await vscode.workspace.openTextDocument(vscode.Uri.parse(uri))
    : vscode.window.activeTextEditor?.document;
  if (document?.languageId !== 'tower' || document.uri.scheme !== 'file') {
    void vscode.window.showErrorMessage('Open a saved `.tower` file first.');
    return undefined;
  }
  await document.save();
  return document.uri;
}

/** Whether the folders of the workspace are those of a machine. A program can read no others. */
const isOnDisk = (): boolean => (vscode.workspace.workspaceFolders ?? []).every(({ uri }) => uri.scheme === 'file');

/** The data block of a model: as it was chosen before, as the settings say, or as the user says. */
async function dataOf(context: vscode.ExtensionContext, model: vscode.Uri): Promise<string | undefined> {
  const chosen = context.workspaceState.get<string>(model.fsPath) || setting<string>('data');
  if (chosen) return chosen;
  const uris = await vscode.workspace.findFiles('**/*.tower', '**/{node_modules,runs,dist}/**', 500);
  const files = await Promise.all(
    uris.map(async (uri) => ({ path: uri.fsPath, text: String(await vscode.workspace.fs.readFile(uri)) })),
  );
  const found = [...withData(files)].sort();
  const items = found.map((path) => ({ label: vscode.workspace.asRelativePath(path), path }));
  const picked = await vscode.window.showQuickPick(items, { title: 'Which data block?' });
  if (picked) await context.workspaceState.update(model.fsPath, picked.path);
  return picked?.path;
}

/** In a terminal, where the user sees it and can stop it. */
async function run(model: vscode.Uri, words: readonly string[]): Promise<void> {
  const folder = vscode.workspace.getWorkspaceFolder(model);
  const cwd = folder?.uri.fsPath ?? vscode.Uri.joinPath(model, '..').fsPath;
  const given = setting<string>('path');
  const program = given ? [given] : programFor(model.fsPath, folder?.uri.fsPath, process.env.PATH ?? '');
  if (!program) return showMissing();
  const [command, ...args] = [...program, ...words.map((word) => pathFrom(cwd, word))].map((word) =>
    isPlain(word) ? word : { value: word, quoting: vscode.ShellQuoting.Strong },
  );
  const scope = folder ?? vscode.TaskScope.Workspace;
  const name = words[0]!;
  const execution = new vscode.ShellExecution(command!, args, { cwd });
  await vscode.tasks.executeTask(new vscode.Task({ type: 'tower', command: name }, scope, name, 'tower', execution));
}

async function showMissing(): Promise<void> {
  const settings = 'Open the setting';
  const chosen = await vscode.window.showErrorMessage(
    'The program `tower` is neither installed in this folder nor on the PATH. Install the package `tower-lang`, or set `tower.path`.',
    settings,
  );
  if (chosen === settings) await vscode.commands.executeCommand('workbench.action.openSettings', 'tower.path');
}
