import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { writeReport } from '../../src/api/report.ts';
import { load } from '../../src/artifact/load.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';
import { trainSmall } from '../training/trained.ts';

const root = temporaryFolder();

it('leaves a run what it was, and writes the same bytes twice', async () => {
  const { folder, manifest } = await trainSmall(root);
  const path = await writeReport(folder);
  const first = readFileSync(path, 'utf8');
  expect(first).toContain(`${manifest.training.epochs} epochs, ${manifest.training.steps} steps`);
  expect(first).toContain('The model is not drawn');
  expect((await load(folder)).manifest.checksum).toBe(manifest.checksum);
  await writeReport(folder);
  expect(readFileSync(path, 'utf8')).toBe(first);
});
