/** Codes of names and of arguments. */

import { row } from '../code_row.ts';
import { smallModel } from '../small_model.ts';
import { among, article, didYouMean, list, plural, takes } from '../wording.ts';

export const names = {
  'unknown-name': row<{
    what: string;
    name: string;
    nearest?: string | undefined;
    known?: readonly string[];
    advice?: string | undefined;
  }>({
    severity: 'error',
    message: ({ what, name }) => `there is no ${what} called \`${name}\``,
    hint: (facts) => didYouMean(facts) ?? among(facts.known ?? []),
    fix: 'restores',
    means:
      'A name is read that nothing declares. Unknown names never pass silently: a misspelt one would otherwise read something else, or nothing. The nearest known name is the fix.',
    wrong: 'features {\n  user_id: id(dim: 32)\n}\ngroup profile = usr_id\n',
  }),

  'repeated-name': row<{ what: string; name: string; other: string }>({
    severity: 'error',
    message: ({ what, name, other }) =>
      what === other
        ? `there are two ${plural(what)} called \`${name}\``
        : `there is a ${other} called \`${name}\` already: this ${what} needs another name`,
    hint: () => 'rename one of them, or remove it',
    means:
      'Two things share a name, so that a line that reads it could mean either. Features, groups and labels have their names in common; constants, blocks, towers and tasks have each their own; so do the steps of one tower and its inputs.',
    wrong: 'features {\n  year: number(standardize)\n  year: number(log, buckets: 8, dim: 4)\n}\n',
    right: 'features {\n  year: number(standardize)\n  age: number(log, buckets: 8, dim: 4)\n}\n',
  }),

  'reserved-name': row<{ what: string; name: string }>({
    severity: 'error',
    message: ({ what, name }) =>
      `a ${what} cannot be called \`${name}\`: JavaScript, which reads the trained model, keeps this name`,
    hint: ({ what, name }) =>
      what === 'feature' || what === 'label'
        ? `choose another name, and say in the data block which column feeds it: columns { name = "\\"${name}\\"" }`
        : 'choose another name',
    means:
      'A trained model is read by JavaScript, where values are kept in objects by their names. `__proto__` is the kind of an object there, so a value of this name would be lost.',
    wrong: 'features {\n  __proto__: id(dim: 32)\n}\n',
    right: 'features {\n  proto: id(dim: 32)\n}\n',
  }),

  'unknown-kind': row<{
    what: string;
    name: string;
    nearest?: string | undefined;
    known: readonly string[];
    advice?: string | undefined;
  }>({
    severity: 'error',
    message: ({ what, name }) => `there is no ${what} called \`${name}\``,
    hint: (facts) => didYouMean(facts) ?? among(facts.known),
    fix: 'restores',
    means:
      'What a feature, block, score, loss, weighting, optimizer or metric is called is looked up in a table of its own, and this word is in none that fits its place.',
    wrong: 'features {\n  user_id: idd(dim: 32)\n}\n',
  }),

  'label-as-feature': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` is a label: no tower may read what is to be predicted`,
    hint: () => 'remove it here; a task names it with `label =` or `weight =`',
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
  }),

  'feature-as-label': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` is a feature, not a label`,
    hint: () => 'declare what is to be predicted in `labels { … }`, and name that here',
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
  }),

  'unknown-argument': row<{
    kind: string;
    name: string;
    nearest?: string | undefined;
    takes: readonly string[];
    advice?: string | undefined;
  }>({
    severity: 'error',
    message: ({ kind, name }) => `\`${kind}\` has no argument \`${name}\``,
    hint: (facts) => didYouMean(facts) ?? takes(facts),
    fix: 'restores',
    means:
      'The kind has no argument of this name. Settings are never silently ignored: a misspelt one would leave the default in place, and nobody would know.',
    wrong: 'features {\n  user_id: id(dmi: 32)\n}\n',
  }),

  'repeated-argument': row<{ kind: string; name: string }>({
    severity: 'error',
    message: ({ kind, name }) => `\`${kind}\` is given \`${name}\` twice`,
    hint: () => 'keep one of the two',
    means: 'One argument is given twice, so that one of the two would have no effect.',
    wrong: 'features {\n  user_id: id(dim: 32, dim: 16)\n}\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  }),

  'missing-argument': row<{ kind: string; name: string; doc: string; example: string }>({
    severity: 'error',
    message: ({ kind, name }) => `\`${kind}\` needs its argument \`${name}\``,
    hint: ({ doc, example }) => `${doc} For example \`${example}\``,
    means: 'The kind cannot do without this argument, and there is no value that would suit everybody.',
    wrong: 'block deep = flatten -> mlp\n',
    right: 'block deep = flatten -> mlp(128, 64)\n',
  }),

  'too-many-arguments': row<{ kind: string; takes: readonly string[]; instead?: string | undefined }>({
    severity: 'error',
    message: ({ kind }) => `\`${kind}\` has no place for this argument`,
    hint: (facts) => (facts.instead === undefined ? takes(facts) : `name it: \`${facts.instead}\``),
    fix: 'restores',
    means: 'Arguments without a name fill places in order, and this kind has no place left. Others are given by name.',
    wrong: 'features {\n  user_id: id(32)\n}\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  }),

  'wrong-type': row<{ of: string; expected: string; found: string }>({
    severity: 'error',
    message: ({ of, expected, found }) => `\`${of}\` is ${expected}, not ${found}`,
    fix: 'restores',
    means:
      'What stands here is of another sort than its place needs: a text where a number belongs, a list where a name does.',
    wrong: 'features {\n  user_id: id(dim: "32")\n}\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  }),

  'out-of-range': row<{ of: string; expected: string; value: number }>({
    severity: 'error',
    message: ({ of, expected, value }) => `\`${of}\` is ${expected}, not ${value}`,
    means: 'The number is of the right sort and cannot be meant: a width of 0, a share above 1, a rate below 0.',
    wrong: 'block deep = flatten -> mlp(128, 64) -> dropout(1.5)\n',
    right: 'block deep = flatten -> mlp(128, 64) -> dropout(0.15)\n',
  }),

  'not-ascending': row<{ of: string }>({
    severity: 'error',
    message: ({ of }) => `the numbers of \`${of}\` must rise`,
    hint: () => 'sort them',
    means:
      'Boundaries cut a line of numbers into pieces, from the left to the right, so each is above the one before it.',
    wrong: 'features {\n  age: number(boundaries: [25, 18, 35], dim: 8)\n}\n',
  }),

  'unknown-choice': row<{
    of: string;
    word: string;
    nearest?: string | undefined;
    choices: readonly string[];
    advice?: string | undefined;
  }>({
    severity: 'error',
    message: ({ of, word }) => `\`${word}\` is not a choice for \`${of}\``,
    hint: (facts) => didYouMean(facts) ?? `it is one of ${list(facts.choices)}`,
    fix: 'restores',
    means: 'The argument takes one of a few words, and this is none of them.',
    wrong: 'block deep = flatten -> mlp(128, 64, activation: reluu)\n',
  }),

  'unknown-entry': row<{
    of: string;
    name: string;
    nearest?: string | undefined;
    takes: readonly string[];
    advice?: string | undefined;
  }>({
    severity: 'error',
    message: ({ of, name }) => `${of} has no entry \`${name}\``,
    hint: (facts) => didYouMean(facts) ?? takes(facts),
    fix: 'restores',
    means: 'The declaration has no entry of this name. As with arguments, a misspelt setting is never ignored.',
    wrong: smallModel({ after: 'train { epoch = 10 }' }),
  }),

  'repeated-entry': row<{ of: string; name: string }>({
    severity: 'error',
    message: ({ of, name }) => `${of} says \`${name}\` twice`,
    hint: () => 'keep one of the two',
    means: 'The declaration says one thing twice, so that one of the two would have no effect.',
    wrong: smallModel({ after: 'train { epochs = 10, epochs = 20 }' }),
    right: smallModel({ after: 'train { epochs = 20 }' }),
  }),

  'missing-entry': row<{ of: string; name: string; example: string }>({
    severity: 'error',
    message: ({ of, name }) => `${of} does not say its \`${name}\``,
    hint: ({ example }) => `for example \`${example}\``,
    means:
      'The declaration cannot do without this entry: a task needs a score and a loss, a data block events and a split.',
    wrong: smallModel({ tasks: 'task watch { score = cosine(user, item) }' }),
    right: smallModel(),
  }),

  'expected-kind': row<{ what: string; found: string; known: readonly string[] }>({
    severity: 'error',
    message: ({ what, found }) => `expected ${article(what)} ${what} here, not ${found}`,
    hint: ({ known }) => among(known),
    means: 'Here the name or call of a kind belongs: an optimizer, a score, a loss.',
    wrong: smallModel({ after: 'train { dense = 0.001 }' }),
    right: smallModel({ after: 'train { dense = adam(rate: 0.001) }' }),
  }),

  'constant-circle': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` is defined by itself`,
    means: 'A constant is computed from itself, through others or directly, and so has no value.',
    wrong: 'let width = height * 2\nlet height = width / 2\n',
    right: 'let width = 64\nlet height = width / 2\n',
  }),

  'not-finite': row<{ text: string }>({
    severity: 'error',
    message: ({ text }) => `\`${text}\` is not a finite number`,
    means: 'The arithmetic gives infinity or no number at all: most often a division by 0.',
    wrong: 'let steps = 0\nlet share = 1 / steps\n',
    right: 'let steps = 4\nlet share = 1 / steps\n',
  }),

  'use-outside': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `"${path}" lies outside the project folder`,
    hint: () => 'copy the file into the project, or run from a folder that holds both',
    means:
      'A file may use others within the project folder alone, so that a model can be copied, published and trained elsewhere.',
    wrong: 'use "../../elsewhere/features.tower"\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  }),

  'use-circle': row<{ path: string; circle: readonly string[] }>({
    severity: 'error',
    message: ({ circle }) => `files use each other in a circle: ${circle.join(' → ')}`,
    hint: () => 'move what both need into a third file',
    means: 'Files use each other in a circle, so that none could be read first.',
    wrong: 'use "example.tower"\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  }),

  'use-missing': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `there is no file "${path}"`,
    means: 'There is no such file. Paths start from the folder of the file that says `use`.',
    wrong: 'use "features/filns.tower"\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  }),
} as const;
