/** safetensors that are in memory as a whole, such as those that a page fetched. It needs no Node.js. */
import {
  checkExpected,
  checkLayout,
  countOf,
  type Damaged,
  type Expected,
  kinds,
  mostHeader,
  parseHeader,
  refuseInfinite,
  type StoredNumbers,
} from './tensor_header.ts';

/** All tensors of a file, which must be those expected, of finite numbers. */
export function tensorsIn(
  bytes: Uint8Array<ArrayBuffer>,
  expected: ReadonlyMap<string, Expected>,
  damaged: Damaged,
): ReadonlyMap<string, StoredNumbers> {
  if (bytes.length < 8) throw damaged('it is shorter than its header');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(mostHeader, bytes.length - 8))) throw damaged('its header is cut off');
  const start = 8 + Number(length);
  const { entries } = parseHeader(bytes.subarray(8, start), damaged);
  checkLayout(entries, bytes.length - start, damaged);
  checkExpected(entries, expected, damaged);
  return new Map(
    entries.map(({ name, dtype, shape, begin, end }) => {
      const data = kinds[dtype].make(countOf(shape));
      const own = new Uint8Array(data.buffer);
      own.set(bytes.subarray(start + begin, start + end));
      refuseInfinite({ name, shape, data }, damaged);
      return [name, data];
    }),
  );
}
