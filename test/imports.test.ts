/**
 * The import table: which room may import which. Data flows one way, so a row names rows above it only: the table is a partial
 * order of rooms and of wings, and a room that would need a row below must move first.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const base = ['base/util', 'base/random', 'base/text', 'base/diagnostics'];
const mayImport: Record<string, readonly string[]> = {
  // What every wing may use
  'base/util': [],
  'base/random': [],
  'base/text': ['base/random'],
  'base/diagnostics': ['base/text', 'base/util'],
  'base/storage': [...base],
  // The grammar
  grammar: ['base/text'],
  // The meeting point of compiler and runtime
  graph: [...base],
  'graph/plan': ['graph', ...base],
  // Text into a plan
  'compiler/library': ['graph', 'graph/plan', ...base],
  'compiler/syntax': ['grammar', 'compiler/library', ...base],
  'compiler/model': ['graph/plan', 'compiler/library', 'compiler/syntax', ...base],
  'compiler/lower': ['graph', 'graph/plan', 'compiler/library', 'compiler/model', ...base],
  'compiler/lint': ['grammar', 'compiler/syntax', ...base],
  compiler: ['graph/plan', 'compiler/lint', 'compiler/lower', 'compiler/model', 'compiler/syntax', ...base],
  'compiler/format': ['grammar', 'compiler/syntax', ...base],
  'compiler/explain': ['base/storage', 'compiler/lint', ...base],
  // What computes
  engines: ['base/storage', 'graph', ...base],
  // Files into rows
  data: ['base/storage', 'graph/plan', ...base],
  'data/init': ['data', ...base],
  // What answers a query
  'retrieval/scan': [...base],
  'retrieval/filter': ['grammar', 'data', 'retrieval/scan', ...base],
  retrieval: ['base/storage', 'graph', 'graph/plan', 'data', 'retrieval/filter', 'retrieval/scan', ...base],
  // Rows into weights
  'training/embedding': ['base/storage', 'graph', 'graph/plan', 'data', ...base],
  'training/feed': ['graph', 'graph/plan', 'engines', 'data', 'training/embedding', ...base],
  'training/artifact': [
    'base/storage',
    'graph',
    'graph/plan',
    'compiler/library',
    'engines',
    'data',
    'training/embedding',
    'training/feed',
    ...base,
  ],
  'training/scoring': [
    'graph',
    'graph/plan',
    'engines',
    'data',
    'retrieval',
    'retrieval/scan',
    'training/artifact',
    'training/embedding',
    'training/feed',
    ...base,
  ],
  'training/evaluation': [
    'graph/plan',
    'compiler/library',
    'data',
    'retrieval',
    'training/embedding',
    'training/scoring',
    ...base,
  ],
  'training/export': [
    'base/storage',
    'graph',
    'graph/plan',
    'engines',
    'data',
    'retrieval',
    'retrieval/filter',
    'retrieval/scan',
    'training/artifact',
    'training/embedding',
    'training/scoring',
    ...base,
  ],
  'training/tracking': ['base/storage', ...base],
  training: [
    'base/storage',
    'graph',
    'graph/plan',
    'compiler/library',
    'engines',
    'data',
    'retrieval',
    'training/artifact',
    'training/embedding',
    'training/evaluation',
    'training/feed',
    'training/scoring',
    'training/tracking',
    ...base,
  ],
  // What an editor shows
  'editor/language': [
    'grammar',
    'graph',
    'graph/plan',
    'compiler',
    'compiler/library',
    'compiler/lint',
    'compiler/lower',
    'compiler/model',
    'compiler/syntax',
    ...base,
  ],
  'editor/drawing': [
    'grammar',
    'graph',
    'compiler/library',
    'compiler/lower',
    'compiler/model',
    'compiler/syntax',
    'editor/language',
    ...base,
  ],
  'editor/reference': [
    'compiler',
    'compiler/explain',
    'compiler/format',
    'compiler/library',
    'compiler/model',
    'compiler/syntax',
    'editor/language',
    ...base,
  ],
  'editor/lsp': [
    'compiler',
    'compiler/format',
    'compiler/lower',
    'compiler/model',
    'compiler/syntax',
    'data',
    'editor/drawing',
    'editor/language',
    ...base,
  ],
  // Weights into answers
  'serving/live': [
    'graph/plan',
    'engines',
    'data',
    'retrieval',
    'retrieval/filter',
    'retrieval/scan',
    'training/artifact',
    'training/scoring',
    ...base,
  ],
  'serving/server': ['base/storage', 'retrieval', 'retrieval/filter', 'serving/live', ...base],
  'serving/runtime': [
    'base/storage',
    'graph',
    'graph/plan',
    'data',
    'retrieval',
    'retrieval/scan',
    'serving/server',
    ...base,
  ],
  'serving/page': ['retrieval', 'serving/server', ...base],
  // What people use
  'app/report': [
    'base/storage',
    'compiler/library',
    'compiler/lower',
    'compiler/model',
    'training',
    'training/artifact',
    'training/evaluation',
    'editor/drawing',
    ...base,
  ],
  'app/api': [
    'base/storage',
    'graph',
    'graph/plan',
    'compiler',
    'compiler/format',
    'compiler/lower',
    'compiler/model',
    'compiler/syntax',
    'engines',
    'data',
    'data/init',
    'retrieval',
    'retrieval/filter',
    'retrieval/scan',
    'training',
    'training/artifact',
    'training/evaluation',
    'training/export',
    'training/scoring',
    'training/tracking',
    'editor/drawing',
    'serving/live',
    'serving/server',
    'app/report',
    ...base,
  ],
  'app/cli': [
    'base/storage',
    'graph',
    'graph/plan',
    'compiler',
    'compiler/explain',
    'compiler/format',
    'compiler/library',
    'compiler/lower',
    'compiler/model',
    'compiler/syntax',
    'engines',
    'data',
    'data/init',
    'retrieval',
    'training',
    'training/artifact',
    'training/evaluation',
    'training/scoring',
    'editor/language',
    'editor/lsp',
    'editor/reference',
    'app/api',
    'app/report',
    ...base,
  ],
  // Optional parts
  'plugins/easyrec': ['grammar', 'base/storage', 'data', 'app/api', ...base],
  'plugins/embed': ['base/storage', 'data', 'app/api', ...base],
  'plugins/lists': ['base/storage', 'data', 'retrieval', 'retrieval/scan', 'app/api', ...base],
  'plugins/mlflow': [
    'base/storage',
    'training',
    'training/artifact',
    'training/tracking',
    'app/api',
    'app/report',
    ...base,
  ],
  'plugins/postgres': ['grammar', 'retrieval', 'retrieval/filter', 'serving/live', 'app/api', ...base],
  'plugins/redis': ['base/storage', 'serving/server', ...base],
  'plugins/sets': ['base/storage', 'data', 'app/api', ...base],
  'plugins/torch': ['base/storage', 'graph', 'engines', ...base],
  'plugins/tensorflow': ['base/storage', 'graph', 'engines', ...base],
  'plugins/tune': [
    'base/storage',
    'graph/plan',
    'compiler',
    'compiler/model',
    'data',
    'engines',
    'training',
    'training/artifact',
    'training/feed',
    'training/evaluation',
    'app/api',
    'app/cli',
    'app/report',
    ...base,
  ],
};

/**
 * Rooms of a wing from first to last, as its README lists them: each imports only rooms before it. A name is a folder of the wing, or a file in it; all other
 * files of the wing come last.
 */
const roomsInOrder: Record<string, readonly string[]> = {
  data: ['dataset', 'pinned', 'encoders', 'csv', 'files', 'binding', 'rows', 'columns', 'written', 'shards', 'look'],
  training: ['embedding', 'feed', 'shards', 'artifact', 'scoring', 'evaluation', 'workers'],
};

/** Rooms below of which a room may import types alone: the rules of the grammar give the tree that the compiler declares. */
const mayImportTypes: Record<string, readonly string[]> = { grammar: ['base/text', 'compiler/syntax'] };

/** What the package exports, and the door to optional parts: they may import all that they hand on. */
const entries = ['api', 'runtime', 'plugins'];

/** Runtimes, and the only folder that may load each. */
const runtimes: Record<string, string> = {
  '@tensorflow/': 'engines',
  'onnxruntime-node': 'engines',
  '@duckdb/': 'data',
  fastify: 'serving/server',
  'prom-client': 'serving/server',
  pg: 'plugins/postgres',
  ioredis: 'plugins/redis',
  chevrotain: 'grammar',
  preact: 'serving/page',
};

/** The door to optional parts. */
const door = 'src/plugins.ts';

const slashed = (path: string): string => path.replaceAll('\\', '/');
const imported = (file: string, from: string): string => slashed(join(dirname(file), from));

const files = ['src', 'grammar'].flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes('kernels/'))
    .map((name) => `${root}/${slashed(name)}`),
);

/** `src/data/init/x.ts` is in the room `data/init`, `src/data/files/x.ts` in `data`; the public entries are rooms of their own. */
const folderOf = (file: string): string => {
  const [top, wing, room] = file.replace(/\.tsx?$/, '').split('/');
  if (top === 'grammar') return 'grammar';
  return `${wing}/${room}` in mayImport ? `${wing}/${room}` : wing!;
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
const ownImports = (file: string): { readonly target: string; readonly typeOnly: boolean }[] =>
  imports
    .get(file)!
    .filter(({ from }) => from.startsWith('.'))
    .map(({ from, typeOnly }) => ({ target: imported(file, from), typeOnly }))
    .filter(({ target }) => /\.tsx?$/.test(target));

describe('the import table', () => {
  it('has a row for every folder', () => {
    expect(
      [...new Set(files.map(folderOf))].filter((folder) => !(folder in mayImport) && !entries.includes(folder)),
    ).toEqual([]);
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

  it.each(files.filter((file) => !entries.includes(folderOf(file))))('%s imports only what its row names', (file) => {
    const folder = folderOf(file);
    const typesOf = mayImportTypes[folder] ?? [];
    const wrong = ownImports(file)
      .map(({ target, typeOnly }) => ({ room: folderOf(target), typeOnly }))
      .filter(({ room }) => room !== folder && room !== 'plugins' && !mayImport[folder]!.includes(room))
      .filter(({ room, typeOnly }) => !(typeOnly && typesOf.includes(room)));
    expect(wrong).toEqual([]);
  });

  it('has one door to optional parts, which loads each by `import(…)`', () => {
    const isPart = ({ from }: Import, file: string): boolean => /^src\/plugins\//.test(imported(file, from));
    const loaded = files
      .filter((file) => !file.startsWith('src/plugins/'))
      .flatMap((file) => imports.get(file)!.filter((one) => isPart(one, file) && !(file === door && one.later)));
    expect(loaded).toEqual([]);
    const opened = imports.get(door)!.filter((one) => isPart(one, door));
    const rooms = readdirSync('src/plugins').filter((name) => !name.includes('.'));
    expect([...new Set(opened.map(({ from }) => from.split('/')[2]))].sort()).toEqual(rooms.sort());
  });

  it.each(Object.entries(roomsInOrder))('has no arrow back between the rooms of %s', (wing, rooms) => {
    const orderOf = (file: string): number => {
      const [, ofWing, room] = file.replace(/\.ts$/, '').split('/');
      if (ofWing !== wing) return -1;
      if (`${wing}/${room}` in mayImport && !rooms.includes(room!)) return -1;
      return rooms.includes(room!) ? rooms.indexOf(room!) : rooms.length;
    };
    const back = files
      .filter((file) => orderOf(file) >= 0)
      .flatMap((file) =>
        ownImports(file)
          .filter(({ target }) => orderOf(target) > orderOf(file))
          .map(({ target }) => `${file} → ${target}`),
      );
    expect(back).toEqual([]);
  });

  it.each(Object.entries(roomsInOrder))('has all folders of %s in the order, as its README has', (wing, rooms) => {
    const listed = [...readFileSync(`src/${wing}/README.md`, 'utf8').matchAll(/^\| `(\w+)(?:\.ts)?` \|/gm)].map(
      ([, room]) => room!,
    );
    expect(listed.filter((room) => rooms.includes(room))).toEqual(rooms);
    const folders = new Set(
      files
        .map((file) => file.split('/'))
        .filter((path) => path[1] === wing && path.length > 3)
        .map((path) => path[2]!),
    );
    expect([...folders].filter((folder) => !listed.includes(folder))).toEqual([]);
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

/** Files and packages that are loaded with a file: for most, milliseconds before a command begins. */
function loadedWith(
  first: string,
  withLater = false,
): { readonly files: readonly string[]; readonly packages: readonly string[] } {
  const loadedFiles = new Set([first]);
  const packages = new Set<string>();
  for (const file of loadedFiles) {
    for (const { from, typeOnly, later } of imports.get(file) ?? []) {
      if (typeOnly || (later && !withLater) || from.startsWith('node:')) continue;
      if (!from.startsWith('.')) packages.add(from);
      else loadedFiles.add(imported(file, from));
    }
  }
  return { files: [...loadedFiles], packages: [...packages].sort() };
}

/** Parts that many users do without, and what loads each by `import(…)` once a command, an option or an address names it. */
const optionalParts: Record<string, RegExp> = {
  'plug-ins': /^src\/plugins\//,
  'items and events written while serving (`--items`, `--events`)': /^src\/serving\/server\/writes\//,
  'training in several processes (`--workers`)': /^src\/app\/api\/workers\.ts/,
  'the language server (`tower lsp`)': /^src\/editor\/lsp\//,
};

it.each([
  'src/app/cli/all.ts',
  'src/app/api/check.ts',
  'src/app/api/compile.ts',
  'src/app/api/train.ts',
  'src/app/api/run.ts',
  'src/app/api/report.ts',
  'src/app/api/serve.ts',
  'src/app/api/versions/serve_versions.ts',
  'src/app/cli/views/comparison.ts',
  'src/engines/engines.ts',
  'src/serving/server/server.ts',
  'src/training/train_model.ts',
])('%s loads no optional part', (file) => {
  const { files: loadedFiles } = loadedWith(file);
  const wrong = Object.entries(optionalParts).flatMap(([part, isOfPart]) =>
    loadedFiles.filter((path) => isOfPart.test(path)).map((path) => `${part}: ${path}`),
  );
  expect(wrong).toEqual([]);
});

it.each(Object.entries(optionalParts))('%s is there', (_, isOfPart) => {
  expect(files.some((path) => isOfPart.test(path))).toBe(true);
});

it.each([
  ['src/app/cli/main.ts', []],
  ['src/app/cli/all.ts', ['commander', 'get-east-asian-width', 'picocolors']],
  ['src/app/cli/check_program.ts', ['chevrotain', 'commander', 'get-east-asian-width', 'picocolors']],
  ['src/app/api/check.ts', ['chevrotain', 'get-east-asian-width', 'picocolors']],
])('%s loads few packages before there is something to do', (file, packages) => {
  expect(loadedWith(file).packages).toEqual(packages);
});

it('the script of `tower check` holds no engine and no plug-in, not even one that it would load later', () => {
  const isExtra = (path: string): boolean => /^src\/(plugins|engines\/(onnx|javascript|engines)\b)/.test(path);
  expect(loadedWith('src/app/cli/check_program.ts', true).files.filter(isExtra)).toEqual([]);
});

/** Each cycle once, as the files on it. */
function cycles(): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at !== -1) found.push([...path.slice(at), file]);
    // The door names parts that are above it.
    if (at !== -1 || done.has(file) || file === door) return;
    for (const { target } of ownImports(file)) if (imports.has(target)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}
