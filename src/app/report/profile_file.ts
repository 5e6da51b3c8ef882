/** `profile/profile.json` of a run, which `tower train --profile` left. It is read as a file of a stranger. */
import { join } from 'node:path';
import { readJsonFile } from '../../base/storage/run_files.ts';
import { refuseUnlessValid } from '../../training/artifact/validate.ts';
import { profileFile } from '../../training/profile/files.ts';
import type { Profile } from '../../training/profile/profile.ts';

/**
 * Undefined where the run was not profiled.
 * @throws Failure `damaged-file`, `cannot-read`
 */
export async function readProfile(folder: string): Promise<Profile | undefined> {
  const value = await readJsonFile(folder, profileFile, 'optional');
  if (value === undefined) return undefined;
  await refuseUnlessValid('profile', value, join(folder, profileFile));
  return value as Profile;
}
