/** The code is the text's MurmurHash3 modulo `buckets`. A missing value hashes like the empty text. */
import type { FitEncoder, MakeCoder } from './encoder_contract.ts';
import { murmur3 } from './murmur3.ts';

export const fitHash: FitEncoder<'hash'> = ({ buckets }) => ({ kind: 'hash', buckets });

export const hashCoder: MakeCoder<'hash'> = ({ buckets }) => ({
  reads: 'text',
  gives: 'code',
  code: (text) => murmur3(text) % buckets,
});

/** Returns the text that a cross encodes: the codes of its features, `17,3`. Stored models depend on this format. */
export function crossedText(codes: readonly number[]): string {
  return codes.join();
}
