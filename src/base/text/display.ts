/** Text as a terminal shows it: how many cells it takes, and nothing in it that could move the cursor. */

const tabStop = 4;

export interface Shown {
  readonly text: string;
  /** Cells that it takes. */
  readonly width: number;
}

/**
 * Text to print at a given column of cells: tabs become spaces up to the next stop, control characters their pictures, halves of
 * a surrogate pair the replacement character.
 */
export function show(text: string, column = 0): Shown {
  let shown = '';
  let at = column;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code === 9) {
      const width = tabStop - (at % tabStop);
      shown += ' '.repeat(width);
      at += width;
    } else {
      shown += picture(character, code);
      at += cells(code);
    }
  }
  return { text: shown, width: at - column };
}

function picture(character: string, code: number): string {
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  // C1 controls, and marks that turn the direction of what follows.
  if ((code >= 0x80 && code < 0xa0) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) {
    return '\uFFFD';
  }
  if (code >= 0xd800 && code <= 0xdfff) return '\uFFFD';
  return character;
}

/** Cells of one character: none for marks that join the one before, two for the wide ones of East Asia and for emoji. */
function cells(code: number): number {
  if (code < 0x300) return 1;
  if (within(code, zeroWidth)) return 0;
  return within(code, wide) ? 2 : 1;
}

function within(code: number, ranges: readonly (readonly [number, number])[]): boolean {
  return ranges.some(([from, to]) => code >= from && code <= to);
}

const zeroWidth = [
  [0x300, 0x36f],
  [0x483, 0x489],
  [0x591, 0x5bd],
  [0x610, 0x61a],
  [0x64b, 0x65f],
  [0x1ab0, 0x1aff],
  [0x1dc0, 0x1dff],
  [0x200b, 0x200f],
  [0x2060, 0x2064],
  [0x20d0, 0x20ff],
  [0xfe00, 0xfe0f],
  [0xfe20, 0xfe2f],
  [0xfeff, 0xfeff],
  [0xe0100, 0xe01ef],
] as const;

/** From Unicode's East Asian Width: W and F. */
const wide = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x23e9, 0x23ec],
  [0x2614, 0x2615],
  [0x26a1, 0x26a1],
  [0x2705, 0x2705],
  [0x2728, 0x2728],
  [0x274c, 0x274c],
  [0x2753, 0x2755],
  [0x2b50, 0x2b50],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x1fa70, 0x1faff],
  [0x20000, 0x3fffd],
] as const;
