/** A factor on a score without a limit: one that stretches nothing is no mistake, also where it is a default. */
import { expect, test } from 'vitest';
import { checkText } from '../check_text.ts';

const foundIn = (loss: string): string[] =>
  checkText(`
model small
features { user_id: id(dim: 4), movie_id: id(dim: 4) }
tower user(user_id) keyed by user_id { channel main = user_id -> mlp(8, 4) }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> mlp(8, 4) }
task watch { score = dot(user, item), loss = ${loss} }
`).diagnostics.map(({ code, message }) => `${code}: ${message}`);

test.each([
  'gbce(negatives: sampled(4))',
  'softmax(in_batch, temperature: 1)',
  'softmax(in_batch, scale: 1)',
  'bpr(in_batch)',
])('%s has no factor', (loss) => {
  expect(foundIn(loss)).toEqual([]);
});

test.each([
  ['gbce(negatives: sampled(4), scale: 2)', '`scale` multiplies `dot`'],
  ['softmax(in_batch, temperature: 0.1)', '`temperature` divides `dot`'],
  ['softmax(in_batch, temperature: learned(from: 1))', '`temperature` divides `dot`'],
])('%s has one', (loss, words) => {
  expect(foundIn(loss)).toEqual([
    `temperature-unnormalised: ${words}, whose size has no limit, so training can undo it`,
  ]);
});
