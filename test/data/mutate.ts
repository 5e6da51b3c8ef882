/** Files that went wrong, from a seed. */
import type { Random } from '../../src/base/random/random.ts';

const inserted = [
  '"',
  '""',
  '"""',
  '\0',
  '\0\0\0\0\0\0',
  '\r',
  '\n',
  '\r\n',
  ',',
  ';',
  '\t',
  '\uFEFF',
  '{',
  '}',
  '\\',
  ':',
  '[',
  ']',
  ' ',
  '\n\n',
  '",',
  ',"',
  '\xff',
];

/** One to four mistakes: bytes that flip, go, come, repeat; ends that are cut off. */
export function mutate(bytes: Buffer, random: Random): Buffer {
  let result = bytes;
  const mistakes = 1 + random.integer(4);
  for (let i = 0; i < mistakes; i++) {
    const at = random.integer(result.length + 1);
    const span = 1 + random.integer(random.integer(4) === 0 ? 200 : 8);
    const before = result.subarray(0, at);
    switch (random.integer(8)) {
      case 0: {
        const flipped = Buffer.from(result);
        if (at < flipped.length) flipped[at]! ^= 1 << random.integer(8);
        result = flipped;
        break;
      }
      case 1:
        result = Buffer.concat([before, result.subarray(at + span)]);
        break;
      case 2:
        if (random.integer(3) === 0) result = before;
        break;
      case 3: {
        const chunk = result.subarray(at, at + span * 4);
        const to = random.integer(result.length + 1);
        result = Buffer.concat([result.subarray(0, to), chunk, result.subarray(to)]);
        break;
      }
      default: {
        const text = inserted[random.integer(inserted.length)]!;
        result = Buffer.concat([before, Buffer.from(text, text === '\xff' ? 'latin1' : 'utf8'), result.subarray(at)]);
      }
    }
  }
  return result;
}

/** Rows of users, items and notes, as text of CSV: quoted, with separators, quotes and line ends in their notes, or not. */
export function someCsv(random: Random, newline: string): string {
  const notes = [
    'none',
    '',
    '"a, b"',
    '"say ""so"""',
    '"two\nlines"',
    '"three\r\n\r\nlines"',
    '5" wide',
    ' "padded" ',
    '"é"',
    '""',
  ];
  const plain = random.integer(2) === 0;
  const rows = Array.from({ length: 3 + random.integer(40) }, () => {
    const note = plain ? notes[random.integer(2)]! : notes[random.integer(notes.length)]!;
    return `u${random.integer(9)},i${random.integer(30)},${note}${newline}`;
  });
  return `user,item,note${newline}${rows.join('')}`;
}

export function someJsonLines(random: Random, newline: string): string {
  const notes = ['none', '', 'a, b', 'say "so"', 'two\nlines', 'é', null, '}{', '\u2028'];
  return Array.from({ length: 3 + random.integer(40) }, () => {
    const row = {
      user: `u${random.integer(9)}`,
      item: `i${random.integer(30)}`,
      note: notes[random.integer(notes.length)],
    };
    return `${JSON.stringify(random.integer(9) === 0 ? { ...row, more: [1, { deep: null }] } : row)}${newline}`;
  }).join('');
}
