/** Plans whose steps have a memory: mined negatives, a queue of past batches, lists; codes of users when the epoch began. */
import type { Plan } from '../../src/graph/plan/plan.ts';
import { planOf } from '../compiler/library/support.ts';

/** Of batches of 32, for three epochs. */
export const planWith = (loss: string): Plan =>
  planOf(`
    model remembers
    features {
      user_id  : id(dim: 6)
      history  : list(movie_id, max: 5)
      movie_id : id(dim: 6)
      genres   : list(category(dim: 4), max: 4)
    }
    group profile = user_id, history
    group movie = movie_id, genres
    tower user(profile) keyed by user_id { channel main = profile -> flatten -> dense(6) }
    tower item(movie) keyed by movie_id { channel main = movie -> flatten -> dense(6) }
    task watch { score = cosine(user, item), loss = ${loss} }
    train { batch = 32, epochs = 3, dense = adam(rate: 0.01) }`);

export const losses = {
  mined: 'softmax(in_batch, negatives: mined(3, best: 4, users: 8), temperature: 0.2)',
  queue: 'softmax(in_batch, queue: batches(3, after: 2), temperature: 0.2, correction: frequency)',
  streaming: 'softmax(in_batch, queue: batches(2), temperature: 0.2, correction: streaming)',
  listed: 'softmax(in_batch, negatives: listed(history, 2), temperature: 0.2, correction: frequency)',
  pairs: 'bpr(negatives: mined(2, best: 6, skip: 1, users: 100), scale: 5, hardest: 1)',
};
