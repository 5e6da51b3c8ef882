/** `targets = users`: what cannot be trained with a row for each user is refused at the loss. */
import { expect, test } from 'vitest';
import { makeSource, spanText } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';

const text = ({
  loss = 'softmax(all)',
  key = 'keyed by user_id',
  more = '',
  targets = 'users',
  user = 'flatten',
  item = 'flatten',
}): string => `
  model toy
  features { user_id : id(dim: 0), history : list(movie_id, max: 6), movie_id : id(dim: 4) }
  labels { liked : binary }
  tower user(history) ${key} { channel main = history -> ${user} }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> ${item} }
  task like { score = dot(user, item), loss = ${loss} ${more} }
  train { targets = ${targets} }
`;

const errorsOf = (given: Parameters<typeof text>[0]): string[] =>
  checkSource(makeSource('toy.tower', text(given)))
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ message, at }) => `${at && spanText(at)}: ${message}`);

test.each(['softmax(all)', 'mse(all)', 'mse(all, diagonal: 1, unit)', 'bce(all)'])('%s takes whole rows', (loss) => {
  expect(errorsOf({ loss })).toEqual([]);
});

test.each([
  [
    { loss: 'softmax(in_batch)' },
    /^softmax\(in_batch\): `softmax` compares one item of a row, .* take `softmax\(all\)`/,
  ],
  [{ loss: 'bpr' }, /^bpr: `bpr` compares one item of a row/],
  [{ loss: 'softmax(all, smoothing: 0.1)' }, /takes `all` without `smoothing`/],
  [{ key: '' }, /write `keyed by` at tower `user`/],
  [{ more: ', only = liked' }, /drop `weight` and `only` of the task/],
  [{ loss: 'mse(all)', targets: 'events' }, /^mse\(all\): `mse` takes `all` only with `targets = users`/],
  [{ loss: 'bce(all)', targets: 'events' }, /takes `all` only with `targets = users`/],
  [{ loss: 'mse(diagonal: 1)', more: ', label = liked', targets: 'events' }, /takes `diagonal` and `unit` with `all`/],
])('%j is refused', (given, message) => {
  expect(errorsOf(given)).toContainEqual(expect.stringMatching(message));
});

const perItem = 'gaussian(4, kl: per_item(0.1))';

test.each([
  [{ user: `flatten -> ${perItem}`, targets: 'events', loss: 'softmax' }, /^gaussian.*: write `targets = users`/],
  [{ item: `flatten -> ${perItem}` }, /is for steps of `user`/],
])('%j is refused too', (given, message) => {
  expect(errorsOf(given)).toContainEqual(expect.stringMatching(message));
});

test.each([perItem, 'repeat(2, gaussian(4, kl: per_item(0.1)))'])('%s is taken', (user) => {
  expect(errorsOf({ user: `flatten -> ${user}` })).toEqual([]);
});
