/** Runs the server as a web worker of a browser. The extension bundles it for vscode.dev. */
import {
  BrowserMessageReader,
  BrowserMessageWriter,
  createConnection,
  ProposedFeatures,
} from 'vscode-languageserver/browser';
import manifest from '../../../package.json' with { type: 'json' };
import { webHost } from './hosts/web.ts';
import { answerCancelled, startLanguageServer } from './language_server.ts';

/** The part of a worker that the connection uses. The types of a web page have a different `self`. */
const scope = globalThis as unknown as ConstructorParameters<typeof BrowserMessageReader>[0];
const host = webHost();
const connection = createConnection(
  ProposedFeatures.all,
  new BrowserMessageReader(scope),
  new BrowserMessageWriter(scope),
  answerCancelled,
);
const changed = startLanguageServer({ connection, version: manifest.version, host });
connection.onNotification('tower/files', (given: { readonly files?: unknown } | null) => {
  host.take(given?.files);
  changed();
});
