/** A model on this machine: what Tower asks of @huggingface/transformers, with a package of the test in its place. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { openTextModel } from '../../../src/plugins/embed/text_model.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();

/** Writes a package that says what it was asked, as numbers and texts. */
function packageOf(name: string, answer: string): string {
  const path = join(root, `${name}.mjs`);
  writeFileSync(
    path,
    `export const env = { allowRemoteModels: true };
     export async function pipeline(task, model) { return async (texts, options) => { ${answer} }; }`,
  );
  return path;
}

const codeOf = (error: unknown): string | undefined => (error as Failure).diagnostics[0]?.code;

it('asks for a normalized mean of each text, of the folder and not of the hub', async () => {
  const folder = join(root, 'models', 'small');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), '{}');
  const from = packageOf(
    'whole',
    `const asked = [task, model, env.localModelPath, env.allowRemoteModels, options.pooling, options.normalize];
     if (JSON.stringify(asked) !== process.env.TOWER_TEST_ASKED) throw new Error(JSON.stringify(asked));
     return { data: Float32Array.from(texts.flatMap((text) => [text.length, 2])), dims: [texts.length, 2] };`,
  );
  process.env.TOWER_TEST_ASKED = JSON.stringify([
    'feature-extraction',
    'small',
    join(root, 'models'),
    false,
    'mean',
    true,
  ]);
  const model = await openTextModel({ model: folder, prefix: 'p: ' }, from);
  expect(await model.embed(['a', 'abc'])).toEqual([Float32Array.of(4, 2), Float32Array.of(6, 2)]);
});

it('checks the numbers, and puts an error into words', async () => {
  const infinite = packageOf('infinite', 'return { data: Float32Array.of(1, NaN), dims: [1, 2] };');
  const model = await openTextModel({ model: 'hub/name' }, infinite);
  await expect(model.embed(['a'])).rejects.toSatisfy((error) => codeOf(error) === 'embed-failed');
  const broken = await openTextModel(
    { model: 'hub/name' },
    packageOf('broken', "throw new Error('no memory\\n at …')"),
  );
  await expect(broken.embed(['a'])).rejects.toThrow('`hub/name` gave no vectors: no memory');
});

it('says how to install it', async () => {
  await expect(openTextModel({ model: 'hub/name' }, '@huggingface/none-of-this-name')).rejects.toSatisfy(
    (error) => codeOf(error) === 'no-transformers' && /npm install/.test((error as Failure).diagnostics[0]!.hint!),
  );
});
