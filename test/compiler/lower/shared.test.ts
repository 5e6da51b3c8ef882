import { expect, test } from 'vitest';
import { lowerForward } from '../../../src/compiler/lower/forward.ts';
import { lowerFeatures } from '../../../src/compiler/lower/lower_features.ts';
import { sharedByTasks } from '../../../src/compiler/lower/shared.ts';
import { lastShared } from '../../../src/compiler/lower/step.ts';
import { modelOf } from '../library/support.ts';

/** Names of the last shared weights of two tasks under these towers. */
function lastOf(
  user: string,
  item: string,
  { feature = 'age : number(dim: 4)', profile = 'user_id, age', before = '' } = {},
): readonly string[] {
  const model = modelOf(`
    model two
    features {
      user_id  : id(dim: 4)
      ${feature}
      video_id : id(dim: 4)
    }
    labels { liked: binary }
    group profile = ${profile}
    ${before}
    tower user(profile) keyed by user_id { ${user} }
    tower item(video_id) keyed by video_id { ${item} }
    task click { score = dot(user.click, item.click), loss = softmax(in_batch) }
    task like { score = dot(user.like, item.like), loss = bce, label = liked }
    objective = gradnorm(click, like)
    retrieve = click
    train { batch = 8, epochs = 1 }
  `);
  const forward = lowerForward(model, lowerFeatures(model).output);
  expect(forward.diagnostics).toEqual([]);
  return lastShared(forward.context.inputs.builder, sharedByTasks(forward)).map(({ name }) => name);
}

const channels = (of: string): string => `channel click = ${of} -> dense(4)\nchannel like = ${of} -> dense(4)`;

test('of layers one after the other the last, in each tower; neither what a feature is mapped by nor what weighs fields', () => {
  const user = `all = profile -> senet(reduction: 2) -> flatten -> mlp(8, 6)\n${channels('all')}`;
  const item = `all = video_id -> dense(6)\n${channels('all')}`;
  expect(lastOf(user, item)).toEqual(['user/all/mlp/weights_1', 'item/all/dense/weights']);
});

test('of layers side by side each', () => {
  const user = `one = profile -> flatten -> dense(6)\ntwo = profile -> ffm(width: 3)\nboth = concat(one, two)\n${channels('both')}`;
  const item = channels('video_id');
  expect(lastOf(user, item)).toEqual(['user/one/dense/weights', 'user/two/ffm/weights_0', 'user/two/ffm/weights_1']);
});

test('of a block that both towers share, only where it is the last', () => {
  const before = 'shared block body = dense(6)';
  const user = `all = profile -> flatten -> dense(4) -> body\n${channels('all')}`;
  const last = `all = video_id -> flatten -> body\n${channels('all')}`;
  expect(lastOf(user, last, { before })).toEqual(['shared/body/dense/weights']);
  const earlier = `all = video_id -> flatten -> body -> dense(5)\n${channels('all')}`;
  expect(lastOf(user, earlier, { before })).toEqual(['item/all/dense/weights']);
});

test('a recurrent layer reads itself, and what it reads is before it', () => {
  const user = `all = profile -> dense(5) -> gru(6)\n${channels('all')}`;
  const seen = { feature: 'seen : list(video_id, max: 3, pool: none)', profile: 'seen' };
  expect(lastOf(user, channels('video_id'), seen)).toEqual(['user/all/gru/weights_state']);
});

test('all where each reads another', () => {
  const before = 'shared block one = dense(4)\nshared block two = dense(4)';
  const user = `all = profile -> flatten -> dense(4) -> one -> two\n${channels('all')}`;
  const item = `all = video_id -> flatten -> two -> one\n${channels('all')}`;
  expect(lastOf(user, item, { before })).toEqual([
    'features/age/projection',
    'user/all/dense/weights',
    'shared/one/dense/weights',
    'shared/two/dense/weights',
  ]);
});

test('embedding rows where no weights are shared', () => {
  expect(lastOf(channels('user_id'), channels('video_id'))).toEqual(['user_id', 'video_id']);
});
