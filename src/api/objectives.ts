/** Which columns of the vectors of a run belong to which task of `retrieve`, so that a request can weigh them. */
import type { Trained } from '../artifact/load.ts';
import { lowerFeatures } from '../lower/features.ts';
import { lowerRetrieval } from '../lower/retrieval.ts';
import { withoutUnread } from '../model/unread.ts';
import type { RetrievalObjective } from '../serve/snapshot.ts';
import { recompiled } from './recompiled.ts';

/**
 * The vectors have the scores of `retrieve` side by side, in the order declared, so each is as wide as if it were the only one. Undefined where the run
 * kept no sources, or this version makes other vectors of them.
 */
export async function objectivesOf({
  folder,
  manifest,
  plan,
}: Trained): Promise<readonly RetrievalObjective[] | undefined> {
  const model = (await recompiled(folder, manifest))?.model;
  if (model === undefined) return undefined;
  const read = withoutUnread(model);
  const { output: features } = lowerFeatures(read);
  let from = 0;
  const objectives = read.retrieve.map((each): RetrievalObjective => {
    const { width } = lowerRetrieval({ ...read, retrieve: [each] }, features, 'query');
    const objective = { name: each.task, from, to: from + width, factor: each.factor };
    from += width;
    return objective;
  });
  return from === plan.towers[1].width ? objectives : undefined;
}
