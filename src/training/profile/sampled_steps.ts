/** Which steps a profile is of. */

/** How many, at most. */
const mostSamples = 16;

/** They lie among so many steps: an early stop must not leave a profile without steps. */
const within = 400;

/**
 * Steps spread evenly over the first of those that this call takes, without the first tenth, in which everything is done for the first
 * time.
 * @param done steps that were done before
 * @param total steps of the whole run
 * @param ofEpoch steps of an epoch: the last one may have fewer rows, and is left out where there are others
 */
export function sampledSteps(done: number, total: number, ofEpoch: number): ReadonlySet<number> {
  const steps = Math.min(within, total - done);
  const first = Math.ceil(steps / 10);
  const isWhole = (step: number): boolean => ofEpoch === 1 || step % ofEpoch !== 0;
  const all = Array.from({ length: Math.max(0, steps - first) }, (_, at) => done + first + at + 1).filter(isWhole);
  if (all.length <= mostSamples) return new Set(all.length > 0 ? all : [total].filter((step) => step > done));
  return new Set(Array.from({ length: mostSamples }, (_, at) => all[Math.floor((at * all.length) / mostSamples)]!));
}
