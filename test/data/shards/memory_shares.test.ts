import { expect, it } from 'vitest';
import { refuseTooMany } from '../../../src/data/shards/memory_shares.ts';
import { failureOf } from '../fixture.ts';

it('refuses more events than 32 bits can number, and says how to go on', async () => {
  expect(() => refuseTooMany(2 ** 31 - 1)).not.toThrow();
  const found = await failureOf((async () => refuseTooMany(1e10))());
  expect(found).toEqual([expect.stringMatching(/^too-many-events at nowhere: .*10,000,000,000 events.*--from/)]);
});
