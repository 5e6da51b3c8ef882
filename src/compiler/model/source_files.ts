/** Reads the files that a model imports with `use "file"`, each once, and finds the declarations that come into scope. */
import { dirname, isAbsolute, join, normalize, relative, sep } from 'node:path';
import { type Diagnostic, hasErrors, type Outcome } from '../../base/diagnostics/diagnostic.ts';
import type { Source } from '../../base/text/source.ts';
import type * as Ast from '../syntax/ast.ts';
import type { FileNode } from '../syntax/ast.ts';
import { parse } from '../syntax/parse.ts';
import type { Report } from './report.ts';

export interface FileOptions {
  /**
   * Reads an imported file. Like `folder`, `path` is relative to the working folder. Returns `outside` if symbolic links lead out of `roots`, which are the
   * project and the folder of the main file.
   */
  readonly load?: (path: string, roots: readonly string[]) => Source | 'outside' | undefined;
  /** Parses a file. A check that tries the choices of a search passes a function that parses each file once. Default: `parse`. */
  readonly parse?: (source: Source) => Outcome<Ast.FileNode>;
  /** Folder of the main file, to which its paths are relative. Default: the folder in the name of its source. */
  readonly folder?: string;
  /** Files outside this folder may not be used. Default: the working folder, or `folder` if it is outside of it. */
  readonly project?: string;
}

interface UsedFile {
  readonly file: Ast.FileNode;
  readonly folder: string;
}

export interface Files {
  readonly main: Ast.FileNode;
  /** Imported files first, in the order of dependency; the main file is last. */
  readonly all: readonly UsedFile[];
  /** The declarations in scope of the main file: all of its own, and those of imported files except towers, tasks and training. */
  readonly shared: readonly Ast.DeclarationNode[];
  /** False if a file could not be read completely. Names that seem to be missing may be in it. */
  readonly whole: boolean;
}

const comesAlong = new Set<Ast.DeclarationNode['kind']>([
  'Let',
  'Features',
  'Labels',
  'Group',
  'Block',
  'Loss',
  'Data',
]);

/** Follows every `use`. Syntax errors in an imported file are reported at their positions in that file. */
export function gatherFiles(
  main: Ast.FileNode,
  options: FileOptions,
  report: Report,
  diagnostics: Diagnostic[],
): Files {
  const folder = options.folder ?? dirname(main.span.source.name);
  const project = options.project ?? (isAbsolute(folder) || folder.startsWith('..') ? folder : '');
  const usedFiles: UsedFile[] = [];
  const readPaths = new Set<string>();
  let whole = true;

  function visit(file: Ast.FileNode, folder: string, within: readonly string[]): void {
    for (const declaration of file.declarations) if (declaration.kind === 'Use') follow(declaration, folder, within);
    usedFiles.push({ file, folder });
  }

  function follow({ path }: Ast.UseNode, from: string, within: readonly string[]): void {
    const targetPath = normalize(join(from, path.value));
    if (isAbsolute(path.value) || leaves(project, targetPath)) {
      report('use-outside', path.span, { path: path.value });
      whole = false;
      return;
    }
    const cycleStart = within.indexOf(targetPath);
    if (cycleStart !== -1) {
      const cycle = [...within.slice(cycleStart), targetPath].map((name) => relative(project || '.', name));
      report('use-cycle', path.span, { path: path.value, cycle });
      whole = false;
      return;
    }
    if (readPaths.has(targetPath)) return;
    readPaths.add(targetPath);
    const source = options.load?.(targetPath, [project || '.', folder]);
    if (source === undefined || source === 'outside') {
      report(source === 'outside' ? 'use-outside' : 'use-missing', path.span, { path: path.value });
      whole = false;
      return;
    }
    const parsed = (options.parse ?? parse)(source);
    diagnostics.push(...parsed.diagnostics);
    if (hasErrors(parsed.diagnostics)) whole = false;
    visit(parsed.output, dirname(targetPath), [...within, targetPath]);
  }

  visit(main, folder, [normalize(join(folder, baseName(main.span.source.name)))]);
  return makeFiles(usedFiles, main, whole);
}

/** @param all includes `main` */
export function makeFiles(all: readonly UsedFile[], main: Ast.FileNode, whole: boolean): Files {
  const shared = all.flatMap(({ file }) =>
    file.declarations.filter((declaration) => file === main || comesAlong.has(declaration.kind)),
  );
  return { main, all, shared, whole };
}

const baseName = (name: string): string => name.split(/[\\/]/).at(-1)!;

function leaves(project: string, target: string): boolean {
  const relativePath = relative(project || '.', target);
  return relativePath === '..' || relativePath.startsWith(`..${sep}`) || isAbsolute(relativePath);
}

/** True if a file is a model itself, and not only a file to import. */
export function isModel(file: FileNode): boolean {
  const kinds = ['ModelName', 'Tower', 'Task', 'Objective', 'Retrieve', 'Train', 'Search'];
  return file.declarations.some(({ kind }) => kinds.includes(kind));
}
