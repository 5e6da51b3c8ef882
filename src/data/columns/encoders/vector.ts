/** `size` numbers as they are; a missing vector is zeros. */
import type { Fit, MakeCoder } from './contract.ts';

export const fitVector: Fit<'vector'> = ({ size }) => ({ kind: 'vector', size });

export const vectorCoder: MakeCoder<'vector'> = ({ size }) => ({ reads: 'vector', gives: 'numbers', size });
