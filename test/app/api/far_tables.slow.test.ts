/** A run whose tables lie in several memories: what every command does with it is what it does with a run of one memory. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare, evaluate, load, open, recommend, type TrainRequest, train } from '../../../src/api.ts';
import { setSpaceLimit } from '../../../src/training/embedding/kernel_memory.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { model as text, writeProject } from '../cli/project.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
/** A table of 6,000 rows of 8 takes 192,000 bytes. */
const small = 128 * 1024;
const run = (out: string, more: Partial<TrainRequest> = {}) =>
  train(at('films.tower'), { data: at('data.tower'), out: at(out), engine: 'onnx', ...more });
const weights = (name: string): Buffer => readFileSync(at(`${name}/weights.safetensors`));

beforeAll(async () => {
  writeProject(root);
  const far = text
    .replace('movie_id : id(', 'movie_id : id(hash: 6000, ')
    .replace('user_id  : id(', 'user_id  : id(hash: 6000, ');
  expect(far.match(/hash: 6000/g)).toHaveLength(2);
  writeFileSync(at('films.tower'), far);
  await run('one');
  setSpaceLimit(small);
  await run('several');
});
afterAll(() => setSpaceLimit());

describe('tables in several memories', () => {
  it('have the bits of one memory, also where the run was stopped and resumed', async () => {
    expect(weights('several').equals(weights('one'))).toBe(true);
    const controller = new AbortController();
    await run('stopped', { signal: controller.signal, onEvent: ({ kind }) => kind === 'epoch' && controller.abort() });
    await run('stopped', { resume: true });
    expect(weights('stopped').equals(weights('one'))).toBe(true);
  });

  it('are evaluated, compared, asked and served as those of one memory', async () => {
    const [one, several] = [await load(at('one')), await load(at('several'))];
    const figures = async (of: typeof one) => (await evaluate(of, { baselines: 'none' })).metrics;
    expect(await figures(several)).toEqual(await figures(one));
    const { rows } = await compare([
      { name: 'one', run: one },
      { name: 'several', run: several },
    ]);
    expect(rows[1]!.figures).toEqual(rows[0]!.figures);
    const question = { user: 'u1', k: 5 };
    const { items } = await recommend(several, question);
    expect(items).toEqual((await recommend(one, question)).items);
    const opened = await open(several);
    expect(await opened.recommend(question)).toMatchObject({ items });
    await opened.close();
  });

  it('go on in a run of tables in one memory, and the other way round', async () => {
    await run('on', { from: at('one'), all: true, set: { epochs: 1 } });
    setSpaceLimit();
    await run('back', { from: at('several'), all: true, set: { epochs: 1 } });
    setSpaceLimit(small);
    expect(weights('on').equals(weights('back'))).toBe(true);
  });
});
