/** Plain data that workers say to each other. */
import type { Group } from '../../engine/group.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const nothing = new Uint8Array(0);

export const bytesOf = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));

export const parsed = <T>(bytes: Uint8Array): T => JSON.parse(decoder.decode(bytes)) as T;

/** What the first worker says next, which may take long. */
export async function hearFirst<T>(group: Group): Promise<T> {
  const [first] = await group.exchange(nothing, { isPatient: true });
  return parsed(first!);
}
