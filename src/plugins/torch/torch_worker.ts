/**
 * The child process of the `torch` engine. It exchanges frames of JSON on its stdin and stdout, one request at a time. It keeps this process alive only while a
 * request waits, and it ends when its stdin closes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { cacheFolder } from '../../base/storage/package_file.ts';
import { WorkerLost } from '../../engines/group.ts';
import type { SharedMemory } from './shared_memory.ts';

interface RunnerError {
  readonly kind: 'import' | 'device' | 'memory' | 'compile' | 'meeting' | 'peer' | 'run';
  readonly message: string;
  /** The ranks that did not come to a meeting, if they are known. */
  readonly missing?: readonly number[] | null;
  /** The workers that are lost, if the kind is `peer`. */
  readonly lost?: LostWorkers;
}

export interface Hello {
  readonly version: string;
  readonly python: string;
  /** Name of the C++ compiler. */
  readonly compiler: string | null;
}

type Answer = { readonly error?: RunnerError; readonly result?: unknown } & Partial<Hello>;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/** Returns the path of the runner: next to this file, or next to the chunk that this file is bundled into, where the build copies it. */
function runnerFile(): string {
  const here = import.meta.dirname;
  const nearPath = join(here, 'torch_runner.py');
  return existsSync(nearPath) ? nearPath : join(here, 'chunks', 'torch_runner.py');
}

/** @param seconds timeout of the answer */
export type Ask = (request: object, seconds?: number) => Promise<unknown>;

export class TorchWorker {
  private readonly child: ChildProcess;
  private received: Buffer[] = [];
  private waiting: Waiting | undefined;
  /** The reason why the process no longer answers. */
  ended: unknown;
  private complaint = '';
  private turn: Promise<unknown> = Promise.resolve();
  /** Present in a group of workers. */
  rank: number | undefined;

  constructor(
    private readonly settings: TorchSettings,
    readonly memory: SharedMemory,
  ) {
    const { python, threads, device, cache } = settings;
    const options = JSON.stringify({ threads, device, cache });
    this.child = spawn(python, [runnerFile(), options], { stdio: ['pipe', 'pipe', 'pipe', ...memory.descriptors] });
    this.child.on('error', (error) => this.end(error));
    this.child.on('exit', (code, signal) => this.end(undefined, code, signal));
    (this.child.stdin as Writable).on('error', () => {});
    (this.child.stdout as Readable).on('data', (bytes: Buffer) => this.receive(bytes));
    (this.child.stderr as Readable).on('data', (bytes: Buffer) => {
      this.complaint = `${this.complaint}${bytes}`.slice(-4000);
    });
    this.hold(false);
  }

  /** Resolves when torch is loaded. Rejects with the reason if it does not load. */
  async ready(): Promise<Hello> {
    const { python, device, answerSeconds } = this.settings;
    const { error, version, python: pythonVersion, compiler } = await this.answer(answerSeconds, 'start');
    if (error?.kind === 'import') throw new Error(`${python} cannot import torch: ${error.message}`);
    if (error?.kind === 'device') throw new Error(`torch cannot use \`${device}\`: ${error.message}`);
    return { version: version!, python: pythonVersion!, compiler: compiler ?? null };
  }

  /**
   * Reserves the process for `work`, which may fill the memory, send requests, and read the memory.
   * @throws Failure `engine-ended`, `engine-silent`, `engine-full`, `engine-compile`, `worker-lost`, `workers-not-met`
   */
  exclusively<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    const result = this.turn.then(() => work((request, seconds) => this.ask(request, seconds)));
    this.turn = result.catch(() => {});
    return result;
  }

  /** Ends the process. A waiting request is rejected with this reason. */
  stop(reason?: unknown): void {
    if (reason !== undefined) {
      this.ended ??= reason;
      this.settle((waiting) => waiting.reject(reason));
    }
    this.child.kill('SIGKILL');
  }

  private async ask(request: object, seconds = this.settings.answerSeconds): Promise<unknown> {
    if (this.ended !== undefined) throw this.ended;
    const requestBody = Buffer.from(JSON.stringify({ ...request, ...this.memory.state }));
    const lengthPrefix = Buffer.alloc(4);
    lengthPrefix.writeUInt32LE(requestBody.length);
    (this.child.stdin as Writable).write(Buffer.concat([lengthPrefix, requestBody]));
    const { error, result } = await this.answer(seconds, 'answer');
    if (error === undefined) return result;
    const { kind, message } = error;
    if (kind === 'meeting') throw notMet(withoutPlaces(firstLine(message)), error.missing ?? undefined, request);
    if (kind === 'peer') throw lostWorker(withoutPlaces(firstLine(message)), error.lost!, this.rank!);
    if (kind === 'memory')
      throw failure('engine-full', { engine: 'torch', device: this.settings.device, reason: firstLine(message) });
    if (kind === 'compile') throw failure('engine-compile', { engine: 'torch', reason: firstLine(message) });
    throw new Error(`invariant: torch refuses a graph: ${message}`);
  }

  private answer(seconds: number, doing: 'start' | 'answer'): Promise<Answer> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    this.hold(true);
    return new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.ended = failure('engine-silent', { engine: 'torch', seconds, doing, busy: busyMachine() });
        this.stop();
        this.settle((waiting) => waiting.reject(this.ended));
      }, seconds * 1000);
      this.waiting = { resolve, reject, timer };
      this.deliver();
    });
  }

  private receive(bytes: Buffer): void {
    this.received.push(bytes);
    this.deliver();
  }

  /** Gives a complete frame to the waiting request. */
  private deliver(): void {
    if (this.received.length > 1) this.received = [Buffer.concat(this.received)];
    const [bytes] = this.received;
    if (!this.waiting || !bytes || bytes.length < 4) return;
    const answerEnd = 4 + bytes.readUInt32LE(0);
    if (bytes.length < answerEnd) return;
    this.received = [bytes.subarray(answerEnd)];
    const answer: Answer = JSON.parse(bytes.toString('utf8', 4, answerEnd));
    this.settle((waiting) => waiting.resolve(answer));
  }

  private end(error: Error | undefined, code: number | null = null, signal: string | null = null): void {
    const isMissing = error !== undefined && 'code' in error && error.code === 'ENOENT';
    const startError = error && (isMissing ? `there is no ${this.settings.python}` : error.message);
    const how = startError ? startError : signal ? `it was killed by ${signal}` : `it ended with code ${code}`;
    // An answer that is still arriving is the better reason.
    setTimeout(() => {
      const said = this.complaint.trim().split('\n').at(-1);
      this.ended ??= failure('engine-ended', { engine: 'torch', how, said: said === '' || signal ? undefined : said });
      this.settle((waiting) => waiting.reject(this.ended));
    }, 50);
  }

  private settle(give: (waiting: Waiting) => void): void {
    const { waiting } = this;
    if (!waiting) return;
    this.waiting = undefined;
    clearTimeout(waiting.timer);
    this.hold(false);
    give(waiting);
  }

  /** Sets whether the child keeps this process alive. */
  private hold(isHeld: boolean): void {
    const method = isHeld ? 'ref' : 'unref';
    this.child[method]();
    for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr]) {
      // Pipes are sockets here.
      (stream as unknown as { ref(): void; unref(): void } | null)?.[method]?.();
    }
  }
}

/** Removes the error's type and the line of Gloo's source. */
const withoutPlaces = (text: string): string => text.replace(/^\w+: /, '').replace(/\[\S+:\d+\] ?/g, '');

const firstLine = (text: string): string => text.split('\n')[0]!;

/** A worker that did not come, or that is gone or slow, as the process of the group knows it. */
interface LostWorker {
  readonly rank: number;
  readonly machine: string;
  readonly state: 'gone' | 'left' | 'slow';
  /** The message of a worker that left. */
  readonly said?: string;
  /** The work of a slow worker, and the seconds that it has taken so far. */
  readonly doing?: string;
  readonly seconds?: number;
}

interface LostWorkers {
  readonly who: readonly LostWorker[];
  /** The last thing that all workers completed together: `step 12`. */
  readonly last?: string | null;
}

function lostWorker(reason: string, { who, last }: LostWorkers, own: number): Failure {
  const lostWords = who.map((worker) => wordsOf(worker, own));
  return new WorkerLost(reason, lostWords.length === 0 ? undefined : lostWords.join('; '), last ?? undefined);
}

function wordsOf({ rank, machine, state, said, doing, seconds }: LostWorker, own: number): string {
  const workerName = rank === own ? 'this worker' : `worker ${rank} on ${machine}`;
  if (state === 'left') return `${workerName} ended: ${said}`;
  if (state === 'gone') return `${workerName} is gone`;
  return `${workerName} is too slow: it ${doing}, since ${seconds} seconds`;
}

/** @param meeting the request that was refused */
function notMet(reason: string, missing: readonly number[] | undefined, meeting: object): Failure {
  const { meet, meetSeconds } = meeting as { readonly meet: string; readonly meetSeconds: number };
  const { MASTER_ADDR, MASTER_PORT } = process.env;
  const meetingPoint = meet === 'env://' ? `${MASTER_ADDR}:${MASTER_PORT}` : meet.replace('file://', '');
  return failure('workers-not-met', { where: meetingPoint, seconds: meetSeconds, reason, missing });
}

// Settings of the `torch` engine, from the environment.

/** The version that `tower engines --setup torch` installs. Older ones are not tested. */
export const torchVersion = '2.15.0';

export interface TorchSettings {
  readonly python: string;
  /** `cpu`, `cuda`, `cuda:1` */
  readonly device: string;
  /** Compiles training steps, if there is a C++ compiler. */
  readonly compile: boolean;
  /** Folder of compiled steps. */
  readonly cache: string;
  readonly threads: number;
  /** Timeout of a start, and of one run of a graph. A busy machine may take minutes to load PyTorch. */
  readonly answerSeconds: number;
  /** Timeout of compiling a step: one with thousands of ops takes minutes. */
  readonly compileSeconds: number;
}

/** Returns the mean number of processes that wanted a core in the last minute, if it is more than the cores. */
export function busyMachine(load = loadavg()[0]!, cores = availableParallelism()) {
  return load > cores ? { load: Math.round(load), cores } : undefined;
}

/** Returns the virtual environment that scripts/setup-torch.mjs makes; a test checks that both agree. */
export const torchFolder = (): string =>
  join(cacheFolder(), `torch-${torchVersion}-${process.platform}-${process.arch}`);

/** Throws with advice if there is no Python or a setting is invalid. */
export function torchSettings(environment: NodeJS.ProcessEnv = process.env): TorchSettings {
  if (process.platform === 'win32') throw new Error('it runs on Linux and macOS; use WSL on Windows');
  const { TOWER_TORCH_DEVICE: device = 'cpu', TOWER_TORCH_COMPILE: compile = 'on' } = environment;
  if (!/^(cpu|cuda(:\d+)?)$/.test(device))
    throw new Error(`TOWER_TORCH_DEVICE is \`${device}\`; set it to cpu, cuda or cuda:1`);
  if (compile !== 'on' && compile !== 'off')
    throw new Error(`TOWER_TORCH_COMPILE is \`${compile}\`; set it to on or off`);
  const timeoutSeconds = Number(environment.TOWER_TORCH_TIMEOUT ?? 900);
  if (!(timeoutSeconds > 0))
    throw new Error(`TOWER_TORCH_TIMEOUT is \`${environment.TOWER_TORCH_TIMEOUT}\`; set it to seconds, such as 900`);
  return {
    python: environment.TOWER_PYTHON || pythonOfSetup(),
    device,
    compile: compile === 'on',
    cache: join(cacheFolder(), 'torch'),
    threads: threadsOf(environment.TOWER_TORCH_THREADS),
    answerSeconds: timeoutSeconds,
    compileSeconds: 4 * timeoutSeconds,
  };
}

/** Returns the number of threads, which can be set because workers of one machine share its cores. */
function threadsOf(given: string | undefined): number {
  if (given === undefined) return availableParallelism();
  const threads = Number(given);
  if (!Number.isInteger(threads) || threads < 1)
    throw new Error(`TOWER_TORCH_THREADS is \`${given}\`; set it to a number of threads, such as 4`);
  return threads;
}

function pythonOfSetup(): string {
  const python = join(torchFolder(), 'bin', 'python');
  if (!existsSync(python)) {
    throw new Error(
      'PyTorch is not set up (`tower engines --setup torch` does it; TOWER_PYTHON names a Python that has it)',
    );
  }
  return python;
}
