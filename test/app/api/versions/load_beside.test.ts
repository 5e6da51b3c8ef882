/** The law of versions: a run that another process has read answers as one that was read here. */
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { load, open, train } from '../../../../src/api.ts';
import { readLoaded, readWhole, runOf, writeLoaded } from '../../../../src/app/api/versions/load_beside.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';
import { writeProject } from '../../cli/project.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const engine = 'onnx' as const;

beforeAll(async () => {
  writeProject(root);
  await train(at('films.tower'), { data: at('data.tower'), out: at('run'), engine, set: { epochs: 1 } });
}, 60_000);

it('answers as the run does', async () => {
  await writeLoaded(at('loaded'), await readWhole(at('run'), { engine }));
  const [here, there] = [await load(at('run'), { engine }), await runOf(await readLoaded(at('loaded')), engine, {})];
  const [own, other] = [await open(here), await open(there)];
  expect(other.version).toBe(here.trained.manifest.checksum);
  for (const body of [
    ...Array.from({ length: 12 }, (_, user) => ({ user: `u${user}`, k: 9, history: 5 })),
    { user: 'nobody' },
    { user: 'u1', removeSeen: false, columns: ['title'] },
    { values: { history: ['m3', 'm4'] }, k: 40, weights: { watch: 2 } },
  ]) {
    expect(await other.recommend(body)).toEqual(await own.recommend(body));
  }
  expect(await other.similar({ item: 'm3' })).toEqual(await own.similar({ item: 'm3' }));
  await Promise.all([here.close(), there.close()]);
});
