/** `npm run demo`: the whole line on real data, each step shown as the command that a user would type. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const model = 'models/fossil.tower';
const data = 'models/data/movielens_next.tower';
const steps = [
  ...(existsSync('models/data/movielens/ratings.csv') ? [] : [['data', 'movielens']]),
  ['check', model, '--data', data],
  ['train', model, '--data', data, '--out', 'runs/demo', '--force'],
  ['evaluate', 'runs/demo', '--baselines', 'popularity,item_cf,ease'],
  // Has watched enough in either edition of MovieLens to have a history.
  ['recommend', 'runs/demo', '--user', '33', '-k', '10'],
];

const start = performance.now();
for (const [command, ...args] of steps) {
  console.log(`\n$ npm run ${command} -- ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, ['dist/tower.cjs', command, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 2);
}
console.log(
  `\nDone in ${((performance.now() - start) / 1000).toFixed(1)} s. The model is in runs/demo; 'npm run serve -- runs/demo' opens a page to ask it.`,
);
