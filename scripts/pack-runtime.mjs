/** Builds `tower-lang/runtime` with its types, and copies it into `deploy/runtime/dist`, before `@tower-lang/runtime` is packed. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import './build-kernels.mjs';
import { licencesOf, writeCommonJs, writeTypes } from './build-package.mjs';
import { buildRuntime } from './build-runtime.mjs';

const to = 'deploy/runtime/dist';
rmSync(to, { recursive: true, force: true });

const { inputs } = await buildRuntime();
writeCommonJs(['runtime']);
writeTypes();

const copied = new Set();
function copy(path) {
  if (copied.has(path)) return;
  copied.add(path);
  mkdirSync(dirname(join(to, path)), { recursive: true });
  copyFileSync(join('dist', path), join(to, path));
  if (!/\.d\.c?ts$/.test(path)) return;
  for (const [, imported] of readFileSync(join('dist', path), 'utf8').matchAll(/(?:from ['"]|import\(")(\.[^'"]+)/g))
    copy(join(dirname(path), imported.replace(/\.ts$/, '.d.ts')));
}

for (const name of [
  'runtime.js',
  'runtime.cjs',
  'runtime.workerd.js',
  'runtime.edge-light.js',
  'kernels.wasm',
  'kernels.wasm.d.ts',
  'runtime.d.cts',
])
  copy(name);
writeFileSync(join(to, 'THIRD_PARTY_LICENSES.txt'), licencesOf(Object.keys(inputs)));
