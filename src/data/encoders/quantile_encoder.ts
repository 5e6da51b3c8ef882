/**
 * Learns boundaries that divide the training part into `buckets` equally frequent ranges, and then encodes like `boundaries`. Equal values stay together, so
 * frequent values lead to fewer ranges.
 */
import { everyRow } from '../../base/util/objects.ts';
import type { FitEncoder, NumberSample } from './encoder_contract.ts';

export const fitQuantiles: FitEncoder<'quantiles'> = ({ buckets, log }, { numbers }) => {
  const { sorted, weightOf, total } = ascending(numbers, log);
  const boundaries: number[] = [];
  let below = 0;
  let piece = 1;
  for (let i = 0; i < sorted.length; i++) {
    // A range ends before the first new value for which its share of the rows is reached.
    if ((i === 0 || sorted[i] !== sorted[i - 1]) && below * buckets >= piece * total) {
      boundaries.push(sorted[i]!);
      piece = Math.floor((below * buckets) / total) + 1;
    }
    below += weightOf(i);
  }
  return { kind: 'boundaries', boundaries, log };
};

function ascending({ values, weights }: NumberSample, log: boolean) {
  const presentValues = new Float64Array(values.length);
  const presentWeights = new Float64Array(values.length);
  let count = 0;
  let total = 0;
  let unweighted = true;
  for (let i = 0; i < values.length; i++) {
    const x = log ? Math.log1p(values[i]!) : values[i]!;
    const weight = weights[i]!;
    if (Number.isNaN(x) || weight === 0) continue;
    presentValues[count] = x;
    presentWeights[count] = weight;
    unweighted &&= weight === 1;
    total += weight;
    count++;
  }
  const x = presentValues.subarray(0, count);
  if (unweighted) return { sorted: x.sort(), weightOf: () => 1, total };
  const order = everyRow(count).sort((a, b) => x[a]! - x[b]!);
  return {
    sorted: Float64Array.from(order, (at) => x[at]!),
    weightOf: (i: number) => presentWeights[order[i]!]!,
    total,
  };
}
