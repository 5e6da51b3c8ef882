import { metricKind } from '../rows.ts';

export const mrr = metricKind({
  doc: 'The reciprocal of the rank of the first held-out item in the whole corpus. With ties, the mean over all ranks that are possible.',
  formula: [
    'the mean of 1 / r, r the place of the first held-out item of the best group',
    'b items above the best group with a held-out item, n in it, h of them held out',
  ],
  when: 'Where only the first right answer matters.',
  paper: 'Voorhees, "The TREC-8 question answering track report", 1999; ties: McSherry & Najork, ECIR 2008',
  example: 'mrr',
  ofRanking({ groups }) {
    const [first] = groups;
    if (!first) return 0;
    const { better, size, heldOutCount: held } = first;
    if (size === 1) return 1 / (better + 1);
    if (held === 1) return (harmonic(better + size) - harmonic(better)) / size;
    // Sums over the position of the first held-out item: the probability that no earlier position of the group has one, times the chance that this one has.
    let sum = 0;
    let none = 1;
    for (let index = 0; index <= size - held; index++) {
      const chance = held / (size - index);
      sum += (none * chance) / (better + index + 1);
      none *= 1 - chance;
    }
    return sum;
  },
});

const eulerGamma = 0.5772156649015329;

/** Returns H(n) = 1 + 1/2 + … + 1/n; above 64 by its asymptotic series, which is exact to the last bits of a double. */
function harmonic(n: number): number {
  if (n > 64) {
    const inverseSquare = 1 / (n * n);
    return (
      Math.log(n) +
      eulerGamma +
      1 / (2 * n) -
      inverseSquare * (1 / 12 - inverseSquare * (1 / 120 - inverseSquare / 252))
    );
  }
  let sum = 0;
  for (let place = n; place >= 1; place--) sum += 1 / place;
  return sum;
}
