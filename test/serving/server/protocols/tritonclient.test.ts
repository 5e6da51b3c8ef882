/** tritonclient from PyPI, as it is, against a server on this machine: its answers are those of `/v1/recommend`. Skips where it is not installed. */
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { RecommendBody } from '../../../../src/serving/server/schemas.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';
import { serveSmall } from '../served.ts';

const python = process.env.TOWER_PYTHON ?? 'python3';
const isThere = spawnSync(python, ['-c', 'import tritonclient.http']).status === 0;
if (!isThere) console.warn('skipped: tritonclient[http] is not installed');
const root = temporaryFolder();
const script = join(import.meta.dirname, 'triton.py');

it.skipIf(!isThere)(
  'gets the answers of the other routes',
  async () => {
    const { server: serve, answers, trained, recommender } = await serveSmall(root);
    const server = await serve();
    const url = await server.listen('127.0.0.1', 0);
    const { model } = trained.plan;
    const run = await promisify(execFile)(python, [script, url.replace('http://', ''), model]).finally(() =>
      server.close(),
    );
    const given = JSON.parse(run.stdout);

    const best = async (bodies: readonly RecommendBody[]) => {
      const all = await Promise.all(bodies.map((body) => answers.recommend(body)));
      const most = Math.max(...all.map(({ items }) => items.length));
      const column = <T>(of: (item: (typeof all)[0]['items'][0]) => T, filler: T): T[][] =>
        all.map(({ items }) => Array.from({ length: most }, (_, at) => (items[at] ? of(items[at]) : filler)));
      return {
        keys: column(({ key }) => key, ''),
        titles: column(({ title }) => title ?? '', ''),
        scores: column(({ score }) => score, -3.4028234663852886e38),
      };
    };
    const two = await best([{ user: 'u1' }, { user: 'u2' }]);
    expect(given).toMatchObject({ live: true, ready: true, modelReady: true, versionReady: true, otherReady: false });
    expect(given.server).toEqual({ name: 'tower', version: '0.0.0', extensions: ['binary_tensor_data'] });
    expect(given.model).toMatchObject({ name: model, versions: ['v1'], platform: 'tower' });
    expect(given.model.inputs).toContainEqual({ name: 'history', datatype: 'BYTES', shape: [-1, -1] });
    expect(given.model.outputs).toEqual([
      { name: 'keys', datatype: 'BYTES', shape: [-1, -1] },
      { name: 'titles', datatype: 'BYTES', shape: [-1, -1] },
      { name: 'scores', datatype: 'FP64', shape: [-1, -1] },
    ]);
    expect(given.binary).toEqual(two);
    expect(given.response).toEqual({ id: '7', model_name: model, model_version: 'v1' });
    expect(given.json).toEqual(two);
    expect(given.async).toEqual(two);
    expect(given.someOutputs).toEqual({ scores: two.scores });
    const options = { k: 3, filter: 'year > 1990' };
    expect(given.filtered).toEqual(
      await best([
        { values: { history: ['m1', 'm2', 'm3'] }, exclude: ['m20', 'm21'], ...options },
        { values: { history: ['m4'] }, exclude: ['m22'], ...options },
      ]),
    );
    expect(given.each).toEqual(
      await best([
        { user: 'u1', k: 2 },
        { user: 'u2', k: 4 },
      ]),
    );
    expect(given.vectors).toEqual({ dtype: 'float32', shape: [2, recommender.snapshot.width] });
    expect(given.searched).toEqual(two);
    for (const [row, user] of ['u1', 'u2'].entries()) {
      const { items } = await answers.recommend({ user, k: 50, removeSeen: false });
      for (const [column, item] of ['m1', 'm2'].entries()) {
        expect(given.products[row][column]).toBeCloseTo(items.find(({ key }) => key === item)!.score, 9);
      }
    }
    const { items } = await answers.similar({ item: 'm1' });
    expect(given.similar.keys).toEqual([items.map(({ key }) => key)]);
    expect(given.errors).toEqual({
      model: ['404', expect.stringMatching(/^unknown-name: there is no model called `other`/)],
      user: ['400', expect.stringMatching(/^unknown-name at \/inputs\/0, row 0: .*`usr`/)],
      k: ['400', expect.stringMatching(/^request-value at \/parameters\/k: .*is -1/)],
      type: ['400', expect.stringMatching(/^request-value at \/inputs\/0, row 0: .*is the number 1.5/)],
      gzip: ['415', expect.stringMatching(/^request-body: .*compressed by `gzip`/)],
    });
  },
  120_000,
);
