/**
 * Builds the playground, one static page, and the scripts of the first page of the site, into `build/playground/`, and serves it on this machine alone. `--build` only builds:
 * the page needs no server, `index.html` opens by itself.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const out = 'build/playground';

/** `tower:models`: every `.tower` file under models/, by path. */
const models = {
  name: 'models',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^tower:models$/ }, () => ({ path: 'models', namespace: 'models' }));
    onLoad({ filter: /.*/, namespace: 'models' }, () => {
      const files = readdirSync('models', { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.tower'))
        .map((name) => join('models', name).replaceAll('\\', '/'))
        .sort();
      const texts = Object.fromEntries(files.map((file) => [file, readFileSync(file, 'utf8')]));
      return { contents: `export const models = ${JSON.stringify(texts)};` };
    });
  },
};

const shared = {
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  alias: { 'node:path': resolve('playground/path.ts') },
  logLevel: 'warning',
  plugins: [models],
};
// No module: a page opened as a file may not load one.
const script = { ...shared, format: 'iife', outdir: out };
await build({
  ...script,
  entryPoints: { playground: 'playground/main.ts', start_worker: 'playground/start_worker.ts' },
});
// Modules for the first page of the site, which imports them when it needs them.
const modules = { start_editor: 'playground/start_editor.ts', start_flights: 'playground/start_flights.ts' };
await build({ ...shared, format: 'esm', outdir: out, entryPoints: modules });
mkdirSync(out, { recursive: true });
const types = { 'index.html': 'text/html', 'style.css': 'text/css', 'playground.js': 'text/javascript' };
copyFileSync('playground/index.html', join(out, 'index.html'));
const design = await build({
  stdin: {
    contents: "export { basics, brand, chosenColours, tokens } from './src/editor/drawing/design.ts'",
    resolveDir: '.',
  },
  bundle: true,
  format: 'esm',
  write: false,
});
const { basics, brand, chosenColours, tokens } = await import(
  `data:text/javascript,${encodeURIComponent(design.outputFiles[0].text)}`
);
writeFileSync(
  join(out, 'style.css'),
  [tokens, chosenColours, basics, brand, readFileSync('playground/style.css', 'utf8')].join(''),
);

if (process.argv.includes('--build')) {
  console.log(`built ${out}/index.html`);
} else {
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1) || 'index.html';
    if (!Object.hasOwn(types, name)) return response.writeHead(404).end('there is no such page');
    response.writeHead(200, { 'content-type': `${types[name]}; charset=utf-8` }).end(readFileSync(join(out, name)));
  });
  server.on('error', ({ message }) => {
    console.error(`cannot serve: ${message}; give another port: PORT=5174 npm run playground`);
    process.exitCode = 1;
  });
  server.listen(Number(process.env.PORT ?? 5173), '127.0.0.1', () => {
    console.log(`http://localhost:${server.address().port}`);
  });
}
