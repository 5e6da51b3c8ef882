/** Uses Prettier's documents, which its printer lays out. */
import type { builders } from 'prettier/doc';
import { toPrintable } from '../../base/text/display.ts';

export type Doc = builders.Doc;

/** Returns the text of a document on one line; undefined if a comment within it prevents that. */
export function flatDoc(doc: Doc): string | undefined {
  if (typeof doc === 'string') return doc;
  if (Array.isArray(doc)) return flatAll(doc);
  switch (doc.type) {
    case 'group':
    case 'indent':
      return flatDoc(doc.contents);
    case 'fill':
      return flatAll(doc.parts);
    case 'if-break':
      return flatDoc(doc.flatContents);
    case 'line':
      return doc.hard ? undefined : doc.soft ? '' : ' ';
    default:
      return undefined;
  }
}

function flatAll(parts: readonly Doc[]): string | undefined {
  let flatText = '';
  for (const part of parts) {
    const partText = flatDoc(part);
    if (partText === undefined) return undefined;
    flatText += partText;
  }
  return flatText;
}

const plain = /^[ -~]*$/;

/** Returns the width of a text in cells. */
export const widthOf = (text: string): number => (plain.test(text) ? text.length : toPrintable(text).width);
