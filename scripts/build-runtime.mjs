/**
 * Builds `dist/runtime.js`, the one file that a page loads. Of the table of codes it has the rows that its sources report, and no others. Beside it are the
 * kernels as a file, and an entry for each kind of worker, which imports them because such a host compiles nothing at run time.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import ts from 'typescript';

const options = {
  entryPoints: { runtime: 'src/runtime.ts' },
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  // Not `browser`: a module of Node.js that is imported ends the build.
  platform: 'browser',
  target: 'es2022',
  minify: true,
  // Node.js prints the line of an error that nobody catches.
  lineLimit: 200,
  logLevel: 'warning',
  metafile: true,
};

/** By the condition of the package's exports: the module that opens an export there. Its bundlers import compiled modules in ways of their own. */
const entries = {
  workerd: `\
import kernels from './kernels.wasm';
import { open as openWith } from './runtime.js';
export * from './runtime.js';
export const open = (url, options) => openWith(url, { kernels, ...options });
`,
  'edge-light': `\
import kernels from './kernels.wasm?module';
import { gunzip } from './gunzip.mjs';
import { open as openWith } from './runtime.js';
export * from './runtime.js';
export const open = (url, options) => openWith(url, { kernels, gunzip, ...options });
`,
};

/** Returns what was written, by path, as esbuild does. */
export async function buildRuntime() {
  const { metafile: whole } = await build({ ...options, write: false });
  const [{ inputs }] = Object.values(whole.outputs);
  const { metafile } = await build({ ...options, plugins: [onlyCodes(reportedBy(Object.keys(inputs)))] });
  const [, kernels] = /'([^']+)'/.exec(readFileSync('src/retrieval/scan/kernels/generated.ts', 'utf8'));
  writeFileSync('dist/kernels.wasm', Buffer.from(kernels, 'base64'));
  writeFileSync('dist/kernels.wasm.d.ts', 'declare const kernels: WebAssembly.Module;\nexport default kernels;\n');
  for (const [condition, contents] of Object.entries(entries)) {
    const outfile = `dist/runtime.${condition}.js`;
    const stdin = { contents, resolveDir: 'scripts' };
    const { entryPoints, outdir, ...more } = options;
    const entry = await build({ ...more, stdin, outfile, external: ['./runtime.js', './kernels.wasm*'] });
    Object.assign(metafile.outputs, entry.metafile.outputs);
    Object.assign(metafile.inputs, entry.metafile.inputs);
  }
  return metafile;
}

/** Codes in the sources of a bundle: a call site names the code in its first argument. */
function reportedBy(paths) {
  const sources = paths.filter((path) => path.startsWith('src/') && !path.startsWith('src/base/diagnostics/'));
  return new Set(
    sources.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/\b(?:failure|diagnose)\(\s*'([a-z-]+)'/g)].map(([, code]) => code),
    ),
  );
}

const onlyCodes = (reported) => ({
  name: 'only-codes',
  setup({ onLoad }) {
    onLoad({ filter: /src[\\/]base[\\/]diagnostics[\\/]codes[\\/]\w+\.ts$/ }, ({ path }) => ({
      contents: withoutRest(readFileSync(path, 'utf8'), reported),
      loader: 'ts',
    }));
  },
});

/** `'code': row<…>({ … }),` of other codes, taken out of the text. */
function withoutRest(text, reported) {
  const file = ts.createSourceFile('codes.ts', text, ts.ScriptTarget.Latest, true);
  const cuts = [];
  const isUnread = ({ name, initializer }) =>
    ts.isCallExpression(initializer) && initializer.expression.getText() === 'row' && !reported.has(name.text);
  const visit = (node) => {
    if (ts.isPropertyAssignment(node) && isUnread(node)) cuts.push(node);
    else ts.forEachChild(node, visit);
  };
  visit(file);
  let rest = text;
  for (const node of cuts.reverse()) {
    const comma = rest.slice(node.end).startsWith(',') ? 1 : 0;
    rest = rest.slice(0, node.getFullStart()) + rest.slice(node.end + comma);
  }
  return rest;
}
