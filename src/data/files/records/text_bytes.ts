/** What the bytes of a text show before it is decoded: where its lines end, its mark, and its encoding. */

export const LF = 0x0a;
export const CR = 0x0d;
export const QUOTE = 0x22;
const BOM = [0xef, 0xbb, 0xbf] as const;

export function hasMark(bytes: Buffer, at: number): boolean {
  return bytes[at] === BOM[0] && bytes[at + 1] === BOM[1] && bytes[at + 2] === BOM[2];
}

/** Where the line that holds `at` ends: at a line feed, a carriage return, or `end`. */
export function lineEnd(bytes: Buffer, at: number, end: number): number {
  let feed = bytes.indexOf(LF, at);
  if (feed === -1 || feed > end) feed = end;
  const back = bytes.subarray(at, feed).indexOf(CR);
  return back === -1 ? feed : at + back;
}

/** Past the line end at `at`, where there is one: a line feed, a carriage return, or the two. */
export function pastLineEnd(bytes: Buffer, at: number): number {
  if (bytes[at] === CR) return bytes[at + 1] === LF ? at + 2 : at + 1;
  return bytes[at] === LF ? at + 1 : at;
}

/** A file in UTF-16 or UTF-32 says so in its first bytes. */
export function otherEncoding(bytes: Buffer): string | undefined {
  const little = bytes[0] === 0xff && bytes[1] === 0xfe;
  const big = bytes[0] === 0xfe && bytes[1] === 0xff;
  if (little && bytes[2] === 0 && bytes[3] === 0) return 'UTF-32';
  if (little || big) return 'UTF-16';
  return bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0xfe && bytes[3] === 0xff ? 'UTF-32' : undefined;
}
