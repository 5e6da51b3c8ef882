/**
 * `npm run docs:browser`: the page of films, into `build/films/`, and served on this machine alone. It fetches MovieLens where that is missing, trains, and exports;
 * the data may not be given on, so the built page is not in the repository. `--build` only builds.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';

const source = 'docs/examples/films';
const out = 'build/films';

const steps = [
  ...(existsSync('models/data/movielens/ratings.csv') ? [] : [['data', 'movielens']]),
  ['train', `${source}/films.tower`, '--data', `${source}/data.tower`, '--out', 'runs/films', '--force'],
  ['export', 'runs/films', '--browser', '--columns', 'year,genres', '--out', `${out}/model`, '--force'],
];
for (const [command, ...args] of steps) {
  console.log(`\n$ npm run ${command} -- ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, ['dist/tower.cjs', command, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 2);
}
mkdirSync(out, { recursive: true });
for (const name of ['index.html', 'style.css', 'films.js']) copyFileSync(join(source, name), join(out, name));
console.log(`\nbuilt ${out}: any host of static files can serve it`);

const types = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.json': 'application/json' };
if (!process.argv.includes('--build')) {
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1) || 'index.html';
    const path = resolve(out, name);
    if (!path.startsWith(resolve(out) + sep) || !existsSync(path))
      return response.writeHead(404).end('there is no such page');
    response
      .writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' })
      .end(readFileSync(path));
  });
  server.on('error', ({ message }) => {
    console.error(`cannot serve: ${message}; give another port: PORT=5176 npm run docs:browser`);
    process.exitCode = 1;
  });
  server.listen(Number(process.env.PORT ?? 5175), '127.0.0.1', () => {
    console.log(`http://localhost:${server.address().port}`);
  });
}
