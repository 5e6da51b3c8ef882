/** The code is the text's MurmurHash3 modulo `buckets`. A missing value hashes like the empty text. */
import type { FitEncoder, MakeCoder } from './encoder_contract.ts';
import { murmur3 } from './murmur3.ts';

export const fitHash: FitEncoder<'hash'> = ({ buckets }) => ({ kind: 'hash', buckets });

export const hashCoder: MakeCoder<'hash'> = ({ buckets }) => ({
  reads: 'text',
  gives: 'code',
  code: (text) => murmur3(text) % buckets,
});
