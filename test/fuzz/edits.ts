/** Random edits of programs, as hands and accidents make them; the same seed gives the same. */
import { makeRandom, type Random } from '../../src/base/random/random.ts';

export const randomOf = (seed: number): Random => makeRandom(seed);

export const pick = <T>(random: Random, from: readonly T[]): T => from[random.integer(from.length)]!;

const pieces = [
  ...[
    '{',
    '}',
    '(',
    ')',
    '[',
    ']',
    ':',
    '=',
    ',',
    '.',
    '->',
    '-',
    '+',
    '*',
    '/',
    '%',
    '"',
    "'",
    '\n',
    ' ',
    '\t',
    '\r\n',
  ],
  ...['//', '///', '/*', '#', ';', '→', '=>', '\\', '\0', '\uFEFF', '\uD800', '😀', 'é', '用'],
  ...['0', '1', '64', '30_000', '1e-3', '10%', '1e999', '0.05', '1.2.3', '-1'],
  ...[
    'model',
    'features',
    'labels',
    'group',
    'block',
    'shared',
    'tower',
    'keyed',
    'by',
    'channel',
    'task',
    'let',
    'use',
  ],
  ...['objective', 'retrieve', 'train', 'search', 'data', 'columns', 'true', 'false', 'binary', 'number'],
  ...['id', 'list', 'category', 'like', 'text', 'mlp', 'dense', 'flatten', 'senet', 'cosine', 'dot', 'softmax', 'bce'],
  ...[
    'user',
    'item',
    'user_id',
    'movie_id',
    'main',
    'watch',
    'past',
    'by_time',
    '__proto__',
    'constructor',
    'toString',
  ],
  ...['dim: 8', 'max: 0', 'mlp(64)', 'cosine(user, item)', 'softmax(in_batch)', ' -> ', 'user.main', 'let a = a\n'],
  ...[
    'block deep(w = 2) = mlp(2 * w, w)\n',
    'deep(8)',
    'repeat(2, ',
    'group all = user_id, all\n',
    'user_id, movie_id : ',
  ],
];

/** One edit of lines: one taken out, doubled or moved, one that was elsewhere put in, a word of it put in place of another, a comment. */
export function editLines(text: string, random: Random): string {
  const lines = text.split('\n');
  const [at, other] = [random.integer(lines.length), random.integer(lines.length)];
  const [line, from] = [lines[at]!, lines[other]!];
  const words = line.match(/\w+/g) ?? ['x'];
  const ways: readonly (() => readonly string[])[] = [
    () => lines.toSpliced(at, 1),
    () => lines.toSpliced(at, 0, from),
    () => lines.toSpliced(at, 1, from).toSpliced(other, 1, line),
    () => lines.toSpliced(at, 1, line.replace(pick(random, words), pick(random, from.match(/\w+/g) ?? ['y']))),
    () =>
      lines.toSpliced(
        at,
        1,
        line.replace(pick(random, words), (word) => `${word}${random.integer(10)}`),
      ),
    () => lines.toSpliced(at, 0, pick(random, ['', '  // a note', '  /// What it is.', '  /* foreign'])),
    () => lines.toSpliced(at, 1, pick(random, [`${line} // a note`, line.replace(/\s*\/\/.*$/, ''), `  ${line}`])),
    () => lines.toSpliced(at, 1, line.slice(0, random.integer(line.length + 1))),
  ];
  return pick(random, ways)().join('\n');
}

/** One edit: a piece put in, a stretch taken out, doubled, moved, or changed for another. */
export function edit(text: string, random: Random): string {
  const at = random.integer(text.length + 1);
  const length = random.integer(random.next() < 0.8 ? 6 : 60);
  const stretch = text.slice(at, at + length);
  switch (random.integer(6)) {
    case 0:
    case 1:
      return text.slice(0, at) + pick(random, pieces) + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(at + length);
    case 3:
      return text.slice(0, at) + stretch + text.slice(at);
    case 4: {
      const rest = text.slice(0, at) + text.slice(at + length);
      const to = random.integer(rest.length + 1);
      return rest.slice(0, to) + stretch + rest.slice(to);
    }
    default:
      return text.slice(0, at) + pick(random, pieces) + text.slice(at + length);
  }
}
