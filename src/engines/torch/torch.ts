/** The `torch` engine: graphs as functions of PyTorch in a child process, training steps compiled by Inductor. */
import { defined } from '../../base/util/defined.ts';
import type { Graph } from '../../graph/graph.ts';
import { checkParameters, checkTensor, type SymbolLengths } from '../check.ts';
import type { Engine, OpTime, Tensors } from '../engine.ts';
import type { Meeting, WorkerGroup } from '../group.ts';
import type { TableGroup } from '../table_group.ts';
import { type OpenedProgram, open, TorchProgram, TorchTableProgram } from './program.ts';
import { layout, put, SharedMemory } from './shared_memory.ts';
import { type Hello, type TorchSettings, TorchWorker, torchSettings, torchVersion } from './worker.ts';

// A group of workers through torch.distributed, in the process that runs their graphs.

/** Extra seconds of our timeout: the process reaches its own first, and reports the reason. */
const grace = 30;

/** @throws Failure `workers-not-met` where not all workers come in time */
async function joinGroup(worker: TorchWorker, device: string, meeting: Meeting): Promise<WorkerGroup> {
  const { rank, workers, meet, meetSeconds, seconds, patientSeconds, lost } = meeting;
  const stop = (): void => worker.stop(lost!.reason);
  if (lost?.aborted) throw lost.reason;
  lost?.addEventListener('abort', stop, { once: true });
  const { memory } = worker;
  const backendNames = device === 'cpu' ? 'gloo' : 'cpu:gloo,cuda:nccl';
  const joinRequest = { do: 'join', backend: backendNames, rank, workers, meet, meetSeconds, seconds, patientSeconds };
  worker.rank = rank;
  const { machines } = (await worker.exclusively((ask) => ask(joinRequest, meetSeconds + grace))) as {
    readonly machines: readonly string[];
  };
  /** Reads the arrays that the process has written one after the other. */
  const takeEach = (lengths: readonly number[], from: number): readonly Uint8Array[] => {
    let nextStart = from;
    return lengths.map((length) => {
      const { data } = memory.take('bool', [length], nextStart);
      nextStart += length;
      return data as Uint8Array;
    });
  };
  return {
    rank,
    workers,
    machines,
    note: async (doing) => {
      await worker.exclusively((ask) => ask({ do: 'note', doing }));
    },
    leave: (reason) => worker.exclusively((ask) => ask({ do: 'leave', reason }, grace)).then(nothing, nothing),
    exchange: (bytes, { isPatient = false, done } = {}) =>
      worker.exclusively(async (ask) => {
        const limitSeconds = (isPatient ? patientSeconds : seconds) + grace;
        const { lengths } = (await ask({ do: 'lengths', bytes: bytes.length, patient: isPatient }, limitSeconds)) as {
          readonly lengths: readonly number[];
        };
        const sent = layout([bytes.length]);
        const received = layout([lengths.reduce((sum, length) => sum + length, 0)], sent.end);
        memory.reserve(received.end);
        memory.put(tensorOf(bytes), sent.places[0]!);
        const { places } = received;
        await ask({ do: 'exchange', lengths, from: sent.places[0], into: places[0], what: done }, seconds + grace);
        return takeEach(lengths, places[0]!);
      }),
    allToAll: (parts, { done } = {}) =>
      worker.exclusively(async (ask) => {
        const ownLengths = parts.map(({ length }) => length);
        const lengthsAnswer = await ask({ do: 'lengthsEach', lengths: ownLengths }, seconds + grace);
        const { lengths } = lengthsAnswer as { readonly lengths: readonly number[] };
        const sum = (all: readonly number[]): number => all.reduce((total, each) => total + each, 0);
        const { places, end } = layout([sum(ownLengths), sum(lengths)]);
        memory.reserve(end);
        let nextStart = places[0]!;
        for (const part of parts) {
          memory.put(tensorOf(part), nextStart);
          nextStart += part.length;
        }
        const [from, into] = places;
        await ask({ do: 'allToAll', mine: ownLengths, lengths, from, into, what: done }, seconds + grace);
        return takeEach(lengths, into!);
      }),
  };
}

const nothing = (): void => {};

const tensorOf = (data: Uint8Array) => ({ dtype: 'bool', shape: [data.length], data }) as const;

// Restarts the process of the `torch` engine when it has ended, so that a server can continue.

/** Maximum number of starts within `period` milliseconds, so that a process that always crashes is not restarted forever. */
const mostStarts = 5;
const period = 600_000;

class CurrentWorker {
  #worker: TorchWorker;
  readonly #starts: number[] = [];
  #starting: Promise<void> | undefined;
  /** In a group of workers another process could not replace this one. */
  #isPinned = false;

  constructor(private readonly settings: TorchSettings) {
    this.#worker = this.#start();
  }

  ready(): Promise<Hello> {
    return this.#worker.ready();
  }

  get(): TorchWorker {
    return this.#worker;
  }

  /** Returns the process for a group, and never replaces it from then on. */
  pin(): TorchWorker {
    this.#isPinned = true;
    return this.#worker;
  }

  /** Starts a replacement if the process has ended. Does not wait until the new one answers. */
  renew(): void {
    const startTime = performance.now();
    const recentStarts = this.#starts.filter((start) => startTime - start < period);
    const isGone = this.#worker.ended !== undefined;
    if (!isGone || this.#isPinned || this.#starting || recentStarts.length >= mostStarts) return;
    const nextWorker = this.#start();
    this.#starting = nextWorker
      .ready()
      .then(
        () => {
          this.#worker.memory.close();
          this.#worker = nextWorker;
        },
        () => {
          nextWorker.stop();
          nextWorker.memory.close();
        },
      )
      .finally(() => {
        this.#starting = undefined;
      });
  }

  /** Returns the process after a pending restart is over. */
  async renewed(): Promise<TorchWorker> {
    this.renew();
    await this.#starting;
    return this.#worker;
  }

  #start(): TorchWorker {
    this.#starts.push(performance.now());
    return new TorchWorker(this.settings, new SharedMemory());
  }
}

/** Explains the times of a step's ops, which are measured by a clock after each line of the generated function. */
const howEager = 'These are the times of the ops of PyTorch, run one by one.';
const howCompiled =
  'The step is compiled: its ops are fused into kernels that cannot be distinguished. These are the times of its ops without the compiler, run one by one.';

/** Times the ops of a graph with one run for each of the inputs, after a warm-up run. Then closes the graph. */
async function timeLines(
  { worker, id }: OpenedProgram,
  graph: Graph,
  inputs: readonly Tensors[],
): Promise<readonly (readonly OpTime[])[]> {
  const run = (given: Tensors): Promise<OpTime[]> =>
    worker.exclusively(async (ask) => {
      const symbols: SymbolLengths = {};
      const tensors = graph.inputs.map((input) => checkTensor(graph, input, given[input.name], symbols));
      const places = put(worker.memory, tensors);
      const placedInputs = tensors.map(({ shape }, index) => [places[index], shape]);
      const opLines = (await ask({ do: 'time', program: id, inputs: placedInputs })) as [number, number, number][];
      return opLines.map(([node, start, milliseconds]) => ({ node, op: graph.nodes[node]!.op, start, milliseconds }));
    });
  const runs: OpTime[][] = [];
  try {
    for (const given of [...inputs.slice(0, 1), ...inputs]) runs.push(await run(given));
  } finally {
    await worker.exclusively((ask) => ask({ do: 'close', program: id }));
  }
  return runs.slice(1);
}

/** Maximum ops to compile: the compiler would take minutes for a step in pieces, which has thousands. */
const mostOps = 1000;

/** A graph that updates its parameters is a training step. It runs often enough to be worth compiling. */
const paysForCompiling = (graph: Graph): boolean => graph.updates.length > 0 && graph.nodes.length <= mostOps;

/** Rejects with the reason if there is no Python with a recent enough version of torch. */
export async function torchEngine(settings: TorchSettings = torchSettings()): Promise<Engine> {
  const current = new CurrentWorker(settings);
  const { version, compiler } = await current.ready();
  if (isOlder(version, torchVersion)) {
    current.get().stop();
    throw new Error(
      `${settings.python} has torch ${version}, and the oldest that works is ${torchVersion} (\`tower engines --setup torch\` installs it)`,
    );
  }
  const compiles = settings.compile && compiler !== null && settings.device === 'cpu';
  const eagerReason = !settings.compile ? '' : compiler === null ? ': no C++ compiler' : '';
  let programCount = 0;
  const opened = async (
    worker: TorchWorker,
    graph: Graph,
    values: Tensors,
    groups: readonly TableGroup[] = [],
  ): Promise<OpenedProgram> => {
    programCount += 1;
    const id = programCount;
    const compileTimeout = compiles && paysForCompiling(graph) ? settings.compileSeconds : undefined;
    await open(worker, graph, values, id, { groups, ...defined({ compileSeconds: compileTimeout }) });
    return { worker, id };
  };
  const prepareWithTables: Engine['prepareWithTables'] = async (graph, parameters, groups) => {
    checkParameters(graph, parameters);
    return new TorchTableProgram(graph, await opened(await current.renewed(), graph, parameters, groups), groups);
  };
  const kinds = [compiles ? 'steps compiled' : `eager${eagerReason}`, ...(settings.holdsTables ? ['with tables'] : [])];
  return {
    name: 'torch',
    version: `PyTorch ${version.split('+')[0]} (${[settings.device, ...kinds].join(', ')})`,
    ...(settings.holdsTables ? { prepareWithTables } : {}),
    evenRows: 8,
    multipliesBfloat16: true,
    async prepare(graph, parameters) {
      checkParameters(graph, parameters);
      const openIn = (worker: TorchWorker, values: Tensors) => opened(worker, graph, values);
      const heldParameters = { ...parameters };
      const again = async (gone: TorchWorker): Promise<OpenedProgram> => {
        current.renew();
        const worker = current.get();
        // This request fails instead of waiting for the start. A later one succeeds.
        if (worker === gone) throw gone.ended;
        return openIn(worker, heldParameters);
      };
      const isFixed = graph.updates.length === 0;
      return new TorchProgram(graph, await openIn(await current.renewed(), parameters), isFixed ? again : undefined);
    },
    async timeOps(graph, parameters, inputs) {
      checkParameters(graph, parameters);
      const worker = await current.renewed();
      programCount += 1;
      const id = programCount;
      await open(worker, graph, parameters, id, { isTimed: true });
      const runs = await timeLines({ worker, id }, graph, inputs);
      return { how: compiles && paysForCompiling(graph) ? howCompiled : howEager, runs };
    },
    join: (meeting) => joinGroup(current.pin(), settings.device, meeting),
  };
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(/[.+]/).map(Number)) as [number[], number[]];
  return a[0]! !== b[0]! ? a[0]! < b[0]! : a[1]! < b[1]!;
}
