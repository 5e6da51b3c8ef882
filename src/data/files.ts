/** Which files a data block names: patterns opened, kinds known by their endings, absences said. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts';
import type { DataDescription, DataFile } from '../model/model.ts';
import { nearest } from '../text/nearest.ts';

/** The three files a data block joins; their names are also how its SQL may call them: `items.price`. */
export type Role = 'events' | 'items' | 'users';

export interface InputFile {
  /** Where it lies. */
  readonly path: string;
  /** What messages call it: relative to the folder of the data block. */
  readonly name: string;
  readonly kind: 'csv' | 'parquet' | 'json';
  readonly compressed: boolean;
}

export interface InputFiles {
  readonly role: Role;
  readonly described: DataFile;
  readonly files: readonly InputFile[];
}

/** The files of every role, in the order of their names; a role with a mistake is absent. */
export function findFiles(description: DataDescription): {
  readonly output: readonly InputFiles[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const output: InputFiles[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const role of ['events', 'items', 'users'] as const) {
    const described = description[role];
    if (described === undefined) continue;
    const found = filesOf(described, description.folder);
    if ('files' in found) output.push({ role, described, files: found.files });
    else diagnostics.push(found.diagnostic);
  }
  return { output, diagnostics };
}

function filesOf(
  described: DataFile,
  folder: string,
): { readonly files: readonly InputFile[] } | { readonly diagnostic: Diagnostic } {
  const pattern = resolve(folder, described.path);
  const paths = isPattern(described.path) ? matching(pattern) : existsSync(pattern) ? [pattern] : [];
  if (paths.length === 0) {
    const parent = dirname(pattern);
    const siblings = existsSync(parent) ? readdirSync(parent) : [];
    const near = nearest(basename(pattern), siblings);
    const facts = {
      path: described.path,
      folder,
      nearest: near === undefined ? undefined : join(dirname(described.path), near),
    };
    return { diagnostic: diagnose('data-file-missing', described.span, facts) };
  }
  const files: InputFile[] = [];
  for (const path of paths) {
    const kind = statSync(path).isFile() ? kindOf(path) : undefined;
    if (kind === undefined) {
      return { diagnostic: diagnose('data-file-kind', described.span, { path: nameOf(path, folder) }) };
    }
    files.push({ path, name: nameOf(path, folder), kind, compressed: path.toLowerCase().endsWith('.gz') });
  }
  return { files };
}

function nameOf(path: string, folder: string): string {
  const name = relative(folder, path);
  return name.startsWith('..') || isAbsolute(name) ? path : name;
}

function kindOf(path: string): InputFile['kind'] | undefined {
  const ending = /\.(csv|tsv|txt|parquet|jsonl|ndjson|json)(\.gz)?$/i.exec(path);
  const kind = ending?.[1]?.toLowerCase();
  if (kind === undefined) return undefined;
  if (kind === 'parquet') return ending?.[2] === undefined ? 'parquet' : undefined;
  return kind === 'csv' || kind === 'tsv' || kind === 'txt' ? 'csv' : 'json';
}

function isPattern(path: string): boolean {
  return /[*?[\]{}]/.test(path);
}

/** `*` and `?` within one part of a path, `**` over folders, `[abc]` and `{csv,txt}`; sorted by name. */
function matching(pattern: string): string[] {
  const parts = pattern.split(sep);
  const fixed = parts.findIndex(isPattern);
  const root = parts.slice(0, fixed).join(sep) || sep;
  const expression = new RegExp(`^${parts.slice(fixed).map(partExpression).join('')}$`);
  if (!existsSync(root)) return [];
  const deep = pattern.includes('**') || parts.length - fixed > 1;
  return readdirSync(root, { recursive: deep, encoding: 'utf8' })
    .filter((name) => expression.test(`/${name.split(sep).join('/')}`) && statSync(join(root, name)).isFile())
    .sort()
    .map((name) => join(root, name));
}

function partExpression(part: string): string {
  if (part === '**') return '(?:/[^/]+)*';
  const text = part
    .replace(/[.+^$()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll(/\{([^}]*)\}/g, (_, choices: string) => `(?:${choices.replaceAll(',', '|')})`);
  return `/${text}`;
}
