/** Codes of what a flow carries, and of widths. */

import { row } from '../code_row.ts';
import { smallModel } from '../small_model.ts';

/** A history in sequence, and each of its positions as a target. */
const withPositions = (user: string, features = 'history: list(movie_id, max: 10, pool: none)', inputs = 'history') =>
  smallModel({
    features,
    userInputs: inputs,
    user,
    tasks: 'task watch { score = cosine(user, item), loss = softmax(sampled(256), temperature: 0.05) }',
    after: 'train { targets = positions }',
  });

const withDevice = (kind: string): string =>
  smallModel({
    features: `device: ${kind}`,
    groups: 'group person = user_id, device',
    userInputs: 'person',
    user: 'channel main = person -> flatten -> mlp(32, 16)',
  });

export const shapes = {
  'no-elements': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` refers to itself`,
    means: 'The feature names itself, in a place that needs another feature.',
    remedy: 'Name another feature, or write a kind of element such as `category(dim: 16)`.',
  }),

  'shape-mismatch': row<{ kind: string; reason: string; insert?: string | undefined }>({
    severity: 'error',
    message: ({ kind, reason }) => `\`${kind}\` ${reason}`,
    hint: ({ insert }) => (insert === undefined ? undefined : `write \`${insert} ->\` before it`),
    means:
      'The value that reaches this block has a shape that the block does not take. The message names the shape, in the types of arrows: `fields[9 × 16]`, `sequence[50 × 32]`, `vector[64]`.',
    wrong: smallModel({
      features: 'age: number(standardize, dim: 8)',
      groups: 'group person = user_id, age',
      userInputs: 'person',
      user: 'channel main = person -> mlp(32, 16)',
    }),
  }),

  'arguments-conflict': row<{ kind: string; reason: string }>({
    severity: 'error',
    message: ({ kind, reason }) => `\`${kind}\` ${reason}`,
    means: 'Each argument is valid alone, but together they contradict each other, or one of them has no effect.',
    wrong: withDevice('id(hash: 1000, min_count: 3, dim: 8)'),
    right: withDevice('id(hash: 1000, dim: 8)'),
  }),

  'channel-not-vector': row<{ channel: string; type: string; insert?: string | undefined }>({
    severity: 'error',
    message: ({ channel, type }) => `channel \`${channel}\` ends as ${type}, and a score needs a vector`,
    hint: ({ insert }) => (insert === undefined ? undefined : `end it with \`-> ${insert}\``),
    means: 'A score compares the vectors of two channels. This channel ends as fields or as a sequence.',
    wrong: smallModel({
      features: 'age: number(standardize, dim: 8)',
      groups: 'group person = user_id, age',
      userInputs: 'person',
      user: 'channel main = person',
    }),
    right: smallModel({
      features: 'age: number(standardize, dim: 8)',
      groups: 'group person = user_id, age',
      userInputs: 'person',
      user: 'channel main = person -> flatten -> mlp(32, 16)',
    }),
  }),

  'item-interests': row<{ channel: string; type: string }>({
    severity: 'error',
    message: ({ channel, type }) =>
      `channel \`${channel}\` ends as ${type}, but the item tower has one vector per item`,
    hint: () => 'end it with `-> flatten`, or pool it earlier',
    means:
      'Only the query tower may have several vectors, one for each interest: a query searches once with each. An item has one vector, or the index would contain it several times.',
    wrong: smallModel({
      features: 'scenes: list(category(dim: 16), max: 8, pool: none)',
      itemInputs: 'movie_id, scenes',
      item: 'channel main = scenes -> multi_interest(4, attention)\nchannel key = movie_id -> dense(16)',
      user: 'channel main = user_id -> dense(16)\nchannel key = user_id -> dense(16)',
    }),
    right: smallModel({
      features: 'scenes: list(category(dim: 16), max: 8, pool: mean)',
      itemInputs: 'movie_id, scenes',
      item: 'channel main = scenes -> dense(16)\nchannel key = movie_id -> dense(16)',
      user: 'channel main = user_id -> dense(16)\nchannel key = user_id -> dense(16)',
    }),
  }),

  'interests-in-retrieve': row<{ task: string; reason: string }>({
    severity: 'error',
    message: ({ task, reason }) => `\`retrieve\` cannot weigh task \`${task}\` like this: ${reason}`,
    means:
      'A query with several interests searches once with each, and the largest score counts. A sum over tasks keeps this rule only where one task has several interests, with a factor above 0.',
    remedy:
      'Weigh one task that has several interests, with a factor above 0, and otherwise only tasks that have one vector.',
  }),

  'channel-widths': row<{ kind: string; query: string; item: string; widths: readonly [number, number] }>({
    severity: 'error',
    message: ({ kind, query, item, widths }) =>
      `\`${kind}\` needs two vectors of the same width, but \`${query}\` is vector[${widths[0]}] and \`${item}\` is vector[${widths[1]}]`,
    hint: ({ widths }) => `end both with the same width, such as \`-> dense(${Math.min(...widths)})\``,
    means: 'The two channels of a score need the same width, because each number is multiplied by its counterpart.',
    wrong: smallModel({ item: 'channel main = movie_id -> mlp(32, 8)' }),
    right: smallModel(),
  }),

  'key-without-embedding': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` is only a key (\`dim: 0\`): it has no embedding to pass on`,
    hint: ({ name }) => `set a \`dim\` above 0 for \`${name}\`, or remove it from the group`,
    means: 'A feature with `dim: 0` is only a key. It has no embedding that a flow could read.',
    wrong: smallModel({
      features: 'film: id(dim: 0)',
      itemInputs: 'film',
      itemKey: ' keyed by film',
      item: 'channel main = film -> dense(16)',
    }).replace('movie_id: id(dim: 16)\n', ''),
    right: smallModel(),
  }),

  'sequence-among-fields': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) =>
      `\`${name}\` is a sequence (\`pool: none\`), and a group of fields cannot contain a sequence`,
    hint: () =>
      'pool it with `pool: mean`, begin a flow of its own with it, or join it element by element with `concat(…)`',
    means: 'A list that keeps its order is a sequence of several rows. Each field of a group has exactly one row.',
    wrong: smallModel({
      features: 'history: list(movie_id, max: 10, pool: none)',
      groups: 'group person = user_id, history',
      userInputs: 'person',
      user: 'channel main = person -> flatten -> mlp(32, 16)',
    }),
    right: smallModel({
      features: 'history: list(movie_id, max: 10, pool: mean)',
      groups: 'group person = user_id, history',
      userInputs: 'person',
      user: 'channel main = person -> flatten -> mlp(32, 16)',
    }),
  }),

  'positions-one-list': row<{ tower: string; lists: readonly string[] }>({
    severity: 'error',
    message: ({ tower, lists }) =>
      lists.length === 0
        ? `\`targets = positions\` needs a list in sequence, but tower \`${tower}\` reads none`
        : `\`targets = positions\` needs one list in sequence, but tower \`${tower}\` reads ${lists.map((name) => `\`${name}\``).join(' and ')}`,
    hint: ({ lists }) =>
      lists.length === 0
        ? 'read a `list(…, pool: none)` in the tower, or remove `targets = positions`'
        : 'keep one of the lists in sequence and pool the others; if their elements belong together, declare the others `along(…)` it',
    means:
      'With `targets = positions` each position of a list has the event after it as its target. So the query tower needs exactly one list with `pool: none`. What is `along` that list is read with it.',
    wrong: withPositions('channel main = history -> dense(16)', 'history: list(movie_id, max: 10, pool: mean)'),
    right: withPositions('channel main = history -> gru(16)'),
  }),

  'positions-without-last': row<{ kind: string; joined?: boolean }>({
    severity: 'error',
    message: ({ kind, joined }) =>
      joined
        ? `\`${kind}\` takes the sequence and a value of one event, but \`targets = positions\` needs the sequence alone up to \`last\``
        : `\`${kind}\` makes one value of the whole sequence, but \`targets = positions\` needs one for each position`,
    hint: ({ joined }) =>
      joined
        ? 'join the value after `last`, or remove `targets = positions`'
        : 'write `last` in its place, or remove `targets = positions`',
    means:
      'With `targets = positions` a sequence is read once for all its positions. Only `last`, and `gru` with its last state, give a vector for each position. Other blocks give one value of all elements, which contains the targets.',
    wrong: withPositions('channel main = history -> mean -> dense(16)'),
  }),

  'positions-look-ahead': row<{ kind: string }>({
    severity: 'error',
    message: ({ kind }) =>
      `\`${kind}\` changes an element by later ones, and with \`targets = positions\` the later ones are its targets`,
    hint: () =>
      'use `transformer` with its causal mask, `bsarec(causal)` or `gru(states: all)`, or remove `targets = positions`',
    means:
      'With `targets = positions` the target of a position is the event after it, which is the next element of the same sequence. An element that depends on later elements knows its own target. Tower runs the block on numbers to find this.',
    wrong: withPositions('channel main = history -> self_attention -> last -> dense(16)'),
    right: withPositions('channel main = history -> transformer(layers: 1) -> last -> dense(16)'),
  }),

  'weight-not-number': row<{ name: string; standardized?: boolean }>({
    severity: 'error',
    message: ({ name, standardized }) =>
      `\`${name}\` cannot be the weight of rows: ${standardized ? 'a standardized number is below 0 in many rows' : 'a weight is one number'}`,
    hint: () => 'name a label, or a feature that is a plain `number`',
    means: 'A weight is one number per row, never below 0. It says how much the row counts in the loss.',
    wrong: smallModel({
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), weight = user_id }',
    }),
    right: smallModel({
      labels: 'seconds: number',
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), weight = seconds }',
    }),
  }),
} as const;
