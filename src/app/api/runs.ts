/** Lists the runs below a folder, and prunes them. */
import { lstat, readdir } from 'node:fs/promises';
import { basename, join, parse, resolve } from 'node:path';
import { awaitRead, Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { hasReader } from '../../base/storage/lock.ts';
import { readJsonFile, readRunFile } from '../../base/storage/run_files.ts';
import { makeSource } from '../../base/text/source.ts';
import { compileSource } from '../../compiler/pipeline.ts';
import { readManifest } from '../../training/artifact/load.ts';
import { type Manifest, manifestFile } from '../../training/artifact/run_manifest.ts';
import { isRunIn, removeRun, runFile } from '../../training/folder.ts';
import { readMetricsLog } from '../../training/metrics_log.ts';
import type { EpochRecord } from '../../training/train_options.ts';

/** Summarizes the folder of a run for lists of runs. Its weights are not read. */
export interface RunSummary {
  readonly folder: string;
  /** `running`: a process is training it now. `unfinished`: it was stopped, and can be resumed. `damaged`: see `reason`. The others say why training ended. */
  readonly status: 'epochs' | 'patience' | 'stopped' | 'unfinished' | 'running' | 'damaged';
  readonly reason?: string;
  /** The run that chose the settings of one that is trained on all events. */
  readonly final?: Manifest['final'];
  /** Present if a server answers with the run. */
  readonly served?: true;
  readonly model?: string;
  readonly data?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly seed?: number;
  readonly epochs: number;
  readonly steps: number;
  readonly best?: Manifest['training']['best'];
  /** Metrics of the epoch whose weights were kept; of the last epoch if no metric chooses. */
  readonly validation: Readonly<Record<string, number>>;
  /** Last change of any of its files, in milliseconds since 1970. */
  readonly changed: number;
  readonly bytes: number;
}

/** Returns undefined if the folder has no run, or has the `run.json` of another program. */
async function summaryOf(folder: string): Promise<RunSummary | undefined> {
  const fileNames = await readdir(folder).catch((): string[] => []);
  if (!fileNames.includes(runFile) && !fileNames.includes(manifestFile)) return undefined;
  const kind = await isRunIn(folder, fileNames);
  if (kind === 'other') return undefined;
  const [sizes, isServed, records, manifest] = await Promise.all([
    sizesOf(folder),
    hasReader(folder).catch(() => false),
    readMetricsLog(folder).catch(() => []),
    readManifest(folder).catch((error: unknown) => error),
  ]);
  const served = isServed || undefined;
  const epochRecords = (records as readonly unknown[]).filter(isRecord);
  const lastRecord = epochRecords.at(-1);
  const lastProgress = { epochs: lastRecord?.epoch ?? 0, steps: lastRecord?.step ?? 0 };
  const lastValidation: RunSummary['validation'] =
    epochRecords.findLast(({ validation }) => validation)?.validation ?? {};
  if (!isManifest(manifest)) {
    const runIdentity = await identityIn(folder);
    const statusOfError = withoutManifest(manifest);
    const runState = kind === 'damaged' && statusOfError.status === 'unfinished' ? unreadable : statusOfError;
    return { folder, ...runIdentity, ...lastProgress, validation: lastValidation, ...sizes, served, ...runState };
  }
  const { training, plan, data, settings, seed, final } = manifest;
  const bestRecord = training.best ? epochRecords.find(({ epoch }) => epoch === training.best!.epoch) : undefined;
  return {
    folder,
    status: training.status === 'interrupted' ? 'unfinished' : training.status,
    model: plan.model,
    epochs: training.epochs,
    steps: training.steps,
    seed,
    validation: bestRecord?.validation ?? lastValidation,
    ...sizes,
    served,
    best: training.best,
    settings,
    data: data.file,
    final,
  };
}

async function identityIn(folder: string): Promise<Pick<RunSummary, 'model' | 'seed' | 'final'>> {
  const value = await readJsonFile(folder, runFile).catch(() => undefined);
  const { model, seed, final } = (value ?? {}) as Record<string, unknown>;
  return {
    ...(typeof model === 'string' ? { model } : {}),
    ...(typeof seed === 'number' ? { seed } : {}),
    ...(typeof final === 'object' && final !== null ? { final: final as RunSummary['final'] & object } : {}),
  };
}

const isManifest = (value: unknown): value is Manifest => !(value instanceof Error);

/** If `run.json` is invalid, it is unknown whether the folder has a run. */
const unreadable = { status: 'damaged', reason: `its ${runFile} cannot be read` } as const;

/** Explains why a run has no valid manifest. @throws the error if it is not a Failure */
function withoutManifest(error: unknown): Pick<RunSummary, 'status' | 'reason'> {
  if (!(error instanceof Failure)) throw error;
  const [{ code, message }] = error.diagnostics as [Failure['diagnostics'][number]];
  if (code === 'run-in-use') return { status: 'running' };
  if (code === 'unfinished-run') return { status: 'unfinished' };
  return { status: 'damaged', reason: message };
}

/** True for a valid record. A log from elsewhere may have any content. */
function isRecord(value: unknown): value is EpochRecord {
  const { epoch, step, validation = {} } = value as Partial<EpochRecord>;
  return (
    Number.isSafeInteger(epoch) &&
    Number.isSafeInteger(step) &&
    typeof validation === 'object' &&
    validation !== null &&
    Object.values(validation).every(Number.isFinite)
  );
}

async function sizesOf(folder: string): Promise<{ changed: number; bytes: number }> {
  let [changed, bytes] = [0, 0];
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])) {
    if (!entry.isFile()) continue;
    // A file may be removed while the list is made.
    const fileStats = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += fileStats?.size ?? 0;
    changed = Math.max(changed, fileStats?.mtimeMs ?? 0);
  }
  return { changed, bytes };
}

/** Maximum depth below the folder. Runs may be grouped: `runs/study/toys/bsarec-1`. */
const maxDepth = 4;

/**
 * Lists the runs in a folder and in those below it, the newest first. Links are not followed.
 * @throws Failure `cannot-read` if the folder itself cannot be read
 */
export async function listRuns(root: string): Promise<RunSummary[]> {
  await awaitRead(root, readdir(root));
  const foundRuns: RunSummary[] = [];
  await visit(root, 0, foundRuns);
  return foundRuns.sort((a, b) => b.changed - a.changed || (a.folder < b.folder ? -1 : 1));
}

async function visit(folder: string, depth: number, summaries: RunSummary[]): Promise<void> {
  const summary = await summaryOf(folder);
  if (summary) {
    summaries.push(summary);
    return;
  }
  if (depth === maxDepth) return;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await visit(join(folder, entry.name), depth + 1, summaries);
}

const sortKeys = ['changed', 'name', 'size', 'epochs'] as const;

/**
 * Sorts runs by a metric, the greatest first, runs without it last; by `changed`, `size` or `epochs`, the greatest first; or by `name`, alphabetically.
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

/** Returns the runs that may be pruned: not the first `keep` of the list, and none that a process is training or serving, or that is damaged. */
export const prunable = (runs: readonly RunSummary[], keep: number): RunSummary[] =>
  runs.slice(keep).filter(({ status, served }) => status !== 'running' && status !== 'damaged' && !served);

/**
 * Removes the files of a run. Files that Tower did not write stay, and so does the folder around them.
 * @returns the files that stay
 * @throws Failure `run-in-use`, `cannot-write`
 */
export const pruneRun = ({ folder }: RunSummary): Promise<readonly string[]> => removeRun(folder);

/** Compiles the sources that a run has kept in one folder, regardless of their original folders. Undefined if the run has no sources. */
export async function recompiled(
  folder: string,
  { sources, settings }: Manifest,
): Promise<ReturnType<typeof compileSource> | undefined> {
  const storedTexts: string[] = [];
  for (const path of sources) storedTexts.push((await readRunFile(folder, path)).toString('utf8'));
  const [main] = sources;
  if (main === undefined) return undefined;
  // Files of the same name are stored under different names, so used files are read in the order in which the training read them.
  const otherTexts = storedTexts.slice(1).values();
  return compileSource(makeSource(basename(main), storedTexts[0]!), {
    load(path) {
      const { value } = otherTexts.next();
      return value === undefined ? undefined : makeSource(path, value);
    },
    folder: resolve(folder, 'sources'),
    project: parse(resolve(folder)).root,
    settings,
  });
}
