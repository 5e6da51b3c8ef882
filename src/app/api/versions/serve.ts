/** Serves versions: a run with a canary, or the newest run of a folder, which may change while the server answers. */
import { join } from 'node:path';
import { failure } from '../../../base/diagnostics/failure.ts';
import { defined } from '../../../base/util/defined.ts';
import { type Choice, chooseEngine } from '../../../engines/engines.ts';
import type { Version } from '../../../serving/server/versions/versions.ts';
import type { LoadRequest, Run } from '../run.ts';
import {
  attachTo,
  closeLogs,
  listen,
  type OpenedLogs,
  open,
  openLogs,
  refuseUnsafe,
  type ServeRequest,
  type Serving,
  takenBy,
} from '../serve.ts';

export interface VersionsRequest extends ServeRequest, Omit<LoadRequest, 'signal'> {
  /** The index of each version: a folder in its run, such as `index`, or `postgres://user@host/database`. */
  readonly index?: string;
  /** The run that answers. It is closed when nothing uses it any more. If absent, `watch` is needed. */
  readonly run?: Run;
  /** The folder whose newest run answers. */
  readonly watch?: string;
  /** The folder of a run that answers a share of the requests. */
  readonly canary?: string;
  /** The share of the canary, from 0 to 1. With `watch`, new versions begin as canaries. */
  readonly share?: number;
  readonly signal?: AbortSignal;
  readonly onEngine?: (engine: Choice) => void;
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
  return serveWith(logs, request).catch(async (error: unknown) => {
    await closeLogs(logs);
    throw error;
  });
}

async function serveWith(logs: OpenedLogs, request: VersionsRequest): Promise<ServingVersions> {
  const { watch, canary, share, signal, say = () => {}, index, table, userVectors } = request;
  const { data, allow, unfinished, cache, asOf, say: sayOfRun } = request;
  const engineChoice = await (request.run?.engine() ?? chooseEngine(request.engine, 'serving'));
  request.onEngine?.(engineChoice);
  const [{ loadInProcess }, { makeWatch }, { makeActiveVersions, makeVersions }, { makeSwaps }] = await Promise.all([
    import('./load_beside.ts'),
    import('./watch.ts'),
    import('../../../serving/server/versions/versions.ts'),
    import('../../../serving/server/versions/swaps.ts'),
  ]);
  const versionOf = (run: Run, folder: string): Promise<Version> =>
    openVersion(run, folder, { say, ...defined({ logs, index, table, userVectors }) });
  // If a run's index is written after the run, the run must be tried again.
  const extraFile = index === undefined || isAddress(index) ? undefined : join(index, 'index.json');
  const ofRun = {
    ...defined({ data, allow, unfinished, cache, asOf, say: sayOfRun }),
    engine: engineChoice.engine.name,
  };
  const load = async (folder: string, ending?: AbortSignal, isFirst = false): Promise<Version> =>
    versionOf(await loadInProcess(folder, { ...ofRun, isFirst, ...defined({ signal: ending }) }), folder);

  const firstVersion = await (request.run ? versionOf(request.run, request.run.trained.folder) : firstIn(watch!));
  const versions = makeVersions(makeActiveVersions(firstVersion));
  const firstShare = canary === undefined ? share : (share ?? usualShare);
  const swaps = makeSwaps({ versions, load, say, ...defined({ firstShare }) });
  if (canary !== undefined) await swaps.take(canary);
  const control = new AbortController();
  const watching =
    watch === undefined
      ? undefined
      : makeWatch({
          folder: watch,
          ...defined({ extraFile }),
          answering: () => versions.current.all.map(({ id }) => id),
          rejected: swaps.rejected,
          take: swaps.take,
          say,
        });
  const serving = await listen({ versions, swaps, logs }, request);
  void watching?.follow(control.signal);

  /** Returns the first version that can be served. Tries incomplete runs in a second scan, in which nothing has changed. */
  async function firstIn(folder: string): Promise<Version> {
    let foundVersion: Version | undefined;
    const takeVersion = async (at: string): Promise<void> => {
      const startTime = performance.now();
      foundVersion = await load(at, signal, true).catch((error: unknown) => {
        throw signal?.aborted ? new DOMException('the start has ended', 'AbortError') : error;
      });
      say(
        `version ${foundVersion.id.slice(0, 12)} of ${at}: loaded in ${((performance.now() - startTime) / 1000).toFixed(1)} s`,
      );
    };
    const looking = makeWatch({
      folder,
      ...defined({ extraFile }),
      answering: () => [],
      rejected: new Set(),
      take: takeVersion,
      say,
    });
    const refused = (await looking.look()) + (foundVersion ? 0 : await looking.look());
    signal?.throwIfAborted();
    if (foundVersion === undefined) throw failure('no-version', { folder, refused });
    return foundVersion;
  }

  return {
    url: serving.url,
    async look() {
      await watching?.again();
    },
    async close(grace) {
      control.abort();
      swaps.close();
      await serving.close(grace);
    },
  };
}

export interface VersionsOptions {
  readonly logs: OpenedLogs;
  readonly index?: string;
  readonly table?: string;
  readonly userVectors?: number;
  /** Called with the notes that go with every answer, such as that the data has grown. */
  readonly say?: (line: string) => void;
}

/** Makes a version of a run, with all written items. The run is closed with it, also if this fails. */
export async function openVersion(
  run: Run,
  folder: string,
  { logs, index, table, userVectors, say }: VersionsOptions,
): Promise<Version> {
  const { beginReading } = await import('../../../base/storage/lock.ts');
  const endReading = await beginReading(folder, 'tower serve');
  try {
    const answers = await open(run, {
      ...takenBy(logs),
      ...defined({ index: index && indexOf(folder, index), table, userVectors }),
    });
    if (say) for (const note of await run.notes()) say(`${folder}: ${note}`);
    const detach = await attachTo(logs, answers);
    const close = async (): Promise<void> => {
      await detach();
      await answers.close();
      await run.close();
      await endReading();
    };
    const { makeVersion } = await import('../../../serving/server/versions/versions.ts');
    return makeVersion({ answers, folder, close });
  } catch (error) {
    await run.close();
    await endReading();
    throw error;
  }
}

/** Returns the index of a run: in its folder, or the one address that all versions share. */
const indexOf = (folder: string, index: string): string => (isAddress(index) ? index : join(folder, index));
const isAddress = (index: string): boolean => /^\w+:\/\//.test(index);

/** The default share of a canary: one request in twenty. */
const usualShare = 0.05;
