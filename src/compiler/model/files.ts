/** `use "file"`: reads the files a model uses, each once, and says which declarations come into scope. */
import { dirname, isAbsolute, join, normalize, relative, sep } from 'node:path';
import { type Diagnostic, hasErrors, type Outcome } from '../../base/diagnostics/diagnostic.ts';
import type { Source } from '../../base/text/source.ts';
import type * as Ast from '../syntax/ast.ts';
import type { FileNode } from '../syntax/ast.ts';
import { parse } from '../syntax/parse.ts';
import type { Report } from './report.ts';

export interface FileOptions {
  /**
   * Reads a file that is used; `path` starts from the working folder, as `folder` does. `outside`: its links lead out of `roots`,
   * which are the project and the folder of the main file.
   */
  readonly load?: (path: string, roots: readonly string[]) => Source | 'outside' | undefined;
  /** Reads the text of a file. A check that tries the choices of a search gives one that reads each file once. Default: `parse`. */
  readonly parse?: (source: Source) => Outcome<Ast.FileNode>;
  /** Folder of the main file: paths in it start from here. Default: that of its name. */
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
  /** Used files first, in the order they are needed; the main one last. */
  readonly all: readonly UsedFile[];
  /** The declarations in scope of the main file: all of its own; of used files all but towers, tasks and training. */
  readonly shared: readonly Ast.DeclarationNode[];
  /** False when one could not be read, or not all of it: what seems to be missing may be there. */
  readonly whole: boolean;
}

const comesAlong = new Set<Ast.DeclarationNode['kind']>(['Let', 'Features', 'Labels', 'Group', 'Block', 'Data']);

/** Follows every `use`. Mistakes of syntax in a used file are reported with its own places. */
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

/** @param all of them `main` is one */
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

/** True if a file is meant as a model, and not only as something that models use. */
export function isModel(file: FileNode): boolean {
  const kinds = ['ModelName', 'Tower', 'Task', 'Objective', 'Retrieve', 'Train', 'Search'];
  return file.declarations.some(({ kind }) => kinds.includes(kind));
}
