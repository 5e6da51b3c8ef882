import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checkAndLower } from '../../../src/app/api/check.ts';
import { unsupportedInShards } from '../../../src/training/shards/feed.ts';

it('is a part that reads all training rows, of few of the models', async () => {
  const found: Record<string, string> = {};
  for (const name of readdirSync('models').filter((each) => each.endsWith('.tower'))) {
    const { lowered } = await checkAndLower(`models/${name}`);
    const what = unsupportedInShards(lowered.plan);
    if (what !== undefined) found[name] = what;
  }
  expect(found).toEqual({
    'bsarec.tower': 'a loss at each position of a list',
    'bsarec_attributes.tower': 'a loss at each position of a list',
    'duorec.tower': 'a loss at each position of a list',
    'elsa.tower': '`targets = users`',
    'gru4rec.tower': 'a loss at each position of a list',
    'hstu.tower': 'a loss at each position of a list',
    'lightgcn.tower': '`graph` of `train`',
    'mult_dae.tower': '`targets = users`',
    'mult_vae.tower': '`targets = users`',
    'rec_vae.tower': '`targets = users`',
    'sasrec.tower': 'a loss at each position of a list',
    'slim.tower': 'a score that is fitted as a whole',
  });
});
