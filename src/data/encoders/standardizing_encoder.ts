/**
 * Encodes (x − mean) ÷ deviation of the training part (population deviation, dividing by n), after log(1 + x) if `log` is set. If all values are equal the
 * deviation is 1. A missing value becomes 0, the mean.
 */
import type { FitEncoder, MakeCoder } from './encoder_contract.ts';

export const fitStandardize: FitEncoder<'standardize'> = ({ log }, { numbers: { values, weights } }) => {
  // Welford's update (1962) with weights needs one pass and avoids cancellation.
  let total = 0;
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const x = log ? Math.log1p(values[i]!) : values[i]!;
    const weight = weights[i]!;
    if (Number.isNaN(x) || weight === 0) continue;
    total += weight;
    const difference = x - mean;
    mean += (difference * weight) / total;
    squares += weight * difference * (x - mean);
  }
  const deviation = total === 0 ? 1 : Math.sqrt(squares / total);
  return { kind: 'standardize', mean, deviation: deviation > 0 ? deviation : 1, log };
};

export const standardizeCoder: MakeCoder<'standardize'> = ({ mean, deviation, log }) => ({
  reads: 'number',
  gives: 'numbers',
  number: (value) => (Number.isNaN(value) ? 0 : ((log ? Math.log1p(value) : value) - mean) / deviation),
});
