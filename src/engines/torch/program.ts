/** A graph that a process of the `torch` engine has opened, with its weights and, if there are any, its tables. */
import { bindShape, resolveShape } from '../../graph/dims.ts';
import { hostDtype } from '../../graph/evaluate.ts';
import type { Graph, Tensor } from '../../graph/graph.ts';
import { checkTensor, givenParameters, type SymbolLengths } from '../check.ts';
import type { Program, TableProgram, Tensors } from '../engine.ts';
import { torchModule } from '../formats/torch.ts';
import type { GroupReads, GroupsStep, TableGroup, TableNorms } from '../table_group.ts';
import { layout, put, sizeOf } from './shared_memory.ts';
import type { Ask, TorchWorker } from './worker.ts';

export interface OpenedProgram {
  readonly worker: TorchWorker;
  readonly id: number;
}

const noNumbers = new Float32Array(0);

interface TablesRequest {
  /** Names of inputs that are rows of tables. */
  readonly rows: ReadonlySet<string>;
  /** Names of outputs that the process keeps. */
  readonly kept: ReadonlySet<string>;
  readonly lists: readonly Tensor[];
  /** Returns further entries of the request. @param places of the lists */
  request(places: readonly number[]): object;
}

export class TorchProgram implements Program {
  /** @param again opens the graph in the process that took the place of another; absent where a run changes what the process holds */
  constructor(
    protected readonly graph: Graph,
    protected opened: OpenedProgram,
    private again: ((gone: TorchWorker) => Promise<OpenedProgram>) | undefined,
  ) {}

  protected get worker(): TorchWorker {
    return this.opened.worker;
  }

  async run(inputs: Tensors): Promise<Tensors> {
    return (await this.execute(inputs)).outputs;
  }

  /** @param tables what a program with tables sends: rows in place of inputs; no numbers of the outputs that `kept` names come back */
  protected async execute(inputs: Tensors, tables?: TablesRequest) {
    const { graph, again } = this;
    if (this.worker.ended !== undefined && again) this.opened = await again(this.worker);
    const { memory } = this.worker;
    return this.worker.exclusively(async (ask) => {
      const { sent, symbols } = this.checked(inputs, tables?.rows);
      const outputTypes = graph.outputs.map(({ node }) => {
        const { dtype, shape } = graph.nodes[node]!.type;
        return { dtype: hostDtype(dtype), shape: resolveShape(shape, symbols) };
      });
      const isKept = graph.outputs.map(({ name }) => tables?.kept.has(name) ?? false);
      const inputLayout = layout([...sent, ...(tables?.lists ?? [])].map(({ data }) => data.byteLength));
      const outputSizes = outputTypes.map((type, at) => (isKept[at] ? 0 : sizeOf(type)));
      const outputLayout = layout(outputSizes, inputLayout.end);
      memory.reserve(outputLayout.end);
      [...sent, ...(tables?.lists ?? [])].forEach((tensor, index) => {
        memory.put(tensor, inputLayout.places[index]!);
      });
      const result = await ask({
        do: 'run',
        program: this.opened.id,
        inputs: sent.map(({ name, shape }, index) => [
          tables?.rows.has(name) ? null : inputLayout.places[index],
          shape,
        ]),
        outputs: outputTypes.map(({ shape }, index) => [isKept[index] ? null : outputLayout.places[index], shape]),
        ...tables?.request(inputLayout.places.slice(sent.length)),
      });
      const outputs = graph.outputs.map(({ name }, index): [string, Tensor] => {
        const { dtype, shape } = outputTypes[index]!;
        if (isKept[index]) return [name, { dtype, shape, data: noNumbers }];
        return [name, memory.take(dtype, shape, outputLayout.places[index]!)];
      });
      return { outputs: Object.fromEntries(outputs), result };
    });
  }

  /** Checks the inputs of a run. Those that are rows of tables have no numbers. */
  protected checked(inputs: Tensors, rows: ReadonlySet<string> = new Set()) {
    const { graph } = this;
    const symbols: SymbolLengths = {};
    const sent = graph.inputs.map((input) => {
      const { name } = input;
      const given = inputs[name];
      if (!given || !rows.has(name)) return { name, ...checkTensor(graph, input, given, symbols) };
      bindShape(name, graph.nodes[input.node]!.type.shape, given.shape, symbols);
      return { name, ...given, data: noNumbers };
    });
    return { sent, symbols };
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
      await ask({ do: 'read', program: this.opened.id, parameters: places.map((at, index) => [index, at]) });
      const values = valueTypes.map(({ dtype, shape }, index) => memory.take(dtype, shape as number[], places[index]!));
      memory.shrink();
      return Object.fromEntries(this.graph.parameters.map(({ name }, index) => [name, values[index]!]));
    });
  }

  write(parameters: Tensors): Promise<void> {
    // From now on only the process has the current parameters, so it cannot be replaced.
    this.again = undefined;
    const { memory } = this.worker;
    const writtenValues = givenParameters(this.graph, parameters);
    return this.worker.exclusively(async (ask) => {
      const places = put(
        memory,
        writtenValues.map(({ tensor }) => tensor),
      );
      await ask({
        do: 'write',
        program: this.opened.id,
        parameters: writtenValues.map(({ index }, at) => [index, places[at]]),
      });
      memory.shrink();
    });
  }

  close(): Promise<void> {
    return this.worker.exclusively(async (ask) => {
      await ask({ do: 'close', program: this.opened.id });
    });
  }
}

/** Numbers of one transfer of rows: 64 MB. */
const transfer = 2 ** 24;

export class TorchTableProgram extends TorchProgram implements TableProgram {
  private readonly rows: ReadonlySet<string>;
  private readonly gradients: ReadonlySet<string>;

  constructor(graph: Graph, opened: OpenedProgram, groups: readonly TableGroup[]) {
    super(graph, opened, undefined);
    const inputs = groups.flatMap((group) => group.inputs);
    this.rows = new Set(inputs.map(({ name }) => name));
    this.gradients = new Set(inputs.flatMap(({ name, isTrained }) => (isTrained ? [`gradient:${name}`] : [])));
  }

  async step(inputs: Tensors, { reads, rates, isWatched }: GroupsStep) {
    const { outputs, result } = await this.execute(inputs, {
      rows: this.rows,
      kept: isWatched ? new Set() : this.gradients,
      lists: reads.map(listOf),
      request: (places) => ({ reads: reads.map(describe(places)), rates, watched: isWatched }),
    });
    return { outputs, gradientNorms: normsIn(result) };
  }

  async filled(inputs: Tensors, reads: readonly GroupReads[]): Promise<Tensors> {
    const { memory } = this.worker;
    return this.worker.exclusively(async (ask) => {
      const { sent } = this.checked(inputs, this.rows);
      const lists = reads.map(listOf);
      const listLayout = layout(lists.map(({ data }) => data.byteLength));
      const own = sent.map((input) => this.rows.has(input.name));
      const rowLayout = layout(
        sent.map((input, at) => (own[at] ? sizeOf(input) : 0)),
        listLayout.end,
      );
      memory.reserve(rowLayout.end);
      lists.forEach((list, index) => {
        memory.put(list, listLayout.places[index]!);
      });
      await ask({
        do: 'fill',
        program: this.opened.id,
        inputs: sent.map(({ shape }) => [null, shape]),
        into: rowLayout.places.map((place, at) => (own[at] ? place : null)),
        reads: reads.map(describe(listLayout.places)),
      });
      const filled = sent.map(({ name, shape }, at) =>
        own[at] ? memory.take('float32', shape, rowLayout.places[at]!) : inputs[name]!,
      );
      return Object.fromEntries(sent.map(({ name }, at) => [name, filled[at]!]));
    });
  }

  readRows(...[group, slot, first, into]: Parameters<TableProgram['readRows']>): Promise<void> {
    const { memory } = this.worker;
    return this.transferred(into.length, async (ask, from, length) => {
      await ask({ do: 'readRows', program: this.opened.id, group, slot: slot ?? null, first: first + from, length });
      const { data } = memory.take(into instanceof Int32Array ? 'int32' : 'float32', [length], 0);
      into.set(data, from);
    });
  }

  writeRows(...[group, slot, first, given]: Parameters<TableProgram['writeRows']>): Promise<void> {
    const { memory } = this.worker;
    return this.transferred(given.length, async (ask, from, length) => {
      const data = given.subarray(from, from + length);
      memory.put({ dtype: given instanceof Int32Array ? 'int32' : 'float32', shape: [length], data }, 0);
      await ask({ do: 'writeRows', program: this.opened.id, group, slot: slot ?? null, first: first + from, length });
    });
  }

  async tableNorms(most: number): Promise<TableNorms> {
    return normsIn(await this.worker.exclusively((ask) => ask({ do: 'tableNorms', program: this.opened.id, most })));
  }

  private transferred(length: number, work: (ask: Ask, from: number, length: number) => Promise<void>): Promise<void> {
    const { memory } = this.worker;
    return this.worker.exclusively(async (ask) => {
      memory.reserve(4 * Math.min(transfer, length));
      for (let from = 0; from < length; from += transfer) await work(ask, from, Math.min(transfer, length - from));
      memory.shrink();
    });
  }
}

const listOf = ({ numbers }: GroupReads): Tensor => ({ dtype: 'int32', shape: [numbers.length], data: numbers });

const describe =
  (places: readonly number[]) =>
  ({ numbers, ...counts }: GroupReads, index: number): object => ({
    ...{ ...counts, at: places[index], length: numbers.length },
  });

const normsIn = (result: unknown): TableNorms =>
  new Map(
    Object.entries(result as Readonly<Record<string, number | null>>).map(([name, norm]) => [name, norm ?? Number.NaN]),
  );

interface OpeningOptions {
  readonly compileSeconds?: number;
  readonly isTimed?: boolean;
  readonly groups?: readonly TableGroup[];
}

export async function open(
  worker: TorchWorker,
  graph: Graph,
  parameters: Tensors,
  id: number,
  { compileSeconds, isTimed = false, groups = [] }: OpeningOptions,
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
      groups: groups.map((group) => described(graph, group)),
    };
    await ask(request, compileSeconds);
    worker.memory.shrink();
  });
}

function described(graph: Graph, { dim, tables, optimizer, slots, inputs }: TableGroup): object {
  const outputNames = graph.outputs.map(({ name }) => name);
  return {
    dim,
    optimizer,
    tables: tables.map(({ name, rows }) => [name, rows]),
    slots: slots.map(({ name, per, dtype }) => [name, per, dtype]),
    inputs: inputs.map(({ name, isTrained }) => [
      graph.inputs.findIndex((input) => input.name === name),
      isTrained ? outputNames.indexOf(`gradient:${name}`) : null,
    ]),
  };
}
