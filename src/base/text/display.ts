/** Makes text safe for a terminal: measures the cells it takes, and removes anything that could move the cursor. */

const tabStop = 4;

export interface Shown {
  readonly text: string;
  /** Number of terminal cells. */
  readonly width: number;
}

/**
 * Returns the text as printed at a column: tabs become spaces up to the next tab stop, control characters their pictures, halves of a surrogate pair the
 * replacement character.
 */
export function show(text: string, column = 0): Shown {
  let shownText = '';
  let cellColumn = column;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code === 9) {
      const width = tabStop - (cellColumn % tabStop);
      shownText += ' '.repeat(width);
      cellColumn += width;
    } else {
      shownText += picture(character, code);
      cellColumn += cells(character);
    }
  }
  return { text: shownText, width: cellColumn - column };
}

function picture(character: string, code: number): string {
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  // C1 control characters, and marks that change the direction of text.
  if ((code >= 0x80 && code < 0xa0) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) {
    return '\uFFFD';
  }
  if (code >= 0xd800 && code <= 0xdfff) return '\uFFFD';
  return character;
}

/** Returns the cells of one character: 0 for marks that combine with the one before, 2 for emoji and wide East Asian characters. */
function cells(character: string): number {
  if (character.codePointAt(0)! < 0x300) return 1;
  if (zeroWidth.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

const zeroWidth =
  /[\u0300-\u036f]|[\u0483-\u0489]|[\u0591-\u05bd]|[\u0610-\u061a]|[\u064b-\u065f]|[\u1ab0-\u1aff]|[\u1dc0-\u1dff]|[\u200b-\u200f]|[\u2060-\u2064]|[\u20d0-\u20ff]|[\ufe00-\ufe0f]|[\ufe20-\ufe2f]|\ufeff|[\u{e0100}-\u{e01ef}]/u;
/** Ranges of the widths W and F of Unicode's East Asian Width. */
const wide =
  /[\u1100-\u115f\u231a-\u231b\u23e9-\u23ec\u2614-\u2615\u26a1\u2705\u2728\u274c\u2753-\u2755\u2b50\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]/u;

const characters: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes a text for HTML, also in attributes. Characters that HTML forbids become U+FFFD. */
export function escapeHtml(text: string): string {
  return text.replace(/(?![\n\t\r])\p{Cc}/gu, '\ufffd').replace(/[&<>"']/g, (each) => characters[each]!);
}
