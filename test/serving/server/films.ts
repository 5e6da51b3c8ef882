/** A small model of real files with columns of every kind: what a user of `tower train` and `tower serve` has. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { train } from '../../../src/api.ts';

export const filmKeys: readonly string[] = Array.from({ length: 30 }, (_, at) => `f${at}`);
export const personKeys: readonly string[] = Array.from({ length: 12 }, (_, at) => `u${at}`);

/** Trains into the folder `run` of a root. @param hasItems false: no file has the items, so that they are those of the events */
export async function trainFilms(root: string, hasItems = true): Promise<string> {
  const genres = ['Drama', 'War', 'Comedy'];
  const films = filmKeys.map((key, at) => `${key},Film ${at},${genres[at % 3]},${1990 + at}`);
  const events = Array.from({ length: 240 }, (_, at) => `u${at % 12},f${(at * 7) % 30},${at}`);
  writeFileSync(join(root, 'films.csv'), `film,title,genre,year\n${films.join('\n')}\n`);
  writeFileSync(join(root, 'events.csv'), `person,film,moment\n${events.join('\n')}\n`);
  writeFileSync(
    join(root, 'data.tower'),
    `data films {
      events = "events.csv"${hasItems ? ', items = "films.csv" by film' : ''}
      columns { user = "person" }
      time = "moment", split = by_time(validation: 10%, test: 10%)
      history = past(film, 5)
    }`,
  );
  const read = hasItems ? 'film, genre, year' : 'film';
  writeFileSync(
    join(root, 'model.tower'),
    `model films
    features {
      user : id(dim: 4), history : list(film, max: 5, pool: mean)
      film : id(dim: 4)${hasItems ? ', genre : category(dim: 4), year : number(boundaries: [2000], dim: 2)' : ''}
    }
    tower person(user, history) keyed by user { channel main = concat(user, history) -> dense(4) }
    tower movie(${read}) keyed by film { channel main = ${hasItems ? `concat(${read})` : 'film -> flatten'} -> dense(4) }
    task watch { score = dot(person, movie), loss = softmax(in_batch) }
    train { batch = 32, epochs = 1 }`,
  );
  const run = join(root, 'run');
  await train(join(root, 'model.tower'), { data: join(root, 'data.tower'), out: run, engine: 'onnx' });
  return run;
}
