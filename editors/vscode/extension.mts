/** Starts the language server that is bundled next to this file, and stops it with the window. */
import type { ExtensionContext } from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';

let client: LanguageClient | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const server = { module: context.asAbsolutePath('dist/server.js'), transport: TransportKind.stdio };
  client = new LanguageClient('tower', 'Tower', server, {
    documentSelector: [
      { scheme: 'file', language: 'tower' },
      { scheme: 'untitled', language: 'tower' },
    ],
  });
  await client.start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}
