/** The files that rows come from, so that it is known later whether they are still the same. */
import { open, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { Failure } from '../../../base/diagnostics/failure.ts';
import { checksumOpened } from '../../../base/storage/run_files.ts';
import type { DataDescription, DataFile } from '../../../compiler/model/model.ts';
import type { Access } from '../../../data/files/access.ts';
import { findFile, findFiles } from '../../../data/files/files.ts';
import { isAddress, remoteEntries } from '../../../data/files/remote/address.ts';
import type { Plan } from '../../../graph/plan/plan.ts';

export interface FileState {
  /** From the folder of the data block: the folder may be copied as a whole. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** Another one after each change of the file. Also after it is copied, which changes nothing of its content. */
  readonly stamp: string;
  /** True if a later change has another stamp: clocks of file systems have steps, of 2 s at most. */
  readonly isSettled: boolean;
}

export interface KnownFile extends Pick<FileState, 'name' | 'bytes' | 'stamp'> {
  readonly sha256: string;
}

const longestStep = 2000;

/** The files of a data block and of the features of a plan, in one order. @throws Failure for a file that is missing, or may not be read */
export async function fileStates(description: DataDescription, plan: Plan, access?: Access): Promise<FileState[]> {
  const remotePaths = remoteEntries(description);
  const { output, diagnostics } = findFiles(description, access, new Map(remotePaths.map((entry) => [entry, []])));
  if (diagnostics.length > 0) throw new Failure(diagnostics);
  const { span } = description.events;
  const ofFeatures = plan.features.flatMap(({ encoder, vectors }) => [
    ...('file' in encoder && encoder.file !== undefined ? [encoder.file] : []),
    ...(vectors ? [vectors.file, vectors.keys] : []),
  ]);
  const paths = [
    ...output.flatMap(({ files }) => files.map(({ path }) => path)),
    ...ofFeatures.map((path) => findFile(description, { path, span }, access)),
  ];
  const localFiles = [...new Set(paths)].map((path) => stateOf(path, relative(description.folder, path)));
  return [...(await Promise.all(localFiles)), ...remotePaths.map(stateOfAddress)];
}

/** Only a connection could say how the file is now. */
const stateOfAddress = ({ path }: DataFile): FileState => ({ name: path, path, bytes: 0, stamp: '', isSettled: false });

async function stateOf(path: string, name: string): Promise<FileState> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const settledBefore = BigInt(Date.now() - longestStep) * 1_000_000n;
  return {
    ...{ name, path },
    bytes: Number(size),
    stamp: [ino, size, mtimeNs, ctimeNs].join(),
    isSettled: mtimeNs < settledBefore && ctimeNs < settledBefore,
  };
}

/** With checksums of the content. @returns a sentence instead, where a file is no longer what it was before its rows were read */
export async function knownFiles(before: readonly FileState[], signal?: AbortSignal): Promise<KnownFile[] | string> {
  const knownFilesNow: KnownFile[] = [];
  for (const { name, path, bytes, stamp, isSettled } of before) {
    if (isAddress(path)) return `${name} is not a file of this machine`;
    if (!isSettled) return `${name} was written less than two seconds before it was read`;
    const sha256 = await contentOf(path, signal);
    if ((await stateOf(path, name)).stamp !== stamp) return `${name} has changed since`;
    knownFilesNow.push({ name, bytes, stamp, sha256 });
  }
  return knownFilesNow;
}

/** Undefined if no file changed. A file that was only copied or touched is read. */
export async function changedFile(
  known: readonly KnownFile[],
  now: readonly FileState[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  const names = new Map(known.map((file) => [file.name, file]));
  for (const { name, path, bytes, stamp } of now) {
    const fileBefore = names.get(name);
    names.delete(name);
    if (fileBefore === undefined || fileBefore.bytes !== bytes) return name;
    if (fileBefore.stamp !== stamp && fileBefore.sha256 !== (await contentOf(path, signal))) return name;
  }
  return names.keys().next().value;
}

async function contentOf(path: string, signal?: AbortSignal): Promise<string> {
  const openedFile = await open(path, 'r');
  try {
    const { sha256 } = await checksumOpened(openedFile, signal);
    return sha256;
  } finally {
    await openedFile.close();
  }
}

/** Where the description itself lies, and who names it, changes no row. */
const unread: ReadonlySet<string> = new Set(['span', 'nameSpan', 'folder']);

/** The parts of a data block that rows depend on, as text. */
export const textOfBlock = (description: DataDescription): string =>
  JSON.stringify(description, (key, value: unknown) => (unread.has(key) ? undefined : value));
