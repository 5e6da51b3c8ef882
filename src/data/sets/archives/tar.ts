/** Files inside a tar archive, as npm packs them: POSIX ustar headers (IEEE 1003.1, `pax`), packed by gzip. */
import { gunzipSync } from 'node:zlib';

const block = 512;

/** Every plain file of a `.tgz` by its name. Throws Error for what is not a whole archive. */
export function readTarball(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const archive = gunzipSync(bytes);
  const files = new Map<string, Buffer>();
  for (let at = 0; at + block <= archive.length; ) {
    const header = archive.subarray(at, at + block);
    // Blocks of zeros end it.
    if (header[0] === 0) break;
    if (checksum(header) !== octal(header, 148, 8)) throw new Error('a header of its archive is damaged');
    const size = octal(header, 124, 12);
    const start = at + block;
    if (start + size > archive.length) throw new Error('its archive is cut off');
    const type = String.fromCharCode(header[156]!);
    if (type === '0' || type === '\0') {
      const prefix = text(header, 345, 155);
      const name = text(header, 0, 100);
      files.set(prefix === '' ? name : `${prefix}/${name}`, archive.subarray(start, start + size));
    }
    at = start + Math.ceil(size / block) * block;
  }
  return files;
}

function text(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}

function octal(header: Buffer, from: number, length: number): number {
  return Number.parseInt(text(header, from, length).trim() || '0', 8);
}

/** The sum of the header's bytes, its own field counted as blanks. */
function checksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < block; at++) sum += at >= 148 && at < 156 ? 32 : header[at]!;
  return sum;
}
