/** Codes of names and of arguments. */
import type { Code } from '../../diagnostics/codes.ts';
import type { Explanation } from '../explanation.ts';
import { smallModel } from '../small_model.ts';

export const names = {
  'unknown-name': {
    means:
      'A name is read that nothing declares. Unknown names never pass silently: a misspelt one would otherwise read something else, or nothing. The nearest known name is the fix.',
    wrong: 'features {\n  user_id: id(dim: 32)\n}\ngroup profile = usr_id\n',
  },
  'repeated-name': {
    means:
      'Two things share a name, so that a line that reads it could mean either. Features, groups and labels have their names in common; constants, blocks, towers and tasks have each their own; so do the steps of one tower and its inputs.',
    wrong: 'features {\n  year: number(standardize)\n  year: number(log, buckets: 8, dim: 4)\n}\n',
    right: 'features {\n  year: number(standardize)\n  age: number(log, buckets: 8, dim: 4)\n}\n',
  },
  'reserved-name': {
    means:
      'A trained model is read by JavaScript, where values are kept in objects by their names. `__proto__` is the kind of an object there, so a value of this name would be lost.',
    wrong: 'features {\n  __proto__: id(dim: 32)\n}\n',
    right: 'features {\n  proto: id(dim: 32)\n}\n',
  },
  'unknown-kind': {
    means:
      'What a feature, block, score, loss, weighting, optimizer or metric is called is looked up in a table of its own, and this word is in none that fits its place.',
    wrong: 'features {\n  user_id: idd(dim: 32)\n}\n',
  },
  'label-as-feature': {
    means:
      'A label is what is to be predicted. If a tower read it, training would look perfect and serving would have nothing to give it.',
    wrong: smallModel({
      labels: 'liked: binary',
      userInputs: 'user_id, liked',
      user: 'channel main = user_id -> mlp(32, 16)',
      tasks: 'task like { score = cosine(user, item) / 0.1, loss = bce, label = liked }',
    }),
    right: smallModel({
      labels: 'liked: binary',
      tasks: 'task like { score = cosine(user, item) / 0.1, loss = bce, label = liked }',
    }),
  },
  'feature-as-label': {
    means: 'A task learns a label, and this name is a feature: what the towers read cannot also be what they predict.',
    wrong: smallModel({
      features: 'clicked: number',
      userInputs: 'user_id, clicked',
      user: 'channel main = user_id -> mlp(32, 16)\nchannel seen = clicked -> dense(16)',
      tasks:
        'task click { score = (cosine(user.main, item) + cosine(user.seen, item)) / 0.1, loss = bce, label = clicked }',
    }),
    right: smallModel({
      labels: 'clicked: binary',
      tasks: 'task click { score = cosine(user, item) / 0.1, loss = bce, label = clicked }',
    }),
  },
  'unknown-argument': {
    means:
      'The kind has no argument of this name. Settings are never silently ignored: a misspelt one would leave the default in place, and nobody would know.',
    wrong: 'features {\n  user_id: id(dmi: 32)\n}\n',
  },
  'repeated-argument': {
    means: 'One argument is given twice, so that one of the two would have no effect.',
    wrong: 'features {\n  user_id: id(dim: 32, dim: 16)\n}\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  },
  'missing-argument': {
    means: 'The kind cannot do without this argument, and there is no value that would suit everybody.',
    wrong: 'block deep = flatten -> mlp\n',
    right: 'block deep = flatten -> mlp(128, 64)\n',
  },
  'too-many-arguments': {
    means: 'Arguments without a name fill places in order, and this kind has no place left. Others are given by name.',
    wrong: 'features {\n  user_id: id(32)\n}\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  },
  'wrong-type': {
    means:
      'What stands here is of another sort than its place needs: a text where a number belongs, a list where a name does.',
    wrong: 'features {\n  user_id: id(dim: "32")\n}\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  },
  'out-of-range': {
    means: 'The number is of the right sort and cannot be meant: a width of 0, a share above 1, a rate below 0.',
    wrong: 'block deep = flatten -> mlp(128, 64) -> dropout(1.5)\n',
    right: 'block deep = flatten -> mlp(128, 64) -> dropout(0.15)\n',
  },
  'not-ascending': {
    means:
      'Boundaries cut a line of numbers into pieces, from the left to the right, so each is above the one before it.',
    wrong: 'features {\n  age: number(boundaries: [25, 18, 35], dim: 8)\n}\n',
  },
  'unknown-choice': {
    means: 'The argument takes one of a few words, and this is none of them.',
    wrong: 'block deep = flatten -> mlp(128, 64, activation: reluu)\n',
  },
  'unknown-entry': {
    means: 'The declaration has no entry of this name. As with arguments, a misspelt setting is never ignored.',
    wrong: smallModel({ after: 'train { epoch = 10 }' }),
  },
  'repeated-entry': {
    means: 'The declaration says one thing twice, so that one of the two would have no effect.',
    wrong: smallModel({ after: 'train { epochs = 10, epochs = 20 }' }),
    right: smallModel({ after: 'train { epochs = 20 }' }),
  },
  'missing-entry': {
    means:
      'The declaration cannot do without this entry: a task needs a score and a loss, a data block events and a split.',
    wrong: smallModel({ tasks: 'task watch { score = cosine(user, item) }' }),
    right: smallModel(),
  },
  'expected-kind': {
    means: 'Here the name or call of a kind belongs: an optimizer, a score, a loss.',
    wrong: smallModel({ after: 'train { dense = 0.001 }' }),
    right: smallModel({ after: 'train { dense = adam(rate: 0.001) }' }),
  },
  'constant-circle': {
    means: 'A constant is computed from itself, through others or directly, and so has no value.',
    wrong: 'let width = height * 2\nlet height = width / 2\n',
    right: 'let width = 64\nlet height = width / 2\n',
  },
  'not-finite': {
    means: 'The arithmetic gives infinity or no number at all: most often a division by 0.',
    wrong: 'let steps = 0\nlet share = 1 / steps\n',
    right: 'let steps = 4\nlet share = 1 / steps\n',
  },
  'use-outside': {
    means:
      'A file may use others within the project folder alone, so that a model can be copied, published and trained elsewhere.',
    wrong: 'use "../../elsewhere/features.tower"\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  },
  'use-circle': {
    means: 'Files use each other in a circle, so that none could be read first.',
    wrong: 'use "example.tower"\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  },
  'use-missing': {
    means: 'There is no such file. Paths start from the folder of the file that says `use`.',
    wrong: 'use "features/filns.tower"\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  },
} as const satisfies Partial<Record<Code, Explanation>>;
