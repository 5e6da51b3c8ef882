/** Files inside a zip archive: its central directory, and entries that are stored or deflated (PKWARE's APPNOTE, sections 4.3–4.5). */
import { crc32, inflateRawSync } from 'node:zlib';

/** Every file of the archive by its name. Throws Error for what is not a whole zip archive. */
export function readZip(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end === -1 || end + 22 > bytes.length) throw new Error('it is not a zip archive, or is cut off');
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  const files = new Map<string, Buffer>();
  for (let entry = 0; entry < count; entry++) {
    if (at + 46 > end || bytes.readUInt32LE(at) !== 0x02014b50) throw new Error('its directory is damaged');
    const method = bytes.readUInt16LE(at + 10);
    const check = bytes.readUInt32LE(at + 16);
    const packed = bytes.readUInt32LE(at + 20);
    const unpacked = bytes.readUInt32LE(at + 24);
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    const local = bytes.readUInt32LE(at + 42);
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (name.endsWith('/')) continue;
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const data = bytes.subarray(start, start + packed);
    if (method !== 0 && method !== 8)
      throw new Error(`${name} is packed in a way that cannot be read (method ${method})`);
    const content = method === 0 ? Buffer.from(data) : inflateRawSync(data, { maxOutputLength: Math.max(unpacked, 1) });
    if (content.length !== unpacked || crc(content) !== check) throw new Error(`${name} is damaged`);
    files.set(name, content);
  }
  return files;
}

function crc(content: Buffer): number {
  return crc32(content) >>> 0;
}
