/**
 * Items in the binary format of COPY, which needs no quoting: a count of fields, and of each field its length and bytes, in network byte order.
 * https://www.postgresql.org/docs/17/sql-copy.html; arrays and vectors as `array_recv` and `vector_recv` read them.
 */
import { failure } from '../../base/diagnostics/failure.ts';
import { type ItemColumn, wordOf } from '../serve/filter/columns.ts';
import type { Snapshot } from '../serve/snapshot.ts';

export type CopiedItems = Pick<Snapshot, 'rows' | 'itemVector' | 'keyAt' | 'titleAt'>;

const chunkBytes = 1 << 18;

/**
 * @param columns in the order of the table
 * @throws Failure `index-value` of a text that PostgreSQL cannot store
 */
export function* copyRows(items: CopiedItems, columns: readonly ItemColumn[]): Generator<Buffer> {
  let pendingBytes = [Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), int32(0), int32(0)];
  let size = 0;
  for (let row = 0; row < items.rows; row++) {
    const fields = [
      int32(row),
      textBytes(items.keyAt(row), 'key'),
      optional(items.titleAt(row) || undefined, 'title'),
      vectorBytes(items.itemVector(row)),
      ...columns.map((column) => valueBytes(column, row)),
    ];
    pendingBytes.push(int16(fields.length));
    for (const field of fields) {
      pendingBytes.push(...sized(field));
      size += field?.length ?? 0;
    }
    if (size < chunkBytes) continue;
    yield Buffer.concat(pendingBytes);
    pendingBytes = [];
    size = 0;
  }
  yield Buffer.concat([...pendingBytes, int16(-1)]);
}

/** Length −1 is null. */
const sized = (field: Buffer | undefined): Buffer[] => (field ? [int32(field.length), field] : [int32(-1)]);

function valueBytes(column: ItemColumn, row: number): Buffer | undefined {
  switch (column.kind) {
    case 'number': {
      const value = column.values[row]!;
      return Number.isNaN(value) ? undefined : float64(value);
    }
    case 'text':
      return optional(wordOf(column.words, column.codes[row]!), 'value');
    case 'texts':
      return listBytes(column, row);
    case 'truth': {
      const value = column.values[row]!;
      return value < 0 ? undefined : Buffer.of(value);
    }
  }
}

const textType = 25;

/** Dimensions, whether there are nulls, the type; of the dimension its length and first index; the elements. An empty list has no dimension. */
function listBytes(column: Extract<ItemColumn, { kind: 'texts' }>, row: number): Buffer | undefined {
  const [from, to] = [column.starts[row]!, column.ends[row]!];
  if (from < 0) return undefined;
  if (from === to) return Buffer.concat([0, 0, textType].map(int32));
  const words = Array.from(column.codes.subarray(from, to), (code) => textBytes(wordOf(column.words, code)!, 'value'));
  return Buffer.concat([...[1, 0, textType, words.length, 1].map(int32), ...words.flatMap(sized)]);
}

function vectorBytes(vector: Float32Array): Buffer {
  const bytes = Buffer.allocUnsafe(4 + 4 * vector.length);
  let at = bytes.writeInt32BE(vector.length << 16);
  for (const each of vector) at = bytes.writeFloatBE(each, at);
  return bytes;
}

function textBytes(text: string, what: string): Buffer {
  if (text.includes('\0')) throw failure('index-value', { what, text: text.slice(0, 60).replaceAll('\0', '\\u{0}') });
  return Buffer.from(text, 'utf8');
}

const optional = (text: string | undefined, what: string): Buffer | undefined =>
  text === undefined ? undefined : textBytes(text, what);

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function float64(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(value);
  return bytes;
}
