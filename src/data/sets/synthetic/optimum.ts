/**
 * What a synthetic set's structure permits, in closed form. With w for the chances of `tastes` and z for Zipf's law within a cluster,
 *
 *     P(item | user) = z(rank) · (w.first [its cluster is the first] + w.second [… the second] + w.any ÷ clusters)
 *
 * An event is one target. So the recall@k of a perfect model is the sum of the k largest P, and no model exceeds it but by chance.
 */
import { tastes } from './draws.ts';
import type { SyntheticShape } from './shape.ts';
import { makeZipf } from './zipf.ts';

export interface Bounds {
  readonly k: number;
  /** Recall of a perfect model, of the most popular items, and of random items. */
  readonly optimum: number;
  readonly popularity: number;
  readonly random: number;
}

/** `count` clusters of one size, whose items have the chance share × z(rank). */
interface Group {
  readonly count: number;
  readonly share: number;
  readonly chance: (rank: number) => number;
  readonly size: number;
}

const ks = [10, 50, 100] as const;

export function boundsOf({ items, clusters }: SyntheticShape): readonly Bounds[] {
  const larger = items % clusters;
  const few = makeZipf(Math.floor(items / clusters));
  const many = larger === 0 ? few : makeZipf(few.size + 1);
  const sizes = [
    { ...many, count: larger },
    { ...few, count: clusters - larger },
  ];
  const group = (at: number, count: number, share: number): Group => ({ ...sizes[at]!, count, share });
  const any = tastes.any / clusters;

  const optimum = (k: number): number => {
    let sum = 0;
    for (const first of [0, 1]) {
      for (const second of [0, 1]) {
        const rest = sizes.map(({ count }, at) => count - (at === first ? 1 : 0) - (at === second ? 1 : 0));
        const left = sizes[second]!.count - (first === second ? 1 : 0);
        const chance = (sizes[first]!.count / clusters) * (left / (clusters - 1));
        if (chance <= 0) continue;
        const own = [group(first, 1, tastes.first + any), group(second, 1, tastes.second + any)];
        sum += chance * largest([...own, ...rest.map((count, at) => group(at, count, any))], k);
      }
    }
    return sum;
  };
  return ks
    .filter((k) => k <= items)
    .map((k) => ({
      k,
      optimum: optimum(k),
      popularity: largest(
        sizes.map(({ count }, at) => group(at, count, 1 / clusters)),
        k,
      ),
      random: k / items,
    }));
}

/** The sum of the k largest chances. */
function largest(groups: readonly Group[], k: number): number {
  const ranks = groups.map(() => 0);
  let [sum, left] = [0, k];
  while (left > 0) {
    let [best, chance] = [-1, 0];
    for (const [at, { count, share, chance: of, size }] of groups.entries()) {
      if (count === 0 || ranks[at]! >= size) continue;
      const next = share * of(ranks[at]!);
      if (next > chance) [best, chance] = [at, next];
    }
    if (best < 0) return sum;
    const taken = Math.min(left, groups[best]!.count);
    sum += taken * chance;
    left -= taken;
    ranks[best]!++;
  }
  return sum;
}
