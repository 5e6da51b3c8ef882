/** The `.tower` files of the open folders: what references, renames and workspace symbols look through. */
import { join } from 'node:path';
import type { FileAnalysis } from '../language/file_analysis.ts';
import type { NamedSymbol } from '../language/symbols.ts';
import type { Session } from './session.ts';

/** Enough for any project, and an end where a folder is not one. */
const most = 2000;
const skipped = new Set(['node_modules', 'dist', 'build', 'runs']);

export function projectPaths(session: Session): readonly string[] {
  const found = new Set(session.open.map(({ uri }) => session.pathOf(uri)));
  const folders = [...session.folders];
  for (let folder = folders.shift(); folder !== undefined && found.size < most; folder = folders.shift()) {
    for (const { name, isFile, isFolder } of session.host.entries(folder)) {
      const path = join(folder, name);
      if (isFolder && !name.startsWith('.') && !skipped.has(name)) folders.push(path);
      else if (isFile && name.endsWith('.tower')) found.add(path);
    }
  }
  return [...found];
}

export function projectFacts(session: Session): readonly FileAnalysis[] {
  return projectPaths(session).flatMap((path) => session.facts(path) ?? []);
}

/** The files that may name a symbol: those of the project, if other files can use its file. */
export function filesWith(session: Session, here: FileAnalysis, { kind }: NamedSymbol): readonly FileAnalysis[] {
  const isOwn = kind === 'tower' || kind === 'task' || kind === 'channel' || kind === 'step' || kind === 'model';
  if (isOwn) return [here];
  return [here, ...projectFacts(session).filter((facts) => facts !== here)];
}
