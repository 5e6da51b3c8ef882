/** Sends parameters, figures and files of a run that a server lacks. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Destination } from '../../app/api/track.ts';
import { settingLines } from '../../app/report/settings_section.ts';
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import { writeTextDurably } from '../../base/storage/durable.ts';
import { closeQuietly, openIfExists, readJsonFile, readRunFile } from '../../base/storage/run_files.ts';
import { FailedRequest } from '../../base/util/http.ts';
import { type Manifest, trackingFile, validationUnit } from '../../training/artifact/run_manifest.ts';
import {
  artifactRoot,
  authorizationOf,
  logMetrics,
  logParams,
  type Metric,
  type MlflowClient,
  makeMlflowClient,
  metricKey,
  type RemoteRun,
  type TextsByKey,
} from './client.ts';

/**
 * Sends figures in order, so that a server that is lost has everything before some step, and nothing after it. Figures that were accepted leave the list.
 * @param sent called after each request with the number of figures accepted
 */
export async function sendNew(
  client: MlflowClient,
  { id, last }: RemoteRun,
  metrics: Metric[],
  sent: (count: number) => void,
): Promise<void> {
  const isNew = ({ key, step, value }: Metric): boolean => {
    const lastValue = last.get(key);
    return lastValue === undefined || step > lastValue.step || (step === lastValue.step && value !== lastValue.value);
  };
  const newMetrics = metrics.filter(isNew);
  metrics.length = 0;
  for (const metric of newMetrics) metrics.push(metric);
  await logMetrics(client, id, [...metrics], (count) => {
    metrics.splice(0, count);
    sent(count);
  });
}

/** Sends new parameters. Servers do not allow parameters to change, so those that it has stay. */
export function sendNewParams(
  client: MlflowClient,
  { id, params }: RemoteRun,
  given: Readonly<Record<string, string>>,
): Promise<void> {
  return logParams(client, id, Object.fromEntries(Object.entries(given).filter(([key]) => !params.has(key))));
}

export const pageOf = ({ url }: MlflowClient, { experiment, id }: RemoteRun): string =>
  `${url}/#/experiments/${experiment}/runs/${id}`;

/** @returns the number of files sent, or the reason why they were not */
export async function sendFiles(
  client: MlflowClient,
  remote: RemoteRun,
  folder: string,
  paths: readonly string[],
): Promise<number | string> {
  const root = artifactRoot(remote);
  if (root === undefined) return `the server keeps files at ${remote.artifacts.slice(0, 80)}, not through itself`;
  let partCount = 0;
  for (const path of paths) {
    if (!(await isThere(folder, path))) continue;
    try {
      await client.put(`${root}/${path}`, await readRunFile(folder, path));
    } catch (error) {
      // If a server accepts figures but no files, that is reported, but is no failure of the run.
      if (!(error instanceof FailedRequest) || error.isTransient) throw error;
      return error.message;
    }
    partCount++;
  }
  return partCount;
}

async function isThere(folder: string, path: string): Promise<boolean> {
  const artifactFile = await openIfExists(folder, path);
  if (artifactFile) await closeQuietly(artifactFile);
  return artifactFile !== undefined;
}

interface BackgroundSender {
  readonly client: MlflowClient;
  readonly experiment: string | undefined;
  /** Starts to send new data every few seconds. */
  begin(send: () => Promise<unknown>): void;
  kick(): void;
  /** Returns undefined if the server does not have everything, or if sending never began. */
  end<T>(last: () => Promise<T>): Promise<T | undefined>;
}

/** Milliseconds between two sends, and the maximum delay after failures. */
const [sendInterval, maxDelay] = [5000, 60_000];
/** Milliseconds to wait at the end, for a server that has answered, and for one that has not. */
const [defaultPatience, failingPatience] = [10_000, 2000];

/** Sends in the background. Failed requests are repeated, and only the end waits for the server, for a few seconds. */
export function openBackground(
  { url, experiment }: Destination,
  { onWarning, patience }: { readonly onWarning?: (warning: Diagnostic) => void; readonly patience?: number },
): BackgroundSender {
  const ending = new AbortController();
  let send: (() => Promise<unknown>) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let [failures, nextTry, isOver, hasWarned] = [0, 0, false, false];

  /** Notes an error of the server, or of the data to send. It never ends the training. */
  const fail = (error: unknown): void => {
    failures++;
    nextTry = performance.now() + Math.min(maxDelay, sendInterval * 2 ** (failures - 1));
    isOver ||= !(error instanceof FailedRequest) || !error.isTransient;
    if (!hasWarned) onWarning?.(diagnose('track-behind', undefined, { url, reason: (error as Error).message }));
    hasWarned = true;
  };
  const kick = (): void => {
    if (!send || running || isOver || performance.now() < nextTry) return;
    running = send()
      .then(() => void (failures = 0), fail)
      .finally(() => void (running = undefined));
  };
  return {
    client: makeMlflowClient(url, authorizationOf(process.env), ending.signal),
    experiment,
    begin(newSend) {
      send = newSend;
      timer = setInterval(kick, sendInterval).unref();
    },
    kick,
    async end(last) {
      clearInterval(timer);
      const endTimer = setTimeout(() => ending.abort(), patience ?? (failures > 0 ? failingPatience : defaultPatience));
      try {
        await running;
        return send && !isOver ? await last() : undefined;
      } catch (error) {
        fail(error);
        return undefined;
      } finally {
        clearTimeout(endTimer);
      }
    },
  };
}

/** `tracking.json` of a run: the tag by which a server finds the run again. It names no server, because the user says where the run is sent. */
export interface TrackingRecord {
  readonly format: 'tower-tracking-1';
  readonly run: string;
  /** Start of the training, in milliseconds since 1970. */
  readonly began?: number;
  /** Commit of the model's repository. */
  readonly commit?: string;
}

/** Returns the tracking record of the folder, which is created if it is missing. @throws Failure `cannot-read`, `cannot-write` */
export async function readOrCreateRecord(
  folder: string,
  anew: Pick<TrackingRecord, 'began' | 'commit'>,
): Promise<TrackingRecord> {
  const storedRecord = await readJsonFile(folder, trackingFile);
  if (isTrackingRecord(storedRecord)) return storedRecord;
  const newRecord: TrackingRecord = { format: 'tower-tracking-1', run: randomUUID(), ...anew };
  await writeTextDurably(join(folder, trackingFile), `${JSON.stringify(newRecord)}\n`);
  return newRecord;
}

/** True for a valid record. Its tag becomes part of a filter of the server, so it has only letters, digits and dashes. */
function isTrackingRecord(value: unknown): value is TrackingRecord {
  const { format, run, began, commit } = (value ?? {}) as Record<string, unknown>;
  return (
    format === 'tower-tracking-1' &&
    typeof run === 'string' &&
    /^[0-9a-f-]{36}$/.test(run) &&
    (began === undefined || Number.isSafeInteger(began)) &&
    (commit === undefined || (typeof commit === 'string' && /^[0-9a-f]{40,64}$/.test(commit)))
  );
}

/** The facts of a run. They give the same parameters for a run that begins as for the manifest of one that has ended. */
export interface RunFacts extends Pick<Manifest, 'engine' | 'tower' | 'seed' | 'settings'> {
  readonly plan: Pick<Manifest['plan'], 'model' | 'train'>;
  readonly data: Pick<Manifest['data'], 'train' | 'validation' | 'test' | 'items'>;
}

/** Returns every entry of `train` by its name in the file, including defaults. */
export function paramsOf({ plan, engine, seed, settings = {}, data }: RunFacts): TextsByKey {
  const { train, validation, test, items } = data;
  const { seed: _, ...entries } = plan.train;
  return byKey([
    // Without undefined entries, as in the manifest.
    ...settingLines('', JSON.parse(JSON.stringify(entries))),
    ['seed', String(seed)],
    ['engine', `${engine.name}, ${engine.version}`],
    ...Object.entries(settings).map(([name, value]): [string, string] => [`set.${name}`, value]),
    ...Object.entries({ train, validation, test, items }).map(([name, rows]): [string, string] => [
      `data.${name}`,
      String(rows),
    ]),
  ]);
}

export const tagsOf = (
  { plan, tower }: { readonly plan: { readonly model: string }; readonly tower: string },
  source: string | undefined,
  commit: string | undefined,
): TextsByKey =>
  byKey(
    Object.entries({
      'tower.model': plan.model,
      'tower.version': tower,
      'mlflow.user': userName(),
      'mlflow.source.type': 'LOCAL',
      'mlflow.source.name': source,
      'mlflow.source.git.commit': commit,
    }),
  );

export const endTagsOf = ({ checksum, training, data, plan }: Manifest): TextsByKey =>
  byKey([
    ['tower.checksum', checksum],
    ['tower.status', training.status],
    ['tower.data', data.fingerprint.events],
    [
      'tower.best',
      training.best && `${training.best.metric} ${training.best.value}, ${validationUnit(plan)} ${training.best.epoch}`,
    ],
  ]);

/** Returns the texts by their keys, without undefined ones. */
const byKey = (pairs: readonly (readonly [string, string | undefined])[]): TextsByKey =>
  Object.fromEntries(pairs.flatMap(([key, text]) => (text === undefined ? [] : [[metricKey(key), text]])));

/** Returns the name of the user, if it has one. On some machines it has none. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** Returns the current commit of a folder, if it is in a git repository and git is installed. `rev-parse` runs no code of the repository. */
export async function commitOf(folder: string): Promise<string | undefined> {
  const revParse = promisify(execFile)('git', ['rev-parse', '--verify', 'HEAD'], { cwd: folder, timeout: 5000 });
  const { stdout } = await revParse.catch(() => ({ stdout: '' }));
  return /^[0-9a-f]{40,64}$/.exec(stdout.trim())?.[0];
}
