/** Codes of the text itself. */
import { row } from '../code_row.ts';
import { didYouMean } from '../wording.ts';

export const syntax = {
  'unexpected-text': row<{ found: string; expected: string }>({
    severity: 'error',
    message: ({ found, expected }) => `expected ${expected}, found ${found}`,
    means:
      'What stands here is not what can stand here, and nothing near it says what was meant. The message names what was expected. What could be read around the place was read, so that other mistakes are told as well.',
    wrong: 'model films {\n  user_id : id(dim: 32)\n}\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),

  'unexpected-character': row<{ found: string; hint?: string | undefined }>({
    severity: 'error',
    message: ({ found }) => `this is not part of the language: ${found}`,
    hint: ({ hint }) => hint,
    fix: 'restores',
    means:
      'This character has no meaning in Tower, outside of texts and comments. A semicolon is the usual one: entries need no sign between them.',
    wrong: 'features {\n  user_id : id(dim: 32);\n}\n',
  }),

  unclosed: row<{ open: string; close: string }>({
    severity: 'error',
    message: ({ open }) => `this ${open} is never closed`,
    hint: ({ close }) => `add the missing ${close}`,
    fix: 'restores',
    means:
      'A bracket is opened and never closed. The place shown is the bracket that is open; where its partner is missing is found from the lines that follow, which are read as if it were there.',
    wrong: 'features {\n  user_id : id(dim: 32)\n\ngroup profile = user_id\n',
  }),

  unopened: row<{ close: string; open: string }>({
    severity: 'error',
    message: ({ close, open }) => `this ${close} closes nothing: no ${open} is open here`,
    hint: ({ close }) => `remove it, or look for a ${close} too many above`,
    fix: 'restores',
    means:
      'A bracket closes something that was not opened. Often a bracket was closed twice, or its partner was deleted.',
    wrong: 'features {\n  user_id : id(dim: 32))\n}\n',
  }),

  'wrong-bracket': row<{ open: string; close: string; found: string }>({
    severity: 'error',
    message: ({ open, found }) => `a ${open} cannot be closed by ${found}`,
    hint: ({ close }) => `write ${close}`,
    fix: 'restores',
    means:
      'Brackets close in the order they were opened, and each by its own partner: `(` by `)`, `[` by `]`, `{` by `}`.',
    wrong: 'features {\n  user_id : id(dim: 32]\n}\n',
  }),

  'missing-brace': row<{ word: string }>({
    severity: 'error',
    message: ({ word }) => `the \`{\` is missing that opens this \`${word}\``,
    hint: () => 'add the missing `{`',
    fix: 'restores',
    means:
      'The entries of this declaration are there, and so is the brace that closes them, but not the one that opens them.',
    wrong: 'features\n  user_id : id(dim: 32)\n}\n',
  }),

  'missing-sign': row<{ sign: string; before: string }>({
    severity: 'error',
    message: ({ sign, before }) => `${sign} is missing before ${before}`,
    hint: ({ sign }) => `add ${sign}`,
    fix: 'restores',
    means:
      'Two words stand side by side where a sign belongs between them: `:` or `=` after a name, `,` between arguments, `->` between steps, `keyed` before `by`.',
    wrong: 'block deep = flatten -> mlp(128 64)\n',
  }),

  'wrong-sign': row<{ what: string; sign: string; found: string }>({
    severity: 'error',
    message: ({ what, sign, found }) => `${what} follows ${sign}, not ${found}`,
    hint: ({ sign }) => `write ${sign}`,
    fix: 'restores',
    means:
      'Features, labels and arguments take `:`, because what follows is their kind or value; everything else takes `=`, because a name is given to what follows.',
    wrong: 'features {\n  user_id = id(dim: 32)\n}\n',
  }),

  'needless-sign': row<{ sign: string }>({
    severity: 'error',
    message: ({ sign }) => `this ${sign} is one too many`,
    hint: () => 'remove it',
    fix: 'restores',
    means: 'A sign stands twice, or where nothing follows that it could belong to.',
    wrong: 'features {\n  user_id : : id(dim: 32)\n}\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),

  'swapped-words': row<{ first: string; second: string }>({
    severity: 'error',
    message: ({ first, second }) => `${second} and ${first} are in the wrong order`,
    hint: ({ first, second }) => `write ${first} before ${second}`,
    means: 'Two words or signs that follow each other are in the wrong order: the line reads once they change places.',
    wrong: 'features {\n  user_id id : (dim: 32)\n}\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),

  'missing-part': row<{ what: string; after: string }>({
    severity: 'error',
    message: ({ what, after }) => `${what} is missing after ${after}`,
    means: 'After this sign something must follow, and the line or the bracket ends instead.',
    wrong: 'features {\n  user_id : id(dim: )\n}\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),

  'unknown-declaration': row<{
    word: string;
    nearest?: string | undefined;
    advice?: string | undefined;
    words: string;
  }>({
    severity: 'error',
    message: ({ word }) => `\`${word}\` begins no declaration`,
    hint: (facts) => didYouMean(facts) ?? `a declaration begins with ${facts.words}`,
    fix: 'restores',
    means:
      'A line at the margin begins a declaration, and this word begins none. A misspelt word gets the nearest one as its fix.',
    wrong: 'feature {\n  user_id : id(dim: 32)\n}\n',
  }),

  'misspelt-word': row<{ found: string; word: string }>({
    severity: 'error',
    message: ({ found }) => `\`${found}\` is no word of the language here`,
    hint: ({ word }) => `did you mean \`${word}\`?`,
    fix: 'restores',
    means: 'A word of the language is misspelt at a place where only that word can stand.',
    wrong:
      'model small\n\nfeatures {\n  user_id: id(dim: 16)\n  movie_id: id(dim: 16)\n}\n\ntower user(user_id) keyd by user_id {\n  channel main = user_id -> mlp(16)\n}\ntower item(movie_id) keyed by movie_id {\n  channel main = movie_id -> mlp(16)\n}\n\ntask watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05) }\n',
    right:
      'model small\n\nfeatures {\n  user_id: id(dim: 16)\n  movie_id: id(dim: 16)\n}\n\ntower user(user_id) keyed by user_id {\n  channel main = user_id -> mlp(16)\n}\ntower item(movie_id) keyed by movie_id {\n  channel main = movie_id -> mlp(16)\n}\n\ntask watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05) }\n',
  }),

  'misplaced-entry': row<{ entry: string; home: string }>({
    severity: 'error',
    message: ({ entry }) => `\`${entry}\` stands outside of any declaration`,
    hint: ({ home }) => `it belongs inside ${home}`,
    means: 'An entry stands at the margin, outside of any declaration, so that it belongs to nothing.',
    wrong: 'model films\n\nuser_id : id(dim: 32)\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),

  'unclosed-text': row<object>({
    severity: 'error',
    message: () => 'this text has no closing quote on its line',
    hint: () => 'add the missing `"`',
    fix: 'restores',
    means: 'A text in quotes ends on the line it begins on. A quote inside of it is written `\\"`.',
    wrong: 'features {\n  gender : category("F", "M)\n}\n',
  }),

  'foreign-quotes': row<{ text: string }>({
    severity: 'error',
    message: () => 'a text stands in double quotes',
    hint: ({ text }) => `write ${text}`,
    fix: 'restores',
    means:
      'Texts stand in straight double quotes. Single quotes are left free for the SQL expressions of a data block.',
    wrong: "features {\n  gender : category('F')\n}\n",
  }),

  'unknown-escape': row<{ escape: string }>({
    severity: 'error',
    message: ({ escape: sequence }) => `\`${sequence}\` means nothing inside a text`,
    hint: ({ escape: sequence }) =>
      `for the backslash itself write \`\\${sequence}\`; there are also \`\\"\`, \`\\n\`, \`\\t\`, \`\\r\` and \`\\u{1F600}\``,
    fix: 'restores',
    means:
      'Inside a text a backslash begins one of `\\"`, `\\\\`, `\\n`, `\\t`, `\\r` and `\\u{1F600}`. In a regular expression the backslash itself is meant, and is written twice.',
    wrong:
      'data views {\n  events = "views.csv"\n  where  = "regexp_matches(page, \'\\d+\')"\n  split  = random(test: 10%)\n}\n',
  }),

  'malformed-number': row<{ number: string; proper?: string | undefined }>({
    severity: 'error',
    message: ({ number, proper }) =>
      proper === undefined ? `\`${number}\` is not a number` : `\`${number}\` is not how a number is written`,
    hint: ({ proper }) =>
      proper === undefined ? 'numbers look like `64`, `30_000`, `0.05`, `1e-3` or `10%`' : `write \`${proper}\``,
    fix: 'rewrites',
    means:
      'Numbers look like `64`, `30_000`, `0.05`, `1e-3` or `10%`. They have no unit, one point at most, and a digit before it. No comma parts their digits.',
    wrong: 'let width = 64px\n',
    right: 'let width = 64\n',
  }),

  'malformed-name': row<{ name: string; proper?: string | undefined; digit?: boolean }>({
    severity: 'error',
    message: ({ name, digit }) =>
      digit
        ? `\`${name}\` is not a name: a name begins with a letter or \`_\``
        : `\`${name}\` is not a name: names are made of the letters a to z, digits and \`_\``,
    hint: ({ proper }) =>
      proper === undefined
        ? 'a column of any name can feed a feature: `columns { name = "its expression" }`'
        : `write \`${proper}\``,
    fix: 'restores',
    means:
      'Names are made of the letters a to z, digits and `_`, so that they are column names in every data format, and names of inputs in every exported graph. A column of any other name is brought in by `columns { name = "…" }`.',
    wrong: 'features {\n  user-id : id(dim: 32)\n}\n',
  }),

  'look-alike': row<{ what: 'letter' | 'sign' | 'blank' | 'hidden'; code: string; text: string }>({
    severity: 'error',
    message: ({ what, code, text }) => {
      if (what === 'blank') return `this blank (${code}) is not the plain one, though it looks the same`;
      const where = text === '' ? 'here' : `within \`${text}\``;
      if (what === 'hidden') return `a character that nobody sees (${code}) is ${where}`;
      return what === 'letter'
        ? `a letter of another alphabet (${code}) is ${where}: it only looks like one of a to z`
        : `this sign (${code}) only looks like \`${text}\``;
    },
    hint: ({ what, text }) =>
      what === 'blank' ? 'write a plain blank' : text === '' ? 'remove it' : `write \`${text}\``,
    fix: 'rewrites',
    means:
      'A character is copied from a page or typed on another keyboard. It looks like a letter or sign of the language, or like nothing at all, and is another. It is read as what it looks like; the fix writes that.',
    wrong: 'features {\n  user_id： id(dim: 32)\n}\n',
  }),

  'markdown-fence': row<Record<never, never>>({
    severity: 'error',
    message: () => 'this line is a code fence of Markdown, not part of the program',
    hint: () => 'remove the line',
    fix: 'rewrites',
    means: 'A program was copied from a Markdown page together with the lines that begin and end the code.',
    wrong: '```tower\nfeatures {\n  user_id : id(dim: 32)\n}\n```\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),

  'merge-conflict': row<Record<never, never>>({
    severity: 'error',
    message: () => 'the file holds an unresolved merge conflict, so nothing of it is read',
    hint: () => 'keep one of the two sides, and remove the lines of `<<<<<<<`, `=======` and `>>>>>>>`',
    means:
      'Git could not join two changes and left both in the file, between lines of `<<<<<<<`, `=======` and `>>>>>>>`. Nothing of the file is read before one is chosen.',
    wrong: '<<<<<<< HEAD\nlet width = 64\n=======\nlet width = 128\n>>>>>>> other\nblock deep = mlp(width)\n',
    right: 'let width = 128\nblock deep = mlp(width)\n',
  }),

  'foreign-comment': row<{ sign: string }>({
    severity: 'error',
    message: ({ sign }) => `a comment does not begin with \`${sign}\``,
    hint: () => 'write `//` before each line of it',
    fix: 'restores',
    means: 'Comments begin with `//`, and each line of them does. `///` describes what follows it.',
    wrong: '# who watches\nfeatures {\n  user_id : id(dim: 32)\n}\n',
  }),

  'foreign-arrow': row<{ found: string }>({
    severity: 'error',
    message: ({ found }) => `\`${found}\` is not the arrow of a flow`,
    hint: () => 'write `->`',
    fix: 'restores',
    means: 'The arrow of a flow is written `->`.',
    wrong: 'block deep = flatten => mlp(64)\n',
  }),

  'stray-description': row<{ beside: boolean }>({
    severity: 'warning',
    message: ({ beside }) =>
      beside
        ? 'this `///` does not describe what it stands beside: it belongs to what follows'
        : 'this `///` describes nothing: no declaration or entry follows it',
    hint: () => 'begin it with `//`, or put it above what it describes',
    fix: 'restores',
    means:
      'A comment with three slashes describes the declaration or entry below it, and editors show it there. This one stands above neither, or at the end of a line, where it would describe the next one. With two slashes it is a comment like any other.',
    wrong: 'features {\n  user_id : id(dim: 32)\n  /// all of them\n}\n',
  }),

  'not-text': row<{ found: string }>({
    severity: 'error',
    message: ({ found }) => `this is not the text of a program: it holds ${found}`,
    hint: () => 'give a `.tower` file, saved as UTF-8',
    means: 'The file holds bytes that are no text: it is an image, an archive, or text in another encoding than UTF-8.',
    remedy: 'Give a `.tower` file, and save it as UTF-8.',
  }),

  'too-many-mistakes': row<{ shown: number; total?: number }>({
    severity: 'error',
    message: ({ shown, total }) =>
      total === undefined
        ? `more mistakes follow; the first ${shown} are shown, and the file is not read further`
        : `there are ${total} errors: the first ${shown} are shown`,
    hint: () => 'fix the first ones: many of the others may go with them',
    means:
      'Fifty mistakes are shown, and there are more. The others mostly follow from the first ones, or the file is not a Tower file.',
    remedy: 'Fix the first ones and check again.',
  }),

  'too-deep': row<{ what: string; limit: number }>({
    severity: 'error',
    message: ({ what, limit }) => `this goes too deep: ${what} more than ${limit}`,
    hint: () => 'give its parts names of their own',
    means:
      'Brackets are nested, or operators chained, more deeply than a person could read. A limit keeps later stages safe.',
    remedy: 'Give parts names of their own, with `let`, `block` or a step of a tower.',
  }),

  'too-long': row<{ limit: number }>({
    severity: 'error',
    message: ({ limit }) => `this file is too long: more than ${limit} words and signs`,
    hint: () => 'move parts of it to other files, and name them with `use`',
    means:
      'The file holds more words and signs than any model that a person writes. A limit keeps the check quick; what comes after it is not read.',
    remedy: 'Move features, groups and blocks to other files, and name each file with `use`.',
  }),

  'empty-file': row<Record<never, never>>({
    severity: 'error',
    message: () => 'this file declares nothing',
    hint: () => 'a model begins with `model name`, a data set with `data name { … }`',
    means: 'The file holds nothing but blanks and comments.',
    wrong: '// a model of films\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),
} as const;
