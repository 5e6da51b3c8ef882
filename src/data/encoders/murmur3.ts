import { mixBits } from '../../base/random/random.ts';

/**
 * Returns MurmurHash3_x86_32 (Austin Appleby, public domain) of the UTF-8 bytes of a text, seed 0: an unsigned 32-bit number. Stored models depend on it, so it
 * never changes.
 */
export function murmur3(text: string): number {
  const bytes = scratchBytes.length < 3 * text.length ? new Uint8Array(3 * text.length) : scratchBytes;
  const length = writeUtf8(text, bytes);
  const blocks = length >> 2;
  let hash = 0;
  for (let block = 0; block < blocks; block++) {
    const offset = block * 4;
    const word = bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24);
    hash ^= scrambleWord(word);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let index = length - 1; index >= blocks * 4; index--) tail = (tail << 8) | bytes[index]!;
  if (length & 3) hash ^= scrambleWord(tail);
  hash ^= length;
  return mixBits(hash);
}

const utf8 = new TextEncoder();
const scratchBytes = new Uint8Array(1024);

/** Keys are mostly short and ASCII, for which a call of the TextEncoder would take longer than the hash. */
function writeUtf8(text: string, target: Uint8Array): number {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) return utf8.encodeInto(text, target).written;
    target[index] = unit;
  }
  return text.length;
}

function scrambleWord(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
