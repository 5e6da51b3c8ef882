/**
 * Serves from several processes of one machine, which share the address. The primary answers nothing itself: it loads versions, tells the processes which of them
 * answers, has the log of written items, and starts a process again that has ended.
 *
 *     primary ── open, assign, apply ─▶ process 1 ─┐
 *        ▲   └─ open, assign, apply ─▶ process 2 ─┤ one address: the system gives each connection to a process
 *        └───── append, rollback, metrics ────────┘
 */
import cluster, { type Worker } from 'node:cluster';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { failure } from '../../../base/diagnostics/diagnostic.ts';
import { findChildProgram } from '../../../base/storage/package_file.ts';
import { makeSerialQueue } from '../../../base/util/objects.ts';
import { chooseEngine } from '../../../engines/engines.ts';
import { makeGroupMetrics } from '../../../serving/server/metrics.ts';
import { makeSwaps, type SwapOptions } from '../../../serving/server/versions/swaps.ts';
import type { SwappedVersion, VersionFile } from '../../../serving/server/versions/versions.ts';
import { ProcessEnded } from '../child_process.ts';
import { closeLogs, openLogFolders, refuseUnsafe } from '../serve.ts';
import { loadToFile } from '../versions/load_beside.ts';
import {
  firstIn,
  followNewer,
  isAddress,
  openDecisions,
  type ServingVersions,
  type VersionsRequest,
} from '../versions/serve_versions.ts';
import { type Calls, connectCalls, type ProcessChannel, type SharedLogs, shareLogs } from './calls.ts';
import type {
  AssignedVersion,
  OpenedVersion,
  PrimaryCalls,
  ProcessRequest,
  ServingProcessCalls,
} from './serving_process.ts';

export interface ProcessesRequest extends Omit<VersionsRequest, 'run' | 'door'> {
  readonly processes: number;
  /** The folder of the run that answers. If absent, `watch` is needed. */
  readonly folder?: string;
}

/** Milliseconds before an ended process is started again: the first time, and at most. It doubles while processes end within a minute of their start. */
const [firstBackoff, maxBackoff, longLife] = [500, 30_000, 60_000];
/** Milliseconds that metrics wait for a process that does not answer, and that a process gets to end after the grace of its requests. */
const [longestMetrics, longestEnd] = [1000, 2000];

/** A version in a file that each process opens. The key is unique in the life of the primary, other than the checksum. */
interface OpenableVersion {
  readonly key: number;
  readonly folder: string;
  readonly file: VersionFile;
}

type SharedVersion = OpenableVersion & SwappedVersion;

interface ServingProcess {
  readonly worker: Worker;
  readonly calls: Calls<ServingProcessCalls>;
  /** Resolves when it takes calls: cluster drops messages that a process gets before it listens for them. */
  readonly isConnected: Promise<void>;
  /** True once it has all versions, so that it gets their changes. */
  hasVersions: boolean;
  answers: boolean;
}

/**
 * The function is long because the processes, the versions and the log are changed together.
 * @throws Failure `cannot-listen`, `no-version`, and those of `serve` and `load`
 */
export async function serveProcesses(request: ProcessesRequest): Promise<ServingVersions> {
  const { host = '127.0.0.1', port = 8321, token, say = () => {}, log: writeLine } = request;
  const { folder, watch, signal } = request;
  await refuseUnsafe({ host, token });
  const engineChoice = await chooseEngine(request.engine, 'serving');
  request.onEngine?.(engineChoice);
  const logs = await openLogFolders(request);
  const decisions = await openDecisions(request).catch(async (error: unknown) => {
    await closeLogs(logs);
    throw error;
  });
  const sharedLogs = { items: logs.items?.log, events: logs.events?.log };
  /** Positions up to which no version of a process needs the events of the log, by process. */
  const filedPositions = new Map<ServingProcess, number>();
  const { hosts, limits, logShown, index, table, userVectors, data, allow, unfinished, cache, asOf } = request;
  const loadOptions = { data, allow, unfinished, cache, asOf };
  const hasChanges = watch !== undefined;
  // The index of a run that does not change may be in any folder.
  const sharedIndex = index === undefined || hasChanges || isAddress(index) ? index : resolve(index);
  const processRequest: ProcessRequest = {
    ...loadOptions,
    token,
    hosts,
    limits,
    logShown,
    table,
    userVectors,
    index: sharedIndex,
    ...{ host, port, engine: engineChoice.engine.name, takesItems: logs.items !== undefined },
    eventLog: logs.events?.log.id,
    ...{ logsRequests: writeLine !== undefined, hasChanges },
  };
  const watching = watch === undefined ? undefined : { folder: watch, say, index };
  const processes = new Set<ServingProcess>();
  const readyProcesses = (): ServingProcess[] => [...processes].filter(({ hasVersions }) => hasVersions);
  const control = new AbortController();
  let url = '';
  /** Processes that ask for the same port share one socket: also port 0, while one of them has it. */
  let sharedPort = port;
  /** Versions that processes have opened, also those that do not answer yet. */
  const loadedVersions = new Set<OpenableVersion>();
  let current: SharedVersion | undefined;
  let assigned: Promise<unknown> = Promise.resolve();
  let [keyCount, restarts] = [0, 0];
  /** Opens a version, or starts a process, one at a time, so that each process has all versions. */
  const inTurn = makeSerialQueue();

  const endProcess = ({ worker }: ServingProcess, reason: string): void => {
    say(`process ${worker.process.pid} is ended: ${reason}`);
    worker.process.kill('SIGKILL');
  };
  /** Resolves when all processes with versions have done it. One that fails would answer otherwise than the others, so it is ended. */
  const callAll = async <T>(work: (calls: ServingProcess['calls']) => Promise<T>): Promise<T[]> => {
    const results = readyProcesses().map((process) =>
      work(process.calls).catch((error: Error) => {
        if (!(error instanceof ProcessEnded)) endProcess(process, error.message);
        return undefined;
      }),
    );
    return (await Promise.all(results)).filter((result): result is Awaited<T> & {} => result !== undefined);
  };

  // Versions.

  const load = async (runFolder: string, ending?: AbortSignal, before?: VersionFile): Promise<SharedVersion> => {
    const isFirst = current === undefined;
    const engine = engineChoice.engine.name;
    const file = await loadToFile(runFolder, { ...loadOptions, engine, isFirst, say, signal: ending, file: before });
    const version = { key: ++keyCount, file, folder: runFolder };
    const close = async (): Promise<void> => {
      loadedVersions.delete(version);
      await callAll((calls) => calls.call('drop', version.key));
    };
    try {
      const { id, notes } = await inTurn(() => {
        loadedVersions.add(version);
        return openInAll(readyProcesses(), version);
      });
      if (isFirst) notes.forEach(say);
      return { ...version, id, close };
    } catch (error) {
      await close();
      file.remove();
      throw error;
    }
  };
  const assignmentOf = ({ key }: SharedVersion): AssignedVersion => ({ key, before: swaps.before });
  const versions: SwapOptions<SharedVersion>['versions'] = {
    get current() {
      return current!;
    },
    async assign(version) {
      const { key } = current!;
      current = version;
      for (const loadedVersion of loadedVersions) if (loadedVersion.key === key) loadedVersions.delete(loadedVersion);
      assigned = callAll((calls) => calls.call('assign', assignmentOf(version)));
      await assigned;
      await callAll((calls) => calls.call('freed'));
    },
  };
  const rehearse = async ({ key }: SharedVersion, isKnown: boolean): Promise<string> => {
    const ready = readyProcesses().filter(({ answers }) => answers);
    const sentences = await Promise.all(ready.map(({ calls }) => calls.call('rehearse', { key, isKnown })));
    return sentences.find((sentence) => sentence.startsWith('asked')) ?? sentences[0] ?? 'no process to warm up';
  };
  const swaps = makeSwaps({ versions, load, rehearse, say, decisions });
  /** Resolves when all processes answer with the changed versions. */
  const awaitAssigned = async (change: Promise<void>): Promise<void> => {
    await change;
    await assigned;
  };

  // Processes.

  const groupMetrics = makeGroupMetrics({
    answering: () => [...processes].filter(({ answers }) => answers).length,
    restarts: () => restarts,
    ...{ items: logs.items?.stored, events: logs.events?.stored },
  });
  const start = (): ServingProcess => {
    const worker = cluster.fork();
    let connect = (): void => {};
    const isConnected = new Promise<void>((onConnected, fail) => {
      connect = onConnected;
      worker.once('exit', () => fail(new ProcessEnded('its process has ended')));
    });
    isConnected.catch(() => {});
    const ownLogs = shareLogs(
      sharedLogs as SharedLogs,
      () => calls,
      (reason) => endProcess(started, reason),
    );
    const calls: ServingProcess['calls'] = connectCalls<PrimaryCalls, ServingProcessCalls>(
      worker.process as ProcessChannel,
      {
        ...ownLogs.handlers,
        connected: connect,
        forget(position) {
          filedPositions.set(started, position);
          logs.events?.forget?.([...filedPositions.values()].reduce((least, position) => Math.min(least, position)));
        },
        rollback: (version) => awaitAssigned(swaps.rollback(version)),
        async allMetrics() {
          const late = delay<object[]>(longestMetrics, [], { ref: false });
          return groupMetrics(await callAll((server) => Promise.race([server.call('metrics'), late])));
        },
        say,
        writeLog: (text) => writeLine?.(text.trimEnd()),
      },
    );
    const started: ServingProcess = { worker, calls, isConnected, hasVersions: false, answers: false };
    processes.add(started);
    worker.once('exit', () => {
      processes.delete(started);
      ownLogs.close();
      filedPositions.delete(started);
    });
    return started;
  };
  const letAnswer = async (started: ServingProcess): Promise<void> => {
    url = await started.calls.call('answer', { ...processRequest, port: sharedPort });
    started.answers = true;
  };
  /** Starts another process when this one ends. */
  const replaceAtEnd = ({ worker }: ServingProcess, backoff: number): void => {
    const since = performance.now();
    worker.once('exit', (code: number | null, killedBy: string | null) => {
      if (control.signal.aborted) return;
      const pause = performance.now() - since > longLife ? firstBackoff : backoff;
      const howItEnded = killedBy ?? `code ${code}`;
      say(`process ${worker.process.pid} ended by ${howItEnded}: another one is started in ${pause / 1000} s`);
      delay(pause, undefined, { signal: control.signal }).then(
        () => replace(Math.min(maxBackoff, 2 * pause)),
        () => {},
      );
    });
  };
  const replace = async (backoff: number): Promise<void> => {
    restarts++;
    const started = start();
    replaceAtEnd(started, backoff);
    try {
      await started.isConnected;
      await started.calls.call('prepare', processRequest);
      await inTurn(async () => {
        for (const version of loadedVersions) await openInAll([started], version);
        // From here on it gets each change of the versions, after this one.
        started.hasVersions = true;
        await started.calls.call('assign', assignmentOf(current!));
      });
      if (![...processes].some(({ answers }) => answers)) sharedPort = Number(new URL(url).port);
      await letAnswer(started);
      say(`process ${started.worker.process.pid} answers`);
    } catch (error) {
      if (!control.signal.aborted && !(error instanceof ProcessEnded)) endProcess(started, (error as Error).message);
    }
  };
  let following: Awaited<ReturnType<typeof followNewer>> | undefined;
  const close = async (grace = 10_000, drain = 0): Promise<void> => {
    control.abort();
    following?.stop();
    if (current !== undefined) swaps.close();
    await Promise.all(
      [...processes].map(async ({ worker, calls }) => {
        const hasExited = new Promise((onExit) => worker.once('exit', onExit));
        const killTimer = setTimeout(() => worker.process.kill('SIGKILL'), drain + grace + longestEnd);
        await calls.call('close', { grace, drain }).catch(() => {});
        if (worker.process.connected) worker.process.disconnect();
        await hasExited;
        clearTimeout(killTimer);
      }),
    );
    for (const { file } of loadedVersions) file.remove();
    await decisions.close();
    await closeLogs(logs);
  };

  // The system gives a connection to whichever process accepts it first. Node's other way, in which the primary accepts all, loses those that a killed process
  // was just given: their clients wait for ever. `setupPrimary` freezes the choice.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({
    exec: findChildProgram(import.meta.url, 'serving_process'),
    args: [],
    serialization: 'advanced',
  });
  const endStart = (): void => {
    for (const { worker } of processes) worker.process.kill('SIGKILL');
  };
  signal?.addEventListener('abort', endStart);
  try {
    const firstProcesses = Array.from({ length: request.processes }, start);
    // Before a run is loaded, so that a port in use is reported at once.
    for (const server of firstProcesses) {
      await server.isConnected;
      url = await server.calls.call('takeAddress', processRequest);
      server.hasVersions = true;
    }
    const loadFirst = (runFolder: string): Promise<SharedVersion> => load(runFolder, signal);
    current = await (folder === undefined
      ? firstIn({ ...watching!, decisions }, loadFirst, signal)
      : loadFirst(folder));
    decisions.passTo(swaps);
    await Promise.all(firstProcesses.map(({ calls }) => calls.call('assign', assignmentOf(current!))));
    await Promise.all(firstProcesses.map(letAnswer));
    for (const server of firstProcesses) replaceAtEnd(server, firstBackoff);
    following = watching && (await followNewer(watching, swaps, versions));
  } catch (error) {
    await close(0);
    signal?.throwIfAborted();
    throw error instanceof ProcessEnded
      ? failure('version-process', { folder: folder ?? watch!, reason: error.message })
      : error;
  }
  signal?.removeEventListener('abort', endStart);
  return { url, look: async () => following?.look(), close };
}

/** Opens a version in some processes. @throws Failure of opening, `version-process` */
async function openInAll(
  processes: readonly ServingProcess[],
  { key, folder, file }: OpenableVersion,
): Promise<OpenedVersion> {
  const openings = processes.map(({ calls }) => calls.call('open', { key, folder, path: file.path }));
  // All have ended before one of them is told to drop the version.
  await Promise.allSettled(openings);
  try {
    const [opened] = await Promise.all(openings);
    if (opened === undefined) throw new ProcessEnded('no process answers');
    return opened;
  } catch (error) {
    throw error instanceof ProcessEnded ? failure('version-process', { folder, reason: error.message }) : error;
  }
}
