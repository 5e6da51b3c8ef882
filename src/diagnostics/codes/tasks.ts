/** Codes of scores, labels, losses and objectives. */

import { row } from '../code_row.ts';
import { smallModel } from '../small_model.ts';
import { list, sortWords } from '../wording.ts';

const bceTask = 'task like { score = cosine(user, item) / 0.1, loss = bce, label = liked }';

const twoTasks = `task view { score = cosine(user, item) / 0.1, loss = softmax(in_batch) }\n${bceTask}`;

const twoLabels = `${bceTask}\ntask see { score = cosine(user, item) / 0.1, loss = bce, label = seen, weight = seen }`;

const twoWidths = 'channel main = user_id -> mlp(32, 16)\nchannel wide = user_id -> dense(16)';

export const tasks = {
  'not-a-score': row<{ found: string }>({
    severity: 'error',
    message: ({ found }) =>
      `a score is a kind of score of the two towers, or a sum of numbers times such; this is ${found}`,
    hint: () => 'for example `cosine(user, item) / 0.1`',
    means:
      'A score compares the two towers, times a number, or is a sum of such: it must remain an inner product of one vector a side, or nearest-neighbour search could not find its best items.',
    wrong: smallModel({
      tasks: 'task watch { score = cosine(user, item) + 2, loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel(),
  }),

  'score-towers': row<{ kind: string; count: number }>({
    severity: 'error',
    message: ({ kind, count }) => `\`${kind}\` compares two towers and is given ${count === 0 ? 'none' : count}`,
    hint: ({ kind }) => `for example \`${kind}(user, item)\``,
    means: 'A score compares two towers, and is given more or fewer.',
    wrong: smallModel({ tasks: 'task watch { score = cosine(user), loss = softmax(in_batch, temperature: 0.05) }' }),
    right: smallModel(),
  }),

  'same-tower': row<{ tower: string }>({
    severity: 'error',
    message: ({ tower }) => `both sides of this score are tower \`${tower}\``,
    hint: () => 'a score compares the two towers',
    means: 'Both sides of this score are one tower: it would compare everybody with themselves.',
    wrong: smallModel({
      tasks: 'task watch { score = cosine(user, user), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel(),
  }),

  'towers-swapped': row<{ asks: string; answers: string }>({
    severity: 'error',
    message: ({ asks, answers }) =>
      `here \`${answers}\` asks and \`${asks}\` is retrieved; an earlier task has it the other way`,
    hint: ({ asks, answers }) => `name \`${asks}\` first, then \`${answers}\``,
    means:
      'The tower named first asks, the other is retrieved. All tasks must agree on it: the item vectors of one index serve them all.',
    wrong: smallModel({
      labels: 'liked: binary',
      tasks: twoTasks.replace('like { score = cosine(user, item)', 'like { score = cosine(item, user)'),
    }),
    right: smallModel({ labels: 'liked: binary', tasks: twoTasks }),
  }),

  'step-not-channel': row<{ tower: string; name: string }>({
    severity: 'error',
    message: ({ tower, name }) => `\`${tower}.${name}\` is a step, not a channel: a score reads channels`,
    hint: () => 'write `channel` before its name',
    fix: 'restores',
    means: 'A score reads channels, and this is a step: a name for other lines of its tower.',
    wrong: smallModel({
      user: 'deep = user_id -> dense(16)\nchannel main = deep -> dense(16)',
      tasks: 'task watch { score = cosine(user.deep, item), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel({ user: 'deep = user_id -> dense(16)\nchannel main = deep -> dense(16)' }),
  }),

  'unpaired-channel': row<{ tower: string; channel: string; other: string; nearest?: string | undefined }>({
    severity: 'error',
    message: ({ tower, channel, other }) =>
      `channel \`${tower}.${channel}\` has no partner: tower \`${other}\` has no \`${channel}\``,
    hint: ({ other, nearest }) =>
      nearest === undefined
        ? 'channels pair by name: give both towers one, or name the pair in the score'
        : `\`${other}.${nearest}\` has no partner either: give both the same name`,
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
  }),

  'lone-channel': row<{ tower: string; channel: string; other: string }>({
    severity: 'warning',
    message: ({ tower, channel, other }) =>
      `this score leaves channel \`${tower}.${channel}\` out: tower \`${other}\` has no \`${channel}\``,
    hint: ({ tower, channel, other }) =>
      `give \`${other}\` a channel \`${channel}\`, name \`${tower}.${channel}\` in a score, or remove it`,
    means:
      'A score of two towers pairs their channels by name. Here one tower alone has more channels than there are pairs: the score is the sum over the pairs, without this channel.',
    wrong: smallModel({ user: 'channel main = user_id -> dense(16)\nchannel wide = user_id -> dense(16)' }),
    right: smallModel({
      user: 'channel main = user_id -> dense(16)\nchannel wide = user_id -> dense(16)',
      item: 'channel main = movie_id -> dense(16)\nchannel wide = movie_id -> dense(16)',
    }),
  }),

  'channel-needed': row<{ tower: string; channels: readonly string[] }>({
    severity: 'error',
    message: ({ tower, channels }) => `\`${tower}\` has ${channels.length} channels; one of them must be named here`,
    hint: ({ tower, channels }) => `it is one of ${list(channels.map((channel) => `${tower}.${channel}`))}`,
    means: 'One side names a channel, so the other must as well, and it has several.',
    wrong: smallModel({
      user: twoWidths,
      tasks: 'task watch { score = cosine(user, item.main), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel({
      user: 'channel main = user_id -> mlp(32, 16)',
      tasks: 'task watch { score = cosine(user.main, item.main), loss = softmax(in_batch, temperature: 0.05) }',
    }),
  }),

  'label-needed': row<{ task: string; loss: string; sort: string; nearest?: string | undefined }>({
    severity: 'error',
    message: ({ task, loss, sort }) =>
      `task \`${task}\` has no label, but \`${loss}\` needs one that is ${sortWords(sort)}`,
    hint: ({ nearest, sort }) =>
      nearest === undefined
        ? `declare one, \`labels { name: ${sort} }\`, and name it here with \`label = name\``
        : `\`label = ${nearest}\``,
    means:
      'This loss compares the score with what happened, and the task does not say which label that is. The softmax losses need none: there, what happened is the row itself.',
    wrong: smallModel({ labels: 'liked: binary, seen: binary', tasks: twoLabels.replace(', label = seen', '') }),
    right: smallModel({ labels: 'liked: binary, seen: binary', tasks: twoLabels }),
  }),

  'label-not-read': row<{ loss: string; label: string }>({
    severity: 'error',
    message: ({ loss, label }) => `\`${loss}\` reads no label: \`${label}\` would have no effect`,
    hint: ({ label }) => `remove it, or let it weigh the rows: \`weight = ${label}\``,
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
  }),

  'label-sort': row<{ loss: string; label: string; needs: string; sort: string }>({
    severity: 'error',
    message: ({ loss, label, needs, sort }) => `\`${loss}\` needs a ${needs} label, and \`${label}\` is a ${sort} one`,
    hint: ({ sort }) => (sort === 'number' ? '`mse` is the loss for numbers' : undefined),
    means: 'The loss needs a label of another sort: `bce` predicts the chance of a yes, `mse` a number.',
    wrong: smallModel({ labels: 'seconds: number', tasks: bceTask.replace('liked', 'seconds') }),
    right: smallModel({
      labels: 'seconds: number',
      tasks: 'task stay { score = dot(user, item), loss = mse, label = seconds }',
    }),
  }),

  'only-not-binary': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) =>
      `\`only\` takes a binary label, and \`${name}\` is a number: which rows it means is not said`,
    hint: ({ name }) => `declare \`${name}: binary\`, or a further label whose column is a condition`,
    means: '`only` picks the rows where a label is 1. With a number it would not be said which rows those are.',
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
    message: ({ loss, tower }) =>
      `\`${loss}\` compares an item with other items, but tower \`${tower}\` has no key: the same item twice could not be told`,
    hint: ({ tower, key = 'its_id' }) => `write \`tower ${tower}(…) keyed by ${key}\``,
    means:
      'This loss compares an item with other items of the batch. Some of them may be the very same item, and only its key can tell: without it they would be trained as their own opposite.',
    wrong: smallModel({ itemKey: '' }),
  }),

  'key-kind': row<{ tower: string; key: string }>({
    severity: 'error',
    message: ({ tower, key }) => `\`${key}\` cannot be the key of tower \`${tower}\`: its values are no names`,
    hint: () => 'key it by an id; `id(dim: 0)` is a key alone, without a table',
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
  }),

  'not-a-sum': row<{ what: string; found: string }>({
    severity: 'error',
    message: ({ what, found }) => `\`${what}\` is a sum of numbers times tasks; this is ${found}`,
    hint: () => 'for example `0.7 * click + 0.3 * like`',
    means: '`objective` and `retrieve` are sums of numbers times tasks.',
    wrong: smallModel({ after: 'objective = watch * watch' }),
    right: smallModel({ after: 'objective = 1.0 * watch' }),
  }),

  'objective-omits': row<{ task: string }>({
    severity: 'error',
    message: ({ task }) => `\`objective\` leaves task \`${task}\` out: it would never be learnt`,
    hint: () => 'add it, or remove the task',
    means: 'A task that `objective` leaves out would never be learnt.',
    wrong: smallModel({ labels: 'liked: binary', tasks: twoTasks, after: 'objective = 1.0 * view' }),
  }),

  'objective-weight': row<{ task: string; weight: number }>({
    severity: 'error',
    message: ({ task, weight }) => `task \`${task}\` weighs ${weight} in \`objective\`: a weight is above 0`,
    means: 'The weight of a loss is above 0. With 0 its task would not be learnt, and below 0 it would be unlearnt.',
    wrong: smallModel({ labels: 'liked: binary', tasks: twoTasks, after: 'objective = view - 0.5 * like' }),
    right: smallModel({ labels: 'liked: binary', tasks: twoTasks, after: 'objective = view + 0.5 * like' }),
  }),

  'retrieve-empty': row<Record<never, never>>({
    severity: 'error',
    message: () => '`retrieve` weighs every score with 0: all items would be equal',
    means: 'Every score is weighed with 0, so that all items would be equally good.',
    wrong: smallModel({ after: 'retrieve = 0 * watch' }),
    right: smallModel({ after: 'retrieve = 1 * watch' }),
  }),
} as const;
