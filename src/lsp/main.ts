/** The server as a program of its own, over stdin and stdout: what the editor's extension bundles. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import manifest from '../../package.json' with { type: 'json' };
import { serve } from './server.ts';

/** What checks leave behind is given back while nobody types: else it lies there until it is many times what is needed. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('typeof gc === "function" ? gc : undefined');
  return typeof collect === 'function' ? () => collect() : () => {};
}

serve(createConnection(ProposedFeatures.all, process.stdin, process.stdout), manifest.version, collector());
