/** Numbers of a graph as the typed arrays and bytes that files hold. All formats here are little-endian. */
import { bfloat16Halves } from '../../graph/bfloat16.ts';
import type { Dtype, Tensor } from '../../graph/graph.ts';

export function typedArray(dtype: Dtype, values: readonly number[]): Tensor['data'] | Uint16Array {
  if (dtype === 'float32') return Float32Array.from(values);
  if (dtype === 'bfloat16') return bfloat16Halves(values);
  if (dtype === 'int32') return Int32Array.from(values);
  return Uint8Array.from(values);
}

export const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
