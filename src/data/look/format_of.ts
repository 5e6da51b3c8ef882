/** What a file is, by its first bytes: an ending may be missing or wrong. */
import { isUtf8 } from 'node:buffer';
import type { Encoding } from './looked_table.ts';

export type Format =
  | { readonly kind: 'text'; readonly encoding: Encoding }
  | { readonly kind: 'parquet' }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'no table'; readonly reason: string };

/** First bytes of files that hold no rows of text, and what to do with each. */
const others: readonly (readonly [string, string])[] = [
  ['504b0304', 'it is a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV'],
  ['d0cf11e0', 'it is an Excel workbook: save the sheet as CSV'],
  ['28b52ffd', 'it is packed with zstd: unpack it'],
  ['425a68', 'it is packed with bzip2: unpack it'],
  ['fd377a58', 'it is packed with xz: unpack it'],
  ['53514c69', 'it is an SQLite database: write its tables as CSV'],
  ['25504446', 'it is a PDF'],
  ['89504e47', 'it is a picture'],
  ['ffd8ff', 'it is a picture'],
  ['934e554d', 'it is an array of NumPy: a feature may read it with `init`'],
];

/** `bytes`: the first thousands. */
export function formatOf(bytes: Buffer): Format {
  if (bytes.length === 0) return { kind: 'no table', reason: 'it is empty' };
  const head = bytes.subarray(0, 8).toString('hex');
  if (head.startsWith('50415231')) return { kind: 'parquet' };
  if (head.startsWith('1f8b')) return { kind: 'gzip' };
  const other = others.find(([magic]) => head.startsWith(magic));
  if (other) return { kind: 'no table', reason: other[1] };
  if (head.startsWith('fffe')) return { kind: 'text', encoding: 'utf-16le' };
  if (head.startsWith('feff')) return { kind: 'text', encoding: 'utf-16be' };
  // Text has no zero byte, and few other signs that control.
  let controls = 0;
  for (const byte of bytes) {
    if (byte === 0) return { kind: 'no table', reason: 'it is binary' };
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) controls++;
  }
  if (controls * 100 > bytes.length) return { kind: 'no table', reason: 'it is binary' };
  if (bytes.every((byte) => byte <= 0x20 || byte === 0xef || byte === 0xbb || byte === 0xbf))
    return { kind: 'no table', reason: 'it holds blanks alone' };
  return { kind: 'text', encoding: isText(bytes) ? 'utf-8' : 'windows-1252' };
}

/** A piece may end within a character, and one row in a hundred may be broken. */
function isText(bytes: Buffer): boolean {
  if (isUtf8(bytes.subarray(0, Math.max(0, bytes.length - 4)))) return true;
  const lines = bytes.toString('latin1').split('\n').slice(0, -1);
  const foreign = lines.filter((line) => /[\x80-\xff]/.test(line));
  const wrong = foreign.filter((line) => !isUtf8(Buffer.from(line, 'latin1')));
  return wrong.length * 2 < foreign.length;
}
