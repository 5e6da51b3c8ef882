/** R's lazy-load data bases: a `.rdx` index and a `.rdb` file of compressed objects. */
import { gunzipSync, inflateSync } from 'node:zlib';
import { readRObject } from './r_object.ts';
import type { RValue } from './r_value.ts';

/** One object of a lazy-load data base. Throws Error when it has none of that name, or is damaged. */
export function readLazyLoad(index: Buffer, objects: Buffer, name: string): RValue {
  const variables = member(readRObject(gunzipSync(index)), 'variables');
  const place = member(variables, name);
  if (place?.kind !== 'numbers') throw new Error(`it has no object \`${name}\``);
  const [offset, length] = place.values;
  // Four bytes say how long the object is once it is unpacked.
  return readRObject(inflateSync(objects.subarray(offset! + 4, offset! + length!)));
}

/** A part of a list, by its name. */
export function member(value: RValue | undefined, name: string): RValue | undefined {
  if (value?.kind !== 'list') return undefined;
  const names = value.attributes.get('names');
  const at = names?.kind === 'texts' ? names.values.indexOf(name) : -1;
  return at === -1 ? undefined : value.values[at];
}
