/**
 * Builds what is run: the WebAssembly kernels, then the command line and the library as bundles under `dist/`.
 * Types for the library are written only with `--types`, as they take longer than everything else.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import './build-kernels.mjs';

/** commander loads child_process, and with it the network, for commands that are programs of their own: there are none. */
const commanderAlone = {
  name: 'commander-alone',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes('commander') ? { path: 'child_process', namespace: 'nothing' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {}' }));
  },
};

const { metafile } = await build({
  entryPoints: { cli: 'src/cli/main.ts', api: 'src/api.ts', prettier: 'src/format/prettier.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Runtimes with binaries of their own stay packages; the parser is bundled, which makes its import 18 times quicker.
  external: ['@duckdb/node-bindings*', '@tensorflow/*', 'onnxruntime-node', 'usearch'],
  // Bundled CommonJS packages ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  chunkNames: 'chunks/[name]-[hash]',
  // Read at every start of the command: what a reader needs is in src.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
  metafile: true,
  plugins: [commanderAlone],
});

// Chunks are named by what they hold: those of this build are all there before the others go, as `tower` may be running.
const built = new Set(Object.keys(metafile.outputs));
for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
  const path = join(relative('.', entry.parentPath), entry.name);
  if (entry.isFile() && path.endsWith('.js') && !built.has(path.replaceAll('\\', '/'))) rmSync(path, { force: true });
}

// The JSON Schemas of what is written: `tower-lang/schemas/manifest.json`.
mkdirSync('dist/schemas', { recursive: true });
for (const name of ['manifest', 'serving', 'metrics', 'encoding']) {
  copyFileSync(`src/run/artifact/${name}.schema.json`, `dist/schemas/${name}.json`);
}

if (process.argv.includes('--types')) {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
    stdio: 'inherit',
  });
}
