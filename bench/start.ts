/**
 * From launch: `tower check` of one model, an empty Node process next to it, and `tower train` to the first step on MovieLens.
 * `npx tsx bench/start.ts [--rounds=10]`, after `npm run build`
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describeMachine, range } from './machine.ts';

const rounds = Number(process.argv.find((argument) => argument.startsWith('--rounds='))?.split('=')[1] ?? 10);

const timed = (args: readonly string[]): number => {
  const start = performance.now();
  execFileSync(process.execPath, args, { stdio: 'ignore' });
  return performance.now() - start;
};
const times = (args: readonly string[]): readonly number[] => Array.from({ length: rounds }, () => timed(args));

console.log(`from launch: ${describeMachine()}; median [lowest–highest] of ${rounds} rounds`);
timed(['dist/cli.js', 'check', 'models/two_tower.tower']);
console.log(`  node -e 0                     ${range(times(['-e', '0']), 0)} ms`);
const check = times(['dist/cli.js', 'check', 'models/two_tower.tower']);
console.log(`  tower check, one model        ${range(check, 0)} ms (goal 120)`);

if (existsSync('models/data/movielens/ratings.csv')) {
  const steps = Array.from({ length: Math.min(rounds, 5) }, () => {
    const line = execFileSync(process.execPath, ['bench/movielens.mjs', '--epochs', '1'], { encoding: 'utf8' });
    return JSON.parse(line).first_step_s as number;
  });
  console.log(`  tower train to its first step ${range(steps, 2)} s (goal 1.5)`);
} else {
  console.log('  tower train to its first step: left out, `npm run data -- movielens` fetches the rows');
}
