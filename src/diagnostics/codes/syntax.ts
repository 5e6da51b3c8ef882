/** Codes of the text itself. */
import { row } from '../code_row.ts';
import { didYouMean } from '../wording.ts';

export const syntax = {
  'unexpected-text': row<{ found: string; expected: string }>({
    severity: 'error',
    message: ({ found, expected }) => `expected ${expected}, found ${found}`,
    means:
      'This text cannot be here, and nothing near it shows what was meant. The message names what was expected. The rest of the file was still read, so its other mistakes are reported too.',
    wrong: 'model films {\n  user_id : id(dim: 32)\n}\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),

  'unexpected-character': row<{ found: string; hint?: string | undefined }>({
    severity: 'error',
    message: ({ found }) => `${found} is not part of the language`,
    hint: ({ hint }) => hint,
    fix: 'restores',
    means:
      'This character has no meaning in Tower outside of texts and comments. Most often it is a semicolon: entries need no sign between them.',
    wrong: 'features {\n  user_id : id(dim: 32);\n}\n',
  }),

  unclosed: row<{ open: string; close: string }>({
    severity: 'error',
    message: ({ open }) => `this ${open} is never closed`,
    hint: ({ close }) => `add the missing ${close}`,
    fix: 'restores',
    means:
      'A bracket is opened and never closed. The message marks the open bracket. The fix adds the closing bracket where the following lines show that it is missing.',
    wrong: 'features {\n  user_id : id(dim: 32)\n\ngroup profile = user_id\n',
  }),

  unopened: row<{ close: string; open: string }>({
    severity: 'error',
    message: ({ close, open }) => `this ${close} closes nothing: no ${open} is open here`,
    hint: ({ close }) => `remove it, or remove an extra ${close} above`,
    fix: 'restores',
    means:
      'This bracket closes nothing, because no bracket of its kind is open here. Often a bracket was closed twice, or its opening bracket was deleted.',
    wrong: 'features {\n  user_id : id(dim: 32))\n}\n',
  }),

  'wrong-bracket': row<{ open: string; close: string; found: string }>({
    severity: 'error',
    message: ({ open, found }) => `a ${open} cannot be closed by ${found}`,
    hint: ({ close }) => `write ${close}`,
    fix: 'restores',
    means:
      'The last bracket to be opened is the first to be closed, by the bracket of its own kind: `(` by `)`, `[` by `]`, `{` by `}`.',
    wrong: 'features {\n  user_id : id(dim: 32]\n}\n',
  }),

  'missing-brace': row<{ word: string }>({
    severity: 'error',
    message: ({ word }) => `the \`{\` that opens \`${word}\` is missing`,
    hint: () => 'add the missing `{`',
    fix: 'restores',
    means: 'This declaration has its entries and its closing brace. Only the opening brace is missing.',
    wrong: 'features\n  user_id : id(dim: 32)\n}\n',
  }),

  'missing-sign': row<{ sign: string; before: string }>({
    severity: 'error',
    message: ({ sign, before }) => `${sign} is missing before ${before}`,
    hint: ({ sign }) => `add ${sign}`,
    fix: 'restores',
    means:
      'Two words follow each other without the sign between them: `:` or `=` after a name, `,` between arguments, `->` between steps, `keyed` before `by`.',
    wrong: 'block deep = flatten -> mlp(128 64)\n',
  }),

  'wrong-sign': row<{ what: string; sign: string; found: string }>({
    severity: 'error',
    message: ({ what, sign, found }) => `expected ${sign} before ${what}, found ${found}`,
    hint: ({ sign }) => `write ${sign}`,
    fix: 'restores',
    means:
      'Features, labels and arguments take `:` before their kind or value. Everything else takes `=`, which gives a name to what follows.',
    wrong: 'features {\n  user_id = id(dim: 32)\n}\n',
  }),

  'needless-sign': row<{ sign: string }>({
    severity: 'error',
    message: ({ sign }) => `this ${sign} is not needed`,
    hint: () => 'remove it',
    fix: 'restores',
    means: 'The sign is written twice, or nothing follows that it could belong to.',
    wrong: 'features {\n  user_id : : id(dim: 32)\n}\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),

  'swapped-words': row<{ first: string; second: string }>({
    severity: 'error',
    message: ({ first, second }) => `${second} and ${first} are in the wrong order`,
    hint: ({ first, second }) => `write ${first} before ${second}`,
    means:
      'Two words or signs that follow each other are in the wrong order. The line is valid once they change places.',
    wrong: 'features {\n  user_id id : (dim: 32)\n}\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),

  'missing-part': row<{ what: string; after: string }>({
    severity: 'error',
    message: ({ what, after }) => `${what} is missing after ${after}`,
    means: 'Something must follow this sign, but the line or the bracket ends here.',
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
    message: ({ word }) => `\`${word}\` does not begin a declaration`,
    hint: (facts) => didYouMean(facts) ?? `begin the declaration with ${facts.words}`,
    fix: 'restores',
    means:
      'A line without indentation begins a declaration, and no declaration begins with this word. The fix writes the nearest word that does.',
    wrong: 'feature {\n  user_id : id(dim: 32)\n}\n',
  }),

  'misspelt-word': row<{ found: string; word: string }>({
    severity: 'error',
    message: ({ found }) => `\`${found}\` is not a word of the language here`,
    hint: ({ word }) => `did you mean \`${word}\`?`,
    fix: 'restores',
    means: 'A word of the language is misspelt, in a place where only that word is allowed.',
    wrong:
      'model small\n\nfeatures {\n  user_id: id(dim: 16)\n  movie_id: id(dim: 16)\n}\n\ntower user(user_id) keyd by user_id {\n  channel main = user_id -> mlp(16)\n}\ntower item(movie_id) keyed by movie_id {\n  channel main = movie_id -> mlp(16)\n}\n\ntask watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05) }\n',
    right:
      'model small\n\nfeatures {\n  user_id: id(dim: 16)\n  movie_id: id(dim: 16)\n}\n\ntower user(user_id) keyed by user_id {\n  channel main = user_id -> mlp(16)\n}\ntower item(movie_id) keyed by movie_id {\n  channel main = movie_id -> mlp(16)\n}\n\ntask watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05) }\n',
  }),

  'misplaced-entry': row<{ entry: string; home: string }>({
    severity: 'error',
    message: ({ entry }) => `\`${entry}\` is outside of any declaration`,
    hint: ({ home }) => `move it into ${home}`,
    means: 'This entry is outside of any declaration, so it belongs to nothing.',
    wrong: 'model films\n\nuser_id : id(dim: 32)\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),

  'unclosed-text': row<object>({
    severity: 'error',
    message: () => 'this text has no closing quote on its line',
    hint: () => 'add the missing `"`',
    fix: 'restores',
    means: 'A text in quotes ends on the line on which it begins. Inside the text, a quote is written `\\"`.',
    wrong: 'features {\n  gender : category("F", "M)\n}\n',
  }),

  'foreign-quotes': row<{ text: string }>({
    severity: 'error',
    message: () => 'a text needs straight double quotes',
    hint: ({ text }) => `write ${text}`,
    fix: 'restores',
    means:
      'Tower writes texts in straight double quotes. Single quotes remain free for the SQL expressions of a data block.',
    wrong: "features {\n  gender : category('F')\n}\n",
  }),

  'unknown-escape': row<{ escape: string }>({
    severity: 'error',
    message: ({ escape: sequence }) => `\`${sequence}\` has no meaning inside a text`,
    hint: ({ escape: sequence }) =>
      `write \`\\${sequence}\` for the backslash itself, or use \`\\"\`, \`\\n\`, \`\\t\`, \`\\r\` or \`\\u{1F600}\``,
    fix: 'restores',
    means:
      'Inside a text, a backslash begins one of `\\"`, `\\\\`, `\\n`, `\\t`, `\\r` and `\\u{1F600}`. A regular expression needs the backslash itself, which is written twice.',
    wrong:
      'data views {\n  events = "views.csv"\n  where  = "regexp_matches(page, \'\\d+\')"\n  split  = random(test: 10%)\n}\n',
  }),

  'malformed-number': row<{ number: string; proper?: string | undefined }>({
    severity: 'error',
    message: ({ number, proper }) =>
      proper === undefined ? `\`${number}\` is not a number` : `\`${number}\` is not a valid way to write a number`,
    hint: ({ proper }) =>
      proper === undefined ? 'write a number such as `64`, `30_000`, `0.05`, `1e-3` or `10%`' : `write \`${proper}\``,
    fix: 'rewrites',
    means:
      'Numbers look like `64`, `30_000`, `0.05`, `1e-3` or `10%`. A number has no unit, at most one point, and a digit before the point. It has no commas.',
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
        ? 'choose such a name, and name the column in the data block: `columns { name = "its expression" }`'
        : `write \`${proper}\``,
    fix: 'restores',
    means:
      'A name consists of the letters a to z, digits and `_`. Such a name is valid as a column in every data format and as an input in every exported graph. For a column with another name, write `columns { name = "…" }`.',
    wrong: 'features {\n  user-id : id(dim: 32)\n}\n',
  }),

  'look-alike': row<{ what: 'letter' | 'sign' | 'blank' | 'hidden'; code: string; text: string }>({
    severity: 'error',
    message: ({ what, code, text }) => {
      if (what === 'blank') return `this blank (${code}) is not a plain blank, though it looks the same`;
      const where = text === '' ? 'here' : `within \`${text}\``;
      if (what === 'hidden') return `an invisible character (${code}) is ${where}`;
      return what === 'letter'
        ? `a letter of another alphabet (${code}) is ${where}: it only looks like one of a to z`
        : `this sign (${code}) only looks like \`${text}\``;
    },
    hint: ({ what, text }) =>
      what === 'blank' ? 'write a plain blank' : text === '' ? 'remove it' : `write \`${text}\``,
    fix: 'rewrites',
    means:
      'This character looks like a letter or sign of the language, or is invisible, but is a different one. It was copied from a page or typed on another keyboard. Tower reads the character as the one it looks like, and the fix writes that one.',
    wrong: 'features {\n  user_id： id(dim: 32)\n}\n',
  }),

  'markdown-fence': row<Record<never, never>>({
    severity: 'error',
    message: () => 'this line is a code fence of Markdown, not part of the program',
    hint: () => 'remove the line',
    fix: 'rewrites',
    means: 'The program was copied from a Markdown page together with the lines that begin and end the code.',
    wrong: '```tower\nfeatures {\n  user_id : id(dim: 32)\n}\n```\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),

  'merge-conflict': row<Record<never, never>>({
    severity: 'error',
    message: () => 'the file has an unresolved merge conflict, so Tower did not read it',
    hint: () => 'keep one of the two sides, and remove the lines of `<<<<<<<`, `=======` and `>>>>>>>`',
    means:
      'Git could not join two changes. It left both in the file, between lines of `<<<<<<<`, `=======` and `>>>>>>>`. Tower reads the file after you choose one of them.',
    wrong: '<<<<<<< HEAD\nlet width = 64\n=======\nlet width = 128\n>>>>>>> other\nblock deep = mlp(width)\n',
    right: 'let width = 128\nblock deep = mlp(width)\n',
  }),

  'foreign-comment': row<{ sign: string }>({
    severity: 'error',
    message: ({ sign }) => `a comment does not begin with \`${sign}\``,
    hint: ({ sign }) =>
      /["']/.test(sign)
        ? 'write `///` before each line, above what it describes'
        : 'write `//` before each line of the comment',
    fix: 'restores',
    means: 'A comment begins with `//` on each of its lines. A comment with `///` describes the line below it.',
    wrong: '# people who watch films\nfeatures {\n  user_id : id(dim: 32)\n}\n',
  }),

  'foreign-form': row<{ found: string; written: string; rule: string }>({
    severity: 'error',
    message: ({ found, rule }) => `${found} is not how Tower writes this: ${rule}`,
    hint: ({ written }) => (written === '' ? 'remove it' : `write \`${written}\``),
    fix: 'restores',
    means:
      'This is how another language or library writes it: JSON, YAML, Python, SQL, PyTorch. Tower has a form of its own, which the message names.',
    wrong: 'features {\n  - user_id : id(dim: 32)\n}\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),

  'foreign-arrow': row<{ found: string }>({
    severity: 'error',
    message: ({ found }) => `\`${found}\` is not the arrow of a flow`,
    hint: () => 'write `->`',
    fix: 'restores',
    means: 'The arrow of a flow is `->`.',
    wrong: 'block deep = flatten => mlp(64)\n',
  }),

  'stray-description': row<{ inLine: boolean }>({
    severity: 'warning',
    message: ({ inLine }) =>
      inLine
        ? 'this `///` is at the end of a line, so it describes the next line'
        : 'this `///` describes nothing: no declaration or entry follows it',
    hint: () => 'write `//`, or move the comment above what it describes',
    fix: 'restores',
    means:
      'A comment with three slashes describes the declaration or entry below it, and editors show it there. This comment is above neither, or it is at the end of a line and would describe the next one. With two slashes it is a plain comment.',
    wrong: 'features {\n  user_id : id(dim: 32)\n  /// all of them\n}\n',
  }),

  'not-text': row<{ found: string }>({
    severity: 'error',
    message: ({ found }) => `this is not the text of a program: it contains ${found}`,
    means:
      'The file contains bytes that are not text. It is an image, an archive, or text in an encoding other than UTF-8.',
    remedy: 'Give a `.tower` file that is saved as UTF-8.',
  }),

  'too-many-mistakes': row<{ shown: number; total?: number }>({
    severity: 'error',
    message: ({ shown, total }) =>
      total === undefined
        ? `the first ${shown} mistakes are shown; Tower did not read the rest of the file`
        : `the file has ${total} errors; the first ${shown} are shown`,
    means:
      'The file has more than fifty mistakes, and fifty are shown. The others usually follow from the first ones, or the file is not a Tower file.',
    remedy: 'Fix the first mistakes and check again: many others may disappear with them.',
  }),

  'too-deep': row<{ what: string; limit: number }>({
    severity: 'error',
    message: ({ what, limit }) => `this is nested too deeply: ${what} more than ${limit}`,
    means:
      'Brackets are nested, or operators chained, more deeply than a person can read. The limit also protects the compiler.',
    remedy: 'Give the parts names of their own, with `let`, `block` or a step of a tower.',
  }),

  'too-long': row<{ limit: number }>({
    severity: 'error',
    message: ({ limit }) => `this file is too long: it has more than ${limit} words and signs`,
    means:
      'The file has more words and signs than a model written by a person. The limit keeps the check fast. Tower does not read the rest of the file.',
    remedy: 'Move features, groups and blocks to other files, and name each file with `use`.',
  }),

  'empty-file': row<Record<never, never>>({
    severity: 'error',
    message: () => 'this file declares nothing',
    hint: () => 'begin a model with `model name`, or a data set with `data name { … }`',
    means: 'The file contains only blanks and comments.',
    wrong: '// a model of films\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  }),
} as const;
