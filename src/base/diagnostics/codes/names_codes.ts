/** Codes of names and of arguments. */
import {
  articleOf,
  didYouMean,
  namesHint,
  pluralOf,
  quotedList,
  row,
  type Suggestion,
  valuesHint,
} from '../wording.ts';

export const names = {
  'unknown-name': row<Suggestion & { what: string; name: string; known?: readonly string[]; entry?: string }>({
    message: ({ what, name }) => `there is no ${what} called \`${name}\``,
    hint: (facts) => {
      // Another constant is no more likely than any number.
      const others =
        facts.what === 'constant'
          ? `write a number, or declare it: \`let ${facts.name} = …\``
          : namesHint(facts.known ?? []);
      return didYouMean(facts) ?? others;
    },
    fix: 'restores',
  }),

  'repeated-name': row<{ what: string; name: string; other: string }>({
    message: ({ what, name, other }) =>
      what === other
        ? `there are two ${pluralOf(what)} called \`${name}\``
        : `${articleOf(what)} ${what} and ${articleOf(other)} ${other} are both called \`${name}\``,
    hint: 'rename one of them, or remove it',
  }),

  'reserved-name': row<{ what: string; name: string }>({
    message: ({ what, name }) =>
      `a ${what} cannot be called \`${name}\`: ${
        name === 'vector'
          ? 'the output of a trained tower has this name'
          : 'JavaScript, which reads the trained model, reserves this name'
      }`,
    hint: ({ what, name }) =>
      what === 'feature' || what === 'label'
        ? `choose another name, and feed it in the data block: columns { name = "\\"${name}\\"" }`
        : 'choose another name',
  }),

  'unknown-kind': row<Suggestion & { what: string; name: string; known: readonly string[] }>({
    message: ({ what, name }) => `there is no ${what} called \`${name}\``,
    hint: (facts) => didYouMean(facts) ?? namesHint(facts.known),
    fix: 'restores',
  }),

  'label-as-feature': row<{ name: string }>({
    message: ({ name }) => `\`${name}\` is a label, and a tower cannot read a label`,
    hint: 'remove it here, and name it in a task with `label =` or `weight =`',
  }),

  'feature-as-label': row<{ name: string }>({
    message: ({ name }) => `\`${name}\` is a feature, not a label`,
    hint: 'declare a label in `labels { … }`, and name that label here',
  }),

  'unknown-argument': row<Suggestion & { kind: string; name: string; takes: readonly string[] }>({
    message: ({ kind, name }) => `\`${kind}\` has no argument \`${name}\``,
    hint: (facts) => didYouMean(facts) ?? valuesHint(facts),
    fix: 'restores',
  }),

  'repeated-argument': row<{ kind: string; name: string }>({
    message: ({ kind, name }) => `\`${kind}\` has the argument \`${name}\` twice`,
    hint: 'keep one of the two',
  }),

  'missing-argument': row<{ kind: string; name: string; doc: string; example: string }>({
    message: ({ kind, name }) => `\`${kind}\` needs its argument \`${name}\``,
    hint: ({ doc, example }) => `add it, such as \`${example}\`. ${doc}`,
  }),

  'too-many-arguments': row<{ kind: string; takes: readonly string[]; instead?: string | undefined }>({
    message: ({ kind }) => `\`${kind}\` does not take this argument`,
    hint: (facts) => (facts.instead === undefined ? valuesHint(facts) : `name it: \`${facts.instead}\``),
    fix: 'restores',
  }),

  'wrong-type': row<{ of: string; expected: string; found: string; write?: string | undefined }>({
    message: ({ of, expected, found }) => `\`${of}\` must be ${expected}, found ${found}`,
    hint: ({ write }) => write && `write \`${write}\``,
    fix: 'restores',
  }),

  'out-of-range': row<{ of: string; expected: string; value: number }>({
    message: ({ of, expected, value }) => `\`${of}\` must be ${expected}, found ${value}`,
  }),

  'not-ascending': row<{ of: string }>({
    message: ({ of }) => `the numbers of \`${of}\` are not in ascending order`,
    hint: 'sort the numbers, and write each once',
  }),

  'unknown-choice': row<Suggestion & { of: string; word: string; choices: readonly string[] }>({
    message: ({ of, word }) => `\`${of}\` cannot be \`${word}\``,
    hint: (facts) => didYouMean(facts) ?? `use one of ${quotedList(facts.choices)}`,
    fix: 'restores',
  }),

  'unknown-entry': row<Suggestion & { of: string; name: string; takes: readonly string[] }>({
    message: ({ of, name }) => `${of} has no entry \`${name}\``,
    hint: (facts) => didYouMean(facts) ?? valuesHint(facts),
    fix: 'restores',
  }),

  'repeated-entry': row<{ of: string; name: string }>({
    message: ({ of, name }) => `${of} has the entry \`${name}\` twice`,
    hint: 'keep one of the two',
  }),

  'missing-entry': row<{ of: string; name: string; example: string }>({
    message: ({ of, name }) => `${of} has no \`${name}\``,
    hint: ({ example }) => `add it, such as \`${example}\``,
  }),

  'expected-kind': row<{ what: string; found: string; known: readonly string[]; call?: string | undefined }>({
    message: ({ what, found }) => `expected ${articleOf(what)} ${what}, found ${found}`,
    hint: ({ known, call }) => (call === undefined ? namesHint(known) : `write \`${call}\``),
    fix: 'restores',
  }),

  'constant-cycle': row<{ name: string }>({
    message: ({ name }) => `the value of \`${name}\` depends on itself`,
    hint: 'write a number, or use constants that do not depend on this one',
  }),

  'not-finite': row<{ text: string }>({
    message: ({ text }) => `\`${text}\` is not a finite number`,
    hint: 'change the numbers that it is computed from',
  }),

  'use-outside': row<{ path: string }>({
    message: ({ path }) => `"${path}" is outside the project folder`,
    hint: 'copy the file into the project, or run from a folder that contains both',
  }),

  'use-cycle': row<{ path: string; cycle: readonly string[] }>({
    message: ({ cycle }) => `files use each other in a cycle: ${cycle.join(' → ')}`,
    hint: 'move what both need to a third file',
  }),

  'use-missing': row<{ path: string }>({
    message: ({ path }) => `there is no file "${path}"`,
    hint: 'correct the path: it starts from the folder of this file',
  }),
} as const;
