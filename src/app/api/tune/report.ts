/** `report.html` of a study. */
import { join } from 'node:path';
import { writeTextDurably } from '../../../base/storage/durable.ts';
import { defined } from '../../../base/util/defined.ts';
import { studyPage } from '../../report/study_page.ts';
import type { Tuned } from '../tune.ts';

/** Writes it anew. @returns its path */
export async function writeStudyReport(tuned: Omit<Tuned, 'folder'> & { readonly folder: string }): Promise<string> {
  const { folder, study, trials, importance, finalists, winner, validation, test } = tuned;
  const parts = { study, trials, importance, finalists, ...defined({ winner: winner?.trial, validation, test }) };
  const path = join(folder, 'report.html');
  await writeTextDurably(path, studyPage(parts));
  return path;
}
