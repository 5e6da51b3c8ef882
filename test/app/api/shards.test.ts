import { expect, it } from 'vitest';
import { memoryBytes, shardRequest } from '../../../src/app/api/shards.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { compileSource } from '../../../src/compiler/pipeline.ts';
import { failureOf } from '../../data/fixture.ts';

it('reads an amount of memory, and says what is wrong with another', async () => {
  expect(memoryBytes('8G')).toBe(8 * 2 ** 30);
  expect(memoryBytes('576M')).toBe(576 * 2 ** 20);
  const refused = (text: string) => failureOf((async () => memoryBytes(text))());
  expect(await refused('much')).toEqual([
    expect.stringMatching(/^memory-text .*`much` is not an amount of memory .*576M/),
  ]);
  expect(await refused('575M')).toEqual([expect.stringMatching(/^memory-text .*`575M` is less memory than .*576M/)]);
});

it('counts the bytes that a row of each table takes, as it is kept and with the state of its optimizer', async () => {
  const { plan } = compileSource(
    makeSource(
      'wide.tower',
      `model wide
features { user_id: id(dim: 4), item_id: id(dim: 16, precision: bf16) }
tower user(user_id) keyed by user_id { channel main = user_id -> dense(4) }
tower item(item_id) keyed by item_id { channel main = item_id -> dense(4) }
task see { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
train { batch = 256, embeddings = adagrad(rate: 0.05, per: row) }
`,
    ),
  ).lowered!;
  const { tables, step } = await shardRequest(plan, {}, 'runs/wide', 'as-needed', 2);
  // 4 numbers of 4 bytes, 16 of 2, one number of Adagrad a row and its place; between two workers.
  expect(tables).toEqual([
    { encoderOf: 'user_id', rowBytes: (4 * 4 + 8) / 2 },
    { encoderOf: 'item_id', rowBytes: (16 * 2 + 8) / 2, vectorBytes: 2 * 4 * 4 },
  ]);
  // The scores of a batch and their gradient are most of a step.
  expect(step).toBeGreaterThan(2 * 4 * 256 ** 2);
});
