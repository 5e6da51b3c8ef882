/** The first model of the guide, as its reader types it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { check } from '../../src/api/check.ts';
import { train } from '../../src/api/train.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';
import { fences } from './fences.ts';

const page = 'docs/guide/getting-started.md';
const folder = temporaryFolder();
const [model, data] = fences(page, 'tower').map(({ text }) => text) as [string, string];
const [csv] = fences(page, 'csv').map(({ text }) => text) as [string];

function write(modelText: string): { model: string; data: string } {
  // The rows that the page shows, and more of them.
  const rows = Array.from({ length: 40 }, (_, at) => `${['ann', 'bob', 'cid'][at % 3]},film${at % 7},${2000 + at}`);
  writeFileSync(join(folder, 'views.csv'), `${csv}${rows.join('\n')}\n`);
  writeFileSync(join(folder, 'views.tower'), modelText);
  writeFileSync(join(folder, 'data.tower'), data);
  return { model: join(folder, 'views.tower'), data: join(folder, 'data.tower') };
}

it('is sound, and trains', async () => {
  const files = write(model);
  expect((await check(files.model, { data: files.data })).text).toBe('');
  const trained = await train(files.model, { data: files.data, out: join(folder, 'run'), engine: 'onnx' });
  expect(trained.status).toBe('epochs');
});

it('with the mistake that the page shows gives what the page shows', async () => {
  const files = write(model.replace('keyed by user {', 'keyed by usr {'));
  const shown = (await check(files.model, { data: files.data })).text;
  const [expected] = fences(page, 'text');
  expect(shown.replaceAll(files.model, 'views.tower')).toContain(expected!.text);
});
