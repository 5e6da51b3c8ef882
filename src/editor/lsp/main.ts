/** The server as a program of its own, over stdin and stdout: what the editor's extension bundles. */
import { Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import manifest from '../../../package.json' with { type: 'json' };
import { nodeHost } from './hosts/node.ts';
import { answerCancelled, startLanguageServer } from './server.ts';

/**
 * Growth of the heap, in percent of the live objects, before a garbage collection. The default of the engine is fourfold and needs more memory during
 * typing. With 50 % a keystroke in 2,000 lines took up to 1.6 times as long, and memory was only 4 MB less.
 */
setFlagsFromString('--heap-growing-percent=150');

const inspector = new Session();
inspector.connect();

/**
 * Memory that checks leave behind is given back while nobody types: else it lies there until it is many times what is needed. The
 * inspector's collection also gives back the room that it lay in, which the engine's own (`gc`) keeps for what may come.
 */
const rest = (): void => inspector.post('HeapProfiler.collectGarbage');

const connection = createConnection(ProposedFeatures.all, process.stdin, process.stdout, answerCancelled);
startLanguageServer({ connection, version: manifest.version, host: nodeHost(), rest });
