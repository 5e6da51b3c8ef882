/** Finds the `.tower` files of the open folders for references, renames and workspace symbols. Pauses between steps, so that other messages are answered. */
import { join } from 'node:path';
import { type CancellationToken, LSPErrorCodes, ResponseError } from 'vscode-languageserver';
import type { NamedSymbol } from '../../compiler/model/occurrences.ts';
import type { FileAnalysis } from '../language/file_analysis.ts';
import { locate, type PositionParams } from './provider.ts';
import type { EditorSession } from './session.ts';

/** Limits: enough for any project, and low enough for a folder that is not a project, such as a home folder. */
const most = { files: 2000, folders: 10_000 };
const skipped = new Set(['node_modules', 'dist', 'build', 'runs']);

/** Caches the last listing, for editors that ask every few seconds. `until` is a time by the clock of `performance`. */
const known = new WeakMap<EditorSession, { folders: readonly string[]; paths: readonly string[]; until: number }>();
/** A listing is cached for this multiple of the time it took, so at most a tenth of the time is spent on listing. */
const restPerRead = 10;

/** Returns the files of the project. For large folders the listing may be cached. */
export async function recentPaths(session: EditorSession, token: CancellationToken): Promise<readonly string[]> {
  const startTime = performance.now();
  const lastListing = known.get(session);
  if (lastListing && lastListing.folders === session.folders && startTime < lastListing.until)
    return withOpen(session, lastListing.paths);
  const { folders } = session;
  const paths = await pathsIn(session, token);
  const endTime = performance.now();
  if (!token.isCancellationRequested) {
    known.set(session, { folders, paths, until: endTime + restPerRead * (endTime - startTime) });
  }
  return withOpen(session, paths);
}

const withOpen = (session: EditorSession, paths: readonly string[]): readonly string[] => [
  ...new Set([...session.open.map(({ uri }) => session.pathOf(uri)), ...paths]),
];

/** Lists the files, nearest folders first, with pauses in which other requests are answered. */
async function pathsIn({ folders: open, host }: EditorSession, token?: CancellationToken): Promise<readonly string[]> {
  const towerPaths: string[] = [];
  const folders = [...open];
  const turns = new Turns();
  for (let index = 0; index < folders.length && index < most.folders && towerPaths.length < most.files; index++) {
    await turns.next();
    if (token?.isCancellationRequested) break;
    for (const { name, isFile, isFolder } of host.entries(folders[index]!)) {
      const entryPath = join(folders[index]!, name);
      if (isFolder && !name.startsWith('.') && !skipped.has(name)) folders.push(entryPath);
      else if (isFile && name.endsWith('.tower')) towerPaths.push(entryPath);
    }
  }
  return towerPaths;
}

/** Checks all files in their current state: first with pauses for other requests, then in one go from the cache. */
export async function projectFacts(
  session: EditorSession,
  token?: CancellationToken,
): Promise<readonly FileAnalysis[]> {
  const paths = withOpen(session, await pathsIn(session, token));
  const turns = new Turns();
  for (const path of paths) {
    await turns.next();
    if (token?.isCancellationRequested) return [];
    session.facts(path);
  }
  return paths.flatMap((path) => session.facts(path) ?? []);
}

interface ProjectSymbol {
  readonly symbol: NamedSymbol;
  /** The first file has the symbol in scope. The others are files of the project, if they may use the first. */
  readonly files: readonly FileAnalysis[];
}

/** Finds the symbol at a position, and the files that may also name it. */
export async function symbolInProject(
  session: EditorSession,
  params: PositionParams,
  token: CancellationToken,
): Promise<ProjectSymbol | undefined> {
  const location = locate(session, params);
  const namedWord = location?.facts.symbolAt(location.offset);
  if (!location || !namedWord) return undefined;
  const { facts } = location;
  const { symbol } = namedWord;
  if (isOwn(symbol)) return { symbol, files: [facts] };
  const projectFiles = await projectFacts(session, token);
  // The positions of a symbol are valid for one text only.
  if (locate(session, params)?.facts !== facts) {
    throw new ResponseError(LSPErrorCodes.ContentModified, 'the text has changed meanwhile');
  }
  return { symbol, files: [facts, ...projectFiles.filter((one) => one !== facts)] };
}

const isOwn = ({ kind }: NamedSymbol): boolean =>
  kind === 'tower' || kind === 'task' || kind === 'channel' || kind === 'step' || kind === 'model';

/** Milliseconds of work without a pause. */
const longest = 30;

export class Turns {
  #began = performance.now();

  /** Yields to other requests after this one has run long enough. */
  async next(): Promise<void> {
    if (performance.now() - this.#began <= longest) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#began = performance.now();
  }
}
