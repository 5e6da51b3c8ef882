/** Arrays of numbers as bytes, one after the other: what workers send each other. */

type WireNumbers = Int32Array | Float32Array;

/** The lengths, then all numbers, 4 bytes each. */
export function packArrays(arrays: readonly WireNumbers[]): Uint8Array {
  const total = arrays.reduce((sum, { length }) => sum + length, arrays.length);
  const bytes = new Uint8Array(4 * total);
  bytes.set(bytesOf(Int32Array.from(arrays, ({ length }) => length)));
  let at = 4 * arrays.length;
  for (const array of arrays) {
    bytes.set(bytesOf(array), at);
    at += array.byteLength;
  }
  return bytes;
}

export function unpackArrays<T extends WireNumbers>(
  bytes: Uint8Array,
  makes: readonly (new (buffer: ArrayBuffer, at: number, length: number) => T)[],
): readonly T[] {
  // The views need an address that is a multiple of 4.
  const { buffer } = bytes.slice();
  const arrayLengths = new Int32Array(buffer, 0, makes.length);
  let at = 4 * makes.length;
  return makes.map((make, i) => {
    const view = new make(buffer, at, arrayLengths[i]!);
    at += view.byteLength;
    return view;
  });
}

const bytesOf = ({ buffer, byteOffset, byteLength }: WireNumbers): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
