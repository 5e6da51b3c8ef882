/** Runs the server as a program of its own over stdin and stdout. The extensions of editors bundle it. */
import { Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import manifest from '../../../package.json' with { type: 'json' };
import { nodeHost } from './hosts/node.ts';
import { answerCancelled, startLanguageServer } from './language_server.ts';

/**
 * Growth of the heap before a garbage collection, in percent of the live objects. The default of V8 is fourfold and needs more memory during typing. With 50 %
 * a keystroke in 2,000 lines took up to 1.6 times as long, and memory was only 4 MB less.
 */
setFlagsFromString('--heap-growing-percent=150');

const inspector = new Session();
inspector.connect();

/**
 * Frees the memory of old checks while nobody types; otherwise it would grow to many times what is needed. The inspector's collection also returns the freed
 * pages to the system, which `gc` of V8 keeps for later.
 */
const rest = (): void => inspector.post('HeapProfiler.collectGarbage');

const connection = createConnection(ProposedFeatures.all, process.stdin, process.stdout, answerCancelled);
startLanguageServer({ connection, version: manifest.version, host: nodeHost(), rest });
