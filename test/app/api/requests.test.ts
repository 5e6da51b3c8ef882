/** Filters, exclusions and weights of a trained run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { load, type Run, recommend, train } from '../../../src/api.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { data, model, writeProject } from '../cli/project.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const engine = 'onnx' as const;
const films = 40;
let run: Run;

beforeAll(async () => {
  writeProject(root);
  const rows = Array.from({ length: films }, (_, i) => `m${i},Film ${i},${1980 + i},${i % 2 ? 'Drama' : 'War|Drama'}`);
  writeFileSync(at('films.csv'), ['movie_id,title,year,genres', ...rows, ''].join('\n'));
  const two = model
    .replace('channel main = profile -> flatten -> mlp(16, width)', '$&, channel more = user_id -> dense(4)')
    .replace('  movie_id : id(dim: 8)', '$&\n  genres   : list(category(dim: 4), max: 3)')
    .replace('tower item(movie_id)', 'tower item(movie_id, genres)')
    .replace(
      'channel main = movie_id -> mlp(16, width)',
      'channel main = concat(movie_id, genres) -> mlp(16, width), channel more = movie_id -> dense(4)',
    )
    .replaceAll(', channel', '\n  channel')
    .replace('score = cosine(user, item)', 'score = cosine(user.main, item.main)')
    .replace(
      'train {',
      `task other {
  score = dot(user.more, item.more)
  loss  = softmax(in_batch)
}

objective = watch + other
retrieve = 0.5 * watch + 2 * other

train {`,
    );
  writeFileSync(at('two.tower'), two);
  writeFileSync(
    at('data.tower'),
    data.replace('  time ', '  columns { genres = "string_split(genres, \'|\')" }\n  time '),
  );
  await train(at('two.tower'), { data: at('data.tower'), out: at('run'), engine });
  run = await load(at('run'), { engine });
}, 60_000);

const ask = (request: Omit<Parameters<typeof recommend>[1], 'user'>) =>
  recommend(run, { user: 'u3', k: films, removeSeen: false, ...request });
const keysOf = async (request: Parameters<typeof ask>[0]) => (await ask(request)).items.map(({ key }) => key);

it('filters by columns of the items file that the model does not read', async () => {
  const all = await keysOf({});
  const numberOf = (key: string): number => Number(key.slice(1));
  expect(await keysOf({ filter: 'year >= 2000' })).toEqual(all.filter((key) => numberOf(key) >= 20));
  expect(await keysOf({ filter: "title in ('Film 3', 'Film 4')" })).toEqual(
    all.filter((key) => ['m3', 'm4'].includes(key)),
  );
  const dramas = all.filter((key) => numberOf(key) % 2 === 0 && numberOf(key) < 10);
  expect(await keysOf({ filter: "'War' in genres and not year >= 1990" })).toEqual(dramas);
  await expect(ask({ filter: 'yaer > 1' })).rejects.toThrow('there is no column of the items called `yaer`');
});

it('leaves out items by key', async () => {
  const [first, second, ...others] = await keysOf({});
  expect(await keysOf({ exclude: [first!, second!] })).toEqual(others);
});

it('weighs the tasks of `retrieve`', async () => {
  const { snapshot } = await run.recommender();
  expect(snapshot.objectives).toEqual([
    { name: 'watch', from: 0, to: 8, factor: 0.5 },
    { name: 'other', from: 8, to: 12, factor: 2 },
  ]);
  const scoresOf = async (weights?: Record<string, number>) => {
    const { items } = await ask(weights ? { weights } : {});
    return new Map(items.map(({ key, score }) => [key, score]));
  };
  const [plain, watch, other, both] = [
    await scoresOf(),
    await scoresOf({ watch: 1, other: 0 }),
    await scoresOf({ watch: 0, other: 1 }),
    await scoresOf({ watch: 3, other: -1 }),
  ];
  for (const key of plain.keys()) {
    expect(plain.get(key)).toBeCloseTo(0.5 * watch.get(key)! + 2 * other.get(key)!, 6);
    expect(both.get(key)).toBeCloseTo(3 * watch.get(key)! - other.get(key)!, 6);
    // A cosine.
    expect(Math.abs(watch.get(key)!)).toBeLessThan(1.000001);
  }
  await expect(ask({ weights: { wacth: 1 } })).rejects.toThrow('there is no objective called `wacth`');
});
