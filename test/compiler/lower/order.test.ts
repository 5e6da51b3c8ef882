/** Which flows read the order of a list, as none may of `history = others(…)`. */
import { expect, test } from 'vitest';
import { spanText } from '../../../src/base/text/source.ts';
import { orderReadOf } from '../../../src/compiler/lower/lower_positions.ts';
import { modelOf } from '../library/support.ts';

const readsOf = (flow: string, max = 30): string | undefined => {
  const model = modelOf(`
    model toy
    features {
      user_id  : id(dim: 4)
      history  : list(movie_id, max: ${max}, pool: none)
      stars    : along(history, category(dim: 4))
      recent   : list(movie_id, max: 5, pool: none)
      movie_id : id(dim: 4)
    }
    tower user(user_id, history, stars, recent) keyed by user_id {
      taste = ${flow}
      newest = recent -> last
      channel main = concat(taste, user_id, newest) -> dense(4)
    }
    tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
    task watch { score = dot(user, item), loss = softmax(in_batch) }
    train { batch = 64, dense = adam, embeddings = adam }
  `);
  const read = orderReadOf(model, 'history');
  return read && spanText(read.span);
};

test.each([
  'history -> mean',
  'history -> max',
  'history -> attention',
  'history -> multi_interest(2) -> mean',
  'history -> self_attention -> layer_norm -> mean',
  'history -> residual(dense(4, relu)) -> attention',
  'history -> transformer(layers: 1, mask: none) -> sum',
  'sum(history, stars) -> batch_norm -> mean',
  'attention(history, user_id)',
  'recent -> gru(4)',
])('%s does not', (flow) => {
  expect(readsOf(flow)).toBeUndefined();
});

test.each([
  ['history -> last', 'last'],
  ['history -> dense(4) -> gru(4)', 'gru(4)'],
  ['history -> positions -> mean', 'positions'],
  ['history -> transformer(layers: 1) -> mean', 'transformer(layers: 1)'],
  ['history -> transformer(layers: 1, mask: none, relative) -> mean', 'transformer(layers: 1, mask: none, relative)'],
  ['history -> self_attention(causal) -> mean', 'self_attention(causal)'],
  ['history -> hstu(layers: 1) -> mean', 'hstu(layers: 1)'],
  ['history -> bsarec(layers: 1) -> mean', 'bsarec(layers: 1)'],
  ['history -> conv(width: 2, dilation: 9) -> max', 'conv(width: 2, dilation: 9)'],
  ['concat(history, stars) -> conv -> max', 'conv'],
  ['history -> flatten', 'flatten'],
  ['history -> residual(repeat(2, conv)) -> mean', 'conv'],
])('%s does', (flow, step) => {
  expect(readsOf(flow)).toBe(step);
});

test('a list of one element has one order', () => {
  expect(readsOf('history -> last', 1)).toBeUndefined();
});
