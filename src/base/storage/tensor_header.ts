/**
 * Reads the header of a safetensors file as plain data and checks it before any number is read. Also reads files that are whole in memory, such as those that a
 * page fetched. Needs no Node.js.
 */

export type StoredNumbers = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Numbers that are not in one array: they are in several memories, or in another form. */
export interface ChunkedNumbers {
  readonly kind: NumberKind;
  readonly length: number;
  /** Numbers per row. Pieces begin and end between rows. */
  readonly width: number;
  /** Fills `target` with the numbers from `from` on. */
  read(from: number, target: StoredNumbers): void;
  /** Like `read`, for numbers in other processes, where `read` does not work. */
  readAsync?(from: number, target: StoredNumbers): Promise<void>;
  write(from: number, numbers: StoredNumbers): void;
}

export type Numbers = StoredNumbers | ChunkedNumbers;

export const isChunked = (numbers: Numbers): numbers is ChunkedNumbers => 'read' in numbers;

/** Writes numbers at an index, also if they are not in one array, as the rows of a large table. */
export function writeNumbers(target: Numbers, index: number, source: StoredNumbers): void {
  if (isChunked(target)) target.write(index, source);
  else target.set(source, index);
}

export interface StoredTensor<N extends Numbers = StoredNumbers> {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: N;
}

export const asBytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

export const numberKinds = {
  F32: { bytes: 4, make: (length: number) => new Float32Array(length) },
  F64: { bytes: 8, make: (length: number) => new Float64Array(length) },
  I32: { bytes: 4, make: (length: number) => new Int32Array(length) },
  U8: { bytes: 1, make: (length: number) => new Uint8Array(length) },
} as const;

export type NumberKind = keyof typeof numberKinds;

export const numberKindOf = (data: Numbers): NumberKind => {
  if (isChunked(data)) return data.kind;
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  return data instanceof Int32Array ? 'I32' : 'U8';
};

export const elementCount = (shape: readonly number[]): number =>
  shape.reduce((product, length) => product * length, 1);

export interface TensorEntry {
  readonly name: string;
  readonly dtype: NumberKind;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** The required type and shape of a tensor; reading refuses any other before it takes memory. */
export interface ExpectedTensor {
  readonly dtype: NumberKind;
  readonly shape: readonly number[];
}

/** Maximum bytes of a header, which is only a table of contents. */
export const maxHeaderBytes = 100 * 2 ** 20;

export type MakeDamageError = (reason: string) => Error;

export function parseHeader(
  text: Uint8Array,
  damageError: MakeDamageError,
): { entries: TensorEntry[]; metadata: Record<string, string> } {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch {
    throw damageError('its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw damageError('its header is no object');
  const metadata: Record<string, string> = {};
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      const texts = typeof value === 'object' && value !== null ? Object.entries(value) : [];
      if (!texts.every((item): item is [string, string] => typeof item[1] === 'string')) {
        throw damageError('its metadata is not texts');
      }
      for (const [key, text] of texts) metadata[key] = text;
    } else entries.push(parseEntry(name, value, damageError));
  }
  return { entries, metadata };
}

function parseEntry(name: string, value: unknown, damageError: MakeDamageError): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const areNaturalNumbers = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((item) => Number.isSafeInteger(item) && item >= 0);
  if (typeof dtype !== 'string' || !Object.hasOwn(numberKinds, dtype))
    throw damageError(`\`${name}\` is of an unknown type`);
  if (!areNaturalNumbers(shape) || !areNaturalNumbers(offsets) || offsets.length !== 2)
    throw damageError(`\`${name}\` has no place`);
  const [start, end] = offsets as [number, number];
  if (end - start !== elementCount(shape) * numberKinds[dtype as NumberKind].bytes)
    throw damageError(`\`${name}\` does not fill its shape`);
  return { name, dtype: dtype as NumberKind, shape, start: start, end };
}

/** Checks that every byte belongs to exactly one tensor. Sorts the tensors by position. */
export function checkLayout(entries: TensorEntry[], bytes: number, damageError: MakeDamageError): void {
  let lastEnd = 0;
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  for (const { name, start, end } of entries) {
    if (start !== lastEnd) throw damageError(`\`${name}\` does not start where the tensor before it ends`);
    lastEnd = end;
  }
  if (lastEnd !== bytes) throw damageError(lastEnd > bytes ? 'it is cut off' : 'it has bytes that belong to no tensor');
}

export function checkExpected(
  entries: readonly TensorEntry[],
  expected: ReadonlyMap<string, ExpectedTensor>,
  damageError: MakeDamageError,
): void {
  const entryByName = new Map(entries.map((entry) => [entry.name, entry]));
  for (const [name, { dtype, shape }] of expected) {
    const entry = entryByName.get(name);
    if (entry === undefined) throw damageError(`it has no \`${name}\``);
    const actualType = `${entry.dtype} [${entry.shape.join(', ')}]`;
    const expectedType = `${dtype} [${shape.join(', ')}]`;
    if (actualType !== expectedType)
      throw damageError(`\`${name}\` is ${actualType}, and the model needs ${expectedType}`);
  }
  const unexpected = entries.find(({ name }) => !expected.has(name));
  if (unexpected) throw damageError(`it has \`${unexpected.name}\`, which the model does not`);
}

/** True if no number is infinite or NaN: 0 times such a number is NaN. Adds four sums side by side, because each addition waits for the last one of its sum. */
function areFinite(data: Float32Array): boolean {
  const { length } = data;
  let [a, b, c, d] = [0, 0, 0, 0];
  let index = 0;
  for (; index + 3 < length; index += 4) {
    a += data[index]! * 0;
    b += data[index + 1]! * 0;
    c += data[index + 2]! * 0;
    d += data[index + 3]! * 0;
  }
  for (; index < length; index++) a += data[index]! * 0;
  return a + b + c + d === 0;
}

export function rejectNonFinite({ name, data }: StoredTensor, damageError: MakeDamageError): void {
  if (data instanceof Int32Array || data instanceof Uint8Array) return;
  if (data instanceof Float32Array && areFinite(data)) return;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i]!)) throw damageError(`\`${name}\` holds ${data[i]}, where weights are finite numbers`);
  }
}

/** The contents of a file. Every tensor has memory of its own. */
export interface StoredTensors {
  /** All tensors except those that were read directly into a given target. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Texts that accompany the tensors, by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a file that is whole in memory. Numbers of float32 must be finite.
 * @param selectExpected is given the names of all tensors of the file, and returns those that it must hold. Absent: any
 */
export function parseSafetensors(
  bytes: Uint8Array<ArrayBuffer>,
  damageError: MakeDamageError,
  selectExpected?: (names: ReadonlySet<string>) => ReadonlyMap<string, ExpectedTensor>,
): StoredTensors {
  if (bytes.length < 8) throw damageError('it is shorter than its header');
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (headerBytes > BigInt(Math.min(maxHeaderBytes, bytes.length - 8))) throw damageError('its header is cut off');
  const dataStart = 8 + Number(headerBytes);
  const { entries, metadata } = parseHeader(bytes.subarray(8, dataStart), damageError);
  checkLayout(entries, bytes.length - dataStart, damageError);
  if (selectExpected) checkExpected(entries, selectExpected(new Set(entries.map(({ name }) => name))), damageError);
  const tensors = entries.map(({ name, dtype, shape, start, end }): StoredTensor => {
    const data = numberKinds[dtype].make(elementCount(shape));
    new Uint8Array(data.buffer).set(bytes.subarray(dataStart + start, dataStart + end));
    if (dtype === 'F32') rejectNonFinite({ name, shape, data }, damageError);
    return { name, shape, data };
  });
  return { tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])), metadata };
}

/** The part of Node's FileHandle that reading needs. So the types of the package do not depend on those of Node. */
export interface ReadableFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number }>;
}

/** The checksum of a file. */
export interface Checksum {
  readonly sha256: string;
  readonly bytes: number;
}
