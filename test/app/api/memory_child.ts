/** Trains in a process of its own, and prints the most memory that it held, in bytes, and where its rows were: `memory_child.ts MODEL DATA OUT MEMORY`. */
import { readFileSync } from 'node:fs';
import { train } from '../../../src/app/api/train.ts';

const [model, data, out, memory] = process.argv.slice(2) as [string, string, string, string];
const { dataset } = await train(model, { data, out, memory, seed: 1 });
const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))!;
process.stdout.write(JSON.stringify({ peak: 1024 * Number(kibibytes), rows: dataset.shards ? 'shards' : 'memory' }));
