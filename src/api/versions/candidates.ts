/** The runs of a folder that a server watches, the newest first. */
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readManifest } from '../../artifact/load.ts';
import { type Manifest, manifestFile } from '../../artifact/manifest.ts';
import { Failure } from '../../diagnostics/failure.ts';
import { reading } from '../../diagnostics/system_reason.ts';

export interface Candidate {
  /** Without links: one that is changed later does not mix two versions. From the working folder, where it lies there. */
  readonly folder: string;
  /** Of a manifest that can be read. */
  readonly checksum?: string;
  /** Whether each file has the bytes that the manifest lists. A run that is being copied may not have them yet. */
  readonly isWhole: boolean;
  /** Another one after any change of its files. */
  readonly signature: string;
  /** When its manifest was written, which comes last. */
  readonly written: number;
}

/** Manifests that were read, by the signature of their file. */
export type KnownManifests = Map<string, Manifest | undefined>;

/**
 * A folder has its runs in subfolders, or in subfolders that links name. It may be a run itself, also through a link that is changed in one step, as
 * Kubernetes changes `..data`.
 * @param besides one more file of a run, whose changes count
 * @throws Failure `cannot-read`
 */
export async function candidatesIn(
  folder: string,
  known: KnownManifests = new Map(),
  besides?: string,
): Promise<Candidate[]> {
  const base = await reading(
    folder,
    realpath(join(folder, '..data')).catch(() => realpath(folder)),
  );
  const places = (await isFile(join(base, manifestFile)))
    ? [base]
    : (await reading(base, readdir(base))).filter((name) => !name.startsWith('.')).map((name) => join(base, name));
  if (known.size > mostKnown) known.clear();
  const real = await Promise.all(places.map((place) => realpath(place).catch(() => undefined)));
  const found = await Promise.all(
    [...new Set(real)].map((place) => place && candidateAt(shorter(place), known, besides)),
  );
  return found
    .filter((each): each is Candidate => typeof each === 'object')
    .sort((a, b) => b.written - a.written || b.folder.localeCompare(a.folder, 'en', { numeric: true }));
}

async function candidateAt(folder: string, known: KnownManifests, besides?: string): Promise<Candidate | undefined> {
  try {
    const path = join(folder, manifestFile);
    const file = await lstat(path);
    const own = `${file.ino} ${file.size} ${file.mtimeMs}`;
    const place = `${folder} ${own}`;
    if (!known.has(place)) known.set(place, await readManifest(folder).catch(refusedAs(undefined)));
    const manifest = known.get(place);
    const sizes = await Promise.all(
      Object.entries(manifest?.files ?? {}).map(async ([name, { bytes }]) => {
        const { size, mtimeMs } = await lstat(join(folder, name)).catch(() => ({ size: -1, mtimeMs: 0 }));
        return { isRight: size === bytes, text: `${size} ${mtimeMs}` };
      }),
    );
    const other = besides === undefined ? '' : await stateOf(join(folder, besides));
    return {
      folder,
      ...(manifest ? { checksum: manifest.checksum } : {}),
      isWhole: manifest !== undefined && sizes.every(({ isRight }) => isRight),
      signature: [own, ...sizes.map(({ text }) => text), other].join(' '),
      written: file.mtimeMs,
    };
  } catch {
    // No manifest: no run, or one that is being written. Or it has been removed since.
    return undefined;
  }
}

const stateOf = (path: string): Promise<string> =>
  lstat(path).then(
    ({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`,
    () => '',
  );

const refusedAs =
  <T>(value: T) =>
  (error: unknown): T => {
    if (error instanceof Failure) return value;
    throw error;
  };

const mostKnown = 1000;

function shorter(folder: string): string {
  const path = relative('', folder);
  return path === '' || path.startsWith('..') ? folder : path;
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
