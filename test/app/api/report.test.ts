import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { writeReport, writeRunsReport } from '../../../src/app/api/report.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { load } from '../../../src/training/artifact/load.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { trainSmall } from '../../training/trained.ts';
import { partsOf } from '../report/parts.ts';

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

it('keeps what the last evaluation found, for reports of later and of several runs', async () => {
  const { folder, manifest } = await load(`${root}/trained`);
  const { evaluation } = partsOf();
  await writeReport(folder, evaluation);
  const first = readFileSync(`${folder}/report.html`, 'utf8');
  expect(first).toContain('ease beats');
  await writeReport(folder);
  expect(readFileSync(`${folder}/report.html`, 'utf8')).toBe(first);
  expect((await load(folder)).manifest.checksum).toBe(manifest.checksum);

  const copy = `${root}/copy`;
  cpSync(folder, copy, { recursive: true });
  const path = await writeRunsReport([folder, copy]);
  expect(resolve(path)).toBe(`${root}/report.html`);
  expect(readFileSync(path, 'utf8')).toMatch(/2 runs[\s\S]*All settings are the same/);
  await writeRunsReport([folder, copy]);
  // A run that stopped early does not hide the others.
  const unfinished = `${root}/diverged`;
  mkdirSync(unfinished);
  cpSync(`${folder}/run.json`, `${unfinished}/run.json`);
  const left: string[] = [];
  await writeRunsReport([unfinished, folder, copy], undefined, (each) => left.push(each));
  expect(left).toEqual([unfinished]);
  expect(readFileSync(path, 'utf8')).toMatch(/2 runs[\s\S]*Not shown, because they have not finished: diverged\./);
  await expect(writeRunsReport([unfinished, unfinished])).rejects.toThrow('has not finished');
  writeFileSync(`${root}/mine.html`, 'mine');
  await expect(writeRunsReport([folder, copy], `${root}/mine.html`)).rejects.toThrow('is not overwritten');

  // Figures of other weights, and figures that are none.
  const stored = JSON.parse(readFileSync(`${copy}/evaluation.json`, 'utf8'));
  const put = (value: unknown) => writeFileSync(`${copy}/evaluation.json`, JSON.stringify(value));
  put({ ...stored, of: '0'.repeat(64) });
  await writeReport(copy);
  expect(readFileSync(`${copy}/report.html`, 'utf8')).toContain('not evaluated yet');
  put({ ...stored, evaluation: { ...stored.evaluation, metrics: ['recall@5', 'toString'] } });
  await expect(writeReport(copy)).rejects.toThrow('a figure of "toString" is missing');
  put({ ...stored, evaluation: { ...stored.evaluation, examples: [{ history: 'x' }] } });
  await expect(writeReport(copy)).rejects.toThrow(Failure);
});
