/** The `torch` engine: graphs as functions of PyTorch in a child process, training steps compiled by Inductor. */

import { checkNamedParameters, checkParameters, checkTensor, type SymbolLengths } from '../../engines/check.ts';
import type { Engine, OpTime, Program, Tensors } from '../../engines/engine.ts';
import { torchModule } from '../../engines/formats/torch_module.ts';
import type { Meeting, WorkerGroup } from '../../engines/group.ts';
import { resolveShape } from '../../graph/dims.ts';
import { hostDtype } from '../../graph/evaluate.ts';
import type { Graph } from '../../graph/graph.ts';
import { layout, put, SharedMemory, sizeOf } from './shared_memory.ts';
import { type Hello, type TorchSettings, TorchWorker, torchSettings, torchVersion } from './torch_worker.ts';

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
        const received = layout([sumOf(lengths)], sent.end);
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
        const { places, end } = layout([sumOf(ownLengths), sumOf(lengths)]);
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

const sumOf = (lengths: readonly number[]): number => lengths.reduce((sum, length) => sum + length, 0);

const tensorOf = (data: Uint8Array) => ({ dtype: 'bool', shape: [data.length], data }) as const;

// Restarts the process of the `torch` engine when it has ended, so that a server can continue.

/** Maximum number of starts within `startPeriod` milliseconds, so that a process that always crashes is not restarted forever. */
const maxStarts = 5;
const startPeriod = 600_000;

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
    const recentStarts = this.#starts.filter((start) => startTime - start < startPeriod);
    const isGone = this.#worker.ended !== undefined;
    if (!isGone || this.#isPinned || this.#starting || recentStarts.length >= maxStarts) return;
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

/** A graph that a process has opened. */
interface OpenedProgram {
  readonly worker: TorchWorker;
  readonly id: number;
}

/** Times the ops of a graph with one run for each of the inputs, after a warm-up run. Then closes the graph. */
async function timeLines(
  { worker, id }: OpenedProgram,
  graph: Graph,
  inputs: readonly Tensors[],
): Promise<readonly (readonly OpTime[])[]> {
  const run = (values: Tensors): Promise<OpTime[]> =>
    worker.exclusively(async (ask) => {
      const symbols: SymbolLengths = {};
      const tensors = graph.inputs.map((input) => checkTensor(graph, input, values[input.name], symbols));
      const places = put(worker.memory, tensors);
      const placedInputs = tensors.map(({ shape }, index) => [places[index], shape]);
      const opLines = (await ask({ do: 'time', program: id, inputs: placedInputs })) as [number, number, number][];
      return opLines.map(([node, start, milliseconds]) => ({ node, op: graph.nodes[node]!.op, start, milliseconds }));
    });
  const runs: OpTime[][] = [];
  try {
    for (const values of [...inputs.slice(0, 1), ...inputs]) runs.push(await run(values));
  } finally {
    await worker.exclusively((ask) => ask({ do: 'close', program: id }));
  }
  return runs.slice(1);
}

class TorchProgram implements Program {
  /** @param again opens the graph in the process that took the place of another; absent where a run changes what the process holds */
  constructor(
    private readonly graph: Graph,
    private opened: OpenedProgram,
    private again: ((gone: TorchWorker) => Promise<OpenedProgram>) | undefined,
  ) {}

  private get worker(): TorchWorker {
    return this.opened.worker;
  }

  async run(inputs: Tensors): Promise<Tensors> {
    const { graph, again } = this;
    if (this.worker.ended !== undefined && again) this.opened = await again(this.worker);
    const { memory } = this.worker;
    return this.worker.exclusively(async (ask) => {
      const symbols: SymbolLengths = {};
      const checkedInputs = graph.inputs.map((input) => checkTensor(graph, input, inputs[input.name], symbols));
      const outputTypes = graph.outputs.map(({ node }) => {
        const { dtype, shape } = graph.nodes[node]!.type;
        return { dtype: hostDtype(dtype), shape: resolveShape(shape, symbols) };
      });
      const inputLayout = layout(checkedInputs.map(({ data }) => data.byteLength));
      const outputLayout = layout(outputTypes.map(sizeOf), inputLayout.end);
      memory.reserve(outputLayout.end);
      for (const [index, tensor] of checkedInputs.entries()) memory.put(tensor, inputLayout.places[index]!);
      await ask({
        do: 'run',
        program: this.opened.id,
        inputs: checkedInputs.map(({ shape }, index) => [inputLayout.places[index], shape]),
        outputs: outputTypes.map(({ shape }, index) => [outputLayout.places[index], shape]),
      });
      return Object.fromEntries(
        graph.outputs.map(({ name }, index) => {
          const { dtype, shape } = outputTypes[index]!;
          return [name, memory.take(dtype, shape, outputLayout.places[index]!)];
        }),
      );
    });
  }

  read(): Promise<Tensors> {
    const { memory } = this.worker;
    const valueTypes = this.graph.parameters.map(({ node }) => {
      const { dtype, shape } = this.graph.nodes[node]!.type;
      return { dtype: hostDtype(dtype), shape };
    });
    return this.worker.exclusively(async (ask) => {
      const { places, end } = layout(valueTypes.map(sizeOf));
      memory.reserve(end);
      await ask({ do: 'read', program: this.opened.id, parameters: places.map((place, index) => [index, place]) });
      const values = valueTypes.map(({ dtype, shape }, index) => memory.take(dtype, shape as number[], places[index]!));
      memory.shrink();
      return Object.fromEntries(this.graph.parameters.map(({ name }, index) => [name, values[index]!]));
    });
  }

  write(parameters: Tensors): Promise<void> {
    // From now on only the process has the current parameters, so it cannot be replaced.
    this.again = undefined;
    const { memory } = this.worker;
    const writtenValues = checkNamedParameters(this.graph, parameters);
    return this.worker.exclusively(async (ask) => {
      const tensors = writtenValues.map(({ tensor }) => tensor);
      const places = put(memory, tensors);
      const placedValues = writtenValues.map(({ index }, i) => [index, places[i]]);
      await ask({ do: 'write', program: this.opened.id, parameters: placedValues });
      memory.shrink();
    });
  }

  close(): Promise<void> {
    return this.worker.exclusively(async (ask) => {
      await ask({ do: 'close', program: this.opened.id });
    });
  }
}

/** Maximum ops to compile: the compiler would take minutes for a step in pieces, which has thousands. */
const maxCompiledOps = 1000;

/** A graph that updates its parameters is a training step. It runs often enough to be worth compiling. */
const paysForCompiling = (graph: Graph): boolean => graph.updates.length > 0 && graph.nodes.length <= maxCompiledOps;

async function open(
  worker: TorchWorker,
  graph: Graph,
  parameters: Tensors,
  id: number,
  { compileSeconds, isTimed = false }: { readonly compileSeconds?: number; readonly isTimed?: boolean },
): Promise<void> {
  const { source, entry } = torchModule(graph, isTimed);
  const values = graph.parameters.map(({ name }) => parameters[name]!);
  const parameterNames = graph.parameters.map(({ name }) => name);
  await worker.exclusively(async (ask) => {
    const valueStarts = put(worker.memory, values);
    const request = {
      do: 'open',
      program: id,
      source,
      entry,
      compile: compileSeconds !== undefined,
      inputs: graph.inputs.map(({ node }) => graph.nodes[node]!.type),
      outputs: graph.outputs.map(({ node }) => graph.nodes[node]!.type.dtype),
      parameters: values.map(({ dtype, shape }, index) => [dtype, valueStarts[index], shape]),
      updates: graph.updates.map(({ parameter }) => parameterNames.indexOf(parameter)),
    };
    await ask(request, compileSeconds);
    worker.memory.shrink();
  });
}

/** Rejects with the reason if there is no Python with a recent enough version of torch. */
export async function torchEngine(settings: TorchSettings = torchSettings()): Promise<Engine> {
  const current = new CurrentWorker(settings);
  const { version, compiler } = await current.ready();
  if (isOlder(version, torchVersion)) {
    current.get().stop();
    const advice = '`tower engines --setup torch` installs it';
    throw new Error(
      `${settings.python} has torch ${version}, and the oldest that works is ${torchVersion} (${advice})`,
    );
  }
  const compiles = settings.compile && compiler !== null && settings.device === 'cpu';
  const eagerReason = !settings.compile ? '' : compiler === null ? ': no C++ compiler' : '';
  let programCount = 0;
  return {
    name: 'torch',
    version: `PyTorch ${version.split('+')[0]} (${settings.device}, ${compiles ? 'steps compiled' : `eager${eagerReason}`})`,
    evenRows: 8,
    multipliesBfloat16: true,
    async prepare(graph, parameters) {
      checkParameters(graph, parameters);
      const compileTimeout = compiles && paysForCompiling(graph) ? settings.compileSeconds : undefined;
      const openIn = async (worker: TorchWorker, values: Tensors): Promise<OpenedProgram> => {
        const id = ++programCount;
        await open(worker, graph, values, id, { compileSeconds: compileTimeout });
        return { worker, id };
      };
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
      const id = ++programCount;
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
