/**
 * The import table: which folder may import which. Data flows one way, so a row names rows above it only: the table is a partial
 * order, and a folder that would need a row below must move first.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const base = ['defined', 'every_row', 'is_object', 'one_at_a_time', 'text', 'diagnostics', 'random'];
const mayImport: Record<string, readonly string[]> = {
  defined: [],
  every_row: [],
  is_object: [],
  one_at_a_time: [],
  random: [],
  text: ['random'],
  diagnostics: ['defined', 'text'],
  storage: base,
  // The language
  grammar: [],
  syntax: ['grammar', ...base],
  graph: base,
  plan: ['graph'],
  library: ['plan', 'graph', ...base],
  model: ['library', 'syntax', ...base],
  lower: ['model', 'library', 'plan', 'graph', ...base],
  lint: ['syntax', 'grammar', ...base],
  pipeline: ['lint', 'lower', 'model', 'syntax', ...base],
  format: ['syntax', 'grammar', ...base],
  explain: ['storage', 'lint', ...base],
  language: ['pipeline', 'lint', 'lower', 'model', 'library', 'plan', 'graph', 'syntax', 'grammar', ...base],
  drawing: ['language', 'lower', 'model', 'library', 'graph', 'syntax', 'grammar', ...base],
  reference: ['language', 'explain', 'format', 'pipeline', 'model', 'library', 'syntax', ...base],
  // Data and training
  scan: base,
  ann: ['scan', 'storage', ...base],
  engine: ['storage', 'graph', ...base],
  data: ['storage', 'model', 'plan', ...base],
  init: ['data', ...base],
  easyrec: ['grammar', 'storage', ...base],
  embedding: ['storage', 'data', 'plan', 'graph', ...base],
  feed: ['embedding', 'data', 'engine', 'plan', 'graph', ...base],
  artifact: ['storage', 'feed', 'embedding', 'data', 'engine', 'library', 'plan', 'graph', ...base],
  scoring: ['scan', 'artifact', 'feed', 'embedding', 'data', 'engine', 'plan', 'graph', ...base],
  evaluation: ['scan', 'scoring', 'embedding', 'data', 'library', 'plan', ...base],
  tracking: ['storage', ...base],
  training: [
    'tracking',
    'evaluation',
    'scoring',
    'artifact',
    'storage',
    'feed',
    'embedding',
    'data',
    'engine',
    'library',
    'plan',
    'graph',
    ...base,
  ],
  tune: ['storage', ...base],
  report: ['drawing', 'tune', 'training', 'evaluation', 'artifact', 'storage', 'lower', 'model', 'library', ...base],
  serve: [
    'grammar',
    'scan',
    'scoring',
    'artifact',
    'storage',
    'embedding',
    'data',
    'engine',
    'lower',
    'plan',
    'graph',
    ...base,
  ],
  server: ['serve', 'storage', ...base],
  browser: ['server', 'serve', 'storage', 'data', 'plan', 'graph', ...base],
  // Of the server and the report it has types and colours: it runs in a browser.
  page: ['server', 'serve', ...base],
  postgres: ['grammar', 'serve', ...base],
  // What people use
  api: [
    'init',
    'easyrec',
    'ann',
    'scan',
    'tune',
    'server',
    'postgres',
    'serve',
    'report',
    'drawing',
    'training',
    'tracking',
    'evaluation',
    'scoring',
    'artifact',
    'storage',
    'data',
    'engine',
    'format',
    'pipeline',
    'lower',
    'model',
    'plan',
    'graph',
    'syntax',
    ...base,
  ],
  lsp: ['drawing', 'language', 'format', 'pipeline', 'data', 'lower', 'model', 'syntax', ...base],
  cli: [
    'init',
    'easyrec',
    'ann',
    'lsp',
    'api',
    'tune',
    'serve',
    'training',
    'evaluation',
    'scoring',
    'artifact',
    'storage',
    'data',
    'engine',
    'reference',
    'language',
    'explain',
    'format',
    'pipeline',
    'lower',
    'model',
    'library',
    'plan',
    'graph',
    'syntax',
    ...base,
  ],
};

/** Runtimes, and the only folder that may load each. */
const runtimes: Record<string, string> = {
  '@tensorflow/': 'engine',
  'onnxruntime-node': 'engine',
  '@duckdb/': 'data',
  fastify: 'server',
  'prom-client': 'server',
  pg: 'postgres',
  chevrotain: 'grammar',
  preact: 'page',
};

const files = ['src', 'grammar'].flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes('kernels/'))
    .map((name) => join(root, name)),
);

const folderOf = (file: string): string => {
  const parts = file
    .replaceAll('\\', '/')
    .replace(/\.tsx?$/, '')
    .split('/');
  return parts[0] === 'grammar' ? 'grammar' : parts[1]!;
};

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
  /** By `import(…)`, when its turn comes. */
  readonly later: boolean;
}

const imports = new Map<string, readonly Import[]>(
  files.map((file) => [
    file,
    [
      ...readFileSync(file, 'utf8').matchAll(/^(?:import|export)( type)?[^'"]*? from '([^']+)'|import\('([^']+)'\)/gm),
    ].map((match) => ({
      from: (match[2] ?? match[3])!,
      typeOnly: match[1] !== undefined,
      later: match[3] !== undefined,
    })),
  ]),
);

/** The project's own files that a file imports, those of which it imports types alone among them. */
const ownImports = (file: string): string[] =>
  imports
    .get(file)!
    .filter(({ from }) => from.startsWith('.'))
    .map(({ from }) => relative('.', normalize(join(dirname(file), from))))
    .filter((target) => /\.tsx?$/.test(target));

describe('the import table', () => {
  it('has a row for every folder', () => {
    expect([...new Set(files.map(folderOf))].filter((folder) => !(folder in mayImport))).toEqual([]);
  });

  it('is a partial order: a row names rows above it', () => {
    const order = Object.keys(mayImport);
    const upward = order.flatMap((folder, at) =>
      mayImport[folder]!.filter((other) => order.indexOf(other) >= at || order.indexOf(other) === -1).map(
        (other) => `${folder} → ${other}`,
      ),
    );
    expect(upward).toEqual([]);
  });

  it.each(files)('%s imports only what its row names', (file) => {
    const folder = folderOf(file);
    const wrong = ownImports(file)
      .map(folderOf)
      .filter((target) => target !== folder && !mayImport[folder]!.includes(target));
    expect(wrong).toEqual([]);
  });

  it('has no cycle of files, not even of types', () => {
    expect(cycles()).toEqual([]);
  });

  it.each(files)('%s loads no runtime that is not its own', (file) => {
    const wrong = imports
      .get(file)!
      .filter(({ typeOnly }) => !typeOnly)
      .flatMap(({ from }) => Object.entries(runtimes).filter(([name]) => from.startsWith(name)))
      .filter(([, owner]) => owner !== folderOf(file));
    expect(wrong).toEqual([]);
  });
});

/** Packages that are loaded with a file: for most, milliseconds before a command begins. */
function packagesWith(first: string): string[] {
  const seen = new Set([first]);
  const packages = new Set<string>();
  for (const file of seen) {
    for (const { from, typeOnly, later } of imports.get(file) ?? []) {
      if (typeOnly || later || from.startsWith('node:')) continue;
      if (!from.startsWith('.')) packages.add(from);
      else seen.add(relative('.', normalize(join(dirname(file), from))));
    }
  }
  return [...packages].sort();
}

it.each([
  ['src/cli/main.ts', []],
  ['src/cli/all.ts', ['cli-progress', 'commander', 'picocolors']],
  ['src/cli/check.ts', ['commander', 'picocolors']],
  ['src/api/check.ts', ['chevrotain', 'picocolors']],
])('%s loads few packages before there is something to do', (file, packages) => {
  expect(packagesWith(file)).toEqual(packages);
});

/** Each cycle once, as the files on it. */
function cycles(): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at !== -1) found.push([...path.slice(at), file]);
    if (at !== -1 || done.has(file)) return;
    for (const target of ownImports(file)) if (imports.has(target)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}
