/** The cache of `embed` for a model in a folder of this machine: the content of its files is what it knows the model by. */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../training/temporary_folder.ts';

vi.mock('../../../src/plugins/embed/text_model.ts', async (original) => ({
  ...(await original<object>()),
  openTextModel: async () => ({ embed: async (texts: readonly string[]) => texts.map(() => Float32Array.of(1, 2)) }),
}));
const { embed } = await import('../../../src/plugins/embed/embed_rows.ts');

it('a model that is saved again in its place is asked again, also with files of the same names, sizes and times', async () => {
  const folder = temporaryFolder();
  const model = join(folder, 'model');
  mkdirSync(join(model, 'onnx'), { recursive: true });
  const save = (weights: string): void => {
    writeFileSync(join(model, 'config.json'), '{}');
    writeFileSync(join(model, 'onnx', 'model.onnx'), weights);
    for (const name of ['config.json', 'onnx/model.onnx']) utimesSync(join(model, name), 1000, 1000);
  };
  const file = join(folder, 'items.csv');
  writeFileSync(file, 'item,title\na,One\nb,Two\n');
  const computed = async (): Promise<number> =>
    (await embed({ file, columns: ['title'], model, out: join(folder, 'out.npy') })).computed;
  save('0.25');
  expect(await computed()).toBe(2);
  expect(await computed()).toBe(0);
  save('0.75');
  expect(await computed()).toBe(2);
  save('0.25');
  expect(await computed()).toBe(0);
});
