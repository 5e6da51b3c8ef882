import type { ScoringTask } from '../../scoring/scorer.ts';
import {
  defineBaseline,
  type HistoryScores,
  historyScorer,
  type Interactions,
  interactionsOf,
  makeHistory,
  whyNoHistory,
} from './baseline.ts';

/**
 * score(j) = Σ over i ≠ j in H of |U(i) ∩ U(j)| ÷ √(|U(i)| |U(j)|), where U(i) are the users with a training event of i, and H the items of the user's training
 * events and of the history that the model reads with the event. The sum is computed user by user, so that no matrix of items by items is needed:
 * Σᵢ |U(i) ∩ U(j)| ÷ √|U(i)| = Σ over v in U(j) of w(v), with w(v) = Σ over i in H that v has of 1 ÷ √|U(i)|.
 */
export const itemCf = defineBaseline({
  doc: 'cosine similarity of the users of an item and the users of each earlier item, summed over the earlier items of the user',
  paper: 'Sarwar et al., WWW 2001; Deshpande & Karypis, TOIS 2004',
  whyMissing: whyNoHistory,
  readsInteractions: true,
  steps(task) {
    const { events, users } = task;
    const { itemsOf, usersOf } = interactionsOf(task);
    const itemsPerUser = itemsOf.values.length / Math.max(1, users.rows);
    const historyOf = makeHistory(task, itemsOf);
    // Estimates the time from a few hundred events.
    const stride = Math.max(1, Math.floor(events.rows / 300));
    let stepTotal = 0;
    for (let row = 0; row < events.rows; row += stride) {
      let sharedUsers = 0;
      for (const item of historyOf(row)) sharedUsers += usersOf.starts[item + 1]! - usersOf.starts[item]!;
      stepTotal += stride * (sharedUsers + Math.min(sharedUsers, users.rows) * itemsPerUser);
    }
    return stepTotal;
  },
  prepare(task) {
    const lists = interactionsOf(task);
    return historyScorer(task, lists.itemsOf, makeScores(task, lists));
  },
});

/** Returns the scores for a history of distinct items. */
function makeScores({ users, corpus }: ScoringTask, { itemsOf, usersOf }: Interactions): HistoryScores {
  const rootCounts = Float64Array.from({ length: corpus.rows }, (_, i) =>
    Math.sqrt(usersOf.starts[i + 1]! - usersOf.starts[i]!),
  );
  const weightOfUser = new Float64Array(users.rows);
  const reachedUsers = new Int32Array(users.rows);
  const sums = new Float64Array(corpus.rows);

  return (history, target) => {
    let reachedCount = 0;
    for (const item of history) {
      for (let index = usersOf.starts[item]!; index < usersOf.starts[item + 1]!; index++) {
        const other = usersOf.values[index]!;
        if (weightOfUser[other] === 0) reachedUsers[reachedCount++] = other;
        weightOfUser[other]! += 1 / rootCounts[item]!;
      }
    }
    // The ascending order gives items with the same users the same bits, so that they tie.
    reachedUsers.subarray(0, reachedCount).sort();
    sums.fill(0);
    for (let i = 0; i < reachedCount; i++) {
      const other = reachedUsers[i]!;
      const share = weightOfUser[other]!;
      for (let index = itemsOf.starts[other]!; index < itemsOf.starts[other + 1]!; index++)
        sums[itemsOf.values[index]!]! += share;
      weightOfUser[other] = 0;
    }
    // An item is not similar to itself: removes the term i = j, which is √|U(j)| before the division.
    for (const item of history) {
      const sumOfOthers = sums[item]! - rootCounts[item]!;
      // Rounding errors of 0 are set to 0; the smallest true term is 1 ÷ √users.
      sums[item] = sumOfOthers < 1e-9 * sums[item]! ? 0 : sumOfOthers;
    }
    for (let item = 0; item < sums.length; item++)
      target[item] = sums[item] === 0 ? 0 : sums[item]! / rootCounts[item]!;
  };
}
