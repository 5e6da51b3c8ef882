/** What a cache comes from: it is used only while all of it is as it was. */
import { createHash } from 'node:crypto';
import type { Manifest } from '../../artifact/manifest.ts';
import type { Engine } from '../../engine/engine.ts';
import { version } from '../version.ts';
import { changedFile, type FileState, type KnownFile } from './source_files.ts';

/** All but `files` must be equal. */
export interface Identity {
  /** Another number for other contents: an older build must not read codes that it understands in another way. */
  readonly format: 'tower-cache-2';
  readonly tower: string;
  /** The checksum of the run's manifest. */
  readonly run: string;
  readonly engine: string;
  /** Processors and time zones have a part in vectors and values. */
  readonly machine: string;
  /** SHA-256. */
  readonly block: string;
  readonly files: readonly KnownFile[];
}

/** Of a start, before it has read a row: the content of files is not known yet. */
export interface Look {
  readonly identity: Omit<Identity, 'files'>;
  readonly files: readonly FileState[];
}

export const identityOf = (manifest: Manifest, engine: Engine, block: string): Omit<Identity, 'files'> => ({
  format: 'tower-cache-2',
  tower: version,
  run: manifest.checksum,
  engine: `${engine.name} ${engine.version}`,
  machine: `${process.arch} ${Intl.DateTimeFormat().resolvedOptions().timeZone}`,
  block: createHash('sha256').update(block).digest('hex'),
});

const reasons: Readonly<Record<Exclude<keyof Identity, 'files'>, string>> = {
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
  { identity, files }: Look,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const was = identityIn(text);
  if (was === undefined) return reasons.format;
  for (const [name, reason] of Object.entries(reasons) as [keyof typeof reasons, string][]) {
    if (was[name] !== identity[name]) return reason;
  }
  const changed = await changedFile(was.files, files, signal);
  return changed === undefined ? undefined : `${changed} has changed`;
}

function identityIn(text: string | undefined): Identity | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<Identity> | null;
    const isKnown = (file: Partial<KnownFile> | null): boolean =>
      [file?.name, file?.stamp, file?.sha256].every((each) => typeof each === 'string') &&
      typeof file?.bytes === 'number';
    return Array.isArray(value?.files) && value.files.every(isKnown) ? (value as Identity) : undefined;
  } catch {
    return undefined;
  }
}
