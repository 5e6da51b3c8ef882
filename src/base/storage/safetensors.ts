/**
 * Reads and writes safetensors: eight bytes with the header's length, a JSON header, then the numbers, little-endian, one tensor after the other. Numbers go
 * straight from and into typed arrays, so that a table of gigabytes is never copied. https://huggingface.co/docs/safetensors
 */
import { createHash, type Hash } from 'node:crypto';
import { endianness } from 'node:os';
import { basename, dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { failure, invariant } from '../diagnostics/failure.ts';
import { reading } from '../diagnostics/system_reason.ts';
import type { Sink } from './durable.ts';
import { closeRead, openRunFile } from './run_files.ts';
import {
  bytesOf,
  checkExpected,
  checkLayout,
  type Damaged,
  type Expected,
  isLong,
  mostHeader,
  type NumberKind,
  type Numbers,
  numberKindOf,
  numberKinds,
  numbersOfShape,
  parseHeader,
  type ReadableFile,
  refuseInfinite,
  type Stored,
  type StoredNumbers,
  type StoredTensor,
} from './tensor_header.ts';

const byteLengthOf = (data: Numbers): number => data.length * numberKinds[numberKindOf(data)].bytes;

/** Yields numbers in order, in pieces, because a hash takes less than 2 GiB at once. A piece is valid until the next. */
function* piecesOf(data: Numbers): Iterable<{ readonly from: number; readonly numbers: StoredNumbers }> {
  const { bytes, make } = numberKinds[numberKindOf(data)];
  const rowWidth = isLong(data) ? data.width : 1;
  const atOnce = isLong(data) && data.readLater ? fetchedBytes : pieceBytes;
  const pieceLength = Math.max(1, Math.floor(atOnce / bytes / rowWidth)) * rowWidth;
  const buffer = isLong(data) ? make(Math.min(pieceLength, data.length)) : data;
  for (let from = 0; from < data.length; from += pieceLength) {
    const pieceEnd = Math.min(data.length, from + pieceLength);
    yield { from, numbers: isLong(data) ? buffer.subarray(0, pieceEnd - from) : buffer.subarray(from, pieceEnd) };
  }
}

async function* writtenPieces(data: Numbers): AsyncIterable<Uint8Array> {
  for (const { from, numbers } of piecesOf(data)) {
    if (isLong(data)) await (data.readLater ? data.readLater(from, numbers) : data.read(from, numbers));
    yield bytesOf(numbers);
  }
}

/** Name of the metadata with the file's own checksum, and the zeros in its place while it is computed. */
const sealName = 'sha256';
const noSeal = '0'.repeat(64);

/**
 * Writes tensors by bytes per number, widest first, so that each is aligned.
 * @param seal adds to the metadata a SHA-256 of all numbers and of the header, which has zeros in place of the checksum
 */
export async function writeSafetensors(
  sink: Sink,
  tensors: readonly StoredTensor<Numbers>[],
  texts: Readonly<Record<string, string>> = {},
  seal = false,
): Promise<void> {
  invariant(endianness() === 'LE', 'safetensors are little-endian, and this processor is not');
  const widthOf = (data: Numbers): number => numberKinds[numberKindOf(data)].bytes;
  const ordered = [...tensors].sort((a, b) => widthOf(b.data) - widthOf(a.data));
  const metadata = seal ? { ...texts, [sealName]: noSeal } : texts;
  const header: Record<string, unknown> = Object.keys(metadata).length === 0 ? {} : { __metadata__: metadata };
  let nextOffset = 0;
  for (const { name, shape, data } of ordered) {
    invariant(
      numbersOfShape(shape) === data.length,
      `${name} has ${data.length} numbers for shape [${shape.join(', ')}]`,
    );
    invariant(!(name in header) && name !== '__metadata__', `two tensors are called ${name}`);
    header[name] = { dtype: numberKindOf(data), shape, data_offsets: [nextOffset, nextOffset + byteLengthOf(data)] };
    nextOffset += byteLengthOf(data);
  }
  let headerText = Buffer.from(JSON.stringify(header));
  if (seal) {
    const hash = createHash('sha256').update(headerText);
    for (const { data } of ordered) for await (const bytes of writtenPieces(data)) await hashPieces(hash, bytes);
    const sealed = hash.digest('hex');
    headerText = Buffer.from(JSON.stringify({ ...header, __metadata__: { ...metadata, [sealName]: sealed } }));
  }
  const paddedHeader = Buffer.alloc(8 + Math.ceil(headerText.length / 8) * 8, ' ');
  paddedHeader.writeBigUInt64LE(BigInt(paddedHeader.length - 8), 0);
  headerText.copy(paddedHeader, 8);
  await sink.write(paddedHeader);
  for (const { data } of ordered) for await (const bytes of writtenPieces(data)) await sink.write(bytes);
}

/** Returns the bytes of a file, for a caller that compresses them. */
export async function safetensorsBytes(
  tensors: readonly StoredTensor[],
  texts: Readonly<Record<string, string>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Buffer[] = [];
  await writeSafetensors({ write: async (piece) => void pieces.push(Buffer.from(piece)) }, tensors, texts);
  return Buffer.concat(pieces);
}

/** Hashes in pieces, so that a server can answer in between. */
async function hashPieces(hash: Hash, bytes: Uint8Array): Promise<void> {
  for (let index = 0; index < bytes.byteLength; index += hashedAtOnce) {
    hash.update(bytes.subarray(index, index + hashedAtOnce));
    if (bytes.byteLength > hashedAtOnce) await nextTurn();
  }
}

const hashedAtOnce = 4 * 2 ** 20;

export interface ReadOptions {
  /** By name: the tensors that the file must hold, and no others. Absent: any. */
  readonly expected?: ReadonlyMap<string, Expected>;
  /** Returns memory to read a tensor into, so that it is never held twice. New memory is used if it returns undefined. */
  readonly into?: (name: string, shape: readonly number[], kind: NumberKind) => Numbers | undefined;
  /** True if the file must have a correct checksum of its own. */
  readonly sealed?: boolean;
  /** True for tensors in which infinite numbers and NaN are refused. */
  readonly finite?: (name: string) => boolean;
}

/** Reads tensors. Refuses a file whose header does not match its numbers. @throws Failure `cannot-read`, `lost-file`, `damaged-file` */
export async function readSafetensors(path: string, options: ReadOptions = {}): Promise<Stored> {
  return withFile(path, (handle) => readOpened(handle, path, options));
}

/** Reads only the texts. @throws Failure `cannot-read`, `lost-file`, `damaged-file` */
export async function readMetadata(path: string): Promise<Stored['metadata']> {
  return withFile(path, (handle) => readOpenedMetadata(handle, path));
}

/** Reads only the texts of an open file, and leaves it open. @throws Failure `damaged-file` */
export const readOpenedMetadata = async (handle: ReadableFile, path: string): Promise<Stored['metadata']> =>
  (await readHeader(handle, path)).metadata;

async function withFile<T>(path: string, read: (handle: ReadableFile) => Promise<T>): Promise<T> {
  const handle = await openRunFile(dirname(path), basename(path));
  return reading(path, read(handle)).finally(() => closeRead(handle));
}

/** Reads tensors like `readSafetensors` from an open file, and leaves it open. `path` is for messages. */
export async function readOpened(
  handle: ReadableFile,
  path: string,
  { expected, into, sealed = false, finite }: ReadOptions,
): Promise<Stored> {
  const { entries, metadata, text, start, damaged } = await readHeader(handle, path);
  if (expected) checkExpected(entries, expected, damaged);
  const hash = sealed ? sealOf(text, metadata, damaged) : undefined;

  const tensors = new Map<string, StoredTensor>();
  // In the order of the file, in which its checksum was computed.
  for (const { name, dtype, shape, begin } of entries) {
    const data = into?.(name, shape, dtype) ?? numberKinds[dtype].make(numbersOfShape(shape));
    if (numberKindOf(data) !== dtype || data.length !== numbersOfShape(shape))
      throw damaged(`\`${name}\` is of another size`);
    const { bytes } = numberKinds[dtype];
    for (const { from, numbers } of piecesOf(data)) {
      await fill(handle, bytesOf(numbers), start + begin + from * bytes, path, hash);
      if (!isLong(data)) continue;
      if (finite?.(name)) refuseInfinite({ name, shape, data: numbers }, damaged);
      data.write(from, numbers);
    }
    if (!isLong(data)) tensors.set(name, { name, shape, data });
  }
  if (hash && hash.digest('hex') !== metadata[sealName]) throw damaged('its checksum differs');
  for (const tensor of tensors.values()) if (finite?.(tensor.name)) refuseInfinite(tensor, damaged);
  return { tensors, metadata };
}

/** Hashes the header without the checksum. */
function sealOf(text: Uint8Array, metadata: Readonly<Record<string, string>>, damaged: Damaged): Hash {
  const seal = metadata[sealName];
  if (seal === undefined) throw damaged('it has no checksum');
  const header = Buffer.from(text).toString('utf8').trimEnd();
  return createHash('sha256').update(header.replace(`"${sealName}":"${seal}"`, `"${sealName}":"${noSeal}"`));
}

async function readHeader(handle: ReadableFile, path: string) {
  const { size } = await handle.stat();
  const damaged = (reason: string) => failure('damaged-file', { path, reason });
  if (size < 8) throw damaged('it is shorter than its header');
  const prefix = new Uint8Array(8);
  await fill(handle, prefix, 0, path);
  const headerSize = new DataView(prefix.buffer).getBigUint64(0, true);
  if (headerSize > BigInt(size - 8)) throw damaged('its header is cut off');
  if (headerSize > BigInt(mostHeader)) throw damaged(`its header would have ${headerSize.toLocaleString('en')} bytes`);
  const text = new Uint8Array(Number(headerSize));
  await fill(handle, text, 8, path);
  const { entries, metadata } = parseHeader(text, damaged);
  const start = 8 + text.length;
  checkLayout(entries, size - start, damaged);
  return { entries, metadata, text, start, damaged };
}

const pieceBytes = 64 * 2 ** 20;
/** Maximum bytes per request of numbers in other processes, each of which makes copies on the way. */
const fetchedBytes = 4 * 2 ** 20;
/** Maximum bytes per read call. */
const readAtOnce = 8 * 2 ** 20;

/** Reads pieces: a thread of the system reads one while this thread hashes the piece before it. */
async function fill(
  handle: ReadableFile,
  target: Uint8Array,
  position: number,
  path: string,
  hash?: Hash,
): Promise<void> {
  const targetEnd = target.byteLength;
  const read = (at: number): Promise<{ bytesRead: number }> =>
    handle.read(target, at, Math.min(readAtOnce, targetEnd - at), position + at);
  let pendingRead = targetEnd > 0 ? read(0) : undefined;
  for (let index = 0; pendingRead !== undefined; ) {
    const { bytesRead } = await pendingRead;
    if (bytesRead === 0) throw failure('damaged-file', { path, reason: 'it is cut off' });
    const readFrom = index;
    index += bytesRead;
    pendingRead = index < targetEnd ? read(index) : undefined;
    hash?.update(target.subarray(readFrom, index));
  }
}
