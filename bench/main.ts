/**
 * `npm run bench [-- PART …]`: every figure that Tower claims, each part a process of its own, one after the other. What is next to
 * Python is `npm run bench:peers`. Figures mean something only on a machine that does nothing else: each part prints its load.
 */
import { spawnSync } from 'node:child_process';
import { describeProcessor } from './processor.ts';

const tsx = ['--import', 'tsx'];
const parts: Readonly<Record<string, readonly (readonly string[])[]>> = {
  start: [
    [...tsx, 'bench/start.ts'],
    [...tsx, 'bench/serving_start.ts'],
  ],
  loop: [[...tsx, 'bench/loop.ts']],
  engines: [[...tsx, 'bench/engines.ts']],
  precision: [[...tsx, 'bench/precision.ts']],
  host: [[...tsx, 'bench/embedding.ts']],
  tables: [[...tsx, 'bench/tables.ts']],
  scale: ['1e4', '1e5', '1e6'].map((rows) => [...tsx, 'bench/scale.ts', rows]),
  reading: [[...tsx, 'bench/reading.ts']],
  models: [[...tsx, 'bench/models.ts']],
  sequences: [[...tsx, 'bench/sequences.ts']],
  evaluation: [[...tsx, 'bench/evaluation.ts']],
  swap: [[...tsx, 'bench/swap.ts']],
  serve: [
    [...tsx, 'bench/serve.ts'],
    [...tsx, 'bench/http.ts'],
  ],
  search: [[...tsx, 'bench/search.ts']],
  capacity: [[...tsx, 'bench/capacity.ts']],
  browser: [[...tsx, 'bench/browser.ts']],
  daily: [[...tsx, 'bench/daily.ts']],
  final: [
    [...tsx, 'bench/final.ts'],
    [...tsx, 'bench/final.ts', '--set', 'features.user_id.drop=0.2'],
  ],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`there is no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
  process.exit(1);
}
console.log(describeProcessor());
let failed = false;
for (const [name, commands] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n── ${name}`);
  for (const args of commands) {
    const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
    failed ||= status !== 0;
  }
}
process.exitCode = failed ? 1 : 0;
