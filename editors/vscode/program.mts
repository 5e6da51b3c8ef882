/** What the extension's commands ask the program `tower` to do, and where that program is. Nothing here needs VS Code. */
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, relative } from 'node:path';

/**
 * The program: of the packages that are installed between a model and the folder of the workspace, then of the machine. It is never `npx tower` where nothing is
 * installed: npm would offer to install the package `tower` of its registry, which is another program.
 */
export function programFor(
  model: string,
  folder: string | undefined,
  path: string,
  has: (path: string) => boolean = existsSync,
): readonly [string, ...string[]] | undefined {
  const names = process.platform === 'win32' ? ['tower.cmd', 'tower.exe'] : ['tower'];
  const installed = folder === undefined ? [] : foldersUpTo(dirname(model), folder);
  const places = [
    ...installed.map((one) => join(one, 'node_modules', '.bin')),
    ...path.split(delimiter).filter((one) => isAbsolute(one)),
  ];
  const found = places.flatMap((place) => names.map((name) => join(place, name))).find(has);
  if (found !== undefined) return [found];
  // A clone of Tower has its own program, and installs nothing for it.
  return folder !== undefined && isClone(folder) ? ['npx', '--no', 'tower'] : undefined;
}

function foldersUpTo(inner: string, outer: string): readonly string[] {
  if (isOutside(outer, inner)) return [outer];
  const folders = [inner];
  while (folders.at(-1) !== outer && folders.at(-1) !== dirname(folders.at(-1)!))
    folders.push(dirname(folders.at(-1)!));
  return folders;
}

function isClone(folder: string): boolean {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name === 'tower-lang';
  } catch {
    return false;
  }
}

const isOutside = (folder: string, path: string): boolean => {
  const from = relative(folder, path);
  return isAbsolute(from) || from.split(/[\\/]/)[0] === '..';
};

/** As a person writes a path in a folder: from there, where it leads no further up. */
export const pathFrom = (folder: string, path: string): string =>
  !isAbsolute(path) || isOutside(folder, path) ? path : relative(folder, path);

/** Whether a shell takes a word as it is. */
export const isPlain = (word: string): boolean => /^[\w@%+=:,./-]+$/.test(word);

/** A file of the workspace, with its text. */
export interface Candidate {
  readonly path: string;
  readonly text: string;
}

/** Those that declare a data block: what `--data` takes. */
export const withData = (files: readonly Candidate[]): readonly string[] =>
  files.filter(({ text }) => /^\s*data\s+\w+\s*\{/m.test(text)).map(({ path }) => path);

export const checkWords = (model: string, data: string | undefined): readonly string[] => [
  'check',
  model,
  ...(data === undefined ? [] : ['--data', data]),
];

/** @param now names the folder of the run, so that no run is written over */
export function trainWords(model: string, data: string, now: Date): readonly string[] {
  const name = /([^/\\]+)\.tower$/.exec(model)?.[1] ?? 'model';
  const time = now.toISOString().slice(0, 19).replace(/[T:]/g, '-');
  return ['train', model, '--data', data, '--out', `runs/${name}-${time}`];
}
