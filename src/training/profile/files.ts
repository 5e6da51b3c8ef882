/** The files of a profile, within the folder of a run. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isPartialOf } from '../../base/storage/durable.ts';
import { isFolder } from '../../base/storage/run_files.ts';

export const profileFolder = 'profile';
export const [traceFile, profileFile] = [`${profileFolder}/trace.json`, `${profileFolder}/profile.json`] as const;

/** Those that are there, and what a kill left half written of them. */
export async function profileFilesIn(folder: string): Promise<string[]> {
  const profilePath = join(folder, profileFolder);
  if (!(await isFolder(profilePath))) return [];
  const names = await readdir(profilePath).catch(() => []);
  const isOurs = (name: string): boolean =>
    [traceFile, profileFile].some((file) => name === basename(file) || isPartialOf(name, basename(file)));
  return names.filter(isOurs).map((name) => `${profileFolder}/${name}`);
}
