/**
 * Builds what is run: the WebAssembly kernels, the page of the server, then the command line and the library as bundles under `dist/`, with the engines in
 * them. `--package` adds what only a package needs: types of the library, and licences.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { build } from 'esbuild';
import { buildCheck, buildStart } from './build-check.mjs';
import { buildRuntime } from './build-runtime.mjs';
import './build-kernels.mjs';
import { licencesOf, writeCommonJs, writeTypes } from './build-package.mjs';
import { pageInputs } from './build-page.mjs';
import { onnxFiles } from './onnx-libraries.mjs';

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

/**
 * The ONNX Runtime's library, in `dist/onnxruntime`, or in the package of a release for this platform. Its own package is not a dependency of ours: it has the
 * libraries of all platforms, and its install script fetches GPU parts from a server that is not npm's, and fails where that server does not answer.
 */
const loadOnnx = `(() => {
  const { platform, arch } = process;
  const inside = __dirname + \`/../onnxruntime/\${platform}/\${arch}/onnxruntime_binding.node\`;
  return require(require('node:fs').existsSync(inside) ? inside : \`@tower-lang/onnx-\${platform}-\${arch}/onnxruntime_binding.node\`);
})()`;

const onnxRuntimeInside = {
  name: 'onnx-runtime-inside',
  setup({ onLoad }) {
    onLoad({ filter: /onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const contents = source.replace(/require\(`\.\.\/bin\/napi-v6\/.*`\);/, `${loadOnnx};`);
      if (contents === source) throw new Error(`${path} loads its library in another way than it did`);
      return { contents };
    });
  },
};

/**
 * Chevrotain fills a table of 65,536 numbers for each lexer at each start, which takes longer than to read a model. It looks up characters past Latin-1 there,
 * which are rare, and whose number a division gives too.
 */
const lexerWithoutTable = {
  name: 'lexer-without-table',
  setup({ onLoad }) {
    onLoad({ filter: /chevrotain[\\/]lib[\\/]src[\\/]scan[\\/]lexer\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const contents = source
        .replace(
          /(?<=tracer\("initCharCodeToOptimizedIndexMap", \(\) => \{\s*)initCharCodeToOptimizedIndexMap\(\);/,
          '',
        )
        .replace(': charCodeToOptimizedIdxMap[charCode];', ': 255 + ~~(charCode / 255);');
      if (/ initCharCodeToOptimizedIndexMap\(\);|charCodeToOptimizedIdxMap\[charCode\]/.test(contents))
        throw new Error(`${path} looks characters up in another way than it did`);
      return { contents };
    });
  },
};

/** What every bundle for Node.js is made with. */
const options = {
  platform: 'node',
  target: 'node20',
  // DuckDB's package fetches its binary from npm alone. Everything else is bundled: a project that installs this package gets no
  // version of ours next to its own, and no install script; the parser's import is 18 times quicker.
  external: ['@duckdb/node-bindings*'],
  // Not minified: the trace of an internal error names a line that can be read. It adds 0.3 MB to a package of 20 MB, and source maps would add 1.3 MB.
  logLevel: 'warning',
  plugins: [commanderAlone, onnxRuntimeInside, lexerWithoutTable],
};

const check = await buildCheck(options);

const { metafile } = await build({
  ...options,
  entryPoints: {
    cli: 'src/app/cli/all.ts',
    api: 'src/api.ts',
    prettier: 'src/compiler/format/prettier.ts',
    worker: 'src/plugins/tune/trial_worker.ts',
    loader: 'src/app/api/versions/loader.ts',
    serving_process: 'src/app/api/processes/serving_process.ts',
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  // Bundled CommonJS packages ask for Node's own modules by `require`, and for files next to them by `__dirname`.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url), __dirname = import.meta.dirname;",
  },
  chunkNames: 'chunks/[name]-[hash]',
  metafile: true,
});

const start = await buildStart({ ...options, check });
const runtime = await buildRuntime();

// Chunks are named by what they hold: those of this build are all there before the others go, as `tower` may be running.
const bundles = [metafile, start, runtime].flatMap(({ outputs }) => Object.keys(outputs));
const built = new Set([...bundles, ...check.files, ...writeCommonJs()]);
for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
  const path = join(relative('.', entry.parentPath), entry.name);
  if (entry.isFile() && /\.(c?js|script|code)$/.test(path) && !built.has(path.replaceAll('\\', '/')))
    rmSync(path, { force: true });
}

// The JSON Schemas of what is written: `tower-lang/schemas/manifest.json`.
mkdirSync('dist/schemas', { recursive: true });
for (const name of ['manifest', 'serving', 'metrics', 'encoding', 'evaluation', 'step', 'profile']) {
  copyFileSync(`src/training/artifact/${name}.schema.json`, `dist/schemas/${name}.json`);
}
copyFileSync('src/plugins/lists/index.schema.json', 'dist/schemas/index.json');
copyFileSync('src/base/diagnostics/diagnostics.schema.json', 'dist/schemas/diagnostics.json');

/** Copies what changed only, and in one step: `tower` may be running from the file that is there. */
function copy(from, to) {
  if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) return;
  copyFileSync(from, `${to}.${process.pid}`);
  renameSync(`${to}.${process.pid}`, to);
}

// TensorFlow.js looks for its WebAssembly next to the chunk that loads it.
const wasm = 'node_modules/@tensorflow/tfjs-backend-wasm/dist';
for (const name of readdirSync(wasm)) {
  if (name.endsWith('.wasm')) copy(join(wasm, name), join('dist/chunks', name));
}

// The other process of the engine `torch`, next to the chunk that starts it, and its part of a group of workers.
for (const file of ['torch_runner.py', 'torch_group.py', 'torch_meeting.py'])
  copy(`src/plugins/torch/${file}`, `dist/chunks/${file}`);

const platform = `${process.platform}/${process.arch}`;
for (const path of onnxFiles(platform)) {
  mkdirSync(join('dist/onnxruntime', platform), { recursive: true });
  copy(path, join('dist/onnxruntime', platform, basename(path)));
}

if (process.argv.includes('--package')) {
  const inputs = [metafile, runtime, check.metafile].flatMap((each) => Object.keys(each.inputs));
  writeFileSync('dist/THIRD_PARTY_LICENSES.txt', licencesOf([...inputs, ...pageInputs]));
  writeTypes();
}
