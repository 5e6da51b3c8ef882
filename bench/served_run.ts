/** A trained run to serve: made-up users, items and events as files, and one short epoch of a two-tower model. What is measured does not depend on what it learned. */
import { once } from 'node:events';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { train } from '../src/api.ts';
import { makeRandom } from '../src/base/random/random.ts';
import type { EngineName } from '../src/engines/engine.ts';

export interface Sizes {
  readonly items: number;
  readonly users: number;
  readonly events: number;
  /** Of the vectors; 64. */
  readonly width?: number;
  /** What trains it. Default: the first engine that loads. */
  readonly engine?: EngineName;
}

const modelOf = (width: number): string => `model served
features {
  user_id  : id(hash: 40000, dim: 32)
  history  : list(item_id, max: 20, pool: mean)
  item_id  : id(hash: 40000, dim: 32)
  genre    : category(dim: 16)
}
group profile = user_id, history
group item_profile = item_id, genre
tower user(profile) keyed by user_id { channel main = profile -> flatten -> mlp(128, ${width}) }
tower item(item_profile) keyed by item_id { channel main = item_profile -> flatten -> mlp(128, ${width}) }
task watch {
  score = cosine(user, item)
  loss  = softmax(in_batch, temperature: 0.05)
}
train { batch = 512, epochs = 2, seed = 1, dense = adam(rate: 1e-3), embeddings = adagrad(rate: 0.05) }
`;

const data = `data served {
  events = "events.csv"
  items  = "items.csv" by item_id
  time    = "moment"
  history = past(item_id, 20)
  split   = by_time(validation: 1%, test: 1%)
  seen    = excluded
}
`;

const tastes = 50;

/** @returns the folder of the run */
export async function makeServedRun(
  root: string,
  { items, users, events, width = 64, engine }: Sizes,
): Promise<string> {
  mkdirSync(root, { recursive: true });
  const random = makeRandom(7);
  const genres = ['Drama', 'War', 'Comedy', 'Crime', 'Music', 'Noir'];
  await writeRows(join(root, 'items.csv'), 'item_id,title,year,genre', items, (i) => {
    return `i${i},Film number ${i},${1950 + (i % 70)},${genres[i % genres.length]}`;
  });
  await writeRows(join(root, 'events.csv'), 'user_id,item_id,moment', events, (i) => {
    const user = random.integer(users);
    // Two tastes of a user, each for one item in 50; some items are far more popular than others.
    const taste = (random.next() < 0.5 ? user : 7 * user) % tastes;
    const item = taste + tastes * Math.floor((items / tastes) * random.next() ** 2);
    return `u${user},i${item},${1_600_000_000 + i}`;
  });
  writeFileSync(join(root, 'model.tower'), modelOf(width));
  writeFileSync(join(root, 'data.tower'), data);
  const out = join(root, 'run');
  await train(join(root, 'model.tower'), { data: join(root, 'data.tower'), out, engine });
  return out;
}

async function writeRows(path: string, head: string, rows: number, row: (i: number) => string): Promise<void> {
  const stream = createWriteStream(path);
  stream.write(`${head}\n`);
  for (let from = 0; from < rows; from += 10_000) {
    const some = Array.from({ length: Math.min(10_000, rows - from) }, (_, i) => row(from + i));
    if (!stream.write(`${some.join('\n')}\n`)) await once(stream, 'drain');
  }
  stream.end();
  await finished(stream);
}
