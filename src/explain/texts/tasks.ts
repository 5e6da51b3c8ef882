/** Codes of scores, labels, losses and objectives. */
import type { Code } from '../../diagnostics/codes.ts';
import type { Explanation } from '../explanation.ts';
import { smallModel } from '../small_model.ts';

const bceTask = 'task like { score = cosine(user, item) / 0.1, loss = bce, label = liked }';
const twoTasks = `task view { score = cosine(user, item) / 0.1, loss = softmax(in_batch) }\n${bceTask}`;
const twoLabels = `${bceTask}\ntask see { score = cosine(user, item) / 0.1, loss = bce, label = seen, weight = seen }`;
const twoWidths = 'channel main = user_id -> mlp(32, 16)\nchannel wide = user_id -> dense(16)';

export const tasks = {
  'not-a-score': {
    means:
      'A score compares the two towers, times a number, or is a sum of such: it must remain an inner product of one vector a side, or nearest-neighbour search could not find its best items.',
    wrong: smallModel({
      tasks: 'task watch { score = cosine(user, item) + 2, loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel(),
  },
  'score-towers': {
    means: 'A score compares two towers, and is given more or fewer.',
    wrong: smallModel({ tasks: 'task watch { score = cosine(user), loss = softmax(in_batch, temperature: 0.05) }' }),
    right: smallModel(),
  },
  'same-tower': {
    means: 'Both sides of this score are one tower: it would compare everybody with themselves.',
    wrong: smallModel({
      tasks: 'task watch { score = cosine(user, user), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel(),
  },
  'towers-swapped': {
    means:
      'The tower named first asks, the other is retrieved. All tasks must agree on it: the item vectors of one index serve them all.',
    wrong: smallModel({
      labels: 'liked: binary',
      tasks: twoTasks.replace('like { score = cosine(user, item)', 'like { score = cosine(item, user)'),
    }),
    right: smallModel({ labels: 'liked: binary', tasks: twoTasks }),
  },
  'step-not-channel': {
    means: 'A score reads channels, and this is a step: a name for other lines of its tower.',
    wrong: smallModel({
      user: 'deep = user_id -> dense(16)\nchannel main = deep -> dense(16)',
      tasks: 'task watch { score = cosine(user.deep, item), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel({ user: 'deep = user_id -> dense(16)\nchannel main = deep -> dense(16)' }),
  },
  'unpaired-channel': {
    means:
      'A score of two towers pairs their channels by name. Each tower has a channel without a partner, which may be one pair under two names.',
    wrong: smallModel({
      user: 'channel main = user_id -> dense(16)\nchannel wide = user_id -> dense(16)',
      item: 'channel main = movie_id -> dense(16)\nchannel large = movie_id -> dense(16)',
    }),
    right: smallModel({
      user: 'channel main = user_id -> dense(16)\nchannel wide = user_id -> dense(16)',
      item: 'channel main = movie_id -> dense(16)\nchannel wide = movie_id -> dense(16)',
    }),
  },
  'lone-channel': {
    means:
      'A score of two towers pairs their channels by name. Here one tower alone has more channels than there are pairs: the score is the sum over the pairs, without this channel.',
    wrong: smallModel({ user: 'channel main = user_id -> dense(16)\nchannel wide = user_id -> dense(16)' }),
    right: smallModel({
      user: 'channel main = user_id -> dense(16)\nchannel wide = user_id -> dense(16)',
      item: 'channel main = movie_id -> dense(16)\nchannel wide = movie_id -> dense(16)',
    }),
  },
  'channel-needed': {
    means: 'One side names a channel, so the other must as well, and it has several.',
    wrong: smallModel({
      user: twoWidths,
      tasks: 'task watch { score = cosine(user, item.main), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel({
      user: 'channel main = user_id -> mlp(32, 16)',
      tasks: 'task watch { score = cosine(user.main, item.main), loss = softmax(in_batch, temperature: 0.05) }',
    }),
  },
  'label-needed': {
    means:
      'This loss compares the score with what happened, and the task does not say which label that is. The softmax losses need none: there, what happened is the row itself.',
    wrong: smallModel({ labels: 'liked: binary, seen: binary', tasks: twoLabels.replace(', label = seen', '') }),
    right: smallModel({ labels: 'liked: binary, seen: binary', tasks: twoLabels }),
  },
  'label-not-read': {
    means:
      'This loss reads no label: other items are its negatives. A label may weigh its rows, which is said with `weight`.',
    wrong: smallModel({
      labels: 'liked: binary',
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), label = liked }',
    }),
    right: smallModel({
      labels: 'liked: binary',
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), weight = liked }',
    }),
  },
  'label-sort': {
    means: 'The loss needs a label of another sort: `bce` predicts the chance of a yes, `mse` a number.',
    wrong: smallModel({ labels: 'seconds: number', tasks: bceTask.replace('liked', 'seconds') }),
    right: smallModel({
      labels: 'seconds: number',
      tasks: 'task stay { score = dot(user, item), loss = mse, label = seconds }',
    }),
  },
  'only-not-binary': {
    means: '`only` picks the rows where a label is 1. With a number it would not be said which rows those are.',
    wrong: smallModel({
      labels: 'seconds: number',
      tasks: 'task stay { score = dot(user, item), loss = mse, label = seconds, only = seconds }',
    }),
    right: smallModel({
      labels: 'seconds: number, clicked: binary',
      tasks: 'task stay { score = dot(user, item), loss = mse, label = seconds, only = clicked }',
    }),
  },
  'item-key-needed': {
    means:
      'This loss compares an item with other items of the batch. Some of them may be the very same item, and only its key can tell: without it they would be trained as their own opposite.',
    wrong: smallModel({ itemKey: '' }),
  },
  'key-kind': {
    means:
      'A key tells one user, or one item, from another, so its feature takes a value as a name: an id, a category, or one `like` such. Lists, texts, vectors, numbers, moments and crosses name nobody.',
    wrong: smallModel({
      features: 'year: number',
      itemInputs: 'movie_id, year',
      itemKey: ' keyed by year',
      item: 'channel main = concat(movie_id, year) -> mlp(32, 16)',
    }),
    right: smallModel({
      features: 'year: number',
      itemInputs: 'movie_id, year',
      item: 'channel main = concat(movie_id, year) -> mlp(32, 16)',
    }),
  },
  'not-a-sum': {
    means: '`objective` and `retrieve` are sums of numbers times tasks.',
    wrong: smallModel({ after: 'objective = watch * watch' }),
    right: smallModel({ after: 'objective = 1.0 * watch' }),
  },
  'objective-omits': {
    means: 'A task that `objective` leaves out would never be learnt.',
    wrong: smallModel({ labels: 'liked: binary', tasks: twoTasks, after: 'objective = 1.0 * view' }),
  },
  'objective-weight': {
    means: 'The weight of a loss is above 0. With 0 its task would not be learnt, and below 0 it would be unlearnt.',
    wrong: smallModel({ labels: 'liked: binary', tasks: twoTasks, after: 'objective = view - 0.5 * like' }),
    right: smallModel({ labels: 'liked: binary', tasks: twoTasks, after: 'objective = view + 0.5 * like' }),
  },
  'retrieve-empty': {
    means: 'Every score is weighed with 0, so that all items would be equally good.',
    wrong: smallModel({ after: 'retrieve = 0 * watch' }),
    right: smallModel({ after: 'retrieve = 1 * watch' }),
  },
} as const satisfies Partial<Record<Code, Explanation>>;
