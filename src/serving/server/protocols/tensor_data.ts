/** Reads and writes data of tensors in the Open Inference Protocol: as JSON, or as little-endian bytes. */
import { diagnose } from '../../../base/diagnostics/diagnose.ts';
import { shortenedName } from '../body.ts';
import { errorDetailOf, RequestError } from '../refused.ts';
import type { InputRow, NestedValue, RowOutputs, TensorField } from './signatures.ts';

/** A named input with a value for each row. The column format of TensorFlow Serving and tensors of the Open Inference Protocol both become such columns. */
export interface InputColumn {
  readonly name: string;
  /** JSON pointer into the request. */
  readonly at: string;
  /** A value for each row, or one for all rows. */
  readonly values: readonly unknown[];
  readonly forAll: boolean;
}

/** @throws RequestError 400 */
export function inputRows(columns: readonly InputColumn[], fields: readonly TensorField[]): readonly InputRow[] {
  const count = columns.reduce((most, { values, forAll }) => (forAll ? most : Math.max(most, values.length)), 1);
  const rows = Array.from({ length: count }, () => Object.create(null) as Record<string, unknown>);
  for (const column of columns) {
    const { name, values, at } = column;
    if (columns.find((each) => each.name === name) !== column) throw wrong(at, name, 'is given twice', 'give it once');
    const isOne = values.length === 1;
    if (!isOne && values.length !== count) {
      throw wrong(at, name, `has ${values.length} values, and other inputs have ${count}`, 'give one for each row');
    }
    const rank = fields.find((field) => field.name === name)?.shape.length ?? 0;
    for (const [row, into] of rows.entries()) {
      const rowValue = values[isOne ? 0 : row];
      if (rank > 0 && !Array.isArray(rowValue)) {
        throw wrong(at, name, `has no list for row ${row}`, 'give a list for each row, such as `[["318", "50"]]`');
      }
      into[name] = rowValue;
    }
  }
  return rows;
}

export const wrong = (at: string, entry: string, reason: string, advice: string): RequestError =>
  new RequestError(400, [
    errorDetailOf(diagnose('request-value', undefined, { entry: shortenedName(entry), reason, advice }), at),
  ]);

/** Score that pads rows with fewer items: the lowest finite float32, below every real score. */
const lowestScore = -3.4028234663852886e38;

/** Collects the values of each output over all rows. Short lists are padded to the longest. */
export function columnsOf(
  fields: readonly TensorField[],
  rows: readonly RowOutputs[],
): ReadonlyMap<string, readonly NestedValue[]> {
  return new Map(
    fields.map(({ name, type, shape }) => {
      const rowValues = rows.map((row) => row[name]!);
      if (shape[0] !== -1) return [name, rowValues];
      const longest = rowValues.reduce<number>(
        (most, list) => Math.max(most, (list as readonly NestedValue[]).length),
        0,
      );
      const filler = type === 'score' ? lowestScore : '';
      return [name, rowValues.map((list) => filled(list as readonly NestedValue[], longest, filler))];
    }),
  );
}

const filled = (list: readonly NestedValue[], length: number, filler: NestedValue): readonly NestedValue[] =>
  list.length === length ? list : [...list, ...Array.from({ length: length - list.length }, () => filler)];

/** Datatypes of fixed size: the bytes of an element, and a function that reads it. */
const numbers: Readonly<
  Record<string, readonly [bytes: number, read: (view: DataView, at: number) => number | boolean | bigint]>
> = {
  BOOL: [1, (view, at) => view.getUint8(at) !== 0],
  UINT8: [1, (view, at) => view.getUint8(at)],
  UINT16: [2, (view, at) => view.getUint16(at, true)],
  UINT32: [4, (view, at) => view.getUint32(at, true)],
  UINT64: [8, (view, at) => view.getBigUint64(at, true)],
  INT8: [1, (view, at) => view.getInt8(at)],
  INT16: [2, (view, at) => view.getInt16(at, true)],
  INT32: [4, (view, at) => view.getInt32(at, true)],
  INT64: [8, (view, at) => view.getBigInt64(at, true)],
  FP32: [4, (view, at) => view.getFloat32(at, true)],
  FP64: [8, (view, at) => view.getFloat64(at, true)],
};

export interface TensorSpec {
  readonly name: string;
  readonly datatype: string;
  readonly at: string;
  readonly count: number;
}

/** @throws RequestError 400 */
export function fromBytes(bytes: Uint8Array, { name, datatype, at, count }: TensorSpec): readonly unknown[] {
  if (datatype === 'BYTES') return textsIn(bytes, { name, datatype, at, count });
  const [size, read] = knownType(datatype, at);
  if (bytes.length !== count * size) {
    const reason = `has ${bytes.length} bytes, and its shape needs ${count * size}`;
    throw wrong(at, name, reason, 'give the bytes of each element');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: count }, (_, i) => plain(read(view, i * size)));
}

/** Converts 64-bit numbers that a JavaScript number cannot represent to texts, as keys are. */
function plain(value: number | boolean | bigint): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

export const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads texts, each preceded by its length in four bytes. */
function textsIn(bytes: Uint8Array, { name, at, count }: TensorSpec): readonly string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const texts: string[] = [];
  let firstByte = 0;
  while (firstByte < bytes.length) {
    const start = firstByte + 4;
    const end = start <= bytes.length ? start + view.getUint32(firstByte, true) : Number.POSITIVE_INFINITY;
    if (end > bytes.length)
      throw wrong(at, name, 'ends within a text', 'write the length of each text before it, in 4 bytes');
    texts.push(textOf(bytes.subarray(start, end), name, at));
    firstByte = end;
  }
  if (texts.length === count) return texts;
  throw wrong(at, name, `has ${texts.length} texts, and its shape needs ${count}`, 'give a text for each element');
}

function textOf(bytes: Uint8Array, name: string, at: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw wrong(at, name, 'has bytes that are no text in UTF-8', 'encode texts in UTF-8');
  }
}

/** Reads data in JSON, which may be flat or nested by its shape. @throws RequestError 400 */
export function fromJson(data: readonly unknown[], { name, datatype, at, count }: TensorSpec): readonly unknown[] {
  const isText = datatype === 'BYTES';
  const type = isText ? 'string' : datatype === 'BOOL' ? 'boolean' : 'number';
  if (!isText) knownType(datatype, at);
  const flatValues = (data as readonly unknown[]).flat(Number.POSITIVE_INFINITY);
  if (flatValues.length !== count) {
    const reason = `has ${flatValues.length} elements, and its shape needs ${count}`;
    throw wrong(`${at}/data`, name, reason, 'give an element for each place');
  }
  const oddIndex = flatValues.findIndex((each) => typeof each !== type);
  if (oddIndex < 0) return flatValues;
  const reason = `has another element than ${datatype} at place ${oddIndex}`;
  throw wrong(`${at}/data`, name, reason, 'correct the element or `datatype`');
}

function knownType(datatype: string, at: string): (typeof numbers)[string] {
  if (Object.hasOwn(numbers, datatype)) return numbers[datatype]!;
  const knownTypes = ['BYTES', ...Object.keys(numbers)].join(', ');
  throw wrong(`${at}/datatype`, 'datatype', `is \`${datatype.slice(0, 60)}\``, `give one of ${knownTypes}`);
}

/** Writes an output as bytes: numbers little-endian, texts preceded by their length. */
export function toBytes(datatype: string, flat: readonly unknown[]): Buffer {
  if (datatype !== 'FP32' && datatype !== 'FP64') {
    return Buffer.concat(
      flat.flatMap((text) => {
        const bytes = Buffer.from(String(text), 'utf8');
        const length = Buffer.alloc(4);
        length.writeUInt32LE(bytes.length);
        return [length, bytes];
      }),
    );
  }
  const [size] = numbers[datatype]!;
  const bytes = Buffer.alloc(flat.length * size);
  for (const [i, value] of (flat as readonly number[]).entries()) {
    if (size === 4) bytes.writeFloatLE(value, i * size);
    else bytes.writeDoubleLE(value, i * size);
  }
  return bytes;
}
