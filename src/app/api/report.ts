/** Writes `report.html` of a run, a study or several runs, for a browser. */
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { writeTextDurably } from '../../base/storage/durable.ts';
import { lockFolder } from '../../base/storage/lock.ts';
import { readIfExists, readRunFile } from '../../base/storage/run_files.ts';
import { drawingOf } from '../../editor/drawing/drawn.ts';
import { readManifest } from '../../training/artifact/load.ts';
import { type Manifest, reportFile } from '../../training/artifact/run_manifest.ts';
import type { Evaluation } from '../../training/evaluation/evaluate_model.ts';
import { readCurves } from '../report/curves.ts';
import { generator } from '../report/html.ts';
import type { ReportParts } from '../report/report_parts.ts';
import { reportPage } from '../report/run_page.ts';
import { type NamedRun, runsPage } from '../report/runs_page.ts';
import type { ModelFileText } from '../report/settings_section.ts';
import { readEvaluation, readProfile, writeEvaluation } from '../report/stored_evaluation.ts';
import { recompiled } from './runs.ts';

/** Milliseconds to wait for another process that writes a report, which takes less. */
const lockWait = 5000;

/**
 * Writes the report from the run's logs, its sources and its last evaluation. No other file of the run changes, and the manifest does not list it: a run with
 * another report is the same run.
 * @returns the path
 * @throws Failure `not-a-run`, `cannot-write`
 */
export async function writeReport(folder: string, evaluation?: Evaluation): Promise<string> {
  const manifest = await readManifest(folder);
  const pageParts = await reportParts(folder, manifest);
  const page = reportPage({ ...pageParts, evaluation: evaluation ?? pageParts.evaluation });
  const pagePath = join(folder, reportFile);
  const lock = await lockFolder(folder, { purpose: 'tower evaluate', wait: lockWait });
  try {
    if (evaluation) await writeEvaluation(folder, manifest, evaluation);
    await writeTextDurably(pagePath, page);
  } finally {
    await lock.release();
  }
  return pagePath;
}

/**
 * Writes one report of several runs: their curves in shared charts, their figures, and the settings in which they differ. Runs that have not finished are left
 * out and named, because in a folder of many, one is often still training.
 * @param out Default: `report.html` in the folder that contains all of them
 * @param onUnfinished called with each run that is left out, and the reason
 * @returns the path
 * @throws Failure `not-a-run`, `damaged-file`, `file-exists` for a file that is no report, `cannot-write`, `unfinished-run` if no run has finished
 */
export async function writeRunsReport(
  folders: readonly string[],
  out?: string,
  onUnfinished?: (folder: string, failure: Failure) => void,
): Promise<string> {
  const runs: NamedRun[] = [];
  const unfinished: string[] = [];
  const root = commonFolder(folders);
  let firstFailure: Failure | undefined;
  for (const folder of folders) {
    const runName = relative(root, resolve(folder)) || basename(resolve(folder));
    const manifest = await readManifest(folder).catch((error: unknown) => {
      if (!isUnfinished(error)) throw error;
      firstFailure ??= error;
      unfinished.push(runName);
      onUnfinished?.(folder, error);
    });
    if (manifest) runs.push({ ...(await reportParts(folder, manifest)), name: runName });
  }
  if (runs.length === 0 && firstFailure) throw firstFailure;
  const pagePath = out ?? join(relative('.', root), 'report.html');
  await refuseOtherFile(pagePath);
  await writeTextDurably(pagePath, runsPage(runs, unfinished));
  return pagePath;
}

const isUnfinished = (error: unknown): error is Failure =>
  error instanceof Failure && error.diagnostics.every(({ code }) => code === 'unfinished-run' || code === 'run-in-use');

function commonFolder(folders: readonly string[]): string {
  const [firstSegments, ...otherSegmentLists] = folders.map((folder) => dirname(resolve(folder)).split(sep));
  const shared = firstSegments!.findIndex((part, index) =>
    otherSegmentLists.some((otherSegments) => otherSegments[index] !== part),
  );
  return firstSegments!.slice(0, shared === -1 ? undefined : shared).join(sep) || sep;
}

/** Refuses to replace a file that is not a report. */
async function refuseOtherFile(path: string): Promise<void> {
  const bytes = await readIfExists(dirname(path), basename(path), maxReportBytes);
  if (bytes !== undefined && !bytes.subarray(0, 1000).includes(generator)) {
    throw failure('file-exists', { path, option: '--out' });
  }
}

const maxReportBytes = 256 * 2 ** 20;

/** @throws Failure `lost-file`, `damaged-file`, `cannot-read` */
async function reportParts(folder: string, manifest: Manifest): Promise<ReportParts> {
  const { training, plan, sources } = manifest;
  const modelFiles: ModelFileText[] = [];
  for (const path of sources)
    modelFiles.push({ name: basename(path), text: (await readRunFile(folder, path)).toString() });
  return {
    manifest,
    curves: await readCurves(folder, training.steps, plan.train.batch),
    ...(await modelOf(folder, manifest)),
    sources: modelFiles,
    evaluation: await readEvaluation(folder, manifest),
    profile: await readProfile(folder),
  };
}

async function modelOf(folder: string, manifest: Manifest): Promise<Pick<ReportParts, 'drawing' | 'fixedWeights'>> {
  const { model, lowered } = (await recompiled(folder, manifest)) ?? {};
  if (!model || !lowered) return {};
  const { objective } = model;
  return {
    drawing: drawingOf(model, lowered.arrows),
    ...(objective.kind === 'sum'
      ? { fixedWeights: Object.fromEntries(objective.terms.map(({ task, weight }) => [task, weight])) }
      : {}),
  };
}
