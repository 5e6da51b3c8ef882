/** Texts as two tensors of a safetensors file: the length of each in bytes, and the bytes of all. JSON ends at 2²⁹ units, and costs an object for each text twice. */
import type { StoredNumbers, StoredTensor } from '../storage/tensor_header.ts';
import { PackedTexts, packTexts, type Texts } from '../text/texts.ts';

type Found = ReadonlyMap<string, { readonly data: StoredNumbers }>;

/** @param within what the names of the tensors begin with, such as `movie_id/` */
export function tensorsOfTexts(texts: Texts, within = ''): StoredTensor[] {
  const packed = packTexts(texts, texts.length);
  const lengths = new Int32Array(packed.length);
  for (let at = 0; at < lengths.length; at++) lengths[at] = packed.ends[at]! - packed.startOf(at);
  return [
    { name: `${within}lengths`, shape: [lengths.length], data: lengths },
    { name: `${within}bytes`, shape: [packed.bytes.length], data: packed.bytes },
  ];
}

/** Undefined where the tensors are missing or do not fit each other. */
export function textsInTensors(tensors: Found, within = ''): PackedTexts | undefined {
  const [lengths, bytes] = [tensors.get(`${within}lengths`)?.data, tensors.get(`${within}bytes`)?.data];
  if (!(lengths instanceof Int32Array) || !(bytes instanceof Uint8Array)) return undefined;
  const ends = new Uint32Array(lengths.length);
  let at = 0;
  for (let row = 0; row < lengths.length; row++) {
    const end = at + lengths[row]!;
    if (end < at || end > bytes.length) return undefined;
    ends[row] = at = end;
  }
  return at === bytes.length ? new PackedTexts(bytes, ends) : undefined;
}
