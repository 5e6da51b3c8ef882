/** Reads a zip archive: its central directory, and entries that are stored or deflated (PKWARE's APPNOTE, sections 4.3–4.5). */
import { crc32, inflateRawSync } from 'node:zlib';

/** Returns every file of the archive by name. Throws Error for an invalid or incomplete zip archive. */
export function readZip(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const directoryEnd = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (directoryEnd === -1 || directoryEnd + 22 > bytes.length)
    throw new Error('it is not a zip archive, or is cut off');
  const entryCount = bytes.readUInt16LE(directoryEnd + 10);
  let offset = bytes.readUInt32LE(directoryEnd + 16);
  const files = new Map<string, Buffer>();
  for (let entry = 0; entry < entryCount; entry++) {
    if (offset + 46 > directoryEnd || bytes.readUInt32LE(offset) !== 0x02014b50)
      throw new Error('its directory is damaged');
    const method = bytes.readUInt16LE(offset + 10);
    const checksum = bytes.readUInt32LE(offset + 16);
    const packedSize = bytes.readUInt32LE(offset + 20);
    const unpackedSize = bytes.readUInt32LE(offset + 24);
    const nameLength = bytes.readUInt16LE(offset + 28);
    const entryName = bytes.toString('utf8', offset + 46, offset + 46 + nameLength);
    const localHeaderOffset = bytes.readUInt32LE(offset + 42);
    offset += 46 + nameLength + bytes.readUInt16LE(offset + 30) + bytes.readUInt16LE(offset + 32);
    if (entryName.endsWith('/')) continue;
    const dataStart =
      localHeaderOffset + 30 + bytes.readUInt16LE(localHeaderOffset + 26) + bytes.readUInt16LE(localHeaderOffset + 28);
    const data = bytes.subarray(dataStart, dataStart + packedSize);
    if (method !== 0 && method !== 8)
      throw new Error(`${entryName} is packed in a way that cannot be read (method ${method})`);
    const content =
      method === 0 ? Buffer.from(data) : inflateRawSync(data, { maxOutputLength: Math.max(unpackedSize, 1) });
    if (content.length !== unpackedSize || computeCrc(content) !== checksum) throw new Error(`${entryName} is damaged`);
    files.set(entryName, content);
  }
  return files;
}

const computeCrc = (content: Buffer): number => crc32(content) >>> 0;
