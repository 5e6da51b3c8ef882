/**
 * Bundles the extension and the language server, each into one file for Node.js and one for a browser, and lays the grammar and the licence next to
 * them. `--server FOLDER` and `--web-server FOLDER` write only the server, into another folder: it needs nothing that is installed here.
 */
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = new URL('./', import.meta.url);
const root = new URL('../../', here);
const path = (name, base = here) => fileURLToPath(new URL(name, base));

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
};

const buildServer = (folder) =>
  build({ ...common, entryPoints: [path('src/editor/lsp/main.ts', root)], outfile: join(folder, 'server.js') });

/** For a worker. */
const web = {
  ...common,
  platform: 'browser',
  target: 'es2022',
  alias: { 'node:path': path('playground/path.ts', root) },
};

const buildWebServer = (folder) =>
  build({
    ...web,
    format: 'iife',
    entryPoints: [path('src/editor/lsp/web_main.ts', root)],
    outfile: join(folder, 'server.js'),
  });

const [option, folder] = process.argv.slice(2);
if (option === '--server') await buildServer(folder);
else if (option === '--web-server') await buildWebServer(folder);
else {
  rmSync(path('dist'), { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: [path('extension.mts')],
    outfile: path('dist/extension.js'),
    external: ['vscode'],
  });
  await buildServer(path('dist'));
  await build({
    ...web,
    entryPoints: [path('extension_web.mts')],
    outfile: path('dist/web/extension.js'),
    external: ['vscode'],
  });
  await buildWebServer(path('dist/web'));
  copyFileSync(path('grammar/tower.tmLanguage.json', root), path('dist/tower.tmLanguage.json'));
  copyFileSync(path('LICENSE', root), path('LICENSE'));
}
