/** Lists the runs below a folder, and removes those that are not worth their place. */
import { readdir } from 'node:fs/promises';
import { basename, join, parse, resolve } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { reading } from '../../base/diagnostics/system_reason.ts';
import { readRunFile } from '../../base/storage/run_files.ts';
import { makeSource } from '../../base/text/source.ts';
import { defined } from '../../base/util/defined.ts';
import { compileSource } from '../../compiler/pipeline.ts';
import type { Manifest } from '../../training/artifact/manifest.ts';
import { removeRun } from '../../training/folder.ts';
import { type RunSummary, summaryOf } from '../../training/summary.ts';

export type { RunSummary } from '../../training/summary.ts';

/** Folders of runs may be grouped: `runs/study/toys/bsarec-1`. */
const deepest = 4;

/**
 * The runs in a folder and in those below it, the newest first. Links are not followed.
 * @throws Failure `cannot-read` where the folder itself cannot be read
 */
export async function listRuns(root: string): Promise<RunSummary[]> {
  await reading(root, readdir(root));
  const foundRuns: RunSummary[] = [];
  await visit(root, 0, foundRuns);
  return foundRuns.sort((a, b) => b.changed - a.changed || (a.folder < b.folder ? -1 : 1));
}

async function visit(folder: string, depth: number, found: RunSummary[]): Promise<void> {
  const summary = await summaryOf(folder);
  if (summary) {
    found.push(summary);
    return;
  }
  if (depth === deepest) return;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await visit(join(folder, entry.name), depth + 1, found);
}

const sortKeys = ['changed', 'name', 'size', 'epochs'] as const;

/**
 * By a metric the greatest first, and runs without it last; `changed`, `size` and `epochs` the greatest first; `name` by the alphabet.
 * @throws Failure `unknown-name` for a metric that no run has
 */
export function sortRuns(runs: readonly RunSummary[], by: string): RunSummary[] {
  if (by === 'name') return [...runs].sort((a, b) => (a.folder < b.folder ? -1 : 1));
  const sortValue = keyOf(runs, by);
  return [...runs].sort(
    (a, b) => (sortValue(b) ?? -Infinity) - (sortValue(a) ?? -Infinity) || (a.folder < b.folder ? -1 : 1),
  );
}

function keyOf(runs: readonly RunSummary[], by: string): (run: RunSummary) => number | undefined {
  if (by === 'changed' || by === 'epochs') return (run) => run[by];
  if (by === 'size') return ({ bytes }) => bytes;
  const metrics = [...new Set(runs.flatMap(({ validation }) => Object.keys(validation)))];
  if (runs.length > 0 && !metrics.includes(by))
    throw failure('unknown-name', { what: 'metric of these runs', name: by, known: [...sortKeys, ...metrics] });
  return ({ validation }) => (Object.hasOwn(validation, by) ? validation[by] : undefined);
}

/** Runs that pruning leaves are the first `keep` of a list, and those that a process trains in or answers with now. */
export const prunable = (runs: readonly RunSummary[], keep: number): RunSummary[] =>
  runs.slice(keep).filter(({ status, served }) => status !== 'running' && status !== 'damaged' && !served);

/**
 * Removes the files of a run. A file that Tower did not write stays, and so does the folder around it.
 * @returns the files that stay
 * @throws Failure `run-in-use`, `cannot-write`
 */
export const pruneRun = ({ folder }: RunSummary): Promise<readonly string[]> => removeRun(folder);

/** Its files are in one folder, regardless of their original folders. Undefined if the run has no sources. */
export async function recompiled(
  folder: string,
  { sources, settings }: Manifest,
): Promise<ReturnType<typeof compileSource> | undefined> {
  const storedTexts: string[] = [];
  for (const path of sources) storedTexts.push((await readRunFile(folder, path)).toString('utf8'));
  const [main] = sources;
  if (main === undefined) return undefined;
  // Files of one name lie under others here; what is used is read in the order in which it was at training.
  const otherTexts = storedTexts.slice(1).values();
  return compileSource(makeSource(basename(main), storedTexts[0]!), {
    load(path) {
      const { value } = otherTexts.next();
      return value === undefined ? undefined : makeSource(path, value);
    },
    folder: resolve(folder, 'sources'),
    project: parse(resolve(folder)).root,
    ...defined({ settings }),
  });
}
