import { metricKind } from '../rows.ts';

export const mrr = metricKind({
  doc: '1 / rank in the whole corpus. With ties, the mean over all ranks that are possible: (H(better + equal + 1) − H(better)) / (equal + 1), H the harmonic numbers.',
  when: 'Where only the first right answer matters.',
  paper: 'Voorhees, "The TREC-8 question answering track report", 1999; ties: McSherry & Najork, ECIR 2008',
  example: 'mrr',
  parameters: {},
  of({ better, equal }) {
    if (equal === 0) return 1 / (better + 1);
    return (harmonic(better + equal + 1) - harmonic(better)) / (equal + 1);
  },
});

const eulerGamma = 0.5772156649015329;

/** H(n) = 1 + 1/2 + … + 1/n; past 64 by its asymptotic series, right to the last bits of a double. */
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
