/**
 * safetensors: eight bytes with the header's length, a JSON header, then the numbers, little-endian, one tensor after the
 * other. Written and read straight from and into typed arrays, so that a table of gigabytes is never copied.
 * https://huggingface.co/docs/safetensors
 */
import { createHash, type Hash } from 'node:crypto';
import { endianness } from 'node:os';
import { basename, dirname } from 'node:path';
import { failure, invariant } from '../diagnostics/failure.ts';
import { systemReason } from '../diagnostics/system_reason.ts';
import type { Sink } from './durable.ts';
import type { ReadableFile } from './readable.ts';
import { closeRead, openRunFile } from './run_files.ts';

export type StoredNumbers = Float32Array | Float64Array | Int32Array | Uint8Array;

export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: StoredNumbers;
}

/** What a file holds; every tensor has memory of its own. */
export interface Stored {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Texts besides the tensors, by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

const kinds = {
  F32: { bytes: 4, make: (length: number) => new Float32Array(length) },
  F64: { bytes: 8, make: (length: number) => new Float64Array(length) },
  I32: { bytes: 4, make: (length: number) => new Int32Array(length) },
  U8: { bytes: 1, make: (length: number) => new Uint8Array(length) },
} as const;

export type Kind = keyof typeof kinds;

export const kindOf = (data: StoredNumbers): Kind =>
  data instanceof Float32Array
    ? 'F32'
    : data instanceof Float64Array
      ? 'F64'
      : data instanceof Int32Array
        ? 'I32'
        : 'U8';

const bytesOf = (data: StoredNumbers): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

const countOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** Name of the metadata that holds a file's own checksum, and what is in its place while it is computed. */
const sealName = 'sha256';
const noSeal = '0'.repeat(64);

/**
 * Writes tensors in the order of their bytes a number, widest first, so that each starts where its numbers may.
 * @param seal adds to the metadata a SHA-256 of the header, with zeros in its place, and of all numbers
 */
export async function writeSafetensors(
  sink: Sink,
  tensors: readonly StoredTensor[],
  texts: Readonly<Record<string, string>> = {},
  seal = false,
): Promise<void> {
  invariant(endianness() === 'LE', 'safetensors are little-endian, and this processor is not');
  const ordered = [...tensors].sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const metadata = seal ? { ...texts, [sealName]: noSeal } : texts;
  const header: Record<string, unknown> = Object.keys(metadata).length === 0 ? {} : { __metadata__: metadata };
  let at = 0;
  for (const { name, shape, data } of ordered) {
    invariant(countOf(shape) === data.length, `${name} has ${data.length} numbers for shape [${shape.join(', ')}]`);
    invariant(!(name in header) && name !== '__metadata__', `two tensors are called ${name}`);
    header[name] = { dtype: kindOf(data), shape, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  let text = Buffer.from(JSON.stringify(header));
  if (seal) {
    const hash = createHash('sha256').update(text);
    for (const { data } of ordered) hash.update(bytesOf(data));
    const sealed = hash.digest('hex');
    text = Buffer.from(JSON.stringify({ ...header, __metadata__: { ...metadata, [sealName]: sealed } }));
  }
  const padded = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ');
  padded.writeBigUInt64LE(BigInt(padded.length - 8), 0);
  text.copy(padded, 8);
  await sink.write(padded);
  for (const { data } of ordered) await sink.write(bytesOf(data));
}

interface Entry {
  readonly name: string;
  readonly dtype: Kind;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What a tensor must be; reading refuses any other before it takes memory. */
export interface Expected {
  readonly dtype: Kind;
  readonly shape: readonly number[];
}

export interface ReadOptions {
  /** By name: all that the file must hold, and nothing else. Absent: whatever it holds. */
  readonly expected?: ReadonlyMap<string, Expected>;
  /** Memory to read a tensor into, so that it is never held twice; new memory where it answers undefined. */
  readonly into?: (name: string, shape: readonly number[]) => StoredNumbers | undefined;
  /** The file must have a checksum of its own, and agree with it. */
  readonly sealed?: boolean;
  /** Tensors in which numbers that are infinite or none are refused. */
  readonly finite?: (name: string) => boolean;
}

/** Only a table of contents: a header of more bytes is none. */
const mostHeader = 100 * 2 ** 20;

/**
 * Reads tensors. Refuses a file whose header and numbers do not fit each other.
 * @throws Failure `cannot-read`, `lost-file`, `damaged-file`
 */
export async function readSafetensors(path: string, options: ReadOptions = {}): Promise<Stored> {
  return withFile(path, (handle) => readOpened(handle, path, options));
}

/** The texts alone. @throws Failure `cannot-read`, `lost-file`, `damaged-file` */
export async function readMetadata(path: string): Promise<Stored['metadata']> {
  return withFile(path, async (handle) => (await readHeader(handle, path)).metadata);
}

async function withFile<T>(path: string, read: (handle: ReadableFile) => Promise<T>): Promise<T> {
  const handle = await openRunFile(dirname(path), basename(path));
  try {
    return await read(handle);
  } catch (error) {
    const reason = systemReason(error);
    throw reason === undefined ? error : failure('cannot-read', { path, reason });
  } finally {
    await closeRead(handle);
  }
}

/** The same of a file that is open, and stays so; `path` is for messages. */
export async function readOpened(
  handle: ReadableFile,
  path: string,
  { expected, into, sealed = false, finite }: ReadOptions,
): Promise<Stored> {
  const { entries, metadata, text, start, damaged } = await readHeader(handle, path);
  if (expected) checkExpected(entries, expected, damaged);
  const hash = sealed ? sealOf(text, metadata, damaged) : undefined;

  const tensors = new Map<string, StoredTensor>();
  // In the order of the file, as its checksum was taken.
  for (const { name, dtype, shape, begin } of entries) {
    const data = into?.(name, shape) ?? kinds[dtype].make(countOf(shape));
    if (kindOf(data) !== dtype || data.length !== countOf(shape)) throw damaged(`\`${name}\` is of another size`);
    await fill(handle, bytesOf(data), start + begin, path);
    hash?.update(bytesOf(data));
    tensors.set(name, { name, shape, data });
  }
  if (hash && hash.digest('hex') !== metadata[sealName]) throw damaged('its checksum differs');
  for (const tensor of tensors.values()) if (finite?.(tensor.name)) refuseInfinite(tensor, damaged);
  return { tensors, metadata };
}

function checkExpected(entries: readonly Entry[], expected: ReadonlyMap<string, Expected>, damaged: Damaged): void {
  const found = new Map(entries.map((entry) => [entry.name, entry]));
  for (const [name, { dtype, shape }] of expected) {
    const entry = found.get(name);
    if (entry === undefined) throw damaged(`it has no \`${name}\``);
    const is = `${entry.dtype} [${entry.shape.join(', ')}]`;
    const should = `${dtype} [${shape.join(', ')}]`;
    if (is !== should) throw damaged(`\`${name}\` is ${is}, and the model needs ${should}`);
  }
  const more = entries.find(({ name }) => !expected.has(name));
  if (more) throw damaged(`it has \`${more.name}\`, which the model does not`);
}

/** A hash of the header as it was before the checksum was in it. */
function sealOf(text: Uint8Array, metadata: Readonly<Record<string, string>>, damaged: Damaged): Hash {
  const seal = metadata[sealName];
  if (seal === undefined) throw damaged('it has no checksum');
  const header = Buffer.from(text).toString('utf8').trimEnd();
  return createHash('sha256').update(header.replace(`"${sealName}":"${seal}"`, `"${sealName}":"${noSeal}"`));
}

function refuseInfinite({ name, data }: StoredTensor, damaged: Damaged): void {
  if (data instanceof Int32Array || data instanceof Uint8Array) return;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i]!)) throw damaged(`\`${name}\` holds ${data[i]}, where weights are finite numbers`);
  }
}

async function readHeader(handle: ReadableFile, path: string) {
  const { size } = await handle.stat();
  const damaged = (reason: string) => failure('damaged-file', { path, reason });
  if (size < 8) throw damaged('it is shorter than its header');
  const prefix = new Uint8Array(8);
  await fill(handle, prefix, 0, path);
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > BigInt(size - 8)) throw damaged('its header is cut off');
  if (length > BigInt(mostHeader)) throw damaged(`its header would have ${length.toLocaleString('en')} bytes`);
  const text = new Uint8Array(Number(length));
  await fill(handle, text, 8, path);
  const { entries, metadata } = parseHeader(text, damaged);
  const start = 8 + text.length;
  checkLayout(entries, size - start, damaged);
  return { entries, metadata, text, start, damaged };
}

type Damaged = (reason: string) => Error;

function parseHeader(text: Uint8Array, damaged: Damaged): { entries: Entry[]; metadata: Record<string, string> } {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch {
    throw damaged('its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw damaged('its header is no object');
  const metadata: Record<string, string> = {};
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      const texts = typeof value === 'object' && value !== null ? Object.entries(value) : [];
      if (!texts.every((each): each is [string, string] => typeof each[1] === 'string')) {
        throw damaged('its metadata is not texts');
      }
      for (const [key, text] of texts) metadata[key] = text;
    } else entries.push(entryOf(name, value, damaged));
  }
  return { entries, metadata };
}

function entryOf(name: string, value: unknown, damaged: Damaged): Entry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const naturals = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((each) => Number.isSafeInteger(each) && each >= 0);
  if (typeof dtype !== 'string' || !Object.hasOwn(kinds, dtype)) throw damaged(`\`${name}\` is of an unknown type`);
  if (!naturals(shape) || !naturals(offsets) || offsets.length !== 2) throw damaged(`\`${name}\` has no place`);
  const [begin, end] = offsets as [number, number];
  if (end - begin !== countOf(shape) * kinds[dtype as Kind].bytes) throw damaged(`\`${name}\` does not fill its shape`);
  return { name, dtype: dtype as Kind, shape, begin, end };
}

/** Every byte belongs to one tensor: nothing hidden, nothing twice. Brings them into the order of the file. */
function checkLayout(entries: Entry[], bytes: number, damaged: Damaged): void {
  let at = 0;
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  for (const { name, begin, end } of entries) {
    if (begin !== at) throw damaged(`\`${name}\` does not start where the tensor before it ends`);
    at = end;
  }
  if (at !== bytes) throw damaged(at > bytes ? 'it is cut off' : 'it has bytes that belong to no tensor');
}

const pieceBytes = 64 * 2 ** 20;

async function fill(handle: ReadableFile, target: Uint8Array, position: number, path: string): Promise<void> {
  for (let at = 0; at < target.byteLength; ) {
    const length = Math.min(pieceBytes, target.byteLength - at);
    const { bytesRead } = await handle.read(target, at, length, position + at);
    if (bytesRead === 0) throw failure('damaged-file', { path, reason: 'it is cut off' });
    at += bytesRead;
  }
}
