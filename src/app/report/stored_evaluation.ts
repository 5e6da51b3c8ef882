/** Reads and writes what the last evaluation and the profile of a run found, and makes the rows of its table. */
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { writeTextDurably } from '../../base/storage/durable.ts';
import { readJsonFile } from '../../base/storage/run_files.ts';
import { evaluationFile, type Manifest } from '../../training/artifact/run_manifest.ts';
import { refuseUnlessValid } from '../../training/artifact/validate.ts';
import type { Evaluation } from '../../training/evaluation/evaluate_model.ts';
import { type Profile, profileFile } from '../../training/step_profile.ts';

/** Returns the figures of the model and of each baseline, also for warm and cold items if there are cold ones. */
export function evaluationRows({ metrics, rows, cold }: Evaluation): string[][] {
  const metricCells = (figures: Readonly<Record<string, number>>): string[] =>
    metrics.map((label) => figures[label]!.toFixed(4));
  return rows.flatMap(({ name, all, warm, cold: ofCold }) => [
    [name, ...metricCells(all)],
    ...(cold.events > 0 ? [[`${name}, warm`, ...metricCells(warm)]] : []),
    ...(ofCold ? [[`${name}, cold`, ...metricCells(ofCold)]] : []),
  ]);
}

/** Format of `evaluation.json`: the results of a run's last evaluation, for a new report. It is validated like a file of a stranger. */
const format = 'tower-evaluation-1';

export const writeEvaluation = (folder: string, { checksum }: Manifest, evaluation: Evaluation): Promise<void> =>
  writeTextDurably(
    join(folder, evaluationFile),
    `${JSON.stringify({ format, of: checksum, evaluation }, undefined, 1)}\n`,
  );

/** Returns undefined if the run was not evaluated, or was trained further since. @throws Failure `damaged-file`, `cannot-read` */
export async function readEvaluation(folder: string, { checksum }: Manifest): Promise<Evaluation | undefined> {
  const storedValue = await readJsonFile(folder, evaluationFile);
  if (storedValue === undefined) return undefined;
  const filePath = join(folder, evaluationFile);
  await refuseUnlessValid('evaluation', storedValue, filePath);
  const { of, evaluation } = storedValue as { of: string; evaluation: Evaluation };
  const damageReason = complaintOf(evaluation);
  if (damageReason !== undefined) throw failure('damaged-file', { path: filePath, reason: damageReason });
  return of === checksum ? evaluation : undefined;
}

/** Checks what a schema cannot require: that each metric has a figure everywhere. */
function complaintOf({ metrics, rows, slices }: Evaluation): string | undefined {
  const allFigures = [
    ...rows.flatMap((row) => [row.all, row.warm, ...(row.cold ? [row.cold] : [])]),
    ...[...slices.popularity, ...slices.history, ...(slices.by?.slices ?? [])].map(({ figures }) => figures),
  ];
  const missingMetric = metrics.find((label) => allFigures.some((figures) => !Object.hasOwn(figures, label)));
  return missingMetric === undefined ? undefined : `a figure of ${JSON.stringify(missingMetric)} is missing`;
}

/** Returns undefined if the run was not profiled. @throws Failure `damaged-file`, `cannot-read` */
export async function readProfile(folder: string): Promise<Profile | undefined> {
  const storedValue = await readJsonFile(folder, profileFile);
  if (storedValue === undefined) return undefined;
  await refuseUnlessValid('profile', storedValue, join(folder, profileFile));
  return storedValue as Profile;
}
