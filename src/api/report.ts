/** `report.html` of a run: what is known of it, to be read in a browser. */
import { join } from 'node:path';
import { readManifest } from '../artifact/load.ts';
import type { Manifest } from '../artifact/manifest.ts';
import { defined } from '../defined.ts';
import type { Evaluation } from '../evaluation/evaluate.ts';
import { readCurves } from '../report/curves.ts';
import { drawingOf } from '../report/drawn.ts';
import { type ReportParts, reportPage } from '../report/page.ts';
import { writeTextDurably } from '../storage/durable.ts';
import { lockFolder } from '../storage/lock.ts';
import { reportFile } from '../training/folder.ts';
import { recompiled } from './recompiled.ts';

/** Another report is written in less. */
const patience = 5000;

/**
 * Writes it anew from the run's logs, its sources and what evaluation found. No other file of the run is touched, and the
 * manifest does not list it: a run with another report is the same run.
 * @returns its path
 * @throws Failure `not-a-run`, `cannot-write`
 */
export async function writeReport(folder: string, evaluation?: Evaluation): Promise<string> {
  const manifest = await readManifest(folder);
  const page = reportPage({
    manifest,
    curves: await readCurves(folder, manifest.training.steps),
    ...(await modelOf(folder, manifest)),
    ...defined({ evaluation }),
  });
  const path = join(folder, reportFile);
  const lock = await lockFolder(folder, { purpose: 'tower evaluate', wait: patience });
  try {
    await writeTextDurably(path, page);
  } finally {
    await lock.release();
  }
  return path;
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
