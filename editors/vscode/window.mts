/** What the extension does in a window of VS Code and in one of a browser alike. */
import * as vscode from 'vscode';
import type { BaseLanguageClient, Middleware, TextDocumentFilterScheme } from 'vscode-languageclient';
import { onPaper } from './report_page.mts';

export const setting = <T,>(name: string): T | undefined => vscode.workspace.getConfiguration('tower').get<T>(name);

/**
 * What the server hears of: the files of the workspace, and what is not saved yet. An older state of a file, as a comparison with git shows it, has another
 * scheme: its mistakes would be listed a second time.
 */
export function documents(): TextDocumentFilterScheme[] {
  const schemes = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.scheme);
  return [...new Set(['file', 'untitled', 'vscode-vfs', ...schemes])].map((scheme) => ({ scheme, language: 'tower' }));
}

/** What the server gets about pictures as it starts: their paper, or that none are wanted. */
export const pictures = (): 'light' | 'dark' | undefined =>
  setting('hoverPictures') === false ? undefined : themeOf(vscode.window.activeColorTheme);

export async function restart(client: BaseLanguageClient): Promise<void> {
  await client.stop();
  await client.start();
}

export const listenToPictures = (client: BaseLanguageClient): vscode.Disposable[] => [
  vscode.workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration('tower.hoverPictures')) void restart(client);
  }),
  vscode.window.onDidChangeActiveColorTheme((theme) => client.sendNotification('tower/pictures', themeOf(theme))),
];

function themeOf({ kind }: vscode.ColorTheme): 'light' | 'dark' {
  const isLight = kind === vscode.ColorThemeKind.Light || kind === vscode.ColorThemeKind.HighContrastLight;
  return isLight ? 'light' : 'dark';
}

export const hideLenses: NonNullable<Middleware['provideCodeLenses']> = (document, token, next) =>
  setting('codeLens') === false ? [] : next(document, token);

/** A report of the workspace, the newest first. It has no script, and the view that shows it runs none. */
export async function openReport(): Promise<void> {
  const uris = await vscode.workspace.findFiles('**/report.html', '**/node_modules/**', 200);
  const reports = await Promise.all(
    uris.map(async (uri) => ({ uri, time: (await vscode.workspace.fs.stat(uri)).mtime })),
  );
  const items = reports
    .sort((a, b) => b.time - a.time)
    .map(({ uri, time }) => ({
      label: vscode.workspace.asRelativePath(uri),
      description: new Date(time).toLocaleString(),
      uri,
    }));
  if (items.length === 0) {
    void vscode.window.showInformationMessage('No run of this workspace has a report yet: `tower train` writes one.');
    return;
  }
  const picked = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title: 'Which report?' });
  if (!picked) return;
  const panel = vscode.window.createWebviewPanel('tower.report', picked.label, vscode.ViewColumn.Active, {
    enableScripts: false,
    localResourceRoots: [],
  });
  const page = new TextDecoder().decode(await vscode.workspace.fs.readFile(picked.uri));
  panel.webview.html = onPaper(page, themeOf(vscode.window.activeColorTheme));
}
