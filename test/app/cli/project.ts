/** A small project of a user: a model, ratings in which users have a taste, films with titles. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeRandom } from '../../../src/base/random/random.ts';

export const model = `\
model films

let width = 8

features {
  user_id  : id(dim: 8)
  history  : list(movie_id, max: 5, pool: mean)
  movie_id : id(dim: 8)
}

group profile = user_id, history

tower user(profile) keyed by user_id   { channel main = profile -> flatten -> mlp(16, width) }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> mlp(16, width) }

task watch {
  score = cosine(user, item)
  loss  = softmax(in_batch, temperature: 0.1)
}

train { batch = 64, epochs = 2, stop = recall(10, patience: 2) }
`;

export const data = `\
data films {
  events = "ratings.csv"
  items  = "films.csv" by movie_id
  time    = "seen_at"
  history = past(movie_id, 5)
  split   = by_time(validation: 10%, test: 10%)
}
`;

const users = 30;
const films = 40;
const perUser = 20;

/** `user_id,movie_id,seen_at`, in the order of time: 600 rows. */
export function ratings(): string {
  const random = makeRandom(3, 1);
  const rows = Array.from({ length: users * perUser }, (_, at) => {
    const user = at % users;
    const film = random.integer(films / 2) * 2 + (random.next() < 0.9 ? user % 2 : 0);
    return `u${user},m${film},${1000 + at}`;
  });
  return ['user_id,movie_id,seen_at', ...rows, ''].join('\n');
}

/** Writes `films.tower`, `data.tower`, `ratings.csv` and `films.csv`. */
export function writeProject(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const titles = Array.from({ length: films }, (_, at) => `m${at},"Film ${at}, the ${at % 2 ? 'odd' : 'even'} one"`);
  const files = {
    'films.tower': model,
    'data.tower': data,
    'ratings.csv': ratings(),
    'films.csv': ['movie_id,title', ...titles, ''].join('\n'),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
