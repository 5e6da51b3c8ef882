/** The run that the test of killed workers trains: in its own process undisturbed, and in processes that are killed. */
import { makeSource } from '../../../src/base/text/source.ts';
import { compileSource } from '../../../src/compiler/pipeline.ts';
import type { TrainOptions } from '../../../src/training/train_options.ts';
import { makeDataset } from '../fixtures.ts';
import { optionsIn } from './options_in.ts';

const model = `model killed
features {
  user_id  : id(dim: 4, drop: 0.2)
  history  : list(movie_id, max: 5, pool: mean)
  movie_id : id(dim: 4)
}
group profile = user_id, history
tower user(profile) keyed by user_id { channel main = profile -> flatten -> mlp(6, 4) }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten -> mlp(6, 4) }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1, correction: streaming) }
train { batch = 14, epochs = 3, embeddings = adam(rate: 0.01), validate = every(steps: 2) }`;

export function killRun(folder: string): TrainOptions {
  const { lowered, diagnostics } = compileSource(makeSource('model.tower', model));
  if (!lowered) throw new Error(diagnostics.map(({ message }) => message).join());
  const dataset = makeDataset({ users: 8, items: 20, eventsPerUser: 8, heldOut: 2 });
  return { ...optionsIn(folder, lowered.plan, dataset), sharesTables: true };
}
