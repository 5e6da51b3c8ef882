/** Passes on the number itself, or log(1 + x). A missing value is 0. */
import type { FitEncoder, MakeCoder } from './encoder_contract.ts';

export const fitNumber: FitEncoder<'number'> = ({ log }) => ({ kind: 'number', log });

export const numberCoder: MakeCoder<'number'> = ({ log }) => ({
  reads: 'number',
  gives: 'numbers',
  number: (value) => (Number.isNaN(value) ? 0 : log ? Math.log1p(value) : value),
});
