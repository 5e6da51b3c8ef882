/**
 * Vectors as two trained towers give them, without a training: what makes them harder for an index than random ones is in them.
 *
 * - Topics: 2,000 centres, with more items the more popular they are (Zipf). An item is its centre and as much noise.
 * - A spectrum: column i varies by (1 + i)^(−¼), so some columns have more of the variance.
 * - Lengths of items differ (log-normal, 0.07, times those of their topics), as those of popular items grow in training. An inner product is then no distance.
 * - Queries come from another distribution than items: means of one to three items, with noise of a flatter spectrum, and one vector that
 *   all of them share.
 *
 * The amounts are such that 12,000 items are about as hard for a graph as those of a trained SASRec with 11,924 (docs/benchmarks.md).
 */
import { makeRandom } from '../../src/base/random/random.ts';

export interface TwoTowers {
  /** float32 [items, width] */
  readonly items: Float32Array;
  /** float32 [queries, width] */
  readonly queries: Float32Array;
}

const topics = 2000;

export function twoTowers(items: number, queries: number, width: number, seed = 11): TwoTowers {
  const random = makeRandom(seed);
  const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const spread = Float64Array.from({ length: width }, (_, i) => (1 + i) ** -0.25);
  const centres = Float64Array.from({ length: topics * width }, (_, at) => spread[at % width]! * gaussian());
  // Zipf: topic t has a share of 1 ÷ (t + 10).
  const shares = new Float64Array(topics);
  let sum = 0;
  for (let topic = 0; topic < topics; topic++) shares[topic] = sum += 1 / (topic + 10);
  const drawTopic = (): number => {
    const at = random.next() * sum;
    let low = 0;
    for (let high = topics - 1; low < high; ) {
      const middle = (low + high) >> 1;
      if (shares[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const itemData = new Float32Array(items * width);
  for (let item = 0; item < items; item++) {
    const from = drawTopic() * width;
    const length = Math.exp(0.07 * gaussian());
    for (let i = 0; i < width; i++) {
      itemData[item * width + i] = length * (centres[from + i]! + spread[i]! * gaussian());
    }
  }
  const shared = Float64Array.from(spread, (each) => 0.3 * each * gaussian());
  const queryData = new Float32Array(queries * width);
  for (let query = 0; query < queries; query++) {
    const liked = Array.from({ length: 1 + random.integer(3) }, () => random.integer(items) * width);
    for (let i = 0; i < width; i++) {
      const mean = liked.reduce((total, from) => total + itemData[from + i]!, 0) / liked.length;
      queryData[query * width + i] = mean + shared[i]! + 0.2 * gaussian();
    }
  }
  return { items: itemData, queries: queryData };
}
