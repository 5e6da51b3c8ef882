/** Hard negatives, found with the towers as they are when an epoch begins. What is found is a function of the weights, the seed and the epoch. */
import type { TrainingState } from '../artifact/training_state.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Mined } from '../feed/mined.ts';
import { firstItems } from '../scoring/first_items.ts';
import type { CurrentTowers } from './current_towers.ts';

/** Numbers of a block of scores: 16 MB. */
const blockNumbers = 4 * 2 ** 20;

/** Nothing where no loss asks for mined negatives. */
export async function mineNegatives(
  { feeder }: Pick<TrainingState, 'feeder'>,
  towers: CurrentTowers,
  dataset: Dataset,
  epoch: number,
): Promise<void> {
  for (const mined of feeder.mined) await mine(mined, towers, dataset, epoch);
}

async function mine(
  mined: Mined,
  towers: CurrentTowers,
  { parts, corpus, users }: Dataset,
  epoch: number,
): Promise<void> {
  const { best, skip } = mined.of;
  const asked = mined.usersOf(epoch);
  const found = new Int32Array(asked.length * best).fill(-1);
  const retrieval = await towers.refreshed();
  const atOnce = Math.max(16, Math.min(1024, Math.floor(blockNumbers / Math.max(1, corpus.rows))));
  for (let from = 0; from < asked.length; from += atOnce) {
    const some = asked.subarray(from, from + atOnce);
    const queries = await retrieval.queries(parts.train.features, some.map(mined.eventOf));
    const scores = await retrieval.scores(queries);
    some.forEach((user, i) => {
      const { starts, ends, values } = users.seen;
      const had = values.subarray(starts[user]!, ends[user]!).filter((item) => item >= 0);
      const row = scores.subarray(i * corpus.rows, (i + 1) * corpus.rows);
      const { rows } = firstItems(row, skip + best, had);
      found.set(rows.subarray(skip), (from + i) * best);
    });
  }
  mined.take(asked, found);
}
