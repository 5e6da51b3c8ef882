/** Summarizes the folder of a run for lists of runs. Its weights are not read. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/diagnostics/failure.ts';
import { isRead } from '../base/storage/lock.ts';
import { readJsonFile } from '../base/storage/run_files.ts';
import { defined } from '../base/util/defined.ts';
import { readManifest } from './artifact/load.ts';
import { type Manifest, manifestFile } from './artifact/manifest.ts';
import { isRunIn, runFile } from './folder.ts';
import { readMetricsLog } from './metrics_log.ts';
import type { EpochRecord } from './training_events.ts';

export interface RunSummary {
  readonly folder: string;
  /**
   * `running`: a process trains there now. `unfinished`: it was stopped, and can be resumed. `damaged`: see `reason`. The others are
   * why training ended.
   */
  readonly status: 'epochs' | 'patience' | 'stopped' | 'unfinished' | 'running' | 'damaged';
  readonly reason?: string;
  /** A server answers with it. */
  readonly served?: true;
  readonly model?: string;
  readonly data?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly seed?: number;
  readonly epochs: number;
  readonly steps: number;
  readonly best?: Manifest['training']['best'];
  /** Metrics of the kept epoch; of the last one where nothing chose. */
  readonly validation: Readonly<Record<string, number>>;
  /** Last change of any of its files, in milliseconds since 1970. */
  readonly changed: number;
  readonly bytes: number;
}

/** Undefined where the folder holds no run, also where it has a `run.json` of another program. */
export async function summaryOf(folder: string): Promise<RunSummary | undefined> {
  const fileNames = await readdir(folder).catch((): string[] => []);
  if (!fileNames.includes(runFile) && !fileNames.includes(manifestFile)) return undefined;
  const kind = await isRunIn(folder, fileNames);
  if (kind === 'other') return undefined;
  const [sizes, served, records, manifest] = await Promise.all([
    sizesOf(folder),
    servedIn(folder),
    readMetricsLog(folder).catch(() => []),
    readManifest(folder).catch((error: unknown) => error),
  ]);
  const epochRecords = (records as readonly unknown[]).filter(isRecord);
  const lastRecord = epochRecords.at(-1);
  const lastProgress = { epochs: lastRecord?.epoch ?? 0, steps: lastRecord?.step ?? 0 };
  const lastValidation: RunSummary['validation'] =
    epochRecords.findLast(({ validation }) => validation)?.validation ?? {};
  if (!isManifest(manifest)) {
    const runIdentity = await identityIn(folder);
    const statusOfError = withoutManifest(manifest);
    const runState = kind === 'damaged' && statusOfError.status === 'unfinished' ? unreadable : statusOfError;
    return { folder, ...runIdentity, ...lastProgress, validation: lastValidation, ...sizes, ...served, ...runState };
  }
  const { training, plan, data, settings, seed } = manifest;
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
    ...served,
    ...defined({ best: training.best, settings, data: data.file }),
  };
}

const servedIn = async (folder: string): Promise<Pick<RunSummary, 'served'>> =>
  (await isRead(folder).catch(() => false)) ? { served: true } : {};

async function identityIn(folder: string): Promise<Pick<RunSummary, 'model' | 'seed'>> {
  const value = await readJsonFile(folder, runFile).catch(() => undefined);
  const { model, seed } = (value ?? {}) as Record<string, unknown>;
  return {
    ...(typeof model === 'string' ? { model } : {}),
    ...(typeof seed === 'number' ? { seed } : {}),
  };
}

const isManifest = (value: unknown): value is Manifest => !(value instanceof Error);

/** Without a `run.json` that says so, nobody knows whether it is a run. */
const unreadable = { status: 'damaged', reason: `its ${runFile} cannot be read` } as const;

/** @throws what is no Failure */
function withoutManifest(error: unknown): Pick<RunSummary, 'status' | 'reason'> {
  if (!(error instanceof Failure)) throw error;
  const [{ code, message }] = error.diagnostics as [Failure['diagnostics'][number]];
  if (code === 'run-in-use') return { status: 'running' };
  if (code === 'unfinished-run') return { status: 'unfinished' };
  return { status: 'damaged', reason: message };
}

/** A log of a stranger may hold anything. */
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
    // A file may go while the list is made.
    const fileStats = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += fileStats?.size ?? 0;
    changed = Math.max(changed, fileStats?.mtimeMs ?? 0);
  }
  return { changed, bytes };
}
