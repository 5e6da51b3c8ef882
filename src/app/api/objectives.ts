/** Which columns of the vectors of a run belong to which task of `retrieve`, so that a request can weigh them. */
import { lowerFeatures } from '../../compiler/lower/features.ts';
import { lowerRetrieval } from '../../compiler/lower/retrieval.ts';
import { withoutUnread } from '../../compiler/model/complete.ts';
import type { RetrievalObjective } from '../../serving/serve/snapshot.ts';
import type { LoadedModel } from '../../training/artifact/load.ts';
import { recompiled } from './runs.ts';

/**
 * The vectors have the scores of `retrieve` side by side, in the order declared, so each is as wide as if it were the only one. Undefined where the run
 * kept no sources, or this version makes other vectors of them.
 */
export async function objectivesOf({
  folder,
  manifest,
  plan,
}: LoadedModel): Promise<readonly RetrievalObjective[] | undefined> {
  const model = (await recompiled(folder, manifest))?.model;
  if (model === undefined) return undefined;
  const readModel = withoutUnread(model);
  const { output: features } = lowerFeatures(readModel);
  let firstColumn = 0;
  const objectives = readModel.retrieve.map((each): RetrievalObjective => {
    const { width } = lowerRetrieval({ ...readModel, retrieve: [each] }, features, 'query');
    const objective = { name: each.task, from: firstColumn, to: firstColumn + width, factor: each.factor };
    firstColumn += width;
    return objective;
  });
  return firstColumn === plan.towers[1].width ? objectives : undefined;
}
