/** The server as a program of its own, over stdin and stdout: what the editor's extension bundles. */
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import manifest from '../../package.json' with { type: 'json' };
import { serve } from './server.ts';

serve(createConnection(ProposedFeatures.all, process.stdin, process.stdout), manifest.version);
