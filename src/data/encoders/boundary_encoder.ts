/** The code is the number of boundaries ≤ the value, after log(1 + x) if `log` is set. A missing value has the code after the last. */
import type { FitEncoder, MakeCoder } from './encoder_contract.ts';

export const fitBoundaries: FitEncoder<'boundaries'> = ({ boundaries, log }) => ({
  kind: 'boundaries',
  boundaries,
  log,
});

export const boundariesCoder: MakeCoder<'boundaries'> = ({ boundaries, log }) => ({
  reads: 'number',
  gives: 'code',
  code: (value) => {
    const x = log ? Math.log1p(value) : value;
    if (Number.isNaN(x)) return boundaries.length + 1;
    let low = 0;
    let high = boundaries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (boundaries[middle]! <= x) low = middle + 1;
      else high = middle;
    }
    return low;
  },
});
