/** Packs as bytes what a worker sends to all others after a step: numbers, and gradients of rows of tables. */
import type { RowGradients } from '../embedding/pending_gradients.ts';

export interface StepMessage {
  readonly numbers: readonly number[];
  /** By table, in the order of the plan. */
  readonly gradients: readonly RowGradients[];
}

/** [numbers], then for each table [codes, floats] as lengths; then all of them end to end. */
export function packed({ numbers, gradients }: StepMessage): Uint8Array {
  const arrayLengths = [numbers.length, ...gradients.flatMap(({ codes, sums }) => [codes.length, sums.length])];
  const floatCount = gradients.reduce((sum, { codes, sums }) => sum + codes.length + sums.length, 0);
  const bytes = new Uint8Array(8 * numbers.length + 4 * (arrayLengths.length + floatCount));
  new Float64Array(bytes.buffer, 0, numbers.length).set(numbers);
  let at = 8 * numbers.length;
  const put = (values: Int32Array | Float32Array): void => {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  };
  put(Int32Array.from(arrayLengths));
  for (const { codes, sums } of gradients) {
    put(codes);
    put(sums);
  }
  return bytes;
}

/** @param numbers how many there are; @param tables how many there are */
export function unpacked(bytes: Uint8Array, numbers: number, tables: number): StepMessage {
  // The views need an address that is a multiple of 8.
  const { buffer } = bytes.slice();
  let at = 8 * numbers;
  const arrayLengths = new Int32Array(buffer, at, 1 + 2 * tables);
  at += arrayLengths.byteLength;
  const rowGradients: RowGradients[] = [];
  for (let table = 0; table < tables; table++) {
    const codes = new Int32Array(buffer, at, arrayLengths[1 + 2 * table]!);
    at += codes.byteLength;
    const sums = new Float32Array(buffer, at, arrayLengths[2 + 2 * table]!);
    at += sums.byteLength;
    rowGradients.push({ codes, sums });
  }
  return { numbers: [...new Float64Array(buffer, 0, numbers)], gradients: rowGradients };
}
