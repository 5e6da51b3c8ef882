/**
 * Connects the workers of a training. With `tower train --workers N` this process is the first worker, and starts the others on this machine with the same
 * command. Otherwise a launcher, such as torchrun, has started all of them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Facts } from '../../base/diagnostics/codes.ts';
import { Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../../base/storage/temporary.ts';
import type { Dataset } from '../../data/dataset.ts';
import { openSharedShards } from '../../data/shards/read_shards.ts';
import type { ShardRequest } from '../../data/shards/request.ts';
import { type Meeting, type WorkerGroup, WorkerLost } from '../../engines/group.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { readTogether, type TableLayout } from '../../training/workers/read_together.ts';
import { type MemoryRequest, memoryBytes, type ShardDecision, shardRequest } from './shards.ts';

/** Set for the workers that this file starts. */
const workerVariable = 'TOWER_WORKER';

export interface LaunchedWorkers {
  readonly meeting?: Meeting;
  /** Returns a better reason for an error of this worker, if another worker has ended. */
  explain(error: unknown): Promise<unknown>;
  /** Stops the other workers if this one fails. */
  kill(): void;
  end(): Promise<void>;
}

const alone: LaunchedWorkers = { explain: async (error) => error, kill: () => {}, end: async () => {} };

export async function launchWorkers(requested: number | 'launched' | undefined): Promise<LaunchedWorkers> {
  const startedBy = process.env[workerVariable];
  if (startedBy !== undefined) return { ...alone, meeting: JSON.parse(startedBy) as Meeting };
  if (requested === undefined || requested === 1) return alone;
  if (requested !== 'launched') return startOthers(requested);
  const meeting = meetingOfLauncher(process.env);
  // torchrun says how many workers it has started on this machine.
  shareCores(Number(process.env.LOCAL_WORLD_SIZE) || 1);
  return { ...alone, meeting };
}

/** Divides the cores of the machine: its workers together get one thread per core. */
function shareCores(workers: number): void {
  process.env.TOWER_TORCH_THREADS ??= String(Math.max(1, Math.floor(availableParallelism() / workers)));
}

/** Returns how many seconds a worker waits for the others. Machines of a cluster start at different times. */
function timeoutsOf(environment: NodeJS.ProcessEnv, isOneMachine: boolean) {
  const seconds = secondsOf(environment, 'TOWER_WORKER_TIMEOUT', 300);
  const meetSeconds = secondsOf(environment, 'TOWER_WORKER_MEET_TIMEOUT', isOneMachine ? 60 : 300);
  return { meetSeconds, seconds, patientSeconds: 12 * seconds };
}

function secondsOf(environment: NodeJS.ProcessEnv, name: string, defaultSeconds: number): number {
  const settingText = environment[name];
  if (settingText === undefined) return defaultSeconds;
  const seconds = Number(settingText);
  if (seconds > 0 && seconds <= 1e5) return seconds;
  throw failure('workers-setting', { name, value: settingText, example: String(defaultSeconds) });
}

/** Reads the variables that torchrun sets. Other launchers set the same ones, or a script does. */
export function meetingOfLauncher(environment: NodeJS.ProcessEnv): Meeting {
  const names = ['RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT'];
  const missingNames = names.filter((name) => !environment[name]);
  if (missingNames.length > 0) throw failure('workers-launched', { missing: missingNames });
  const workers = countOf(environment, 'WORLD_SIZE', [1, Number.MAX_SAFE_INTEGER]);
  const rank = countOf(environment, 'RANK', [0, workers - 1]);
  countOf(environment, 'MASTER_PORT', [1, 65_535], 29_500);
  const isOneMachine = Number(environment.LOCAL_WORLD_SIZE) === workers;
  return { rank, workers, meet: 'env://', ...timeoutsOf(environment, isOneMachine) };
}

function countOf(
  environment: NodeJS.ProcessEnv,
  name: string,
  [min, max]: readonly [number, number],
  example = min,
): number {
  const number = Number(environment[name]);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw failure('workers-setting', { name, value: environment[name]!, example: String(example) });
}

type WorkerExit = Facts<'worker-ended'>;

interface OtherWorker {
  readonly child: ChildProcess;
  /** Resolves if the worker exits with an error. */
  readonly failed: Promise<WorkerExit>;
  readonly exited: Promise<void>;
}

/** Time in which the other workers agree on which worker was lost. */
const noticeMilliseconds = 6000;

async function startOthers(workers: number): Promise<LaunchedWorkers> {
  const folder = makeTemporaryFolder('workers');
  const lost = new AbortController();
  const meeting = { workers, meet: `file://${join(folder, 'meeting')}`, ...timeoutsOf(process.env, true) };
  shareCores(workers);
  // Without it Gloo resolves the host name of this machine, and in a container this may fail.
  process.env.GLOO_SOCKET_IFNAME ??= process.platform === 'darwin' ? 'lo0' : 'lo';
  const otherWorkers = Array.from({ length: workers - 1 }, (_, index) => start({ ...meeting, rank: index + 1 }));
  // Runs whenever this process ends, unless it is killed.
  process.once('exit', () => {
    for (const { child } of otherWorkers) child.kill('SIGKILL');
  });
  let isOver = false;
  for (const { failed } of otherWorkers) {
    failed.then((ended) => {
      // The remaining workers notice it by themselves, and their errors say more.
      if (!isOver) setTimeout(() => lost.abort(failure('worker-ended', ended)), noticeMilliseconds).unref();
    });
  }
  return {
    meeting: { ...meeting, rank: 0, lost: lost.signal },
    async explain(error) {
      if (!(error instanceof Failure) || !['worker-lost', 'engine-ended'].includes(error.diagnostics[0]!.code))
        return error;
      const noExit = new Promise<undefined>((resolve) => setTimeout(resolve, 3000));
      const firstExit = await Promise.race([noExit, ...otherWorkers.map(({ failed }) => failed)]);
      const lastWorker = error instanceof WorkerLost ? error.lastDone : undefined;
      return firstExit ? failure('worker-ended', { ...firstExit, last: lastWorker }) : error;
    },
    kill() {
      isOver = true;
      for (const { child } of otherWorkers) child.kill('SIGKILL');
    },
    async end() {
      isOver = true;
      await Promise.all(otherWorkers.map(finish));
      removeTemporaryFolder(folder);
    },
  };
}

function start(meeting: Meeting): OtherWorker {
  // The worker must print its errors as text on stderr.
  const commandWords = process.argv.slice(1).filter((word) => word !== '--json');
  const child = spawn(process.execPath, [...process.execArgv, ...commandWords], {
    env: { ...process.env, [workerVariable]: JSON.stringify(meeting) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderrText = '';
  child.stderr!.on('data', (bytes: Buffer) => {
    stderrText = `${stderrText}${bytes}`.slice(-4000);
  });
  const { rank } = meeting;
  const failed = new Promise<WorkerExit>((resolve) => {
    child.on('error', (error) => resolve({ worker: rank, how: `does not start: ${error.message}` }));
    child.on('close', (code, signal) => {
      if (code === 0) return;
      const line = /^error.*/m.exec(stderrText)?.[0];
      // A WorkerLost error only repeats that a worker was lost.
      if (line?.includes('[worker-lost]')) return;
      const ending = signal ? `was killed by ${signal}` : `ended with code ${code}`;
      resolve({ worker: rank, how: ending, ...(line && !signal ? { said: line.replace(/^error: /, '') } : {}) });
    });
  });
  const exited = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
  return { child, failed, exited };
}

/** Waits until a worker has exited: after the training it needs a moment to close its engine. */
async function finish({ child, exited }: OtherWorker): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(timer);
}

/** Describes the rows of one of several workers: they are read as in a single process, or from shards that the first worker has written. */
export interface RowsOfWorkers {
  readonly plan: Plan;
  readonly request: MemoryRequest & {
    /** Folder of the run. */
    readonly out: string;
    readonly tables?: TableLayout;
    readonly signal?: AbortSignal;
  };
  /** When rows go to shards. Only the first worker decides by it. */
  readonly when: ShardRequest['when'];
  /** Reads rows as a single process does. */
  read(shards: ShardRequest, signal: AbortSignal | undefined): Promise<Dataset>;
}

/** @throws Failure of reading in a single process, `shards-missing`, `worker-lost` */
export async function rowsOfWorker(group: WorkerGroup, { plan, request, when, read }: RowsOfWorkers): Promise<Dataset> {
  const { out, tables, signal } = request;
  const sharing = tables === 'sharded' ? group.workers : 1;
  // Workers share tables that do not fit on one of them, so their size is no reason to refuse rows that fit.
  const requestOf = async (memory: number, whenSharded: ShardRequest['when']): Promise<ShardRequest> => ({
    ...(await shardRequest(plan, { ...request, memory }, out, whenSharded, sharing)),
    isSet: false,
  });
  return readTogether(group, {
    memory: memoryBytes(request.memory),
    async read(memory, first) {
      if (!first) return read(await requestOf(memory, 'never'), signal);
      const shards = await requestOf(memory, when);
      const onDecision = (decision: ShardDecision): void => {
        shards.onDecision?.(decision);
        first.reportDecision(decision);
      };
      return read({ ...shards, onDecision }, AbortSignal.any([first.signal, ...(signal ? [signal] : [])]));
    },
    async open(memory, name) {
      return openSharedShards(await requestOf(memory, 'always'), name, signal);
    },
  });
}
