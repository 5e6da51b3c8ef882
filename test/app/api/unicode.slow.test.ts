/** Names in other alphabets, from the header of a file to answers and exports. */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { evaluate, exportPage, exportTowers, load, recommend, train } from '../../../src/api.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { writeProject } from '../cli/project.ts';

/** The last is in parts in the header of the file, as some systems write it, and whole in the model. */
const names: readonly (readonly [string, string])[] = [
  ['user_id', '用户'],
  ['movie_id', '商品'],
  ['history', '履歴'],
  ['user', 'запрос'],
  ['item', 'सामान'],
  ['main', 'главный'],
  ['films', '映画'],
  ['watch', '보기'],
  ['seen_at', 'gesehen_für'],
];
const root = temporaryFolder();

it('trains, measures, answers and exports a model whose names are all in other alphabets', async () => {
  writeProject(root);
  for (const file of readdirSync(root)) {
    const renamed = names.reduce(
      (text, [latin, name]) => text.replaceAll(RegExp(`\\b${latin}\\b(?!\\.csv)`, 'g'), name),
      readFileSync(join(root, file), 'utf8'),
    );
    writeFileSync(join(root, file), file.endsWith('.csv') ? renamed.normalize('NFD') : renamed);
  }
  renameSync(join(root, 'films.tower'), join(root, '映画.tower'));
  const out = join(root, '実行');
  await train(join(root, '映画.tower'), { data: join(root, 'data.tower'), out, engine: 'onnx', set: { epochs: 1 } });
  const run = await load(out);
  expect((await evaluate(run, { baselines: ['popularity'] })).rows.map(({ name }) => name)).toEqual([
    '映画',
    'popularity',
  ]);
  expect((await recommend(run, { user: 'u1', k: 3 })).items).toHaveLength(3);
  const towers = await exportTowers(run, { out: join(root, '出力') });
  expect(towers.files).toContain('запрос/model.onnx');
  await exportPage(run, { out: join(root, 'page') });
  await run.close();
});
