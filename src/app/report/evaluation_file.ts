/** `evaluation.json` of a run: what its last evaluation found, so that a report can be made again. It is read as a file of a stranger. */
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { writeTextDurably } from '../../base/storage/durable.ts';
import { readJsonFile } from '../../base/storage/run_files.ts';
import type { Manifest } from '../../training/artifact/manifest.ts';
import { evaluationFile } from '../../training/artifact/manifest.ts';
import { refuseUnlessValid } from '../../training/artifact/validate.ts';
import type { Evaluation } from '../../training/evaluation/evaluate.ts';
import { type Profile, profileFile } from '../../training/profile/profile.ts';

const format = 'tower-evaluation-1';

interface StoredEvaluation {
  readonly of: string;
  readonly evaluation: Evaluation;
}

export const writeEvaluation = (folder: string, { checksum }: Manifest, evaluation: Evaluation): Promise<void> =>
  writeTextDurably(
    join(folder, evaluationFile),
    `${JSON.stringify({ format, of: checksum, evaluation }, undefined, 1)}\n`,
  );

/**
 * Undefined where the run was not evaluated, or was trained on since.
 * @throws Failure `damaged-file`, `cannot-read`
 */
export async function readEvaluation(folder: string, { checksum }: Manifest): Promise<Evaluation | undefined> {
  const value = await readJsonFile(folder, evaluationFile);
  if (value === undefined) return undefined;
  const path = join(folder, evaluationFile);
  await refuseUnlessValid('evaluation', value, path);
  const { of, evaluation } = value as StoredEvaluation;
  const reason = complaintOf(evaluation);
  if (reason !== undefined) throw failure('damaged-file', { path, reason });
  return of === checksum ? evaluation : undefined;
}

/** A schema cannot require that each metric has a figure everywhere. */
function complaintOf({ metrics, rows, slices }: Evaluation): string | undefined {
  const allFigures = [
    ...rows.flatMap((row) => [row.all, row.warm, ...(row.cold ? [row.cold] : [])]),
    ...[...slices.popularity, ...slices.history, ...(slices.by?.slices ?? [])].map(({ figures }) => figures),
  ];
  const missingMetric = metrics.find((label) => allFigures.some((figures) => !Object.hasOwn(figures, label)));
  return missingMetric === undefined ? undefined : `a figure of ${JSON.stringify(missingMetric)} is missing`;
}

// `profile/profile.json` of a run, which `tower train --profile` left. It is read as a file of a stranger.

/**
 * Undefined where the run was not profiled.
 * @throws Failure `damaged-file`, `cannot-read`
 */
export async function readProfile(folder: string): Promise<Profile | undefined> {
  const value = await readJsonFile(folder, profileFile);
  if (value === undefined) return undefined;
  await refuseUnlessValid('profile', value, join(folder, profileFile));
  return value as Profile;
}
