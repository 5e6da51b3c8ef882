/** Codes of what a flow carries, and of widths. */
import type { Code } from '../../diagnostics/codes.ts';
import type { Explanation } from '../explanation.ts';
import { smallModel } from '../small_model.ts';

const withDevice = (kind: string): string =>
  smallModel({
    features: `device: ${kind}`,
    groups: 'group person = user_id, device',
    userInputs: 'person',
    user: 'channel main = person -> flatten -> mlp(32, 16)',
  });

export const shapes = {
  'no-elements': {
    means: 'A feature names itself where another one is meant.',
    mend: 'Name another feature, or write a kind of element such as `category(dim: 16)`.',
  },

  'shape-mismatch': {
    means:
      'What reaches this block is not what it can take. The message says what it is, in the types that every arrow has: `fields[9 × 16]`, `sequence[50 × 32]`, `vector[64]`.',
    wrong: smallModel({
      features: 'age: number(standardize, dim: 8)',
      groups: 'group person = user_id, age',
      userInputs: 'person',
      user: 'channel main = person -> mlp(32, 16)',
    }),
  },
  'arguments-conflict': {
    means: 'Each argument is right by itself, and together they contradict each other or one would have no effect.',
    wrong: withDevice('id(hash: 1000, min_count: 3, dim: 8)'),
    right: withDevice('id(hash: 1000, dim: 8)'),
  },
  'channel-not-vector': {
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
  },
  'item-interests': {
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
  },
  'interests-in-retrieve': {
    means:
      'A query of several interests is searched once for each, and the largest score counts. A sum over tasks keeps that only where one of them has interests, with a factor above 0.',
    mend: 'Let `retrieve` weigh one task that has several interests, with a factor above 0, and others that have one vector.',
  },
  'channel-widths': {
    means: 'Two channels that a score pairs need the same width: each number is multiplied with its counterpart.',
    wrong: smallModel({ item: 'channel main = movie_id -> mlp(32, 8)' }),
    right: smallModel(),
  },
  'key-without-embedding': {
    means: 'A feature with `dim: 0` is a key only. It has no numbers that could flow.',
    wrong: smallModel({
      features: 'film: id(dim: 0)',
      itemInputs: 'film',
      itemKey: ' keyed by film',
      item: 'channel main = film -> dense(16)',
    }).replace('movie_id: id(dim: 16)\n', ''),
    right: smallModel(),
  },
  'sequence-among-fields': {
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
  },
  'weight-not-number': {
    means: 'A weight is one number a row, never below 0: how much the row counts in the loss.',
    wrong: smallModel({
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), weight = user_id }',
    }),
    right: smallModel({
      labels: 'seconds: number',
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), weight = seconds }',
    }),
  },
} as const satisfies Partial<Record<Code, Explanation>>;
