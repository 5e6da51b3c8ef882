/** The page of films as a folder for any host of static files: the page, the terms of its data, and the model that it opens. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { basics, chosenColours, tokens } from '../../src/editor/drawing/design.ts';

const source = 'docs/examples/films';

/** Fetches MovieLens where that is missing, trains, exports the model, and puts the page next to it. Ends the process if a step fails. */
export function buildFilms(out: string): void {
  const steps = [
    ...(existsSync('models/data/movielens/ratings.csv') ? [] : [['data', 'movielens']]),
    ['train', `${source}/films.tower`, '--data', `${source}/data.tower`, '--out', 'runs/films', '--force'],
    ['export', 'runs/films', '--browser', '--columns', 'year,genres', '--out', join(out, 'model'), '--force'],
  ];
  for (const [command, ...args] of steps) {
    console.log(`\n$ npm run ${command} -- ${args.join(' ')}`);
    const { status } = spawnSync(process.execPath, ['dist/tower.cjs', command!, ...args], { stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 2);
  }
  copyFilmsPage(out);
}

/** Copies all files of the page, which are those that train nothing. Its styles come after those of all pages. */
export function copyFilmsPage(out: string): void {
  mkdirSync(out, { recursive: true });
  for (const name of readdirSync(source).filter((each) => !each.endsWith('.tower')))
    copyFileSync(join(source, name), join(out, name));
  const own = readFileSync(join(source, 'style.css'), 'utf8');
  writeFileSync(join(out, 'style.css'), `${tokens}${chosenColours}${basics}${own}`);
}
