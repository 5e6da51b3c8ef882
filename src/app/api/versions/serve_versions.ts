/** Serves versions: the newest run of a folder, which may change while the server answers. */
import { basename, dirname, isAbsolute, join } from 'node:path';
import { failure } from '../../../base/diagnostics/diagnostic.ts';
import { registerReader } from '../../../base/storage/lock.ts';
import { makeLogFiles } from '../../../base/storage/record_log/lines.ts';
import { openWriteLog } from '../../../base/storage/record_log/write_log.ts';
import type { Until } from '../../../data/dataset.ts';
import { momentOf } from '../../../data/rows/fresh.ts';
import { chooseEngine, type EngineChoice } from '../../../engines/engines.ts';
import {
  decisionLog,
  decisionReplacement,
  makeRehearsal,
  makeSwaps,
  rejectedIn,
  type SharedDecisions,
  type Swaps,
  type VersionDecision,
} from '../../../serving/server/versions/swaps.ts';
import {
  makeVersion,
  makeVersions,
  type SwappedVersion,
  type Version,
  type VersionFile,
  type VersionState,
} from '../../../serving/server/versions/versions.ts';
import { dayText } from '../../report/days_page.ts';
import type { LoadRequest, Run } from '../run.ts';
import {
  attachTo,
  type ClosableLog,
  closeLogs,
  type LogRequest,
  listen,
  type OpenedLogs,
  open,
  openLogs,
  openSharedLog,
  refuseUnsafe,
  type ServeRequest,
  type Serving,
  takenBy,
} from '../serve.ts';
import { loadToFile, readLoaded, runOf } from './load_beside.ts';
import { closedDays, makeWatch } from './watch_folder.ts';

export interface VersionsRequest extends ServeRequest, Omit<LoadRequest, 'signal'> {
  /** The index of each version: a folder in its run, such as `index`, or `postgres://user@host/database`. */
  readonly index?: string;
  /** The run that answers. It is closed when nothing uses it any more. If absent, `watch` is needed. */
  readonly run?: Run;
  /** The folder whose newest run answers. */
  readonly watch?: string;
  readonly signal?: AbortSignal;
  readonly onEngine?: (engine: EngineChoice) => void;
  readonly say?: (line: string) => void;
}

export interface ServingVersions extends Serving {
  /** Scans the watched folder now, and retries runs that could not be served. */
  look(): Promise<void>;
}

/** @throws Failure `no-version`, and those of `serve` and `load` */
export async function serveVersions(request: VersionsRequest): Promise<ServingVersions> {
  const { host = '127.0.0.1', token } = request;
  await refuseUnsafe({ host, token });
  const logs = await openLogs(request);
  let decisions: OpenedDecisions | undefined;
  try {
    decisions = await openDecisions(request);
    return await serveWith(logs, decisions, request);
  } catch (error) {
    await decisions?.close();
    await closeLogs(logs);
    throw error;
  }
}

export interface OpenedDecisions extends SharedDecisions, ClosableLog {
  /** Passes each later decision to the swaps of this server. */
  passTo(swaps: Pick<Swaps, 'follow'>): void;
}

/**
 * Opens the log of decisions on versions, beside the events or the items: servers that share these have it in common, and `tower live` reads it.
 * @throws Failure `log-address`, `log-server`, `items-log`, `cannot-read`
 */
export async function openDecisions({ items, events, say = () => {} }: LogRequest): Promise<OpenedDecisions> {
  const latest = new Map<string, VersionDecision>();
  const address = [events, items].find((logAddress) => logAddress !== undefined && isAddress(logAddress));
  const folder = address ?? events ?? items;
  if (folder === undefined) return { latest, passTo: () => {}, close: async () => {} };
  const { log, close } = await (address === undefined
    ? openLocalDecisions(folder, say)
    : openSharedLog(address, decisionLog, decisionReplacement, say));
  let swaps: Pick<Swaps, 'follow'> | undefined;
  const recordDecision = (decision: VersionDecision): void => {
    if (swaps) void swaps.follow(decision);
    else latest.set(decision.version, decision);
  };
  try {
    await log.follow(0, (entries) => entries.flat().forEach(recordDecision));
  } catch (error) {
    await close();
    throw error;
  }
  return { latest, log, close, passTo: (newSwaps) => void (swaps = newSwaps) };
}

/** The log of events or items has locked the folder. */
async function openLocalDecisions(folder: string, say: (line: string) => void) {
  const log = await openWriteLog(makeLogFiles(folder), decisionLog, { say });
  return { log, close: () => log.close() };
}

async function serveWith(
  logs: OpenedLogs,
  decisions: OpenedDecisions,
  request: VersionsRequest,
): Promise<ServingVersions> {
  const { watch, signal, say = () => {}, index, table, userVectors, data, allow, unfinished, cache, asOf } = request;
  const engineChoice = await (request.run?.engine() ?? chooseEngine(request.engine, 'serving'));
  request.onEngine?.(engineChoice);
  const versionOf = (run: Run, folder: string, file?: VersionFile): Promise<Version> =>
    openVersion(run, folder, { say, logs, index, table, userVectors, file });
  const engine = engineChoice.engine.name;
  const loadOptions = { data, allow, unfinished, cache, asOf, say };
  let isFirst = true;
  const load = async (runFolder: string, ending?: AbortSignal, before?: VersionFile): Promise<Version> => {
    const file = await loadToFile(runFolder, { ...loadOptions, engine, isFirst, signal: ending, file: before });
    try {
      return await versionOf(await runOf(await readLoaded(file.path), engine, loadOptions), runFolder, file);
    } catch (error) {
      file.remove();
      throw error;
    }
  };

  const watching = watch === undefined ? undefined : { folder: watch, say, index };
  const firstVersion = await (request.run
    ? versionOf(request.run, request.run.trained.folder)
    : firstIn({ ...watching!, decisions }, (runFolder) => load(runFolder, signal), signal));
  isFirst = false;
  const versions = makeVersions(firstVersion);
  const swaps = makeSwaps({ versions, load, rehearse: makeRehearsal(versions), say, decisions });
  decisions.passTo(swaps);
  const serving = await listen({ versions, versionChanges: swaps, logs }, request);
  const following = watching && (await followNewer(watching, swaps, versions));
  return {
    url: serving.url,
    look: async () => following?.look(),
    async close(grace, drain) {
      following?.stop();
      swaps.close();
      await serving.close(grace, drain);
      await decisions.close();
    },
  };
}

interface WatchedRuns {
  readonly folder: string;
  /** The index of each version. */
  readonly index?: string;
  readonly say: (line: string) => void;
}

/** If a run's index is written after the run, the run must be tried again. */
const extraFileOf = ({ index }: WatchedRuns) => ({
  extraFile: index === undefined || isAddress(index) ? undefined : join(index, 'index.json'),
});

/** Returns the first version that can be served. Tries incomplete runs in a second scan, in which nothing has changed. @throws Failure `no-version` */
export async function firstIn<V extends SwappedVersion>(
  watched: WatchedRuns & { readonly decisions: SharedDecisions },
  load: (folder: string) => Promise<V>,
  signal?: AbortSignal,
): Promise<V> {
  const { folder, say, decisions } = watched;
  let foundVersion: V | undefined;
  const loadAndRecord = async (runFolder: string): Promise<void> => {
    const startTime = performance.now();
    foundVersion = await load(runFolder).catch((error: unknown) => {
      throw signal?.aborted ? new DOMException('the start has ended', 'AbortError') : error;
    });
    const seconds = ((performance.now() - startTime) / 1000).toFixed(1);
    say(`version ${foundVersion.id.slice(0, 12)} of ${runFolder}: loaded in ${seconds} s`);
  };
  const options = { folder, loadFolder: loadAndRecord, say, answering: () => [], rejected: rejectedIn(decisions) };
  const watch = makeWatch({ ...options, ...extraFileOf(watched) });
  const refused = (await watch.look()) + (foundVersion ? 0 : await watch.look());
  signal?.throwIfAborted();
  if (foundVersion === undefined) throw failure('no-version', { folder, refused });
  return foundVersion;
}

/** Takes newer versions until it is stopped. `look` scans the folder now, and retries runs that could not be served. */
export async function followNewer(
  watched: WatchedRuns,
  { rejected, loadFolder }: Swaps,
  versions: { readonly current: SwappedVersion },
): Promise<{ look(): Promise<void>; stop(): void }> {
  const control = new AbortController();
  const { folder, say } = watched;
  const answering = (): readonly string[] => [versions.current.id];
  const watch = makeWatch({ folder, say, answering, rejected, loadFolder, ...extraFileOf(watched) });
  void watch.follow(control.signal);
  return { look: async () => void (await watch.again()), stop: () => control.abort() };
}

/** `say` is called with the notes that go with every answer, such as that the data has grown. */
interface VersionOptions extends Pick<ServeRequest, 'index' | 'table' | 'userVectors' | 'say'> {
  readonly logs: OpenedLogs;
  readonly file?: VersionFile;
}

/** Makes a version of a run, with all written items. The run is closed with it, also if this fails. */
export async function openVersion(
  run: Run,
  folder: string,
  { logs, index, table, userVectors, file, say }: VersionOptions,
): Promise<Version> {
  const endReading = await registerReader(folder, 'tower serve');
  try {
    const ownIndex = index && indexOf(folder, index);
    const answers = await open(run, { ...takenBy(logs), index: ownIndex, table, userVectors });
    if (say) for (const note of await run.notes()) say(`${folder}: ${note}`);
    const detach = await attachTo(logs, answers);
    const close = async (): Promise<void> => {
      await detach();
      await answers.close();
      await run.close();
      await endReading();
    };
    const { until } = run.trained.manifest.data;
    return makeVersion({ answers, folder, file, close, state: stateOf(folder, until, new Date()) });
  } catch (error) {
    await run.close();
    await endReading();
    throw error;
  }
}

/** Returns a function that says since when a version answers, until which events it was trained, and how the last closed day was judged. */
function stateOf(folder: string, until: Until | undefined, since: Date): () => Promise<VersionState> {
  const trained = until ? `, trained on events until ${momentOf(until.time)}` : '';
  const versionNote = `Version ${basename(folder)} answers since ${since.toISOString().slice(0, 19)}Z${trained}.`;
  return async () => {
    const lastDay = (await closedDays(dirname(folder))).at(-1);
    if (lastDay === undefined) return { sentences: [versionNote] };
    const { metric = '', figures = {} } = lastDay;
    return {
      sentences: [versionNote, dayText(lastDay)],
      figures: Object.entries(figures).map(([name, { mean }]) => ({ name, metric, mean })),
    };
  };
}

/** Returns the index of a run: in its folder, or the one address or folder that all versions share. */
const indexOf = (folder: string, index: string): string =>
  isAddress(index) || isAbsolute(index) ? index : join(folder, index);
export const isAddress = (index: string): boolean => /^\w+:\/\//.test(index);
