/** The import table: who may import whom. A folder reads only what stands before it in the data's one direction. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const base = ['text', 'diagnostics', 'random'];
const mayImport: Record<string, readonly string[]> = {
  text: [],
  random: [],
  diagnostics: ['text'],
  grammar: [],
  syntax: ['grammar', ...base],
  graph: ['random', 'diagnostics'],
  library: ['graph', 'lower', ...base],
  model: ['syntax', 'library', ...base],
  lower: ['model', 'library', 'graph', ...base],
  pipeline: ['lint', 'syntax', 'model', 'lower', 'library', 'graph', ...base],
  format: ['syntax', 'grammar', ...base],
  lint: ['syntax', 'grammar', ...base],
  explain: ['pipeline', 'format', 'lint', ...base],
  reference: ['lsp', 'explain', 'pipeline', 'format', 'library', 'model', 'syntax', 'graph', ...base],
  engine: ['graph', ...base],
  data: ['model', 'lower', ...base],
  embedding: ['lower', 'data', ...base],
  feed: ['embedding', 'lower', 'data', 'graph', 'engine', ...base],
  run: ['feed', 'embedding', 'data', 'engine', 'lower', 'library', 'graph', 'model', ...base],
  api: ['pipeline', 'format', 'run', 'data', 'engine', 'lower', 'model', 'syntax', 'graph', ...base],
  lsp: ['pipeline', 'format', 'lint', 'data', 'lower', 'library', 'model', 'syntax', 'grammar', 'graph', ...base],
  cli: [
    'lsp',
    'reference',
    'api',
    'explain',
    'pipeline',
    'format',
    'run',
    'data',
    'engine',
    'lower',
    'library',
    'model',
    'syntax',
    'graph',
    ...base,
  ],
};

/** Runtimes, and the only folder that may load each. */
const runtimes: Record<string, string> = {
  '@tensorflow/': 'engine',
  'onnxruntime-node': 'engine',
  '@duckdb/': 'data',
  chevrotain: 'grammar',
};

const files = ['src', 'grammar'].flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('kernels/'))
    .map((name) => join(root, name)),
);

const folderOf = (file: string): string => {
  const parts = file.replaceAll('\\', '/').replace(/\.ts$/, '').split('/');
  return parts[0] === 'grammar' ? 'grammar' : parts[1]!;
};

const importsOf = (file: string): { from: string; typeOnly: boolean }[] =>
  [
    ...readFileSync(file, 'utf8').matchAll(/^(?:import|export)( type)?[^'"]*? from '([^']+)'|import\('([^']+)'\)/gm),
  ].map((match) => ({ from: (match[2] ?? match[3])!, typeOnly: match[1] !== undefined }));

describe('the import table', () => {
  it('has a row for every folder', () => {
    expect([...new Set(files.map(folderOf))].filter((folder) => !(folder in mayImport))).toEqual([]);
  });

  it.each(files)('%s imports only what stands before it', (file) => {
    const folder = folderOf(file);
    const wrong = importsOf(file)
      .filter(({ from }) => from.startsWith('.'))
      .map(({ from }) => relative('.', normalize(join(dirname(file), from))))
      .filter((target) => target.endsWith('.ts'))
      .map(folderOf)
      .filter((target) => target !== folder && !mayImport[folder]!.includes(target));
    expect(wrong).toEqual([]);
  });

  it.each(files)('%s loads no runtime that is not its own', (file) => {
    const wrong = importsOf(file)
      .filter(({ typeOnly }) => !typeOnly)
      .flatMap(({ from }) => Object.entries(runtimes).filter(([name]) => from.startsWith(name)))
      .filter(([, owner]) => owner !== folderOf(file));
    expect(wrong).toEqual([]);
  });
});
