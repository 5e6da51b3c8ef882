/** Fills `deploy/runtime/dist` before `@tower-lang/runtime` is packed: what `npm run build -- --package` made for `tower-lang/runtime`, and the types that it needs. */
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const to = 'deploy/runtime/dist';
rmSync(to, { recursive: true, force: true });

const copied = new Set();
function copy(path) {
  if (copied.has(path)) return;
  copied.add(path);
  mkdirSync(dirname(join(to, path)), { recursive: true });
  copyFileSync(join('dist', path), join(to, path));
  if (!path.endsWith('.d.ts')) return;
  for (const [, imported] of readFileSync(join('dist', path), 'utf8').matchAll(/(?:from '|import\(")(\.[^'"]+)/g))
    copy(join(dirname(path), imported.replace(/\.ts$/, '.d.ts')));
}

for (const name of [
  'runtime.js',
  'runtime.workerd.js',
  'runtime.edge-light.js',
  'kernels.wasm',
  'kernels.wasm.d.ts',
  'types/src/runtime.d.ts',
  'THIRD_PARTY_LICENSES.txt',
])
  copy(name);
