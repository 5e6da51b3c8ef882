/** A few kills and errors of the disk of commands that end soon; `npm run bench:faults` has all commands, and more of each. */
import { rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { canFault, cases, disturb, workFolder } from '../../bench/faults/faults.ts';

const short = cases.filter(({ name }) => ['train', 'import', 'reports'].includes(name));

afterAll(() => {
  if (canFault()) rmSync(workFolder(), { recursive: true, force: true });
});

it.skipIf(!canFault()).each(short)(
  '$name leaves nothing half written that is taken for whole, and repeated gives the same files',
  async (each) => {
    const { kills, errors, wrong } = await disturb(each, { kills: 2, errors: 2, seed: 5, isChecked: false });
    expect(wrong).toEqual([]);
    expect([kills, errors]).toEqual([2, 2]);
  },
  120_000,
);
