/** The requests that the page of serving begins with, to a run of the model and the data block of the README, on the layout of MovieLens. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { load, serve, train } from '../../src/api.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';
import { fences } from './fences.ts';

const page = 'docs/guide/serving.md';
const folder = temporaryFolder();

function writeData(): string {
  const films = ['1196', '1210', ...Array.from({ length: 38 }, (_, at) => String(at + 1))];
  const ratings = Array.from({ length: 900 }, (_, at) => `${1 + (at % 45)},${films[(at * 7) % 40]},4.0,${2000 + at}`);
  const rows = films.map((id) => `${id},Film ${id} (1999),Drama|War`);
  mkdirSync(join(folder, 'movielens'));
  writeFileSync(join(folder, 'movielens/ratings.csv'), `userId,movieId,rating,timestamp\n${ratings.join('\n')}\n`);
  writeFileSync(join(folder, 'movielens/movies.csv'), `movieId,title,genres\n${rows.join('\n')}\n`);
  const data = join(folder, 'movielens.tower');
  copyFileSync('models/data/movielens.tower', data);
  return data;
}

it('the first requests of the page are answered by a server of the run of the README', async () => {
  const out = join(folder, 'first');
  await train('models/two_tower.tower', { data: writeData(), out, engine: 'onnx', set: { epochs: 1 } });
  const run = await load(out);
  const server = await serve(run, { port: 0 });
  try {
    const asked = fences(page, 'sh').flatMap(({ text }) => [
      ...text.matchAll(/^curl http:\/\/127\.0\.0\.1:8321(\S+) .*-d '(.*)'$/gm),
    ]);
    const answers: { items: { columns?: object }[] }[] = [];
    for (const [, path, body] of asked.slice(0, 2)) {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: body! });
      const text = await answer.text();
      expect([answer.status, text], body).toEqual([200, expect.stringContaining('"items"')]);
      answers.push(JSON.parse(text));
    }
    const [shown] = fences(page, 'json');
    const entriesOf = ({ items }: (typeof answers)[0]) => Object.keys(items[0]!.columns!);
    expect(entriesOf(answers[0]!)).toEqual(entriesOf(JSON.parse(shown!.text)));
    expect(answers[0]!.items).toHaveLength(2);
  } finally {
    await server.close(0);
    await run.close();
  }
}, 60_000);
