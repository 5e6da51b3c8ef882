/** Makes text safe for a terminal: measures the cells it takes, and removes anything that could move the cursor. */
import { eastAsianWidth } from 'get-east-asian-width';

const tabStop = 4;

export interface PrintableText {
  readonly text: string;
  /** Number of terminal cells. */
  readonly width: number;
}

/**
 * Returns the text as printed at a column: tabs become spaces up to the next tab stop, control characters their pictures, halves of a surrogate pair the
 * replacement character.
 */
export function toPrintable(text: string, column = 0): PrintableText {
  let shownText = '';
  let cellColumn = column;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code === 9) {
      const width = tabStop - (cellColumn % tabStop);
      shownText += ' '.repeat(width);
      cellColumn += width;
    } else {
      const shownCharacter = printableCharacter(character, code);
      shownText += shownCharacter;
      cellColumn += zeroWidth.test(shownCharacter) ? 0 : eastAsianWidth(shownCharacter.codePointAt(0)!);
    }
  }
  return { text: shownText, width: cellColumn - column };
}

const zeroWidth = /[\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}]/u;

function printableCharacter(character: string, code: number): string {
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  // C1 control characters, and marks that change the direction of text.
  if ((code >= 0x80 && code < 0xa0) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) {
    return '\uFFFD';
  }
  if (code >= 0xd800 && code <= 0xdfff) return '\uFFFD';
  return character;
}

const htmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes a text for HTML, also in attributes. Characters that HTML forbids become U+FFFD. */
export const escapeHtml = (text: string): string =>
  text.replace(/(?![\n\t\r])\p{Cc}/gu, '\ufffd').replace(/[&<>"']/g, (character) => htmlEntities[character]!);
