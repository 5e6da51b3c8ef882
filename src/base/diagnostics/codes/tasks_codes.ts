/** Codes of scores, labels, losses, objectives and `search`; of products of tasks, and of tasks without a loss, which learn through a product. */

import { labelTypeWords, quotedList, row } from '../wording.ts';

export const tasks = {
  'not-a-score': row<{ found: string }>({
    message: ({ found }) => `expected a score of the two towers, or a sum of numbers times scores, found ${found}`,
    hint: 'write a score such as `cosine(user, item) / 0.1`',
  }),

  'bias-with-cosine': row<{ name: string }>({
    message: ({ name }) => `\`${name}\` has no limit, and cannot be added to a cosine`,
    hint: 'use `dot` in place of `cosine`, or remove the bias',
  }),

  'bias-with-directions': row<{ bias: string; loss: string }>({
    message: ({ bias, loss }) => `\`${loss}\` compares the directions of two vectors, and \`${bias}\` would turn them`,
    hint: 'remove the bias, or use a loss that reads the score',
  }),

  'bias-key-needed': row<{ tower: string }>({
    message: ({ tower }) => `\`${tower}.bias\` is a number for each key, and tower \`${tower}\` has no key`,
    hint: ({ tower }) => `add the key: \`tower ${tower}(…) keyed by its_id\``,
  }),

  'bias-width': row<{ name: string; type: string }>({
    message: ({ name, type }) => `\`${name}\` is added to a score as one number, and is ${type}`,
    hint: 'end the channel with `dense(1)`, or compare it with a channel of the other tower',
  }),

  'mean-needs-number': row<{ loss?: string }>({
    message: ({ loss }) =>
      loss === undefined
        ? '`mean` is the mean of the label, and a task without a loss has no label'
        : `\`mean\` is the mean of the label, and the score of \`${loss}\` is no estimate of a label`,
    hint: 'remove `mean`, or use a loss of numbers such as `mse`',
  }),

  'score-towers': row<{ kind: string; count: number }>({
    message: ({ kind, count }) => `\`${kind}\` compares two towers, found ${count === 0 ? 'none' : count}`,
    hint: ({ kind }) => `name both towers, such as \`${kind}(user, item)\``,
  }),

  'same-tower': row<{ tower: string }>({
    message: ({ tower }) => `both sides of this score are tower \`${tower}\``,
    hint: 'name the query tower first, then the item tower',
  }),

  'towers-swapped': row<{ query: string; item: string }>({
    message: ({ query, item }) =>
      `\`${item}\` is the query tower here, and \`${query}\` is the query tower of an earlier task`,
    hint: ({ query, item }) => `name \`${query}\` first, then \`${item}\``,
  }),

  'step-not-channel': row<{ tower: string; name: string }>({
    message: ({ tower, name }) => `\`${tower}.${name}\` is a step, and a score reads channels`,
    hint: 'write `channel` before its name',
    fix: 'restores',
  }),

  'unpaired-channel': row<{ tower: string; channel: string; other: string; nearest?: string | undefined }>({
    message: ({ tower, channel, other }) =>
      `channel \`${tower}.${channel}\` has no partner: tower \`${other}\` has no channel \`${channel}\``,
    hint: ({ other, nearest }) =>
      nearest === undefined
        ? 'give both towers a channel of the same name, or name the pair in the score'
        : `give it the same name as \`${other}.${nearest}\`, which has no partner either`,
  }),

  'lone-channel': row<{ tower: string; channel: string; other: string }>({
    severity: 'warning',
    message: ({ tower, channel, other }) =>
      `this score omits channel \`${tower}.${channel}\`: tower \`${other}\` has no channel \`${channel}\``,
    hint: ({ tower, channel, other }) =>
      `add a channel \`${channel}\` to \`${other}\`, name \`${tower}.${channel}\` in a score, or remove it`,
  }),

  'channel-needed': row<{ tower: string; channels: readonly string[]; by?: 'list' }>({
    message: ({ tower, channels, by = 'score' }) =>
      `\`${tower}\` has ${channels.length} channels, and this ${by} does not name one`,
    hint: ({ tower, channels }) => `name one of ${quotedList(channels.map((channel) => `${tower}.${channel}`))}`,
  }),

  'label-needed': row<{ task: string; loss: string; type: string; nearest?: string | undefined }>({
    message: ({ task, loss, type }) =>
      `task \`${task}\` has no label, but \`${loss}\` needs a label that is ${labelTypeWords(type)}`,
    hint: ({ nearest, type }) =>
      nearest === undefined
        ? `declare one, \`labels { name: ${type} }\`, and name it here with \`label = name\``
        : `add \`label = ${nearest}\``,
  }),

  'label-not-read': row<{ loss: string; label: string }>({
    message: ({ loss, label }) => `\`${loss}\` reads no label, so \`${label}\` has no effect`,
    hint: ({ label }) => `remove it, or weigh the rows with it: \`weight = ${label}\``,
  }),

  'label-type': row<{ loss: string; label: string; needs: string; type: string }>({
    message: ({ loss, label, needs, type }) =>
      `\`${loss}\` needs a ${needs} label, and \`${label}\` is a ${type} label`,
    hint: ({ type }) =>
      type === 'number'
        ? 'use `mse`, the loss for numbers, or declare a binary label'
        : 'use `bce`, the loss for probabilities, or declare a binary label',
  }),

  'only-not-binary': row<{ name: string; type: string }>({
    message: ({ name, type }) => `\`only\` needs a binary label, and \`${name}\` is a ${type} label`,
    hint: ({ name }) => `declare \`${name}: binary\`, or a second label whose column is a condition`,
  }),

  'item-key-needed': row<{ loss: string; tower: string; key?: string | undefined }>({
    message: ({ loss, tower }) => `\`${loss}\` compares an item with other items, but tower \`${tower}\` has no key`,
    hint: ({ tower, key = 'its_id' }) => `add the key: \`tower ${tower}(…) keyed by ${key}\``,
  }),

  'key-kind': row<{ tower: string; key: string }>({
    message: ({ tower, key }) => `\`${key}\` cannot be the key of tower \`${tower}\`: keys must be text or integers`,
    hint: 'use an id as the key; `id(dim: 0)` is a key without an embedding table',
  }),

  'not-a-sum': row<{ what: string; found: string }>({
    message: ({ what, found }) => `\`${what}\` must be a sum of numbers times tasks, found ${found}`,
    hint: 'write a sum such as `0.7 * click + 0.3 * like`',
  }),

  'objective-omits': row<{ task: string }>({
    message: ({ task }) => `\`objective\` omits task \`${task}\`, so it is never trained`,
    hint: 'add the task to `objective`, or remove it',
  }),

  'objective-weight': row<{ task: string; weight: number }>({
    message: ({ task, weight }) => `the weight of task \`${task}\` in \`objective\` must be above 0, found ${weight}`,
    hint: 'write a weight above 0, or remove the task',
  }),

  'retrieve-empty': row<Record<never, never>>({
    message: () => '`retrieve` gives every score the weight 0, so all items would be equal',
    hint: 'give at least one task a weight other than 0',
  }),

  'not-a-product': row<{ found: string }>({
    message: ({ found }) => `a product takes names of tasks alone, found ${found}`,
    hint: 'write a product such as `click * convert`, or a score of the two towers',
  }),

  'product-of-one': row<{ task: string }>({
    message: ({ task }) => `\`${task}\` is a task, and a product needs two tasks at least`,
    hint: 'write two tasks, such as `click * convert`, or a score of the two towers',
  }),

  'product-cycle': row<{ cycle: readonly string[] }>({
    message: ({ cycle }) => `a product has itself as a factor: ${cycle.map((name) => `\`${name}\``).join(' → ')}`,
    hint: 'remove one of the factors, or give a task a score of the two towers',
  }),

  'product-factor-loss': row<{ task: string; loss: string }>({
    message: ({ task, loss }) => `\`${task}\` learns by \`${loss}\`, so that its score is no probability of an event`,
    hint: 'use `bce` with a label for that task, or remove its loss',
  }),

  'product-loss': row<{ task: string; loss: string; scale?: number }>({
    message: ({ task, loss, scale }) =>
      scale === undefined
        ? `task \`${task}\` is a product of probabilities, and \`${loss}\` takes no probability`
        : `task \`${task}\` is a product of probabilities, so \`${loss}\` takes no scale, found ${scale}`,
    hint: ({ scale }) =>
      scale === undefined ? 'use `bce` with a binary label' : 'remove the scale, or scale the scores of the factors',
  }),

  'entry-without-loss': row<{ task: string; entry: string }>({
    message: ({ task, entry }) => `task \`${task}\` has no loss, so its \`${entry}\` has no effect`,
    hint: ({ entry }) => `remove \`${entry}\`, or add a loss`,
  }),

  'objective-no-loss': row<{ task: string }>({
    message: ({ task }) => `\`objective\` has task \`${task}\`, which has no loss`,
    hint: 'remove the task from `objective`, or give it a loss',
  }),

  'product-in-retrieve': row<{ task: string; logits: string; absent?: true }>({
    message: ({ task, absent }) =>
      absent
        ? `without \`retrieve\`, items would rank by task \`${task}\`, and a product of probabilities is no inner product`
        : `items cannot rank by task \`${task}\`: a product of probabilities is no inner product`,
    hint: ({ logits }) => `rank by the scores of its factors, such as \`retrieve = ${logits}\``,
  }),

  'empty-range': row<{ of: string; from: number; to: number }>({
    message: ({ of, from, to }) =>
      from === to
        ? `the range of \`${of}\` has one value, ${from}`
        : `the range of \`${of}\` goes down, from ${from} to ${to}`,
    hint: ({ from, to }) =>
      from === to ? 'remove the entry, or write a wider range' : 'write the smaller number first',
  }),

  'log-range': row<{ of: string; from: number }>({
    message: ({ of, from }) => `the range of \`${of}\` is of logarithms, and begins at ${from}`,
    hint: 'begin the range above 0, or remove `log`',
  }),

  'not-searchable': row<{ name: string; reason: string }>({
    message: ({ name, reason }) => `\`${name}\` cannot be searched: ${reason}`,
    hint: 'remove the entry',
  }),

  'search-choice': row<{ name: string; value: string; message: string }>({
    message: ({ name, value, message }) => `with \`${name}\` as \`${value}\`, ${message}`,
    hint: 'remove the choice, or change the model so that it fits',
  }),
} as const;
