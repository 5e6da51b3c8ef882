/** Two versions of the small model, whose answers differ: the second has other vectors, from other weights. */
import { makeRecommender } from '../../../../src/serving/live/recommender.ts';
import { type Answers, makeAnswers } from '../../../../src/serving/server/answers.ts';
import { makeVersion, type Version } from '../../../../src/serving/server/versions/versions.ts';
import type { LoadedModel } from '../../../../src/training/artifact/load.ts';
import { plainEngine } from '../../../training/plain_engine.ts';
import { columns, dataset } from '../served.ts';

/** What closes of a version. */
export interface Counted {
  readonly version: Version;
  readonly closed: () => number;
}

export async function answersOf(trained: LoadedModel, id: string): Promise<Answers> {
  const parameters = Object.fromEntries(
    Object.entries(trained.parameters).map(([name, tensor]) => [
      name,
      { ...tensor, data: Float32Array.from(tensor.data, (each, i) => each + Math.sin(i + id.charCodeAt(0)) / 4) },
    ]),
  );
  const recommender = await makeRecommender({ ...trained, parameters }, dataset, plainEngine, { version: id, columns });
  return makeAnswers({ recommender, removesSeen: true, notes: [], userVectors: 2 ** 20 });
}

export function counted(answers: Answers, folder: string): Counted {
  let closed = 0;
  const close = async (): Promise<void> => void closed++;
  return { version: makeVersion({ answers, folder, close }), closed: () => closed };
}
