/** Hard negatives, found with the towers as they are when an epoch begins. What is found is a function of the weights, the seed and the epoch. */
import type { Dataset } from '../data/dataset.ts';
import type { Engine } from '../engines/engine.ts';
import type { Plan } from '../graph/plan/plan.ts';
import type { TrainingState } from './artifact/training_state.ts';
import { makeRetrieval, type Retrieval } from './scoring/retrieval.ts';
import { firstItems } from './scoring/scorer.ts';

/** The towers of a run as they are now: prepared when they are first asked for, with new weights each time after that. */
export class CurrentTowers {
  private retrieval: Retrieval | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly dataset: Dataset,
    private readonly engine: Engine,
    private readonly state: TrainingState,
  ) {}

  async refreshed(): Promise<Retrieval> {
    const { plan, engine } = this;
    const { tables, program } = this.state;
    const parameters = await program.read();
    if (this.retrieval) await this.retrieval.refresh(parameters);
    else this.retrieval = await makeRetrieval({ plan, engine, tables, corpus: this.dataset.corpus, parameters });
    return this.retrieval;
  }

  async close(): Promise<void> {
    await this.retrieval?.close();
  }
}

/** Numbers of a block of scores: 16 MB. */
const blockNumbers = 4 * 2 ** 20;

/** Does nothing where no loss reads mined negatives. */
export async function mineNegatives(
  { feeder }: Pick<TrainingState, 'feeder'>,
  towers: CurrentTowers,
  { parts, corpus, users }: Dataset,
  epoch: number,
): Promise<void> {
  const usersAtOnce = Math.max(16, Math.min(1024, Math.floor(blockNumbers / Math.max(1, corpus.rows))));
  for (const mined of feeder.mined) {
    const { best, skip } = mined.of;
    const minedUsers = mined.usersOf(epoch);
    const minedItems = new Int32Array(minedUsers.length * best).fill(-1);
    const retrieval = await towers.refreshed();
    for (let from = 0; from < minedUsers.length; from += usersAtOnce) {
      const userChunk = minedUsers.subarray(from, from + usersAtOnce);
      const queries = await retrieval.queries(parts.train.features, userChunk.map(mined.eventOf));
      const scores = await retrieval.scores(queries);
      userChunk.forEach((user, i) => {
        const { starts, ends, values } = users.seen;
        const seenItems = values.subarray(starts[user]!, ends[user]!).filter((item) => item >= 0);
        const row = scores.subarray(i * corpus.rows, (i + 1) * corpus.rows);
        const { rows } = firstItems(row, skip + best, seenItems);
        minedItems.set(rows.subarray(skip), (from + i) * best);
      });
    }
    mined.take(minedUsers, minedItems);
  }
}
