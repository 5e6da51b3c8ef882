/** Codes of errors in the text of a file: its words and its syntax. */
import { explainInvalidName } from '../../text/names.ts';
import { didYouMean, row, type Suggestion } from '../wording.ts';

export const syntax = {
  'unexpected-text': row<{ found: string; expected: string }>({
    message: ({ found, expected }) => `expected ${expected}, found ${found}`,
  }),

  'unexpected-character': row<{ found: string; hint?: string | undefined }>({
    message: ({ found }) => `${found} is not part of the language`,
    hint: ({ hint }) => hint,
    fix: 'restores',
  }),

  unclosed: row<{ open: string; close: string }>({
    message: ({ open }) => `this ${open} is never closed`,
    hint: ({ close }) => `add the missing ${close}`,
    fix: 'restores',
  }),

  unopened: row<{ close: string; open: string }>({
    message: ({ close, open }) => `this ${close} closes nothing: no ${open} is open here`,
    hint: ({ close }) => `remove it, or remove an extra ${close} above`,
    fix: 'restores',
  }),

  'wrong-bracket': row<{ open: string; close: string; found: string }>({
    message: ({ open, found }) => `a ${open} cannot be closed by ${found}`,
    hint: ({ close }) => `write ${close}`,
    fix: 'restores',
  }),

  'missing-brace': row<{ word: string }>({
    message: ({ word }) => `the \`{\` that opens \`${word}\` is missing`,
    hint: 'add the missing `{`',
    fix: 'restores',
  }),

  'missing-sign': row<{ sign: string; before: string }>({
    message: ({ sign, before }) => `${sign} is missing before ${before}`,
    hint: ({ sign }) => `add ${sign}`,
    fix: 'restores',
  }),

  'wrong-sign': row<{ what: string; sign: string; found: string }>({
    message: ({ what, sign, found }) => `expected ${sign} before ${what}, found ${found}`,
    hint: ({ sign }) => `write ${sign}`,
    fix: 'restores',
  }),

  'needless-sign': row<{ sign: string }>({
    message: ({ sign }) => `this ${sign} is not needed`,
    hint: 'remove it',
    fix: 'restores',
  }),

  'swapped-words': row<{ first: string; second: string }>({
    message: ({ first, second }) => `${second} and ${first} are in the wrong order`,
    hint: ({ first, second }) => `write ${first} before ${second}`,
  }),

  'missing-part': row<{ what: string; after: string }>({
    message: ({ what, after }) => `${what} is missing after ${after}`,
  }),

  'unknown-declaration': row<Suggestion & { word: string; words: string }>({
    message: ({ word }) => `\`${word}\` does not begin a declaration`,
    hint: (facts) => didYouMean(facts) ?? `begin the declaration with ${facts.words}`,
    fix: 'restores',
  }),

  'misspelt-word': row<{ found: string; word: string }>({
    message: ({ found }) => `\`${found}\` is not a word of the language here`,
    hint: ({ word }) => `did you mean \`${word}\`?`,
    fix: 'restores',
  }),

  'misplaced-entry': row<{ entry: string; home: string }>({
    message: ({ entry }) => `\`${entry}\` is outside of any declaration`,
    hint: ({ home }) => `move it into ${home}`,
  }),

  'unclosed-text': row<object>({
    message: () => 'this text has no closing quote on its line',
    hint: 'add the missing `"`',
    fix: 'restores',
  }),

  'foreign-quotes': row<{ text: string }>({
    message: () => 'a text needs straight double quotes',
    hint: ({ text }) => `write ${text}`,
    fix: 'restores',
  }),

  'unknown-escape': row<{ escape: string }>({
    message: ({ escape: sequence }) => `\`${sequence}\` has no meaning inside a text`,
    hint: ({ escape: sequence }) =>
      `write \`\\${sequence}\` for the backslash itself, or use \`\\"\`, \`\\n\`, \`\\t\`, \`\\r\` or \`\\u{1F600}\``,
    fix: 'restores',
  }),

  'malformed-number': row<{ number: string; proper?: string | undefined }>({
    message: ({ number, proper }) =>
      proper === undefined ? `\`${number}\` is not a number` : `\`${number}\` is not a valid way to write a number`,
    hint: ({ proper }) =>
      proper === undefined ? 'write a number such as `64`, `30_000`, `0.05`, `1e-3` or `10%`' : `write \`${proper}\``,
    fix: 'rewrites',
  }),

  'malformed-name': row<{ name: string; proper?: string | undefined }>({
    message: ({ name }) => `\`${name}\` is not a name: ${explainInvalidName(name)}`,
    hint: ({ proper }) =>
      proper === undefined
        ? 'choose such a name, and name the column in the data block: `columns { name = "its expression" }`'
        : `write \`${proper}\``,
    fix: 'restores',
  }),

  'look-alike': row<{ what: 'letter' | 'part' | 'blank' | 'hidden'; code: string; text: string }>({
    message: ({ what, code, text }) => {
      if (what === 'blank') return `this blank (${code}) is not a plain blank, though it looks the same`;
      const where = text === '' ? 'here' : `within \`${text}\``;
      if (what === 'hidden') return `an invisible character (${code}) is ${where}`;
      if (what === 'part') return `a letter ${where} is written in parts (${code}), which only look like that letter`;
      return `a wide or ornate letter (${code}) is ${where}: it only looks like one of a to z`;
    },
    hint: ({ what, text }) =>
      what === 'blank' ? 'write a plain blank' : text === '' ? 'remove it' : `write \`${text}\``,
    fix: 'rewrites',
  }),

  'markdown-fence': row<Record<never, never>>({
    message: () => 'this line is a code fence of Markdown, not part of the program',
    hint: 'remove the line',
    fix: 'rewrites',
  }),

  'merge-conflict': row<Record<never, never>>({
    message: () => 'the file has an unresolved merge conflict, so Tower did not read it',
    hint: 'keep one of the two sides, and remove the lines of `<<<<<<<`, `=======` and `>>>>>>>`',
  }),

  'foreign-comment': row<{ sign: string }>({
    message: ({ sign }) => `a comment does not begin with \`${sign}\``,
    hint: ({ sign }) =>
      /["']/.test(sign)
        ? 'write `///` before each line, above what it describes'
        : 'write `//` before each line of the comment',
    fix: 'restores',
  }),

  'foreign-form': row<{ found: string; written: string | undefined; rule: string }>({
    message: ({ found, rule }) => `${found} is not how Tower writes this: ${rule}`,
    hint: ({ written }) => (written ? `write \`${written}\`` : written === '' ? 'remove it' : undefined),
    fix: 'restores',
  }),

  'foreign-arrow': row<{ found: string }>({
    message: ({ found }) => `\`${found}\` is not the arrow of a flow`,
    hint: 'write `->`',
    fix: 'restores',
  }),

  'stray-description': row<{ inLine: boolean }>({
    severity: 'warning',
    message: ({ inLine }) =>
      inLine
        ? 'this `///` is at the end of a line, so it describes the next line'
        : 'this `///` describes nothing: no declaration or entry follows it',
    hint: 'write `//`, or move the comment above what it describes',
    fix: 'restores',
  }),

  'not-text': row<{ found: string }>({
    message: ({ found }) => `this is not the text of a program: it contains ${found}`,
    hint: 'give a `.tower` file that is saved as UTF-8',
  }),

  'too-many-mistakes': row<{ shown: number; total?: number }>({
    message: ({ shown, total }) =>
      total === undefined
        ? `the first ${shown} mistakes are shown; Tower did not read the rest of the file`
        : `the file has ${total} errors; the first ${shown} are shown`,
    hint: 'fix the first mistakes and check again: many others may disappear with them',
  }),

  'too-deep': row<{ what: string; limit: number }>({
    message: ({ what, limit }) => `this is nested too deeply: ${what} more than ${limit}`,
    hint: 'give the parts names of their own, with `let`, `block` or a step of a tower',
  }),

  'too-long': row<{ limit: number }>({
    message: ({ limit }) => `this file is too long: it has more than ${limit} words and signs`,
    hint: 'move features, groups and blocks to other files, and name each file with `use`',
  }),

  'empty-file': row<Record<never, never>>({
    message: () => 'this file declares nothing',
    hint: 'begin a model with `model name`, or a data set with `data name { … }`',
  }),
} as const;
