/** The law of serving: over HTTP, in the process and by `recommend`, a run gives the same answers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { load, open, type Run, recommend, serve, train } from '../../../src/api.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { data, model, writeProject } from '../cli/project.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const engine = 'onnx' as const;
const films = 40;
let run: Run;

beforeAll(async () => {
  writeProject(root);
  const rows = Array.from({ length: films }, (_, i) => `m${i},Film ${i},${1980 + i},${i % 2 ? 'Drama' : 'War'}`);
  writeFileSync(at('films.csv'), ['movie_id,title,year,genre', ...rows, ''].join('\n'));
  writeFileSync(at('films.tower'), model);
  writeFileSync(at('data.tower'), data);
  await train(at('films.tower'), { data: at('data.tower'), out: at('run'), engine });
  run = await load(at('run'), { engine });
}, 60_000);

const requests = [
  ...Array.from({ length: 30 }, (_, user) => ({ user: `u${user}`, k: user + 1 })),
  { user: 'nobody' },
  {
    user: 'u1',
    removeSeen: false,
    filter: "year >= 1990 and genre = 'War'",
    exclude: ['m12', 'x'],
    weights: { watch: 3 },
  },
  { user: 'u2', values: { history: ['m3', 'm4'] } },
  { values: { history: ['m3', 'm4', 'nothing'] }, k: 40 },
  { values: {} },
];

describe('serve', () => {
  it('answers as `recommend` and `open` do', async () => {
    const lines: string[] = [];
    const server = await serve(run, { port: 0, log: (line) => lines.push(line) });
    const ask = (body: unknown) =>
      fetch(`${server.url}/v1/recommend`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const answers = await open(run);
    const all = await (await ask(requests)).json();
    for (const [index, request] of requests.entries()) {
      const { items, notes } = await recommend(run, request);
      expect(all[index]).toMatchObject({ items, notes });
      const { request: id, ...answer } = all[index];
      expect(id).toMatch(new RegExp(`\\.${index}$`));
      expect(await (await ask(request)).json()).toEqual({ request: expect.any(String), ...answer });
      expect(await answers.recommend(request)).toEqual(answer);
    }
    const shown = await (await ask({ user: 'u1', k: 1, columns: ['year', 'genre'], history: 40 })).json();
    const { history, items } = await recommend(run, { user: 'u1', k: 1 });
    expect(shown.history).toEqual(history);
    const number = Number(items[0]!.key.slice(1));
    expect(shown.items[0].columns).toEqual({ year: 1980 + number, genre: number % 2 ? 'Drama' : 'War' });
    expect(all[0].version).toBe(run.trained.manifest.checksum);
    expect(lines).toHaveLength(requests.length + 2);
    await server.close();
  });

  it('refuses an address that others reach without a token, and a token that can be guessed', async () => {
    await expect(serve(run, { host: '0.0.0.0', port: 0 })).rejects.toThrow('can be reached from other machines');
    await expect(serve(run, { port: 0, token: 'short' })).rejects.toThrow('the token has 5 characters');
    await expect(serve(run, { port: 0, token: 'two words, or three' })).rejects.toThrow('no header can hold');
    const server = await serve(run, { host: '0.0.0.0', port: 0, token: 'a-secret-of-the-server' });
    expect((await fetch(`${server.url}/metrics`)).status).toBe(401);
    await server.close();
  });

  it('throws a mistake of a program as a Failure', async () => {
    const answers = await open(run);
    await expect(answers.recommend({ user: 'u1', filter: 'yaer > 1' })).rejects.toMatchObject({
      diagnostics: [{ code: 'unknown-name' }],
    });
    await expect(answers.recommend({})).rejects.toMatchObject({ diagnostics: [{ code: 'request-value' }] });
    await expect(answers.similar({ item: 'nothing' })).rejects.toThrow('there is no item called `nothing`');
  });
});
