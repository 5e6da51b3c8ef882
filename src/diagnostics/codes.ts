/**
 * THE table of every message. A code is a slug that names the mistake; its row words the facts that the call site reports.
 * One line of `message` says what is wrong, in the language's words; `hint` says how to mend it.
 */
export type Severity = 'error' | 'warning';

export interface CodeRow<F> {
  readonly severity: Severity;
  readonly message: (facts: F) => string;
  readonly hint?: (facts: F) => string | undefined;
}

function row<F>(
  severity: Severity,
  message: (facts: F) => string,
  hint?: (facts: F) => string | undefined,
): CodeRow<F> {
  return { severity, message, ...(hint ? { hint } : {}) };
}

/** What the field calls it, else "did you mean" for a nearest name. */
const didYouMean = (facts: { nearest?: string | undefined; advice?: string | undefined }): string | undefined =>
  facts.advice ?? (facts.nearest === undefined ? undefined : `did you mean \`${facts.nearest}\`?`);

/** Each word once, in its order. */
const list = (words: readonly string[]): string => [...new Set(words)].map((word) => `\`${word}\``).join(', ');

const article = (word: string): string => (/^[aeiou]/.test(word) ? 'an' : 'a');

const takes = (facts: { takes: readonly string[] }): string =>
  facts.takes.length === 0 ? 'it takes none' : `it takes ${list(facts.takes)}`;

/** The names there are, when they are few enough to help. */
const among = (all: readonly string[]): string | undefined => {
  const known = [...new Set(all)];
  return known.length === 0 || known.length > 20
    ? undefined
    : `there ${known.length === 1 ? 'is' : 'are'} ${list(known)}`;
};

const plural = (what: string): string => (what.endsWith('y') ? `${what.slice(0, -1)}ies` : `${what}s`);

const countOf = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? what : plural(what)}`;

/** A path as a shell takes it, to be copied. */
const shellWord = (path: string): string => (/^[\w./:@+,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);

const sortWords = (sort: string): string => (sort === 'number' ? 'a number' : sort);

const bytesWords = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;

export const codes = {
  // Text
  'unexpected-text': row<{ found: string; expected: string }>(
    'error',
    ({ found, expected }) => `expected ${expected}, found ${found}`,
  ),
  'unexpected-character': row<{ found: string; hint?: string | undefined }>(
    'error',
    ({ found }) => `this is not part of the language: ${found}`,
    ({ hint }) => hint,
  ),
  unclosed: row<{ open: string; close: string }>(
    'error',
    ({ open }) => `this ${open} is never closed`,
    ({ close }) => `add the missing ${close}`,
  ),
  'not-text': row<{ found: string }>(
    'error',
    ({ found }) => `this is not the text of a program: it holds ${found}`,
    () => 'give a `.tower` file, saved as UTF-8',
  ),
  'too-many-mistakes': row<{ shown: number; total?: number }>(
    'error',
    ({ shown, total }) =>
      total === undefined
        ? `more mistakes follow; the first ${shown} are shown, and the file is not read further`
        : `there are ${total} errors: the first ${shown} are shown`,
    () => 'fix the first ones: many of the others may go with them',
  ),
  'too-deep': row<{ what: string; limit: number }>(
    'error',
    ({ what, limit }) => `this goes too deep: ${what} more than ${limit}`,
    () => 'give its parts names of their own',
  ),
  'too-long': row<{ limit: number }>(
    'error',
    ({ limit }) => `this file is too long: more than ${limit} words and signs`,
    () => 'move parts of it to other files, and name them with `use`',
  ),
  unopened: row<{ close: string; open: string }>(
    'error',
    ({ close, open }) => `this ${close} closes nothing: no ${open} is open here`,
    ({ close }) => `remove it, or look for a ${close} too many above`,
  ),
  'wrong-bracket': row<{ open: string; close: string; found: string }>(
    'error',
    ({ open, found }) => `a ${open} cannot be closed by ${found}`,
    ({ close }) => `write ${close}`,
  ),
  'missing-brace': row<{ word: string }>(
    'error',
    ({ word }) => `the \`{\` is missing that opens this \`${word}\``,
    () => 'add the missing `{`',
  ),
  'missing-sign': row<{ sign: string; before: string }>(
    'error',
    ({ sign, before }) => `${sign} is missing before ${before}`,
    ({ sign }) => `add ${sign}`,
  ),
  'wrong-sign': row<{ what: string; sign: string; found: string }>(
    'error',
    ({ what, sign, found }) => `${what} follows ${sign}, not ${found}`,
    ({ sign }) => `write ${sign}`,
  ),
  'needless-sign': row<{ sign: string }>(
    'error',
    ({ sign }) => `this ${sign} is one too many`,
    () => 'remove it',
  ),
  'swapped-words': row<{ first: string; second: string }>(
    'error',
    ({ first, second }) => `${second} and ${first} are in the wrong order`,
    ({ first, second }) => `write ${first} before ${second}`,
  ),
  'missing-part': row<{ what: string; after: string }>(
    'error',
    ({ what, after }) => `${what} is missing after ${after}`,
  ),
  'unknown-declaration': row<{
    word: string;
    nearest?: string | undefined;
    advice?: string | undefined;
    words: string;
  }>(
    'error',
    ({ word }) => `\`${word}\` begins no declaration`,
    (facts) => didYouMean(facts) ?? `a declaration begins with ${facts.words}`,
  ),
  'misspelt-word': row<{ found: string; word: string }>(
    'error',
    ({ found }) => `\`${found}\` is no word of the language here`,
    ({ word }) => `did you mean \`${word}\`?`,
  ),
  'misplaced-entry': row<{ entry: string; home: string }>(
    'error',
    ({ entry }) => `\`${entry}\` stands outside of any declaration`,
    ({ home }) => `it belongs inside ${home}`,
  ),
  'unclosed-text': row<object>(
    'error',
    () => 'this text has no closing quote on its line',
    () => 'add the missing `"`',
  ),
  'foreign-quotes': row<{ text: string }>(
    'error',
    () => 'a text stands in double quotes',
    ({ text }) => `write ${text}`,
  ),
  'unknown-escape': row<{ escape: string }>(
    'error',
    ({ escape: sequence }) => `\`${sequence}\` means nothing inside a text`,
    ({ escape: sequence }) =>
      `for the backslash itself write \`\\${sequence}\`; there are also \`\\"\`, \`\\n\`, \`\\t\`, \`\\r\` and \`\\u{1F600}\``,
  ),
  'malformed-number': row<{ number: string; proper?: string | undefined }>(
    'error',
    ({ number, proper }) =>
      proper === undefined ? `\`${number}\` is not a number` : `\`${number}\` is not how a number is written`,
    ({ proper }) =>
      proper === undefined ? 'numbers look like `64`, `30_000`, `0.05`, `1e-3` or `10%`' : `write \`${proper}\``,
  ),
  'malformed-name': row<{ name: string; proper?: string | undefined; digit?: boolean }>(
    'error',
    ({ name, digit }) =>
      digit
        ? `\`${name}\` is not a name: a name begins with a letter or \`_\``
        : `\`${name}\` is not a name: names are made of the letters a to z, digits and \`_\``,
    ({ proper }) =>
      proper === undefined
        ? 'a column of any name can feed a feature: `columns { name = "its expression" }`'
        : `write \`${proper}\``,
  ),
  'look-alike': row<{ what: 'letter' | 'sign' | 'blank' | 'hidden'; code: string; text: string }>(
    'error',
    ({ what, code, text }) => {
      if (what === 'blank') return `this blank (${code}) is not the plain one, though it looks the same`;
      const where = text === '' ? 'here' : `within \`${text}\``;
      if (what === 'hidden') return `a character that nobody sees (${code}) is ${where}`;
      return what === 'letter'
        ? `a letter of another alphabet (${code}) is ${where}: it only looks like one of a to z`
        : `this sign (${code}) only looks like \`${text}\``;
    },
    ({ what, text }) => (what === 'blank' ? 'write a plain blank' : text === '' ? 'remove it' : `write \`${text}\``),
  ),
  'markdown-fence': row<Record<never, never>>(
    'error',
    () => 'this line is a code fence of Markdown, not part of the program',
    () => 'remove the line',
  ),
  'merge-conflict': row<Record<never, never>>(
    'error',
    () => 'the file holds an unresolved merge conflict, so nothing of it is read',
    () => 'keep one of the two sides, and remove the lines of `<<<<<<<`, `=======` and `>>>>>>>`',
  ),
  'foreign-comment': row<{ sign: string }>(
    'error',
    ({ sign }) => `a comment does not begin with \`${sign}\``,
    () => 'write `//` before each line of it',
  ),
  'foreign-arrow': row<{ found: string }>(
    'error',
    ({ found }) => `\`${found}\` is not the arrow of a flow`,
    () => 'write `->`',
  ),
  'stray-description': row<{ beside: boolean }>(
    'warning',
    ({ beside }) =>
      beside
        ? 'this `///` does not describe what it stands beside: it belongs to what follows'
        : 'this `///` describes nothing: no declaration or entry follows it',
    () => 'begin it with `//`, or put it above what it describes',
  ),

  // Names
  'unknown-name': row<{
    what: string;
    name: string;
    nearest?: string | undefined;
    known?: readonly string[];
    advice?: string | undefined;
  }>(
    'error',
    ({ what, name }) => `there is no ${what} called \`${name}\``,
    (facts) => didYouMean(facts) ?? among(facts.known ?? []),
  ),

  // Model: names
  'repeated-name': row<{ what: string; name: string; other: string }>(
    'error',
    ({ what, name, other }) =>
      what === other
        ? `there are two ${plural(what)} called \`${name}\``
        : `there is a ${other} called \`${name}\` already: this ${what} needs another name`,
    () => 'rename one of them, or remove it',
  ),
  'reserved-name': row<{ what: string; name: string }>(
    'error',
    ({ what, name }) =>
      `a ${what} cannot be called \`${name}\`: JavaScript, which reads the trained model, keeps this name`,
    ({ what, name }) =>
      what === 'feature' || what === 'label'
        ? `choose another name, and say in the data block which column feeds it: columns { name = "\\"${name}\\"" }`
        : 'choose another name',
  ),
  'unknown-kind': row<{
    what: string;
    name: string;
    nearest?: string | undefined;
    known: readonly string[];
    advice?: string | undefined;
  }>(
    'error',
    ({ what, name }) => `there is no ${what} called \`${name}\``,
    (facts) => didYouMean(facts) ?? among(facts.known),
  ),
  'label-as-feature': row<{ name: string }>(
    'error',
    ({ name }) => `\`${name}\` is a label: no tower may read what is to be predicted`,
    () => 'remove it here; a task names it with `label =` or `weight =`',
  ),
  'feature-as-label': row<{ name: string }>(
    'error',
    ({ name }) => `\`${name}\` is a feature, not a label`,
    () => 'declare what is to be predicted in `labels { … }`, and name that here',
  ),

  // Model: arguments and entries
  'unknown-argument': row<{
    kind: string;
    name: string;
    nearest?: string | undefined;
    takes: readonly string[];
    advice?: string | undefined;
  }>(
    'error',
    ({ kind, name }) => `\`${kind}\` has no argument \`${name}\``,
    (facts) => didYouMean(facts) ?? takes(facts),
  ),
  'repeated-argument': row<{ kind: string; name: string }>(
    'error',
    ({ kind, name }) => `\`${kind}\` is given \`${name}\` twice`,
    () => 'keep one of the two',
  ),
  'missing-argument': row<{ kind: string; name: string; doc: string; example: string }>(
    'error',
    ({ kind, name }) => `\`${kind}\` needs its argument \`${name}\``,
    ({ doc, example }) => `${doc} For example \`${example}\``,
  ),
  'too-many-arguments': row<{ kind: string; takes: readonly string[]; instead?: string | undefined }>(
    'error',
    ({ kind }) => `\`${kind}\` has no place for this argument`,
    (facts) => (facts.instead === undefined ? takes(facts) : `name it: \`${facts.instead}\``),
  ),
  'wrong-type': row<{ of: string; expected: string; found: string }>(
    'error',
    ({ of, expected, found }) => `\`${of}\` is ${expected}, not ${found}`,
  ),
  'out-of-range': row<{ of: string; expected: string; value: number }>(
    'error',
    ({ of, expected, value }) => `\`${of}\` is ${expected}, not ${value}`,
  ),
  'not-ascending': row<{ of: string }>(
    'error',
    ({ of }) => `the numbers of \`${of}\` must rise`,
    () => 'sort them',
  ),
  'unknown-choice': row<{
    of: string;
    word: string;
    nearest?: string | undefined;
    choices: readonly string[];
    advice?: string | undefined;
  }>(
    'error',
    ({ of, word }) => `\`${word}\` is not a choice for \`${of}\``,
    (facts) => didYouMean(facts) ?? `it is one of ${list(facts.choices)}`,
  ),
  'unknown-entry': row<{
    of: string;
    name: string;
    nearest?: string | undefined;
    takes: readonly string[];
    advice?: string | undefined;
  }>(
    'error',
    ({ of, name }) => `${of} has no entry \`${name}\``,
    (facts) => didYouMean(facts) ?? takes(facts),
  ),
  'repeated-entry': row<{ of: string; name: string }>(
    'error',
    ({ of, name }) => `${of} says \`${name}\` twice`,
    () => 'keep one of the two',
  ),
  'missing-entry': row<{ of: string; name: string; example: string }>(
    'error',
    ({ of, name }) => `${of} does not say its \`${name}\``,
    ({ example }) => `for example \`${example}\``,
  ),

  'expected-kind': row<{ what: string; found: string; known: readonly string[] }>(
    'error',
    ({ what, found }) => `expected ${article(what)} ${what} here, not ${found}`,
    ({ known }) => among(known),
  ),

  // Model: constants and files
  'constant-circle': row<{ name: string }>('error', ({ name }) => `\`${name}\` is defined by itself`),
  'not-finite': row<{ text: string }>('error', ({ text }) => `\`${text}\` is not a finite number`),
  'unknown-setting': row<{ name: string; nearest?: string | undefined; known: readonly string[] }>(
    'error',
    ({ name }) => `nothing is called \`${name}\`: \`--set\` overrides a \`let\` of the model, or a number of \`train\``,
    (facts) => didYouMean(facts) ?? among(facts.known),
  ),
  'use-outside': row<{ path: string }>(
    'error',
    ({ path }) => `"${path}" lies outside the project folder`,
    () => 'copy the file into the project, or run from a folder that holds both',
  ),
  'use-circle': row<{ path: string; circle: readonly string[] }>(
    'error',
    ({ circle }) => `files use each other in a circle: ${circle.join(' → ')}`,
    () => 'move what both need into a third file',
  ),
  'use-missing': row<{ path: string }>('error', ({ path }) => `there is no file "${path}"`),

  // Model: its parts
  'empty-file': row<Record<never, never>>(
    'error',
    () => 'this file declares nothing',
    () => 'a model begins with `model name`, a data set with `data name { … }`',
  ),
  'tower-count': row<{ count: number }>(
    'error',
    ({ count }) =>
      count === 0 ? 'this model has no towers: it needs two' : `a model has two towers; this one has ${count}`,
    ({ count }) => (count < 2 ? 'for example `tower item(movie) keyed by movie_id { channel main = … }`' : undefined),
  ),
  'no-task': row<Record<never, never>>(
    'error',
    () => 'this model has no task: nothing says what it learns',
    () => 'for example `task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }`',
  ),
  'repeated-declaration': row<{ what: string }>('error', ({ what }) => `a model has one \`${what}\`; this is another`),
  'not-an-input': row<{ tower: string; name: string }>(
    'error',
    ({ tower, name }) => `tower \`${tower}\` reads \`${name}\`, which is not among its inputs`,
    ({ tower, name }) => `\`tower ${tower}(…, ${name})\` lets it in`,
  ),
  'read-before': row<{ name: string }>(
    'error',
    ({ name }) => `\`${name}\` is read before it is made`,
    ({ name }) => `move the line of \`${name}\` above this one`,
  ),
  'not-a-flow': row<{ found: string; expected: string }>(
    'error',
    ({ found, expected }) => `expected ${expected} here, not ${found}`,
    () => 'a flow is `source -> block -> block`',
  ),
  'block-arguments': row<{ name: string }>(
    'error',
    ({ name }) => `\`${name}\` is a block of this file and takes no arguments`,
    () => 'give the arguments where the block is declared',
  ),
  'block-too-large': row<{ name: string; blocks: number; depth: number }>(
    'error',
    ({ name, blocks, depth }) =>
      `with block \`${name}\` this is too large: a flow may hold ${depth} declared blocks within one another, and ${blocks} blocks in all`,
    () => 'write fewer blocks, or make one block wider',
  ),
  'block-circle': row<{ name: string }>('error', ({ name }) => `block \`${name}\` is made of itself`),
  'no-elements': row<{ name: string }>(
    'error',
    ({ name }) => `\`${name}\` refers to itself`,
    () => 'name another feature, or write its kind, such as `category(dim: 16)`',
  ),
  'feature-both-sides': row<{ name: string; first: string; second: string; group?: boolean }>(
    'error',
    ({ name, first, second, group }) =>
      `${group ? 'group' : 'feature'} \`${name}\` is read by both towers, \`${first}\` and \`${second}\`: they must not share what they see`,
    ({ name, group }) =>
      group
        ? 'a tower reads its own inputs only'
        : `take it out of one; where each side has a column of its own, \`like(${name})\` shares the table`,
  ),
  'tower-without-channel': row<{ tower: string }>(
    'error',
    ({ tower }) => `tower \`${tower}\` has no channel: nothing of it reaches a score`,
    () => 'write `channel` before its last step',
  ),
  'unread-channel': row<{ tower: string; channel: string }>(
    'warning',
    ({ tower, channel }) => `no score reads channel \`${tower}.${channel}\`: it is not trained`,
    ({ tower, channel }) => `read it in a task, as \`${tower}.${channel}\`, or remove it`,
  ),
  'lone-channel': row<{ tower: string; channel: string; other: string }>(
    'warning',
    ({ tower, channel, other }) =>
      `this score leaves channel \`${tower}.${channel}\` out: tower \`${other}\` has no \`${channel}\``,
    ({ tower, channel, other }) =>
      `give \`${other}\` a channel \`${channel}\`, name \`${tower}.${channel}\` in a score, or remove it`,
  ),
  'unread-step': row<{ name: string }>(
    'warning',
    ({ name }) => `nothing reads \`${name}\``,
    () => 'remove it',
  ),
  'unread-output': row<{ name: string; output: string }>(
    'warning',
    ({ name, output }) => `nothing reads \`${name}.${output}\``,
    ({ name, output }) => `begin a flow with \`${name}.${output}\`, or leave \`${output}\` out`,
  ),
  'no-outputs': row<{ name: string; output: string }>(
    'error',
    ({ name, output }) => `\`${name}\` gives one value: there is no \`${output}\` to take of it`,
    () => 'only blocks such as `mmoe(click, like)` give several',
  ),
  'unread-feature': row<{ name: string }>(
    'warning',
    ({ name }) => `no tower reads feature \`${name}\``,
    () => 'add it to a group or a tower, or remove it',
  ),
  'unread-label': row<{ name: string }>(
    'warning',
    ({ name }) => `no task reads label \`${name}\``,
    () => 'name it in a task with `label =` or `weight =`, or remove it',
  ),
  'unread-input': row<{ tower: string; name: string }>(
    'warning',
    ({ tower, name }) => `tower \`${tower}\` lets \`${name}\` in but no flow reads it`,
    () => 'read it in a channel, or remove it',
  ),
  'unused-group': row<{ name: string }>(
    'warning',
    ({ name }) => `group \`${name}\` is never used`,
    () => 'remove it',
  ),
  'unused-block': row<{ name: string }>(
    'warning',
    ({ name }) => `block \`${name}\` is never used`,
    () => 'remove it',
  ),

  // Model: scores and tasks
  'not-a-score': row<{ found: string }>(
    'error',
    ({ found }) => `a score is a kind of score of the two towers, or a sum of numbers times such; this is ${found}`,
    () => 'for example `cosine(user, item) / 0.1`',
  ),
  'score-towers': row<{ kind: string; count: number }>(
    'error',
    ({ kind, count }) => `\`${kind}\` compares two towers and is given ${count === 0 ? 'none' : count}`,
    ({ kind }) => `for example \`${kind}(user, item)\``,
  ),
  'same-tower': row<{ tower: string }>(
    'error',
    ({ tower }) => `both sides of this score are tower \`${tower}\``,
    () => 'a score compares the two towers',
  ),
  'towers-swapped': row<{ asks: string; answers: string }>(
    'error',
    ({ asks, answers }) =>
      `here \`${answers}\` asks and \`${asks}\` is retrieved; an earlier task has it the other way`,
    ({ asks, answers }) => `name \`${asks}\` first, then \`${answers}\``,
  ),
  'step-not-channel': row<{ tower: string; name: string }>(
    'error',
    ({ tower, name }) => `\`${tower}.${name}\` is a step, not a channel: a score reads channels`,
    () => 'write `channel` before its name',
  ),
  'unpaired-channel': row<{ tower: string; channel: string; other: string; nearest?: string | undefined }>(
    'error',
    ({ tower, channel, other }) =>
      `channel \`${tower}.${channel}\` has no partner: tower \`${other}\` has no \`${channel}\``,
    ({ other, nearest }) =>
      nearest === undefined
        ? 'channels pair by name: give both towers one, or name the pair in the score'
        : `\`${other}.${nearest}\` has no partner either: give both the same name`,
  ),
  'channel-needed': row<{ tower: string; channels: readonly string[] }>(
    'error',
    ({ tower, channels }) => `\`${tower}\` has ${channels.length} channels; one of them must be named here`,
    ({ tower, channels }) => `it is one of ${list(channels.map((channel) => `${tower}.${channel}`))}`,
  ),
  'label-needed': row<{ task: string; loss: string; sort: string; nearest?: string | undefined }>(
    'error',
    ({ task, loss, sort }) => `task \`${task}\` has no label, but \`${loss}\` needs one that is ${sortWords(sort)}`,
    ({ nearest, sort }) =>
      nearest === undefined
        ? `declare one, \`labels { name: ${sort} }\`, and name it here with \`label = name\``
        : `\`label = ${nearest}\``,
  ),
  'label-not-read': row<{ loss: string; label: string }>(
    'error',
    ({ loss, label }) => `\`${loss}\` reads no label: \`${label}\` would have no effect`,
    ({ label }) => `remove it, or let it weigh the rows: \`weight = ${label}\``,
  ),
  'label-sort': row<{ loss: string; label: string; needs: string; sort: string }>(
    'error',
    ({ loss, label, needs, sort }) => `\`${loss}\` needs a ${needs} label, and \`${label}\` is a ${sort} one`,
    ({ sort }) => (sort === 'number' ? '`mse` is the loss for numbers' : undefined),
  ),
  'only-not-binary': row<{ name: string }>(
    'error',
    ({ name }) => `\`only\` takes a binary label, and \`${name}\` is a number: which rows it means is not said`,
    ({ name }) => `declare \`${name}: binary\`, or a further label whose column is a condition`,
  ),
  'item-key-needed': row<{ loss: string; tower: string; key?: string | undefined }>(
    'error',
    ({ loss, tower }) =>
      `\`${loss}\` compares an item with other items, but tower \`${tower}\` has no key: the same item twice could not be told`,
    ({ tower, key = 'its_id' }) => `write \`tower ${tower}(…) keyed by ${key}\``,
  ),
  'key-kind': row<{ tower: string; key: string }>(
    'error',
    ({ tower, key }) => `\`${key}\` cannot be the key of tower \`${tower}\`: its values are no names`,
    () => 'key it by an id; `id(dim: 0)` is a key alone, without a table',
  ),
  'temperature-unnormalised': row<{ score: string; argument: string }>(
    'warning',
    ({ score, argument }) =>
      `\`${argument}\` stretches \`${score}\`, whose size is not bounded: the vectors can undo it`,
    () => 'end both channels with `-> normalize`, or score with `cosine`',
  ),
  'bce-unscaled': row<{ loss: string; score: string; low: string; high: string }>(
    'warning',
    ({ loss, score, low, high }) => `\`${loss}\` on \`${score}\` can predict nothing below ${low} or above ${high}`,
    () => 'scale the score, such as `/ 0.1`',
  ),
  'not-a-sum': row<{ what: string; found: string }>(
    'error',
    ({ what, found }) => `\`${what}\` is a sum of numbers times tasks; this is ${found}`,
    () => 'for example `0.7 * click + 0.3 * like`',
  ),
  'objective-omits': row<{ task: string }>(
    'error',
    ({ task }) => `\`objective\` leaves task \`${task}\` out: it would never be learnt`,
    () => 'add it, or remove the task',
  ),
  'objective-weight': row<{ task: string; weight: number }>(
    'error',
    ({ task, weight }) => `task \`${task}\` weighs ${weight} in \`objective\`: a weight is above 0`,
  ),
  'retrieve-empty': row<Record<never, never>>(
    'error',
    () => '`retrieve` weighs every score with 0: all items would be equal',
  ),
  'table-over-budget': row<{ bytes: number; budget: number; largest: readonly string[] }>(
    'warning',
    ({ bytes, budget }) =>
      `the embedding tables take ${bytesWords(bytes)} (${bytes} bytes) before the optimizer's state, more than ${bytesWords(budget)}`,
    ({ largest }) => `the largest are ${largest.join(', ')}: fewer \`hash\` buckets or a smaller \`dim\` save memory`,
  ),

  'wide-table': row<{ name: string; rows: number; dim: number; enough: number }>(
    'warning',
    ({ name, rows, dim }) =>
      `the table of \`${name}\` has ${rows} rows, each ${dim} numbers wide: far more than tell ${rows} values apart`,
    ({ enough }) => `\`dim: ${enough}\` is enough`,
  ),
  'temperature-extreme': row<{ stretch: number; sharp: boolean }>(
    'warning',
    ({ stretch, sharp }) =>
      sharp
        ? `scores reach ±${stretch} before the softmax: it sees the hardest negative alone, and hardly moves for the others`
        : `scores stay within ±${stretch} before the softmax: it can hardly tell the best item from the worst`,
    () => 'temperatures of a cosine mostly lie between 0.02 and 0.2',
  ),
  'few-negatives': row<{ batch: number; loss: string }>(
    'warning',
    ({ batch, loss }) =>
      `\`${loss}\` takes its negatives from the batch, and a batch of ${batch} has ${batch - 1} for each event`,
    () => 'hundreds are usual: raise `batch`, or draw some with `negatives: sampled(…)`',
  ),
  'one-sided-channel': row<{ tower: string; channel: string; activation: string }>(
    'warning',
    ({ tower, channel, activation }) =>
      `\`${tower}.${channel}\` ends in \`${activation}\`, so none of its numbers is below 0, and no two vectors can point away from each other`,
    () => 'leave the last activation out, or end with `tanh`',
  ),
  'last-dropout': row<{ tower: string; channel: string }>(
    'warning',
    ({ tower, channel }) =>
      `\`${tower}.${channel}\` ends in \`dropout\`: training compares vectors with holes that no layer makes up for`,
    () => 'put `dropout` before the last layer',
  ),
  'retrieve-zero': row<{ task: string }>(
    'warning',
    ({ task }) => `\`retrieve\` weighs \`${task}\` with 0: it has no part in what is found`,
    () => 'leave it out',
  ),
  'retrieve-scales': row<{ first: string; second: string; firstSize: string; secondSize: string }>(
    'warning',
    ({ first, second, firstSize, secondSize }) =>
      `without \`retrieve\`, items rank by the sum of scores of different sizes: \`${first}\` ${firstSize}, \`${second}\` ${secondSize}`,
    ({ first, second }) =>
      `write how much each task counts, for example \`retrieve = 0.5 * ${first} + 0.5 * ${second}\``,
  ),
  'shadowed-name': row<{ what: string; name: string; hides: string }>(
    'warning',
    ({ what, name, hides }) => `${what} \`${name}\` hides ${hides}`,
    () => 'give it a name of its own',
  ),
  'unused-constant': row<{ name: string }>(
    'warning',
    ({ name }) => `nothing reads the constant \`${name}\``,
    () => 'remove it',
  ),

  // Comments that silence a warning
  'ignore-without-reason': row<{ code: string }>(
    'warning',
    () => 'this ignore gives no reason',
    ({ code }) => `say why: \`// tower-ignore ${code}: …\``,
  ),
  'ignore-unknown-code': row<{ code: string; nearest?: string | undefined }>(
    'warning',
    ({ code }) => (code === '' ? 'this ignore names no code' : `there is no code \`${code}\` to ignore`),
    (facts) =>
      didYouMean(facts) ?? 'a code stands in brackets behind each message: `// tower-ignore few-negatives: a test`',
  ),
  'ignore-of-error': row<{ code: string }>(
    'warning',
    ({ code }) => `\`${code}\` is an error, and errors cannot be ignored`,
    () => 'mend it, and remove this comment',
  ),
  'unused-ignore': row<{ code: string }>(
    'warning',
    ({ code }) => `this ignore silences nothing: the next line gives no \`${code}\``,
    () => 'remove it',
  ),

  // Data blocks
  'misplaced-by': row<{ name: string }>(
    'error',
    ({ name }) => `\`${name}\` is joined by no key`,
    () => '`by` belongs to `items` and `users`',
  ),
  'missing-key': row<{ name: string }>(
    'error',
    ({ name }) => `\`${name}\` does not say the column it is joined by`,
    ({ name }) => `for example \`${name} = "${name}.csv" by ${name === 'users' ? 'user_id' : 'item_id'}\``,
  ),
  'time-needed': row<{ what: string }>(
    'error',
    ({ what }) => `\`${what}\` must know what comes earlier, but the data has no \`time\``,
    () => 'say which column orders the events, such as `time = "timestamp"`',
  ),
  'split-share': row<{ held: number }>(
    'error',
    ({ held }) => `the split holds ${Math.round(held * 100)}% out and leaves nothing to train on`,
  ),

  // Shapes
  'shape-mismatch': row<{ kind: string; reason: string; insert?: string | undefined }>(
    'error',
    ({ kind, reason }) => `\`${kind}\` ${reason}`,
    ({ insert }) => (insert === undefined ? undefined : `write \`${insert} ->\` before it`),
  ),

  // Lowering: what a library row refuses, and values that do not reach where they should
  'arguments-conflict': row<{ kind: string; reason: string }>('error', ({ kind, reason }) => `\`${kind}\` ${reason}`),
  'channel-not-vector': row<{ channel: string; type: string; insert?: string | undefined }>(
    'error',
    ({ channel, type }) => `channel \`${channel}\` ends as ${type}, and a score takes vectors`,
    ({ insert }) => (insert === undefined ? undefined : `end it with \`-> ${insert}\``),
  ),
  'item-interests': row<{ channel: string; type: string }>(
    'error',
    ({ channel, type }) =>
      `channel \`${channel}\` ends as ${type}, but what is retrieved has one vector: only the side that asks may have several`,
    () => 'end it with `-> flatten`, or pool it before',
  ),
  'interests-in-retrieve': row<{ task: string; reason: string }>(
    'error',
    ({ task, reason }) => `\`retrieve\` cannot weigh task \`${task}\` so, ${reason}`,
    () => 'retrieve by one task that has several interests, with a factor above 0, and any others that have one vector',
  ),
  'channel-widths': row<{ kind: string; query: string; item: string; widths: readonly [number, number] }>(
    'error',
    ({ kind, query, item, widths }) =>
      `\`${kind}\` needs two vectors of one width, but \`${query}\` is vector[${widths[0]}] and \`${item}\` is vector[${widths[1]}]`,
    ({ widths }) => `end both with the same width, such as \`-> dense(${Math.min(...widths)})\``,
  ),
  'key-without-embedding': row<{ name: string }>(
    'error',
    ({ name }) => `\`${name}\` is a key only (\`dim: 0\`): it has no embedding that could flow`,
    ({ name }) => `give \`${name}\` a width, or leave it out of the group`,
  ),
  'sequence-among-fields': row<{ name: string }>(
    'error',
    ({ name }) => `\`${name}\` is a sequence (\`pool: none\`) and cannot stand among fields`,
    () => 'pool it, `pool: mean`, or let it flow by itself',
  ),
  'weight-not-number': row<{ name: string; standardized?: boolean }>(
    'error',
    ({ name, standardized }) =>
      `\`${name}\` cannot weigh rows: ${standardized ? 'standardized, it is below 0 in many of them' : 'a weight is one number'}`,
    () => 'name a label, or a feature that is a plain `number`',
  ),

  // Runs: folders, checkpoints, training, serving
  'cannot-write': row<{ path: string; reason: string; kept?: string | undefined }>(
    'error',
    ({ path, reason }) => `cannot write ${path}: ${reason}`,
    ({ kept }) => (kept === undefined ? undefined : `${kept} is still whole`),
  ),
  'no-temporary-folder': row<{ path: string; reason: string }>(
    'error',
    ({ path, reason }) => `no temporary folder can be made in ${path}: ${reason}`,
    () => 'set `TMPDIR` to a folder that may be written',
  ),
  'cannot-read': row<{ path: string; reason: string }>('error', ({ path, reason }) => `cannot read ${path}: ${reason}`),
  'damaged-file': row<{ path: string; reason: string }>('error', ({ path, reason }) => `${path} is damaged: ${reason}`),
  'changed-file': row<{ path: string }>(
    'error',
    ({ path }) => `${path} is not what training wrote: its checksum differs`,
    () => 'copy the folder again from where it was trained, or train again',
  ),
  'lost-file': row<{ path: string; folder: string }>(
    'error',
    ({ path, folder }) => `${path} is missing from ${folder}`,
    () => 'copy the folder again from where it was trained, or train again',
  ),
  'not-a-run': row<{ folder: string }>(
    'error',
    ({ folder }) => `${folder} holds no trained model: it has no manifest.json`,
    () => 'give a folder that `tower train … --out` wrote',
  ),
  'unfinished-run': row<{ folder: string; stopped?: { epochs: number; steps: number } | undefined }>(
    'error',
    ({ folder, stopped }) =>
      stopped === undefined
        ? `the run in ${folder} has not finished`
        : `the run in ${folder} was stopped after ${countOf(stopped.epochs, 'epoch')} and ${countOf(stopped.steps, 'step')}: its model is unfinished`,
    ({ stopped }) =>
      stopped === undefined
        ? 'continue it with `tower train … --resume`'
        : 'continue it with `tower train … --resume`, end it as it is with `tower train … --finish`, or add `--unfinished`',
  ),
  'run-in-use': row<{
    folder: string;
    lock: string;
    by: { purpose: string; pid: number; host: string; since: string } | undefined;
    here: boolean;
  }>(
    'error',
    ({ folder, by, lock }) =>
      by === undefined
        ? `${folder} is in use: ${lock} names no process that this version knows`
        : `${folder} is in use by \`${by.purpose}\`: process ${by.pid} on ${by.host}, since ${by.since}`,
    ({ here, lock }) =>
      here
        ? 'wait until that process ends, or give another folder'
        : `if no other process writes into the folder, delete ${lock}; else give another folder`,
  ),
  'own-file': row<{ path: string; folder: boolean }>(
    'error',
    ({ path, folder }) =>
      `${path} is ${folder ? 'a folder' : 'a file'} that Tower did not write, and the run needs its name`,
    () => 'move it elsewhere, or give another folder',
  ),
  'folder-in-use': row<{ folder: string; run: boolean; holds: string }>(
    'error',
    ({ folder, holds }) => `${folder} already holds ${holds}`,
    ({ run }) =>
      run
        ? 'continue it with `--resume`, replace it with `--force`, or give another folder'
        : 'give another folder, or write beside them with `--force`',
  ),
  'nothing-to-resume': row<{ folder: string }>(
    'error',
    ({ folder }) => `there is no run to resume in ${folder}`,
    () => 'leave `--resume` out to start one',
  ),
  'other-run': row<{ folder: string; what: string }>(
    'error',
    ({ folder, what }) => `the run in ${folder} has another ${what}: it cannot be resumed with this one`,
    () => 'resume it with what it was started with, or give another folder',
  ),
  'fewer-epochs': row<{ folder: string; epochs: number; done: number }>(
    'error',
    ({ folder, epochs, done }) =>
      `\`epochs\` is ${epochs}, but the run in ${folder} has trained ${done === 1 ? 'in its first epoch' : `in ${done} epochs`} already`,
    ({ done }) => `set \`epochs\` to ${done} or more, or end the run as it is with \`--finish\``,
  ),
  'loss-not-finite': row<{ epoch: number; step: number; value: string; output: string }>(
    'error',
    ({ epoch, step, value, output }) => `training stopped: ${output} became ${value} in step ${step} of epoch ${epoch}`,
    () => 'lower the learning rates, or look for extreme values in the numbers of the data',
  ),
  'vectors-not-finite': row<{ tower: string }>(
    'error',
    ({ tower }) => `tower \`${tower}\` gives vectors that are not finite numbers`,
    () => 'lower the learning rates, or look for extreme values in the numbers of the data',
  ),
  'too-few-rows': row<{ part: string; rows: number; needed: number }>(
    'error',
    ({ part, rows, needed }) =>
      `the ${part} part has ${rows === 1 ? '1 row' : `${rows} rows`}, and at least ${needed} are needed`,
    () => 'look at `where` and `split` in the data block',
  ),
  'no-validation-part': row<{ metric: string }>(
    'error',
    ({ metric }) => `\`stop = ${metric}\` needs a validation part, and this split has none`,
    () => 'give the split a validation share, or leave `stop` out',
  ),
  'too-large-for-memory': row<{ needed: number; available: number; parts: string }>(
    'error',
    ({ needed, available, parts }) =>
      `training needs ${needed.toLocaleString('en')} bytes for weights, their optimizer and a step, and ${available.toLocaleString('en')} are available: ${parts}`,
    () =>
      'make the largest smaller, by `dim`, `hash`, `batch` or the widths of blocks, or use an optimizer with less state',
  ),
  'other-data': row<{ what: string; own?: boolean }>(
    'error',
    ({ what }) => `the data is not what the model was trained on: ${what}`,
    ({ own }) =>
      own
        ? 'restore the data, or name the changed data with `--data` to use it nevertheless'
        : 'give the data that it was trained with',
  ),
  'feature-value': row<{ feature: string; reason: string }>(
    'error',
    ({ feature, reason }) => `the value given for \`${feature}\` does not fit: ${reason}`,
  ),
  'too-large-to-export': row<{ tower: string; bytes: number; limit: number }>(
    'error',
    ({ tower, bytes, limit }) =>
      `tower \`${tower}\` with its tables takes ${bytes.toLocaleString('en')} bytes, and an ONNX file or SavedModel holds at most ${limit.toLocaleString('en')}`,
    () => 'lower `dim` or `hash` of its largest table',
  ),
  'no-attention': row<{ model: string }>(
    'error',
    ({ model }) => `the towers of \`${model}\` weigh no fields: there is nothing to read out`,
    () => '`senet` is the block that does',
  ),
  'attention-of-model': row<{ path: string }>(
    'error',
    ({ path }) => `what a model attends to is learnt, and ${path} is not trained`,
    () => 'give the folder that `tower train … --out` wrote',
  ),
  'step-of-model': row<{ path: string }>(
    'error',
    ({ path }) => `a step is of a run, and ${path} is not trained`,
    () => 'give the folder that `tower train … --out` wrote',
  ),
  'step-not-taken': row<{ folder: string; step: number; steps: number }>(
    'error',
    ({ folder, step, steps }) => `the run in ${folder} has no step ${step}: it took ${steps}`,
    ({ steps }) =>
      steps === 0 ? 'give `--step 0`, the state before the first step' : `give a step from 0 to ${steps}`,
  ),
  'no-user-key': row<{ tower: string }>(
    'error',
    ({ tower }) => `tower \`${tower}\` has no key, so nobody can be looked up by one`,
    () => 'add `keyed by` to the tower, or give feature values',
  ),
  'protocols-differ': row<{ first: string; other: string; differences: readonly string[] }>(
    'error',
    ({ first, other, differences }) => `${first} and ${other} are not measured alike: ${differences.join('; ')}`,
    () =>
      'figures compare only where the same events are ranked among the same items, and the same events were learnt from',
  ),
  'unknown-tower': row<{ name: string; towers: string }>(
    'error',
    ({ name, towers }) => `there is no tower called \`${name}\`; there are ${towers}`,
  ),

  // Embedding tables
  'table-too-large': row<{ table: string; bytes: number; limit: number }>(
    'error',
    ({ table, bytes, limit }) =>
      `table \`${table}\` with its optimizer's state takes ${bytesWords(bytes)} (${bytes} bytes), and one table may take ${bytesWords(limit)} (${limit} bytes)`,
    () => 'lower its `dim` or `hash`, or use an optimizer with less state: `row_adagrad` keeps one number a row',
  ),

  // Data: files, columns, rows
  'data-file-missing': row<{ path: string; folder: string; nearest?: string | undefined }>(
    'error',
    ({ path, folder }) => `there is no file \`${path}\` in ${folder}`,
    didYouMean,
  ),
  'data-file-outside': row<{ path: string; target: string; project?: string | undefined; allow: string }>(
    'error',
    ({ path, target, project }) => {
      const place = path === target ? `\`${path}\`` : `\`${path}\` is ${target}, which`;
      const folder = project === undefined ? 'the folders that are allowed' : `the project ${project}`;
      return `${place} is outside ${folder}`;
    },
    ({ allow }) => `if the block may read that folder, allow it: \`--allow ${shellWord(allow)}\``,
  ),
  'data-file-kind': row<{ path: string }>(
    'error',
    ({ path }) => `\`${path}\` is of no kind that can be read`,
    () => 'name a .csv, .tsv or .txt file (each also .gz), .parquet, .jsonl, .ndjson or .json',
  ),
  'data-file-unreadable': row<{ path: string; reason: string }>(
    'error',
    ({ path, reason }) => `\`${path}\` cannot be read: ${reason}`,
  ),
  'data-file-damaged': row<{ path: string; reason: string }>(
    'error',
    ({ path, reason }) => `\`${path}\` is damaged: ${reason}`,
    () => 'fetch or write the file again: nothing of a damaged file is used',
  ),
  'data-file-shape': row<{ path: string; line: number; reason: string }>(
    'error',
    ({ path, line, reason }) => `\`${path}\` cannot be read, line ${line}: ${reason}`,
    () => 'correct that line: nothing of the file is used until then',
  ),
  'data-file-changed': row<{ path: string }>(
    'error',
    ({ path }) => `\`${path}\` changed while it was read`,
    () => 'run again when nothing writes to the file',
  ),
  'data-file-uncounted': row<{ path: string; read: number; records: number }>(
    'error',
    ({ path, read, records }) =>
      `\`${path}\` has ${records.toLocaleString('en')} records, and the database read ${read.toLocaleString('en')} of them`,
    () => 'write the file again in another format, such as Parquet, and report this file',
  ),
  'data-file-headers': row<{ path: string; first: string; column: string }>(
    'error',
    ({ path, first, column }) => `\`${path}\` has no column \`${column}\`, and \`${first}\` has`,
    () => 'all files of one pattern need the same columns',
  ),
  'no-rows': row<{ path: string; filtered: boolean }>('error', ({ path, filtered }) =>
    filtered ? `no row of \`${path}\` passes \`where\`` : `\`${path}\` has no rows`,
  ),
  'unfed-column': row<{
    what: string;
    name: string;
    files: string;
    nearest?: string | undefined;
    known: readonly string[];
  }>(
    'error',
    ({ what, name, files }) => `no column of ${files} feeds ${what} \`${name}\``,
    ({ nearest, name, known }) =>
      nearest === undefined
        ? [`say how it is computed: columns { ${name} = "…" }`, among(known)].filter(Boolean).join('; ')
        : `if it is \`${nearest}\`, say so: columns { ${name} = "${nearest}" }`,
  ),
  'column-sort': row<{ name: string; needs: string; found: string; hint?: string | undefined }>(
    'error',
    ({ name, needs, found }) => `\`${name}\` needs ${needs}, and its column is ${found}`,
    ({ hint }) => hint,
  ),
  'column-side': row<{ feature: string; tower: string; file: string }>(
    'error',
    ({ feature, tower, file }) =>
      `\`${feature}\` belongs to tower \`${tower}\`, and is computed from the ${file} file of the other side`,
    () => 'nothing of one side may reach the other before the score',
  ),
  'sql-refused': row<{ reason: string }>(
    'error',
    ({ reason }) => `this SQL may not run: ${reason}`,
    () => 'write one expression that computes its value from the columns of the block’s files',
  ),
  'data-memory': row<{ bytes: number; spill?: string | undefined }>(
    'error',
    ({ bytes, spill }) =>
      `the data needs more memory than the database may use, ${(bytes / 2 ** 30).toFixed(1)} GiB${spill === undefined ? '' : `; and ${spill}`}`,
    ({ spill }) =>
      spill === undefined
        ? 'read fewer rows, or write expressions whose values are smaller'
        : 'set `TMPDIR` to a folder that may be written, so that the database can put rows there',
  ),
  'sql-fails': row<{ reason: string; nearest?: string | undefined }>(
    'error',
    ({ reason }) => `this SQL cannot be computed: ${reason}`,
    didYouMean,
  ),
  'key-does-not-join': row<{ key: string; file: string; reason: string; hint?: string | undefined }>(
    'error',
    ({ key, file, reason }) => `${file} cannot be joined by \`${key}\`: ${reason}`,
    ({ hint }) => hint,
  ),
  'data-needs': row<{ what: string; needs: string }>('error', ({ what, needs }) => `\`${what}\` needs ${needs}`),
  'empty-split': row<{ part: string; rows: number; reason: string }>(
    'error',
    ({ part, rows, reason }) => `the ${part} part is empty: of ${rows.toLocaleString('en')} rows ${reason}`,
    () => 'give it a larger share, or read more rows',
  ),
  'too-many-rejected': row<{
    path: string;
    count: number;
    total: number;
    limit: number;
    first: string;
    file?: string | undefined;
  }>(
    'error',
    ({ path, count, total, limit, first }) =>
      `${count.toLocaleString('en')} of ${total.toLocaleString('en')} rows of \`${path}\` ${count === 1 ? 'is' : 'are'} bad (${((100 * count) / total).toFixed(1)}%), and ${+(100 * limit).toFixed(4)}% may be: ${first}`,
    ({ file }) =>
      `${file === undefined ? '' : `all of them are in ${file}; `}mend them, filter them out with \`where\`, or raise \`reject\``,
  ),
  'fetch-failed': row<{ what: string; tried: readonly string[]; byHand: string }>(
    'error',
    ({ what, tried }) => `${what} could not be fetched: ${tried.join('; ')}`,
    ({ byHand }) => byHand,
  ),

  'originals-needed': row<{ set: string; files: readonly string[]; home: string }>(
    'error',
    ({ set, files }) => `\`${set}\` is made from original files, ${files.join(', ')}, and no folder of them is given`,
    ({ set, home }) => `get them from ${home}, then: tower data ${set} --from FOLDER`,
  ),
  'set-is-fetched': row<{ set: string }>(
    'error',
    ({ set }) => `\`${set}\` is fetched: it takes no \`--from\``,
    ({ set }) => `tower data ${set}`,
  ),

  // Engines
  'no-engine': row<{ skipped: readonly { name: string; reason: string }[] }>(
    'error',
    ({ skipped }) => skipped.map(({ name, reason }) => `the \`${name}\` engine does not load: ${reason}`).join('\n'),
    () => '`tower engines` lists those that do',
  ),
  'engine-memory': row<{ bytes: number; limit: number; batch?: number | undefined }>(
    'error',
    ({ bytes, limit, batch }) =>
      `${batch === undefined ? 'one run' : `a batch of ${batch.toLocaleString('en')}`} needs ${(bytes / 2 ** 30).toFixed(1)} GiB, and the \`javascript\` engine can hold ${(limit / 2 ** 30).toFixed(2)} GiB`,
    () => 'train with a smaller batch, or on the `tensorflow` or `onnx` engine',
  ),

  // Commands
  'command-line': row<{ message: string; suggestion?: string | undefined; command: string }>(
    'error',
    ({ message }) => message,
    ({ suggestion, command }) =>
      suggestion === undefined
        ? `\`${command} --help\` shows what it takes, with an example`
        : `did you mean ${suggestion
            .split(', ')
            .map((name) => `\`${name}\``)
            .join(' or ')}?`,
  ),
  internal: row<{ reason: string }>(
    'error',
    ({ reason }) => `tower failed, and it is not your fault: ${reason}`,
    () => 'please report it, with the lines below',
  ),
  'stage-of-run': row<{ folder: string }>(
    'error',
    ({ folder }) => `${folder} is a trained model, which shows its manifest alone`,
    () => 'name a `.tower` file to see what the compiler makes of it',
  ),
  'no-model': row<{ path: string }>(
    'error',
    ({ path }) => `${path} declares no model`,
    () => 'a model has two towers and a task',
  ),
  'no-data-block': row<{ path: string }>(
    'error',
    ({ path }) => `${path} has no \`data\` block`,
    () => 'the file named by `--data` says where the rows are: `data ratings { events = "ratings.csv" … }`',
  ),
  'run-elsewhere': row<{ folder: string; file: string; allow: readonly string[] }>(
    'error',
    ({ folder, file }) =>
      `${folder} was not trained here: ${file} is not the data block that it recorded, so the files that it names stay closed`,
    ({ allow }) =>
      `name the data: \`--data FILE.tower\`; or read what the run names: ${allow.map((each) => `\`--allow ${shellWord(each)}\``).join(' ')}`,
  ),
  'data-missing': row<{ path: string }>(
    'error',
    ({ path }) => `nothing says where the rows of ${path} are`,
    () => 'name the file with the `data` block: `--data models/data/movielens.tower`',
  ),
  'not-formatted': row<{ path: string }>(
    'error',
    ({ path }) => `${path} is not formatted`,
    ({ path }) => `run \`tower format ${path}\``,
  ),
  'folder-not-empty': row<{ folder: string }>(
    'error',
    ({ folder }) => `${folder} is not empty`,
    () => 'choose another folder, or replace what it holds with `--force`',
  ),
} as const;

export type Code = keyof typeof codes;
export type Facts<C extends Code> = (typeof codes)[C] extends CodeRow<infer F> ? F : never;

/** What notes say at a second place, worded here as messages are. */
export const notes = {
  declared: (what: string, name: string): string => `${what} \`${name}\` is declared here`,
  first: (name: string): string => `\`${name}\` stands here already`,
  also: (name: string): string => `\`${name}\` stands here too`,
  read: (tower: string, name: string): string => `tower \`${tower}\` lets \`${name}\` in here`,
  order: (asks: string, answers: string): string => `here \`${asks}\` asks and \`${answers}\` is retrieved`,
  used: (path: string): string => `"${path}" is used here`,
  channels: (tower: string): string => `the channels of tower \`${tower}\``,
} as const;
