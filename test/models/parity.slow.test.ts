/** A model is asked for what it was measured by: every model of `models/`, on a small sample of the data set that it is for. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { expectParity } from './parity.ts';
import { blockOf, cases, isThere } from './samples.ts';

for (const [model, set] of [...cases, ['youtube', 'movielens_next'] as const]) {
  const there = isThere(set);
  it.skipIf(!there)(
    `${model} answers events of ${set} as it ranks them${there ? '' : ' (skipped: its files are not here)'}`,
    async () => {
      const block = await blockOf(set);
      const { events } = await expectParity(
        readFileSync(`models/${model}.tower`, 'utf8'),
        readFileSync(block, 'utf8'),
        dirname(block),
      );
      expect(events).toBeGreaterThan(0);
    },
  );
}
