/** A list whose elements go through the item tower: its width, and so that of the vectors, follows from the tower. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { load, recommend, train } from '../../../src/api.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { writeProject } from '../cli/project.ts';

const root = temporaryFolder();

it('answers, with the tasks of `retrieve` and their factors', async () => {
  writeProject(root);
  const [model, data, out] = ['films.tower', 'data.tower', 'run'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(model, readFileSync(model, 'utf8').replace('max: 5, pool: mean', 'max: 5, pool: mean, through: item'));
  await train(model, { data, out, engine: 'onnx', set: { epochs: 1 } });
  const run = await load(out);
  expect((await run.recommender()).snapshot.objectives).toEqual([{ name: 'watch', from: 0, to: 8, factor: 1 }]);
  expect((await recommend(run, { user: 'u1', k: 3 })).items).toHaveLength(3);
  await run.close();
});
