/**
 * From launch: `tower check` of one model, an empty Node process next to it, and `tower train` to the first step on MovieLens. Rounds of the first two alternate.
 * Both clocks are shown, as the wall's says little of a busy machine: time that passed, and time that the processor took.
 * `npx tsx bench/start.ts [--rounds=10]`, after `npm run build`
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine, median, range } from './machine.ts';

const rounds = Number(process.argv.find((argument) => argument.startsWith('--rounds='))?.split('=')[1] ?? 10);

const folder = mkdtempSync(join(tmpdir(), 'tower-start-'));
const used = join(folder, 'used');
const meter = join(folder, 'meter.cjs');
writeFileSync(
  meter,
  `process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    require('node:fs').writeFileSync(${JSON.stringify(used)}, String((user + system) / 1000));
  });`,
);

interface Taken {
  readonly wall: number;
  readonly processor: number;
}

function taken(args: readonly string[]): Taken {
  const start = performance.now();
  execFileSync(process.execPath, args, { stdio: 'ignore' });
  const wall = performance.now() - start;
  execFileSync(process.execPath, ['--require', meter, ...args], { stdio: 'ignore' });
  return { wall, processor: Number(readFileSync(used, 'utf8')) };
}

const commands = {
  'node -e 0': ['-e', '0'],
  'tower check, one model': ['dist/tower.cjs', 'check', 'models/two_tower.tower'],
};
const names = Object.keys(commands) as (keyof typeof commands)[];

console.log(`from launch: ${describeMachine()}; median [lowest–highest] of ${rounds} rounds`);
if (process.env.NODE_EXTRA_CA_CERTS)
  console.log('  NODE_EXTRA_CA_CERTS is set: Node.js reads certificates at each start');
for (const name of names) taken(commands[name]);
const all = Array.from({ length: rounds }, () => names.map((name) => taken(commands[name])));
rmSync(folder, { recursive: true });
for (const clock of ['wall', 'processor'] as const) {
  const [empty, check] = names.map((_, at) => all.map((round) => round[at]![clock]));
  console.log(`  ${clock}`);
  console.log(`    node -e 0               ${range(empty!, 0)} ms`);
  console.log(
    `    tower check, one model  ${range(check!, 0)} ms, ${(median(check!) / median(empty!)).toFixed(2)} times (goal 2.2)`,
  );
}

if (existsSync('models/data/movielens/ratings.csv')) {
  const steps = Array.from({ length: Math.min(rounds, 5) }, () => {
    const line = execFileSync(process.execPath, ['bench/movielens.mjs', '--epochs', '1'], { encoding: 'utf8' });
    return JSON.parse(line).first_step_s as number;
  });
  console.log(`  tower train to its first step ${range(steps, 2)} s (goal 1.5)`);
} else {
  console.log('  tower train to its first step: left out, `npm run data -- movielens` fetches the rows');
}
