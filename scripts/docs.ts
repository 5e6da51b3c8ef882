/**
 * `npm run docs`: the pages of `docs` as a static site with a search, in `build/site`, with the playground in it. VitePress has a lockfile of its own in
 * `site`, and is installed the first time. `--serve` serves the site on this machine alone. `--films` trains the recommender that runs in a page, and adds it;
 * without the option it is added if `npm run docs:browser` has built it. `--flights` trains the model of the first page again.
 */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { iconFile } from '../src/editor/drawing/design.ts';
import { cardWidth, modelPicture } from './pictures.ts';
import { brokenLinks } from './site/check_links.ts';
import { buildFilms } from './site/films.ts';
import { galleryModels } from './site/gallery.ts';
import { sidebarOf } from './site/navigation.ts';
import { pageText, sitePages } from './site/pages.ts';
import { makeRelative, siteRoot } from './site/relative.ts';
import { serve } from './site/serve.ts';
import { copyFlights, siteDesign, startFacts, trainFlights } from './site/start.ts';

const [site, pages, out] = ['site', 'site/pages', 'build/site'];

function run(command: string, args: readonly string[], options: SpawnSyncOptions = {}): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32', ...options });
  if (status !== 0) process.exit(status ?? 2);
}

const wanted = readFileSync(join(site, 'package-lock.json'), 'utf8');
const stamp = join(site, 'node_modules', '.tower-lock.json');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.log('installing VitePress into site/node_modules');
  run('npm', ['ci', '--ignore-scripts', '--no-progress'], { cwd: site });
  writeFileSync(stamp, wanted);
}

rmSync(pages, { recursive: true, force: true });
// The gallery shows all models.
const copied = new Set<string>(galleryModels().map(({ file }) => file.slice('/files/'.length)));
const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(pages, path)), { recursive: true });
  writeFileSync(join(pages, path), text);
};
/** A page of the site with facts for its layout. */
const withFacts = (name: string, facts: Readonly<Record<string, unknown>>): string => {
  const lines = Object.entries(facts).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return readFileSync(join(site, name), 'utf8').replace(/^---\n/, `---\n${lines.join('\n')}\n`);
};
for (const { from, to } of sitePages()) {
  const { text, files } = pageText(from);
  put(to, text);
  for (const file of files) copied.add(file);
}
for (const file of copied) cpSync(file, join(pages, 'public/files', file), { recursive: true });
// Programs look for it at the root of a site.
cpSync('docs/llms.txt', join(pages, 'public/llms.txt'));
for (const name of ['playground.md', 'films.md']) cpSync(join(site, name), join(pages, name));
if (process.argv.includes('--flights')) await trainFlights();
put('index.md', withFacts('index.md', { start: startFacts() }));
for (const { name, file, picture } of galleryModels())
  put(`public${picture}`, modelPicture(name, readFileSync(file.slice('/files/'.length), 'utf8'), cardWidth));
put('gallery.md', withFacts('gallery.md', { models: galleryModels() }));
put('.design.css', siteDesign());
put('public/icon.svg', iconFile);
copyFlights(join(pages, 'public/app/flights'));

run(process.execPath, ['scripts/playground.mjs', '--build']);
cpSync('build/playground', join(pages, 'public/app/playground'), { recursive: true });
if (process.argv.includes('--films')) buildFilms('build/films');
const hasFilms = existsSync('build/films/index.html') && existsSync('build/films/model');
if (hasFilms) cpSync('build/films', join(pages, 'public/app/films'), { recursive: true });
else put('films.md', readFileSync(join(site, 'no-films.md'), 'utf8'));
put('.navigation.json', JSON.stringify({ sidebar: sidebarOf(sitePages()) }));

run(process.execPath, [join('node_modules', 'vitepress', 'bin', 'vitepress.js'), 'build', '.'], {
  cwd: site,
  // Files with these endings are no pages.
  env: { ...process.env, VITE_EXTRA_EXTENSIONS: 'ebnf,tower', TOWER_SITE_ROOT: siteRoot },
});
makeRelative(out, process.env.TOWER_DOCS_BASE ?? '/');
const broken = brokenLinks(out, process.env.TOWER_DOCS_BASE);
for (const line of new Set(broken)) console.error(line);
if (broken.length > 0) process.exit(1);
console.log(
  `built ${out}: ${sitePages().length} pages, and each link leads somewhere; any host of static files can serve it`,
);
if (process.argv.includes('--serve')) serve(out, { port: 5177, command: 'npm run docs -- --serve' });
