/** The right to train in a folder: nobody else writes there, and what it holds fits what is asked. */

import type { Plan } from '../plan/plan.ts';
import { type FolderLock, lockFolder, refuseHeld } from '../storage/lock.ts';
import { refuseFolder, refuseResume } from './folder.ts';

export interface Claim {
  readonly plan: Plan;
  readonly resume?: boolean;
  readonly finish?: boolean;
  readonly force?: boolean;
}

/** @throws Failure `run-in-use`, `folder-in-use`, `nothing-to-resume`, `other-run`, `cannot-read`, `cannot-write` */
export async function claimFolder(folder: string, { plan, resume, finish, force }: Claim): Promise<FolderLock> {
  const refuse = (): Promise<void> =>
    resume || finish ? refuseResume(folder, plan) : refuseFolder(folder, force ?? false);
  // Before anything is written there, the lock included.
  await refuseHeld(folder);
  await refuse();
  const lock = await lockFolder(folder, { purpose: 'tower train' });
  try {
    // Another process may have trained there until a moment ago.
    await refuse();
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}
