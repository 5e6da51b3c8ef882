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
      'This line reads a name that nothing declares. Tower never ignores an unknown name, since a misspelt name would read the wrong thing or nothing. The fix writes the nearest known name.',
    wrong: 'features {\n  user_id: id(dim: 32)\n}\ngroup profile = usr_id\n',
  }),

  'repeated-name': row<{ what: string; name: string; other: string }>({
    severity: 'error',
    message: ({ what, name, other }) =>
      what === other
        ? `there are two ${plural(what)} called \`${name}\``
        : `${article(what)} ${what} and ${article(other)} ${other} are both called \`${name}\``,
    hint: () => 'rename one of them, or remove it',
    means:
      'Two things have the same name, so a line that reads the name could mean either. Features, groups and labels share one set of names. Constants, blocks, towers and tasks each have a set of their own. The steps and inputs of a tower share one set.',
    wrong: 'features {\n  year: number(standardize)\n  year: number(log, buckets: 8, dim: 4)\n}\n',
    right: 'features {\n  year: number(standardize)\n  age: number(log, buckets: 8, dim: 4)\n}\n',
  }),

  'reserved-name': row<{ what: string; name: string }>({
    severity: 'error',
    message: ({ what, name }) =>
      `a ${what} cannot be called \`${name}\`: JavaScript, which reads the trained model, reserves this name`,
    hint: ({ what, name }) =>
      what === 'feature' || what === 'label'
        ? `choose another name, and feed it in the data block: columns { name = "\\"${name}\\"" }`
        : 'choose another name',
    means:
      'JavaScript reads the trained model and keeps values in objects by their names. In such an object, `__proto__` is reserved, so a value with this name would be lost.',
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
      'No feature, block, score, loss, weighting, optimizer or metric of the language has this name. Each place of a file accepts the names of one of these lists.',
    wrong: 'features {\n  user_id: idd(dim: 32)\n}\n',
  }),

  'label-as-feature': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` is a label, and a tower cannot read a label`,
    hint: () => 'remove it here, and name it in a task with `label =` or `weight =`',
    means:
      'A label is what the model predicts. With the label as an input, training would look perfect, but the label is unknown when the model is used.',
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
    hint: () => 'declare a label in `labels { … }`, and name that label here',
    means: 'A task learns a label, and this name is a feature. What the towers read cannot also be what they predict.',
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
      'The kind has no argument with this name. Tower never ignores a setting: a misspelt one would leave the default in place without notice.',
    wrong: 'features {\n  user_id: id(dmi: 32)\n}\n',
  }),

  'repeated-argument': row<{ kind: string; name: string }>({
    severity: 'error',
    message: ({ kind, name }) => `\`${kind}\` has the argument \`${name}\` twice`,
    hint: () => 'keep one of the two',
    means: 'The same argument is given twice, and one of the two would have no effect.',
    wrong: 'features {\n  user_id: id(dim: 32, dim: 16)\n}\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  }),

  'missing-argument': row<{ kind: string; name: string; doc: string; example: string }>({
    severity: 'error',
    message: ({ kind, name }) => `\`${kind}\` needs its argument \`${name}\``,
    hint: ({ doc, example }) => `add it, such as \`${example}\`. ${doc}`,
    means: 'The kind needs this argument, and no default suits every model.',
    wrong: 'block deep = flatten -> mlp\n',
    right: 'block deep = flatten -> mlp(128, 64)\n',
  }),

  'too-many-arguments': row<{ kind: string; takes: readonly string[]; instead?: string | undefined }>({
    severity: 'error',
    message: ({ kind }) => `\`${kind}\` does not take this argument`,
    hint: (facts) => (facts.instead === undefined ? takes(facts) : `name it: \`${facts.instead}\``),
    fix: 'restores',
    means:
      'Arguments without a name fill the places of the kind in order, and no place is left. All other arguments need their name.',
    wrong: 'features {\n  user_id: id(32)\n}\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  }),

  'wrong-type': row<{ of: string; expected: string; found: string; write?: string | undefined }>({
    severity: 'error',
    message: ({ of, expected, found }) => `\`${of}\` must be ${expected}, found ${found}`,
    hint: ({ write }) => write && `write \`${write}\``,
    fix: 'restores',
    means:
      'The value has another type than its place needs: a text in place of a number, or a list in place of a name.',
    wrong: 'features {\n  user_id: id(dim: "32")\n}\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  }),

  'out-of-range': row<{ of: string; expected: string; value: number }>({
    severity: 'error',
    message: ({ of, expected, value }) => `\`${of}\` must be ${expected}, found ${value}`,
    means: 'The value has the right type, but no meaning here: a width of 0, a share above 1, a rate below 0.',
    wrong: 'block deep = flatten -> mlp(128, 64) -> dropout(1.5)\n',
    right: 'block deep = flatten -> mlp(128, 64) -> dropout(0.15)\n',
  }),

  'not-ascending': row<{ of: string }>({
    severity: 'error',
    message: ({ of }) => `the numbers of \`${of}\` are not in ascending order`,
    hint: () => 'sort the numbers, and write each once',
    means:
      'Boundaries cut the number line into pieces from left to right, so each boundary is larger than the one before it.',
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
    message: ({ of, word }) => `\`${of}\` cannot be \`${word}\``,
    hint: (facts) => didYouMean(facts) ?? `use one of ${list(facts.choices)}`,
    fix: 'restores',
    means: 'The argument accepts one of a few words, and this is not one of them.',
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
    means: 'The declaration has no entry with this name. As with arguments, Tower never ignores a misspelt setting.',
    wrong: smallModel({ after: 'train { epoch = 10 }' }),
  }),

  'repeated-entry': row<{ of: string; name: string }>({
    severity: 'error',
    message: ({ of, name }) => `${of} has the entry \`${name}\` twice`,
    hint: () => 'keep one of the two',
    means: 'The declaration has the same entry twice, and one of the two would have no effect.',
    wrong: smallModel({ after: 'train { epochs = 10, epochs = 20 }' }),
    right: smallModel({ after: 'train { epochs = 20 }' }),
  }),

  'missing-entry': row<{ of: string; name: string; example: string }>({
    severity: 'error',
    message: ({ of, name }) => `${of} has no \`${name}\``,
    hint: ({ example }) => `add it, such as \`${example}\``,
    means:
      'The declaration needs this entry. A task needs a score, and a loss unless a product names the task; a data block needs events and a split.',
    wrong: smallModel({ tasks: 'task watch { score = cosine(user, item) }' }),
    right: smallModel(),
  }),

  'expected-kind': row<{ what: string; found: string; known: readonly string[] }>({
    severity: 'error',
    message: ({ what, found }) => `expected ${article(what)} ${what}, found ${found}`,
    hint: ({ known }) => among(known),
    means: 'This place needs the name or call of a kind, such as an optimizer, a score or a loss.',
    wrong: smallModel({ after: 'train { dense = 0.001 }' }),
    right: smallModel({ after: 'train { dense = adam(rate: 0.001) }' }),
  }),

  'constant-cycle': row<{ name: string }>({
    severity: 'error',
    formerly: 'constant-circle',
    message: ({ name }) => `the value of \`${name}\` depends on itself`,
    hint: () => 'write a number, or use constants that do not depend on this one',
    means: 'The constant is computed from itself, directly or through other constants, so it has no value.',
    wrong: 'let width = height * 2\nlet height = width / 2\n',
    right: 'let width = 64\nlet height = width / 2\n',
  }),

  'not-finite': row<{ text: string }>({
    severity: 'error',
    message: ({ text }) => `\`${text}\` is not a finite number`,
    hint: () => 'change the numbers that it is computed from',
    means: 'The result of this arithmetic is infinite or not a number. The usual cause is a division by 0.',
    wrong: 'let steps = 0\nlet share = 1 / steps\n',
    right: 'let steps = 4\nlet share = 1 / steps\n',
  }),

  'use-outside': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `"${path}" is outside the project folder`,
    hint: () => 'copy the file into the project, or run from a folder that contains both',
    means:
      'A file can only use other files of its project folder. The model can then be copied, published and trained elsewhere.',
    wrong: 'use "../../elsewhere/features.tower"\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  }),

  'use-cycle': row<{ path: string; cycle: readonly string[] }>({
    severity: 'error',
    formerly: 'use-circle',
    message: ({ cycle }) => `files use each other in a cycle: ${cycle.join(' → ')}`,
    hint: () => 'move what both need to a third file',
    means: 'The files use each other in a cycle, so none of them can be read first.',
    wrong: 'use "example.tower"\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  }),

  'use-missing': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `there is no file "${path}"`,
    hint: () => 'correct the path: it starts from the folder of this file',
    means: 'There is no such file. The path starts from the folder of the file with the `use`.',
    wrong: 'use "features/filns.tower"\n',
    right: 'features {\n  user_id: id(dim: 32)\n}\n',
  }),
} as const;
