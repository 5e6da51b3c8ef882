/** What a cache comes from: it is used only while all of it is as it was. */
import { createHash } from 'node:crypto';
import type { Engine } from '../../../engines/engine.ts';
import type { Manifest } from '../../../training/artifact/manifest.ts';
import { version } from '../version.ts';
import { changedFile, type FileState, type KnownFile } from './source_files.ts';

/** All but `files` must be equal. */
export interface CacheIdentity {
  /** Another number for other contents: an older build must not read codes that it understands in another way. */
  readonly format: 'tower-cache-2';
  readonly tower: string;
  readonly run: string;
  readonly engine: string;
  /** Processors and time zones have a part in vectors and values. */
  readonly machine: string;
  readonly block: string;
  readonly files: readonly KnownFile[];
}

/** The state at a start, before a row is read: the content of files is not known yet. */
export interface CacheState {
  readonly identity: Omit<CacheIdentity, 'files'>;
  readonly files: readonly FileState[];
}

export const identityOf = (manifest: Manifest, engine: Engine, block: string): Omit<CacheIdentity, 'files'> => ({
  format: 'tower-cache-2',
  tower: version,
  run: manifest.checksum,
  engine: `${engine.name} ${engine.version}`,
  machine: `${process.arch} ${Intl.DateTimeFormat().resolvedOptions().timeZone}`,
  block: createHash('sha256').update(block).digest('hex'),
});

const reasons: Readonly<Record<Exclude<keyof CacheIdentity, 'files'>, string>> = {
  format: 'it is of another version of Tower',
  tower: 'it is of another version of Tower',
  run: 'it is of another training',
  engine: 'it is of another version of the engine',
  machine: 'it is of another kind of machine, or another time zone',
  block: 'the data block has changed',
};

/**
 * Why a cache cannot be used any more; undefined where it can.
 * @param text of the identity that it was written with
 */
export async function outOfDate(
  text: string | undefined,
  { identity, files }: CacheState,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const cachedIdentity = identityIn(text);
  if (cachedIdentity === undefined) return reasons.format;
  for (const [name, reason] of Object.entries(reasons) as [keyof typeof reasons, string][]) {
    if (cachedIdentity[name] !== identity[name]) return reason;
  }
  const changed = await changedFile(cachedIdentity.files, files, signal);
  return changed === undefined ? undefined : `${changed} has changed`;
}

function identityIn(text: string | undefined): CacheIdentity | undefined {
  try {
    const parsedIdentity = JSON.parse(text ?? '') as Partial<CacheIdentity> | null;
    const isKnown = (file: Partial<KnownFile> | null): boolean =>
      [file?.name, file?.stamp, file?.sha256].every((each) => typeof each === 'string') &&
      typeof file?.bytes === 'number';
    return Array.isArray(parsedIdentity?.files) && parsedIdentity.files.every(isKnown)
      ? (parsedIdentity as CacheIdentity)
      : undefined;
  } catch {
    return undefined;
  }
}
