/** Passes `size` numbers unchanged; a missing vector is zeros. */
import type { FitEncoder, MakeCoder } from './encoder_contract.ts';

export const fitVector: FitEncoder<'vector'> = ({ size }) => ({ kind: 'vector', size });

export const vectorCoder: MakeCoder<'vector'> = ({ size }) => ({ reads: 'vector', gives: 'numbers', size });
