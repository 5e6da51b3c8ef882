/** Codes of scores, labels, losses and objectives. */

import { row } from '../code_row.ts';
import { smallModel } from '../small_model.ts';
import { list, typeWords } from '../wording.ts';

const bceTask = 'task like { score = cosine(user, item) / 0.1, loss = bce, label = liked }';

const twoTasks = `task view { score = cosine(user, item) / 0.1, loss = softmax(in_batch) }\n${bceTask}`;

const twoLabels = `${bceTask}\ntask see { score = cosine(user, item) / 0.1, loss = bce, label = seen, weight = seen }`;

const ratingTask = 'task rate { score = dot(user, item) + user.bias + item.bias + mean, loss = mse, label = rating }';

const twoWidths = 'channel main = user_id -> mlp(32, 16)\nchannel wide = user_id -> dense(16)';

export const tasks = {
  'not-a-score': row<{ found: string }>({
    severity: 'error',
    message: ({ found }) => `expected a score of the two towers, or a sum of numbers times scores, found ${found}`,
    hint: () => 'write a score such as `cosine(user, item) / 0.1`',
    means:
      'A score compares the two towers. It can be multiplied by a number, added to other scores, and get biases such as `item.bias`. The result must remain one inner product, or nearest-neighbour search could not find the best items.',
    wrong: smallModel({
      tasks: 'task watch { score = cosine(user, item) * cosine(user, item), loss = softmax(in_batch) }',
    }),
    right: smallModel(),
  }),

  'bias-with-cosine': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` has no limit, and cannot be added to a cosine`,
    hint: () => 'use `dot` in place of `cosine`, or remove the bias',
    means:
      'A cosine is between −1 and 1, so that no item wins by its size alone. A learned bias has no limit, and popular items would win again. With `dot` a bias is one more dimension of the vectors. To keep vectors of length 1, end the channels with `normalize` and write `dot`.',
    wrong: smallModel({
      tasks: 'task watch { score = cosine(user, item) + item.bias, loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel({ tasks: 'task watch { score = dot(user, item) + item.bias, loss = softmax(in_batch) }' }),
  }),

  'bias-with-directions': row<{ bias: string; loss: string }>({
    severity: 'error',
    message: ({ bias, loss }) => `\`${loss}\` compares the directions of two vectors, and \`${bias}\` would turn them`,
    hint: () => 'remove the bias, or use a loss that reads the score',
    means:
      'A bias is one more number of both vectors of a score, next to a 1. `directau` takes the vectors at length 1 and pulls them together: it would pull the bias to the 1 that it meets, whatever the data says.',
    wrong: smallModel({ tasks: 'task watch { score = dot(user, item) + item.bias, loss = directau }' }),
    right: smallModel({ tasks: 'task watch { score = dot(user, item), loss = directau }' }),
  }),

  'bias-key-needed': row<{ tower: string }>({
    severity: 'error',
    message: ({ tower }) => `\`${tower}.bias\` is a number for each key, and tower \`${tower}\` has no key`,
    hint: ({ tower }) => `add the key: \`tower ${tower}(…) keyed by its_id\``,
    means:
      'A bias is a learned number for each value of the key of its tower. Without `keyed by` there is nothing that the numbers belong to. A channel of width 1 can be a bias too.',
    wrong: smallModel({ labels: 'rating: number', itemKey: '', tasks: ratingTask }),
    right: smallModel({ labels: 'rating: number', tasks: ratingTask }),
  }),

  'bias-width': row<{ name: string; type: string }>({
    severity: 'error',
    message: ({ name, type }) => `\`${name}\` is added to a score as one number, and is ${type}`,
    hint: () => 'end the channel with `dense(1)`, or compare it with a channel of the other tower',
    means:
      'A bias is one number. A channel that a score adds by itself must therefore have width 1. A wider channel needs a partner in the other tower, such as in `dot(user.main, item.main)`.',
    wrong: smallModel({
      item: 'channel main = movie_id -> mlp(32, 16)\nchannel fame = movie_id -> dense(16)',
      tasks: 'task watch { score = dot(user, item) + item.fame, loss = softmax(in_batch) }',
    }),
    right: smallModel({
      item: 'channel main = movie_id -> mlp(32, 16)\nchannel fame = movie_id -> dense(1)',
      tasks: 'task watch { score = dot(user, item) + item.fame, loss = softmax(in_batch) }',
    }),
  }),

  'mean-needs-number': row<{ loss?: string }>({
    severity: 'error',
    message: ({ loss }) =>
      loss === undefined
        ? '`mean` is the mean of the label, and a task without a loss has no label'
        : `\`mean\` is the mean of the label, and the score of \`${loss}\` is no estimate of a label`,
    hint: () => 'remove `mean`, or use a loss of numbers such as `mse`',
    means:
      'In `mse` and `huber` the score is an estimate of the label, so it may begin at the mean of the label. In other losses the score has another unit, such as the logarithm of odds.',
    wrong: smallModel({
      labels: 'liked: binary',
      tasks: 'task like { score = dot(user, item) + mean, loss = bce, label = liked }',
    }),
    right: smallModel({ labels: 'rating: number', tasks: ratingTask }),
  }),

  'score-towers': row<{ kind: string; count: number }>({
    severity: 'error',
    message: ({ kind, count }) => `\`${kind}\` compares two towers, found ${count === 0 ? 'none' : count}`,
    hint: ({ kind }) => `name both towers, such as \`${kind}(user, item)\``,
    means: 'A score compares exactly two towers.',
    wrong: smallModel({ tasks: 'task watch { score = cosine(user), loss = softmax(in_batch, temperature: 0.05) }' }),
    right: smallModel(),
  }),

  'same-tower': row<{ tower: string }>({
    severity: 'error',
    message: ({ tower }) => `both sides of this score are tower \`${tower}\``,
    hint: () => 'name the query tower first, then the item tower',
    means: 'Both sides of this score are the same tower. It would compare every vector with itself.',
    wrong: smallModel({
      tasks: 'task watch { score = cosine(user, user), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel(),
  }),

  'towers-swapped': row<{ query: string; item: string }>({
    severity: 'error',
    message: ({ query, item }) =>
      `\`${item}\` is the query tower here, and \`${query}\` is the query tower of an earlier task`,
    hint: ({ query, item }) => `name \`${query}\` first, then \`${item}\``,
    means:
      'The first tower of a score is the query tower, the second is the item tower. All tasks must agree, because one index of item vectors serves them all.',
    wrong: smallModel({
      labels: 'liked: binary',
      tasks: twoTasks.replace('like { score = cosine(user, item)', 'like { score = cosine(item, user)'),
    }),
    right: smallModel({ labels: 'liked: binary', tasks: twoTasks }),
  }),

  'step-not-channel': row<{ tower: string; name: string }>({
    severity: 'error',
    message: ({ tower, name }) => `\`${tower}.${name}\` is a step, and a score reads channels`,
    hint: () => 'write `channel` before its name',
    fix: 'restores',
    means: 'A score reads channels only. This is a step: a name for other lines of its tower.',
    wrong: smallModel({
      user: 'deep = user_id -> dense(16)\nchannel main = deep -> dense(16)',
      tasks: 'task watch { score = cosine(user.deep, item), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel({ user: 'deep = user_id -> dense(16)\nchannel main = deep -> dense(16)' }),
  }),

  'unpaired-channel': row<{ tower: string; channel: string; other: string; nearest?: string | undefined }>({
    severity: 'error',
    message: ({ tower, channel, other }) =>
      `channel \`${tower}.${channel}\` has no partner: tower \`${other}\` has no channel \`${channel}\``,
    hint: ({ other, nearest }) =>
      nearest === undefined
        ? 'give both towers a channel of the same name, or name the pair in the score'
        : `give it the same name as \`${other}.${nearest}\`, which has no partner either`,
    means:
      'A score of two towers pairs their channels by name. Each tower has a channel without a partner. These may be one pair under two names.',
    wrong: smallModel({
      user: 'channel main = user_id -> dense(16)\nchannel wide = user_id -> dense(16)',
      item: 'channel main = movie_id -> dense(16)\nchannel large = movie_id -> dense(16)',
    }),
    right: smallModel({
      user: 'channel main = user_id -> dense(16)\nchannel wide = user_id -> dense(16)',
      item: 'channel main = movie_id -> dense(16)\nchannel wide = movie_id -> dense(16)',
    }),
  }),

  'lone-channel': row<{ tower: string; channel: string; other: string }>({
    severity: 'warning',
    message: ({ tower, channel, other }) =>
      `this score omits channel \`${tower}.${channel}\`: tower \`${other}\` has no channel \`${channel}\``,
    hint: ({ tower, channel, other }) =>
      `add a channel \`${channel}\` to \`${other}\`, name \`${tower}.${channel}\` in a score, or remove it`,
    means:
      'A score of two towers pairs their channels by name and adds the scores of the pairs. One tower has a channel that the other does not have, so the sum omits this channel.',
    wrong: smallModel({ user: 'channel main = user_id -> dense(16)\nchannel wide = user_id -> dense(16)' }),
    right: smallModel({
      user: 'channel main = user_id -> dense(16)\nchannel wide = user_id -> dense(16)',
      item: 'channel main = movie_id -> dense(16)\nchannel wide = movie_id -> dense(16)',
    }),
  }),

  'channel-needed': row<{ tower: string; channels: readonly string[]; by?: 'list' }>({
    severity: 'error',
    message: ({ tower, channels, by = 'score' }) =>
      `\`${tower}\` has ${channels.length} channels, and this ${by} does not name one`,
    hint: ({ tower, channels }) => `name one of ${list(channels.map((channel) => `${tower}.${channel}`))}`,
    means:
      'One side of the score names a channel, so the other side must name one too. It has several. A list that goes `through` a tower needs one channel in the same way.',
    wrong: smallModel({
      user: twoWidths,
      tasks: 'task watch { score = cosine(user, item.main), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel({
      user: 'channel main = user_id -> mlp(32, 16)',
      tasks: 'task watch { score = cosine(user.main, item.main), loss = softmax(in_batch, temperature: 0.05) }',
    }),
  }),

  'label-needed': row<{ task: string; loss: string; type: string; nearest?: string | undefined }>({
    severity: 'error',
    message: ({ task, loss, type }) =>
      `task \`${task}\` has no label, but \`${loss}\` needs a label that is ${typeWords(type)}`,
    hint: ({ nearest, type }) =>
      nearest === undefined
        ? `declare one, \`labels { name: ${type} }\`, and name it here with \`label = name\``
        : `add \`label = ${nearest}\``,
    means:
      'This loss compares the score with a label, and the task does not name one. The softmax losses need no label: each row counts as something that happened.',
    wrong: smallModel({ labels: 'liked: binary, seen: binary', tasks: twoLabels.replace(', label = seen', '') }),
    right: smallModel({ labels: 'liked: binary, seen: binary', tasks: twoLabels }),
  }),

  'label-not-read': row<{ loss: string; label: string }>({
    severity: 'error',
    message: ({ loss, label }) => `\`${loss}\` reads no label, so \`${label}\` has no effect`,
    hint: ({ label }) => `remove it, or weigh the rows with it: \`weight = ${label}\``,
    means:
      'This loss reads no label, because other items are its negatives. To weigh the rows by a label, write `weight =`.',
    wrong: smallModel({
      labels: 'liked: binary',
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), label = liked }',
    }),
    right: smallModel({
      labels: 'liked: binary',
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), weight = liked }',
    }),
  }),

  'label-type': row<{ loss: string; label: string; needs: string; type: string }>({
    severity: 'error',
    formerly: 'label-sort',
    message: ({ loss, label, needs, type }) =>
      `\`${loss}\` needs a ${needs} label, and \`${label}\` is a ${type} label`,
    hint: ({ type }) =>
      type === 'number'
        ? 'use `mse`, the loss for numbers, or declare a binary label'
        : 'use `bce`, the loss for binary labels, or declare a number label',
    means: 'The loss needs a label of another type. `bce` predicts the probability of a yes, `mse` predicts a number.',
    wrong: smallModel({ labels: 'seconds: number', tasks: bceTask.replace('liked', 'seconds') }),
    right: smallModel({
      labels: 'seconds: number',
      tasks: 'task stay { score = dot(user, item), loss = mse, label = seconds }',
    }),
  }),

  'only-not-binary': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`only\` needs a binary label, and \`${name}\` is a number label`,
    hint: ({ name }) => `declare \`${name}: binary\`, or a second label whose column is a condition`,
    means: '`only` selects the rows where a label is 1. A number label does not say which rows those are.',
    wrong: smallModel({
      labels: 'seconds: number',
      tasks: 'task stay { score = dot(user, item), loss = mse, label = seconds, only = seconds }',
    }),
    right: smallModel({
      labels: 'seconds: number, clicked: binary',
      tasks: 'task stay { score = dot(user, item), loss = mse, label = seconds, only = clicked }',
    }),
  }),

  'item-key-needed': row<{ loss: string; tower: string; key?: string | undefined }>({
    severity: 'error',
    message: ({ loss, tower }) => `\`${loss}\` compares an item with other items, but tower \`${tower}\` has no key`,
    hint: ({ tower, key = 'its_id' }) => `add the key: \`tower ${tower}(…) keyed by ${key}\``,
    means:
      'This loss compares an item with other items of the batch, and some of them may be the same item. Without `keyed by`, such accidental hits cannot be masked: an item would be trained as its own negative.',
    wrong: smallModel({ itemKey: '' }),
  }),

  'key-kind': row<{ tower: string; key: string }>({
    severity: 'error',
    message: ({ tower, key }) => `\`${key}\` cannot be the key of tower \`${tower}\`: keys must be text or integers`,
    hint: () => 'use an id as the key; `id(dim: 0)` is a key without an embedding table',
    means:
      'A key identifies one user or one item. The feature must therefore be an id, a category, or a `like` of one of them. Lists, texts, vectors, numbers, times and crosses identify nothing.',
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
  }),

  'not-a-sum': row<{ what: string; found: string }>({
    severity: 'error',
    message: ({ what, found }) => `\`${what}\` must be a sum of numbers times tasks, found ${found}`,
    hint: () => 'write a sum such as `0.7 * click + 0.3 * like`',
    means: '`objective` and `retrieve` are sums of numbers times tasks.',
    wrong: smallModel({ after: 'objective = watch * watch' }),
    right: smallModel({ after: 'objective = 1.0 * watch' }),
  }),

  'objective-omits': row<{ task: string }>({
    severity: 'error',
    message: ({ task }) => `\`objective\` omits task \`${task}\`, so it is never trained`,
    hint: () => 'add the task to `objective`, or remove it',
    means: 'Training minimises `objective`, so a task that it omits is never trained.',
    wrong: smallModel({ labels: 'liked: binary', tasks: twoTasks, after: 'objective = 1.0 * view' }),
  }),

  'objective-weight': row<{ task: string; weight: number }>({
    severity: 'error',
    message: ({ task, weight }) => `the weight of task \`${task}\` in \`objective\` must be above 0, found ${weight}`,
    hint: () => 'write a weight above 0, or remove the task',
    means: 'The weight of a task must be above 0. With 0 the task is not trained, and below 0 training makes it worse.',
    wrong: smallModel({ labels: 'liked: binary', tasks: twoTasks, after: 'objective = view - 0.5 * like' }),
    right: smallModel({ labels: 'liked: binary', tasks: twoTasks, after: 'objective = view + 0.5 * like' }),
  }),

  'retrieve-empty': row<Record<never, never>>({
    severity: 'error',
    message: () => '`retrieve` gives every score the weight 0, so all items would be equal',
    hint: () => 'give at least one task a weight other than 0',
    means: 'Every score has the weight 0, so all items would have the same score.',
    wrong: smallModel({ after: 'retrieve = 0 * watch' }),
    right: smallModel({ after: 'retrieve = 1 * watch' }),
  }),
} as const;
