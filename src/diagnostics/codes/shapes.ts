/** Codes of what a flow carries, and of widths. */

import { row } from '../code_row.ts';
import { smallModel } from '../small_model.ts';

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
    hint: () => 'name another feature, or write its kind, such as `category(dim: 16)`',
    means: 'A feature names itself where another one is meant.',
    remedy: 'Name another feature, or write a kind of element such as `category(dim: 16)`.',
  }),

  'shape-mismatch': row<{ kind: string; reason: string; insert?: string | undefined }>({
    severity: 'error',
    message: ({ kind, reason }) => `\`${kind}\` ${reason}`,
    hint: ({ insert }) => (insert === undefined ? undefined : `write \`${insert} ->\` before it`),
    means:
      'What reaches this block is not what it can take. The message says what it is, in the types that every arrow has: `fields[9 × 16]`, `sequence[50 × 32]`, `vector[64]`.',
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
    means: 'Each argument is right by itself, and together they contradict each other or one would have no effect.',
    wrong: withDevice('id(hash: 1000, min_count: 3, dim: 8)'),
    right: withDevice('id(hash: 1000, dim: 8)'),
  }),

  'channel-not-vector': row<{ channel: string; type: string; insert?: string | undefined }>({
    severity: 'error',
    message: ({ channel, type }) => `channel \`${channel}\` ends as ${type}, and a score takes vectors`,
    hint: ({ insert }) => (insert === undefined ? undefined : `end it with \`-> ${insert}\``),
    means: 'A channel is what scores compare, and they compare vectors. This one ends as fields or as a sequence.',
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
      `channel \`${channel}\` ends as ${type}, but what is retrieved has one vector: only the side that asks may have several`,
    hint: () => 'end it with `-> flatten`, or pool it before',
    means:
      'Several vectors, one for each interest, are for the side that asks: it searches once with each. What is found has one vector, or it would stand in the index several times.',
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
    message: ({ task, reason }) => `\`retrieve\` cannot weigh task \`${task}\` so, ${reason}`,
    hint: () =>
      'retrieve by one task that has several interests, with a factor above 0, and any others that have one vector',
    means:
      'A query of several interests is searched once for each, and the largest score counts. A sum over tasks keeps that only where one of them has interests, with a factor above 0.',
    remedy:
      'Let `retrieve` weigh one task that has several interests, with a factor above 0, and others that have one vector.',
  }),

  'channel-widths': row<{ kind: string; query: string; item: string; widths: readonly [number, number] }>({
    severity: 'error',
    message: ({ kind, query, item, widths }) =>
      `\`${kind}\` needs two vectors of one width, but \`${query}\` is vector[${widths[0]}] and \`${item}\` is vector[${widths[1]}]`,
    hint: ({ widths }) => `end both with the same width, such as \`-> dense(${Math.min(...widths)})\``,
    means: 'Two channels that a score pairs need the same width: each number is multiplied with its counterpart.',
    wrong: smallModel({ item: 'channel main = movie_id -> mlp(32, 8)' }),
    right: smallModel(),
  }),

  'key-without-embedding': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` is a key only (\`dim: 0\`): it has no embedding that could flow`,
    hint: ({ name }) => `give \`${name}\` a width, or leave it out of the group`,
    means: 'A feature with `dim: 0` is a key only. It has no numbers that could flow.',
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
    message: ({ name }) => `\`${name}\` is a sequence (\`pool: none\`) and cannot stand among fields`,
    hint: () => 'pool it, `pool: mean`, or let it flow by itself',
    means: 'A list that keeps its order is a sequence of several rows, and fields have one row each.',
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

  'weight-not-number': row<{ name: string; standardized?: boolean }>({
    severity: 'error',
    message: ({ name, standardized }) =>
      `\`${name}\` cannot weigh rows: ${standardized ? 'standardized, it is below 0 in many of them' : 'a weight is one number'}`,
    hint: () => 'name a label, or a feature that is a plain `number`',
    means: 'A weight is one number a row, never below 0: how much the row counts in the loss.',
    wrong: smallModel({
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), weight = user_id }',
    }),
    right: smallModel({
      labels: 'seconds: number',
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), weight = seconds }',
    }),
  }),
} as const;
