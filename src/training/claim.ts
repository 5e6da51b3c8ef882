/** The right to train in a folder: nobody else writes there, and what it holds fits what is asked. */
import { type FolderLock, lockFolder, refuseHeld } from '../base/storage/lock.ts';
import { refuseFolder, refuseResume } from './folder.ts';
import type { TrainOptions } from './train_options.ts';

/** @throws Failure `run-in-use`, `folder-in-use`, `nothing-to-resume`, `other-run`, `cannot-read`, `cannot-write` */
export async function claimFolder(
  folder: string,
  { plan, resume, finish, force }: Pick<TrainOptions, 'plan' | 'resume' | 'finish' | 'force'>,
): Promise<FolderLock> {
  const refuseMisfit = (): Promise<void> =>
    resume || finish ? refuseResume(folder, plan) : refuseFolder(folder, force ?? false);
  // Before anything is written there, the lock included.
  await refuseHeld(folder);
  await refuseMisfit();
  const lock = await lockFolder(folder, { purpose: 'tower train' });
  try {
    // Another process may have trained there until a moment ago.
    await refuseMisfit();
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}
