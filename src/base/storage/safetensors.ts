/**
 * Reads and writes safetensors: eight bytes with the header's length, a JSON header, then the numbers, little-endian, one tensor after the other. Numbers go
 * straight from and into typed arrays, so that a table of gigabytes is never copied. https://huggingface.co/docs/safetensors
 */
import { createHash, type Hash } from 'node:crypto';
import { endianness } from 'node:os';
import { basename, dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { awaitRead, failure, invariant } from '../diagnostics/diagnostic.ts';
import type { ByteSink } from './durable.ts';
import { closeQuietly, openRunFile } from './run_files.ts';
import {
  asBytes,
  checkExpected,
  checkLayout,
  type ExpectedTensor,
  elementCount,
  isChunked,
  type MakeDamageError,
  maxHeaderBytes,
  type NumberKind,
  type Numbers,
  numberKindOf,
  numberKinds,
  parseHeader,
  type ReadableFile,
  rejectNonFinite,
  type StoredNumbers,
  type StoredTensor,
  type StoredTensors,
} from './tensor_header.ts';

const byteLengthOf = (data: Numbers): number => data.length * numberKinds[numberKindOf(data)].bytes;

/** Yields numbers in order, in pieces, because a hash takes less than 2 GiB at once. A piece is valid until the next. */
function* chunksOf(data: Numbers): Iterable<{ readonly from: number; readonly numbers: StoredNumbers }> {
  const { bytes, make } = numberKinds[numberKindOf(data)];
  const rowWidth = isChunked(data) ? data.width : 1;
  const bytesPerChunk = isChunked(data) && data.readAsync ? fetchChunkBytes : chunkBytes;
  const chunkLength = Math.max(1, Math.floor(bytesPerChunk / bytes / rowWidth)) * rowWidth;
  const buffer = isChunked(data) ? make(Math.min(chunkLength, data.length)) : data;
  for (let from = 0; from < data.length; from += chunkLength) {
    const chunkEnd = Math.min(data.length, from + chunkLength);
    yield { from, numbers: isChunked(data) ? buffer.subarray(0, chunkEnd - from) : buffer.subarray(from, chunkEnd) };
  }
}

async function* readChunkBytes(data: Numbers): AsyncIterable<Uint8Array> {
  for (const { from, numbers } of chunksOf(data)) {
    if (isChunked(data)) await (data.readAsync ? data.readAsync(from, numbers) : data.read(from, numbers));
    yield asBytes(numbers);
  }
}

/** Name of the metadata with the file's own checksum, and the zeros in its place while it is computed. */
const checksumKey = 'sha256';
const noChecksum = '0'.repeat(64);

/**
 * Writes tensors by bytes per number, widest first, so that each is aligned.
 * @param withChecksum adds to the metadata a SHA-256 of all numbers and of the header, which has zeros in place of the checksum
 */
export async function writeSafetensors(
  sink: ByteSink,
  tensors: readonly StoredTensor<Numbers>[],
  texts: Readonly<Record<string, string>> = {},
  withChecksum = false,
): Promise<void> {
  invariant(endianness() === 'LE', 'safetensors are little-endian, and this processor is not');
  const bytesPerNumber = (data: Numbers): number => numberKinds[numberKindOf(data)].bytes;
  const sorted = [...tensors].sort((a, b) => bytesPerNumber(b.data) - bytesPerNumber(a.data));
  const metadata = withChecksum ? { ...texts, [checksumKey]: noChecksum } : texts;
  const header: Record<string, unknown> = Object.keys(metadata).length === 0 ? {} : { __metadata__: metadata };
  let nextOffset = 0;
  for (const { name, shape, data } of sorted) {
    invariant(
      elementCount(shape) === data.length,
      `${name} has ${data.length} numbers for shape [${shape.join(', ')}]`,
    );
    invariant(!(name in header) && name !== '__metadata__', `two tensors are called ${name}`);
    header[name] = { dtype: numberKindOf(data), shape, data_offsets: [nextOffset, nextOffset + byteLengthOf(data)] };
    nextOffset += byteLengthOf(data);
  }
  let headerText = Buffer.from(JSON.stringify(header));
  if (withChecksum) {
    const hash = createHash('sha256').update(headerText);
    for (const { data } of sorted) for await (const bytes of readChunkBytes(data)) await hashInChunks(hash, bytes);
    const checksum = hash.digest('hex');
    headerText = Buffer.from(JSON.stringify({ ...header, __metadata__: { ...metadata, [checksumKey]: checksum } }));
  }
  const paddedHeader = Buffer.alloc(8 + Math.ceil(headerText.length / 8) * 8, ' ');
  paddedHeader.writeBigUInt64LE(BigInt(paddedHeader.length - 8), 0);
  headerText.copy(paddedHeader, 8);
  await sink.write(paddedHeader);
  for (const { data } of sorted) for await (const bytes of readChunkBytes(data)) await sink.write(bytes);
}

/** Returns the bytes of a file, for a caller that compresses them. */
export async function encodeSafetensors(
  tensors: readonly StoredTensor[],
  texts: Readonly<Record<string, string>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  await writeSafetensors({ write: async (piece) => void chunks.push(Buffer.from(piece)) }, tensors, texts);
  return Buffer.concat(chunks);
}

/** Hashes in pieces, so that a server can answer in between. */
async function hashInChunks(hash: Hash, bytes: Uint8Array): Promise<void> {
  for (let index = 0; index < bytes.byteLength; index += hashChunkBytes) {
    hash.update(bytes.subarray(index, index + hashChunkBytes));
    if (bytes.byteLength > hashChunkBytes) await nextTurn();
  }
}

const hashChunkBytes = 4 * 2 ** 20;

export interface ReadOptions {
  /** By name: the tensors that the file must hold, and no others. Absent: any. */
  readonly expected?: ReadonlyMap<string, ExpectedTensor>;
  /** Returns memory to read a tensor into, so that it is never held twice. New memory is used if it returns undefined. */
  readonly allocate?: (name: string, shape: readonly number[], kind: NumberKind) => Numbers | undefined;
  /** True if the file must have a correct checksum of its own. */
  readonly hasChecksum?: boolean;
  /** True for tensors in which infinite numbers and NaN are refused. */
  readonly finite?: (name: string) => boolean;
}

/** Reads tensors. Refuses a file whose header does not match its numbers. @throws Failure `cannot-read`, `lost-file`, `damaged-file` */
export const readSafetensors = async (path: string, options: ReadOptions = {}): Promise<StoredTensors> =>
  withOpenFile(path, (handle) => readOpenSafetensors(handle, path, options));

/** Reads only the texts. @throws Failure `cannot-read`, `lost-file`, `damaged-file` */
export const readMetadata = async (path: string): Promise<StoredTensors['metadata']> =>
  withOpenFile(path, (handle) => readOpenMetadata(handle, path));

/** Reads only the texts of an open file, and leaves it open. @throws Failure `damaged-file` */
export const readOpenMetadata = async (handle: ReadableFile, path: string): Promise<StoredTensors['metadata']> =>
  (await readHeader(handle, path)).metadata;

async function withOpenFile<T>(path: string, use: (handle: ReadableFile) => Promise<T>): Promise<T> {
  const handle = await openRunFile(dirname(path), basename(path));
  return awaitRead(path, use(handle)).finally(() => closeQuietly(handle));
}

/** Reads tensors like `readSafetensors` from an open file, and leaves it open. `path` is for messages. */
export async function readOpenSafetensors(
  handle: ReadableFile,
  path: string,
  { expected, allocate, hasChecksum = false, finite }: ReadOptions,
): Promise<StoredTensors> {
  const { entries, metadata, text, start, damageError } = await readHeader(handle, path);
  if (expected) checkExpected(entries, expected, damageError);
  const hash = hasChecksum ? startChecksum(text, metadata, damageError) : undefined;

  const tensors = new Map<string, StoredTensor>();
  // In the order of the file, in which its checksum was computed.
  for (const { name, dtype, shape, start: begin } of entries) {
    const data = allocate?.(name, shape, dtype) ?? numberKinds[dtype].make(elementCount(shape));
    if (numberKindOf(data) !== dtype || data.length !== elementCount(shape))
      throw damageError(`\`${name}\` is of another size`);
    const { bytes } = numberKinds[dtype];
    for (const { from, numbers } of chunksOf(data)) {
      await fill(handle, asBytes(numbers), start + begin + from * bytes, path, hash);
      if (!isChunked(data)) continue;
      if (finite?.(name)) rejectNonFinite({ name, shape, data: numbers }, damageError);
      data.write(from, numbers);
    }
    if (!isChunked(data)) tensors.set(name, { name, shape, data });
  }
  if (hash && hash.digest('hex') !== metadata[checksumKey]) throw damageError('its checksum differs');
  for (const tensor of tensors.values()) if (finite?.(tensor.name)) rejectNonFinite(tensor, damageError);
  return { tensors, metadata };
}

/** Hashes the header without the checksum. */
function startChecksum(
  text: Uint8Array,
  metadata: Readonly<Record<string, string>>,
  damageError: MakeDamageError,
): Hash {
  const checksum = metadata[checksumKey];
  if (checksum === undefined) throw damageError('it has no checksum');
  const header = Buffer.from(text).toString('utf8').trimEnd();
  return createHash('sha256').update(
    header.replace(`"${checksumKey}":"${checksum}"`, `"${checksumKey}":"${noChecksum}"`),
  );
}

async function readHeader(handle: ReadableFile, path: string) {
  const { size } = await handle.stat();
  const damageError = (reason: string) => failure('damaged-file', { path, reason });
  if (size < 8) throw damageError('it is shorter than its header');
  const prefix = new Uint8Array(8);
  await fill(handle, prefix, 0, path);
  const headerSize = new DataView(prefix.buffer).getBigUint64(0, true);
  if (headerSize > BigInt(size - 8)) throw damageError('its header is cut off');
  if (headerSize > BigInt(maxHeaderBytes))
    throw damageError(`its header would have ${headerSize.toLocaleString('en')} bytes`);
  const text = new Uint8Array(Number(headerSize));
  await fill(handle, text, 8, path);
  const { entries, metadata } = parseHeader(text, damageError);
  const start = 8 + text.length;
  checkLayout(entries, size - start, damageError);
  return { entries, metadata, text, start, damageError };
}

const chunkBytes = 64 * 2 ** 20;
/** Maximum bytes per request of numbers in other processes, each of which makes copies on the way. */
const fetchChunkBytes = 4 * 2 ** 20;
/** Maximum bytes per read call. */
const readChunkSize = 8 * 2 ** 20;

/** Reads pieces: a thread of the system reads one while this thread hashes the piece before it. */
async function fill(
  handle: ReadableFile,
  target: Uint8Array,
  position: number,
  path: string,
  hash?: Hash,
): Promise<void> {
  const targetEnd = target.byteLength;
  const readAt = (offset: number): Promise<{ bytesRead: number }> =>
    handle.read(target, offset, Math.min(readChunkSize, targetEnd - offset), position + offset);
  let pendingRead = targetEnd > 0 ? readAt(0) : undefined;
  for (let index = 0; pendingRead !== undefined; ) {
    const { bytesRead } = await pendingRead;
    if (bytesRead === 0) throw failure('damaged-file', { path, reason: 'it is cut off' });
    const readFrom = index;
    index += bytesRead;
    pendingRead = index < targetEnd ? readAt(index) : undefined;
    hash?.update(target.subarray(readFrom, index));
  }
}
