/** The server as a program of its own, over stdin and stdout: what the editor's extension bundles. */
import { Session } from 'node:inspector';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import manifest from '../../package.json' with { type: 'json' };
import { serve } from './server.ts';

const inspector = new Session();
inspector.connect();

/**
 * What checks leave behind is given back while nobody types: else it lies there until it is many times what is needed. The
 * inspector's collection also gives back the room that it lay in, which the engine's own (`gc`) keeps for what may come.
 */
const rest = (): void => inspector.post('HeapProfiler.collectGarbage');

serve(createConnection(ProposedFeatures.all, process.stdin, process.stdout), manifest.version, rest);
