/** Files with one value a line: vocabularies, and the keys of vectors. Lines end with LF or CR LF; values are as written, each once. */
import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { makeKeyTable } from '../../text/key_table.ts';

/** `reason` completes "cannot be read: …". */
export class ValueListError extends Error {}

/** The largest such file: its text must fit into one string. */
const largestList = 256 * 2 ** 20;

/** @param size of the file in bytes */
export async function readValueList(path: string, size: number): Promise<readonly string[]> {
  if (size > largestList) throw new ValueListError(`it has ${size} bytes, more than ${largestList}`);
  const bytes = await readFile(path);
  if (!isUtf8(bytes)) throw new ValueListError('it is not UTF-8');
  const lines = bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw new ValueListError('it has no line');
  /** By the row that the table has of a value, the last: the first line with it, from 1 on. */
  const first = new Int32Array(lines.length);
  const rows = makeKeyTable(lines, lines.length).rowsOf(lines);
  for (let at = 0; at < lines.length; at++) {
    if (lines[at] === '') throw new ValueListError(`line ${at + 1} is empty`);
    const row = rows[at]!;
    if (first[row]! > 0) throw new ValueListError(`line ${at + 1} repeats line ${first[row]}`);
    first[row] = at + 1;
  }
  return lines;
}
