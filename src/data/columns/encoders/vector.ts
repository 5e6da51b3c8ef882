/** Passes on `size` numbers unchanged. A missing vector becomes zeros. */
import type { FitEncoder, MakeCoder } from './contract.ts';

export const fitVector: FitEncoder<'vector'> = ({ size }) => ({ kind: 'vector', size });

export const vectorCoder: MakeCoder<'vector'> = ({ size }) => ({ reads: 'vector', gives: 'numbers', size });
