/** Codes of the text itself. */
import type { Code } from '../../diagnostics/codes.ts';
import type { Explanation } from '../explanation.ts';

export const syntax = {
  'unexpected-text': {
    means:
      'What stands here is not what can stand here, and nothing near it says what was meant. The message names what was expected. What could be read around the place was read, so that other mistakes are told as well.',
    wrong: 'model films {\n  user_id : id(dim: 32)\n}\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  },
  'unexpected-character': {
    means:
      'This character has no meaning in Tower, outside of texts and comments. A semicolon is the usual one: entries need no sign between them.',
    wrong: 'features {\n  user_id : id(dim: 32);\n}\n',
  },
  unclosed: {
    means:
      'A bracket is opened and never closed. The place shown is the bracket that is open; where its partner is missing is found from the lines that follow, which are read as if it were there.',
    wrong: 'features {\n  user_id : id(dim: 32)\n\ngroup profile = user_id\n',
  },
  unopened: {
    means:
      'A bracket closes something that was not opened. Often a bracket was closed twice, or its partner was deleted.',
    wrong: 'features {\n  user_id : id(dim: 32))\n}\n',
  },
  'wrong-bracket': {
    means:
      'Brackets close in the order they were opened, and each by its own partner: `(` by `)`, `[` by `]`, `{` by `}`.',
    wrong: 'features {\n  user_id : id(dim: 32]\n}\n',
  },
  'missing-brace': {
    means:
      'The entries of this declaration are there, and so is the brace that closes them, but not the one that opens them.',
    wrong: 'features\n  user_id : id(dim: 32)\n}\n',
  },
  'missing-sign': {
    means:
      'Two words stand side by side where a sign belongs between them: `:` or `=` after a name, `,` between arguments, `->` between steps, `keyed` before `by`.',
    wrong: 'block deep = flatten -> mlp(128 64)\n',
  },
  'wrong-sign': {
    means:
      'Features, labels and arguments take `:`, because what follows is their kind or value; everything else takes `=`, because a name is given to what follows.',
    wrong: 'features {\n  user_id = id(dim: 32)\n}\n',
  },
  'needless-sign': {
    means: 'A sign stands twice, or where nothing follows that it could belong to.',
    wrong: 'features {\n  user_id : : id(dim: 32)\n}\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  },
  'swapped-words': {
    means: 'Two words or signs that follow each other are in the wrong order: the line reads once they change places.',
    wrong: 'features {\n  user_id id : (dim: 32)\n}\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  },
  'missing-part': {
    means: 'After this sign something must follow, and the line or the bracket ends instead.',
    wrong: 'features {\n  user_id : id(dim: )\n}\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  },
  'unknown-declaration': {
    means:
      'A line at the margin begins a declaration, and this word begins none. A misspelt word gets the nearest one as its fix.',
    wrong: 'feature {\n  user_id : id(dim: 32)\n}\n',
  },
  'misspelt-word': {
    means: 'A word of the language is misspelt at a place where only that word can stand.',
    wrong:
      'model small\n\nfeatures {\n  user_id: id(dim: 16)\n  movie_id: id(dim: 16)\n}\n\ntower user(user_id) keyd by user_id {\n  channel main = user_id -> mlp(16)\n}\ntower item(movie_id) keyed by movie_id {\n  channel main = movie_id -> mlp(16)\n}\n\ntask watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05) }\n',
    right:
      'model small\n\nfeatures {\n  user_id: id(dim: 16)\n  movie_id: id(dim: 16)\n}\n\ntower user(user_id) keyed by user_id {\n  channel main = user_id -> mlp(16)\n}\ntower item(movie_id) keyed by movie_id {\n  channel main = movie_id -> mlp(16)\n}\n\ntask watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05) }\n',
  },
  'misplaced-entry': {
    means: 'An entry stands at the margin, outside of any declaration, so that it belongs to nothing.',
    wrong: 'model films\n\nuser_id : id(dim: 32)\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  },
  'unclosed-text': {
    means: 'A text in quotes ends on the line it begins on. A quote inside of it is written `\\"`.',
    wrong: 'features {\n  gender : category("F", "M)\n}\n',
  },
  'foreign-quotes': {
    means:
      'Texts stand in straight double quotes. Single quotes are left free for the SQL expressions of a data block.',
    wrong: "features {\n  gender : category('F')\n}\n",
  },
  'unknown-escape': {
    means:
      'Inside a text a backslash begins one of `\\"`, `\\\\`, `\\n`, `\\t`, `\\r` and `\\u{1F600}`. In a regular expression the backslash itself is meant, and is written twice.',
    wrong:
      'data views {\n  events = "views.csv"\n  where  = "regexp_matches(page, \'\\d+\')"\n  split  = random(test: 10%)\n}\n',
  },
  'malformed-number': {
    means:
      'Numbers look like `64`, `30_000`, `0.05`, `1e-3` or `10%`. They have no unit, one point at most, and a digit before it. No comma parts their digits.',
    wrong: 'let width = 64px\n',
    right: 'let width = 64\n',
  },
  'malformed-name': {
    means:
      'Names are made of the letters a to z, digits and `_`, so that they are column names in every data format, and names of inputs in every exported graph. A column of any other name is brought in by `columns { name = "…" }`.',
    wrong: 'features {\n  user-id : id(dim: 32)\n}\n',
  },
  'look-alike': {
    means:
      'A character is copied from a page or typed on another keyboard. It looks like a letter or sign of the language, or like nothing at all, and is another. It is read as what it looks like; the fix writes that.',
    wrong: 'features {\n  user_id： id(dim: 32)\n}\n',
  },
  'markdown-fence': {
    means: 'A program was copied from a Markdown page together with the lines that begin and end the code.',
    wrong: '```tower\nfeatures {\n  user_id : id(dim: 32)\n}\n```\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  },
  'merge-conflict': {
    means:
      'Git could not join two changes and left both in the file, between lines of `<<<<<<<`, `=======` and `>>>>>>>`. Nothing of the file is read before one is chosen.',
    wrong: '<<<<<<< HEAD\nlet width = 64\n=======\nlet width = 128\n>>>>>>> other\nblock deep = mlp(width)\n',
    right: 'let width = 128\nblock deep = mlp(width)\n',
  },
  'foreign-comment': {
    means: 'Comments begin with `//`, and each line of them does. `///` describes what follows it.',
    wrong: '# who watches\nfeatures {\n  user_id : id(dim: 32)\n}\n',
  },
  'foreign-arrow': {
    means: 'The arrow of a flow is written `->`.',
    wrong: 'block deep = flatten => mlp(64)\n',
  },
  'stray-description': {
    means:
      'A comment with three slashes describes the declaration or entry below it, and editors show it there. This one stands above neither, or at the end of a line, where it would describe the next one. With two slashes it is a comment like any other.',
    wrong: 'features {\n  user_id : id(dim: 32)\n  /// all of them\n}\n',
  },
  'not-text': {
    means: 'The file holds bytes that are no text: it is an image, an archive, or text in another encoding than UTF-8.',
    mend: 'Give a `.tower` file, and save it as UTF-8.',
  },
  'too-many-mistakes': {
    means:
      'Fifty mistakes are shown, and there are more. The others mostly follow from the first ones, or the file is not a Tower file.',
    mend: 'Fix the first ones and check again.',
  },
  'too-deep': {
    means:
      'Brackets are nested, or operators chained, more deeply than a person could read. A limit keeps later stages safe.',
    mend: 'Give parts names of their own, with `let`, `block` or a step of a tower.',
  },
  'too-long': {
    means:
      'The file holds more words and signs than any model that a person writes. A limit keeps the check quick; what comes after it is not read.',
    mend: 'Move features, groups and blocks to other files, and name each file with `use`.',
  },
  'empty-file': {
    means: 'The file holds nothing but blanks and comments.',
    wrong: '// a model of films\n',
    right: 'features {\n  user_id : id(dim: 32)\n}\n',
  },
} as const satisfies Partial<Record<Code, Explanation>>;
