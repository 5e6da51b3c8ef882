/** The models of the guide, as its reader types them, on the layout of MovieLens. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { check } from '../../src/app/api/check.ts';
import { train } from '../../src/app/api/train.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';
import { fences } from './fences.ts';

const page = 'docs/guide/getting-started.md';
const folder = temporaryFolder();
const [views, data, history] = fences(page, 'tower').map(({ text }) => text) as [string, string, string];

function write(modelText: string): { model: string; data: string } {
  const ratings = Array.from({ length: 120 }, (_, at) => `${1 + (at % 5)},${1 + (at % 7)},4.0,${2000 + at}`);
  const films = Array.from({ length: 7 }, (_, at) => `${at + 1},Film ${at + 1} (1999),Drama`);
  mkdirSync(join(folder, 'movielens'), { recursive: true });
  writeFileSync(join(folder, 'movielens/ratings.csv'), `userId,movieId,rating,timestamp\n${ratings.join('\n')}\n`);
  writeFileSync(join(folder, 'movielens/movies.csv'), `movieId,title,genres\n${films.join('\n')}\n`);
  writeFileSync(join(folder, 'views.tower'), modelText);
  writeFileSync(join(folder, 'data.tower'), data);
  return { model: join(folder, 'views.tower'), data: join(folder, 'data.tower') };
}

it.each([
  ['views', views],
  ['history', history],
])('%s has no mistake, and trains', async (name, text) => {
  const files = write(text);
  expect((await check(files.model, { data: files.data })).text).toBe('');
  const trained = await train(files.model, { data: files.data, out: join(folder, name), engine: 'onnx' });
  expect(['epochs', 'patience']).toContain(trained.status);
});

it('the mistake that the page shows gives the message that it shows', async () => {
  const files = write(views.replace('keyed by user {', 'keyed by usr {'));
  const shown = (await check(files.model, { data: files.data })).text;
  const [expected] = fences(page, 'text');
  expect(shown.replaceAll(files.model, 'views.tower')).toContain(expected!.text);
});
