/** Shows where the time of a training step goes: by block of the model, by op, and in the host's work around the engine. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isPartialOf } from '../base/storage/durable.ts';
import { isFolder } from '../base/storage/run_files.ts';
import type { OpTime, OpTimes, Tensors } from '../engines/engine.ts';
import { costOf } from '../graph/count.ts';
import { sizesOfInputs } from '../graph/evaluate.ts';
import type { Graph } from '../graph/graph.ts';
import { isLeaf } from '../graph/ops/table.ts';
import type { FeedPart, FeedWatch } from './feed/draws.ts';

/** `read` gets the row numbers of the batch; `log` writes losses and logs. */
type StepPart = FeedPart | 'read' | 'engine' | 'exchange' | 'log' | 'other';

interface TimedPart {
  readonly part: StepPart;
  readonly name: string;
  /** Milliseconds since the first sampled step began. */
  readonly start: number;
  readonly milliseconds: number;
}

export interface SampledStep {
  readonly step: number;
  readonly start: number;
  /** Excludes the copies that a profile makes. */
  readonly milliseconds: number;
  readonly parts: readonly TimedPart[];
}

export class StepWatch implements FeedWatch {
  private readonly startTime = performance.now();
  private readonly parts: TimedPart[] = [];
  private copyMilliseconds = 0;

  constructor(
    private readonly step: number,
    private readonly origin: number,
    private readonly receiver: { keep(inputs: Tensors): void; end(sampled: SampledStep): void },
  ) {}

  partEnded(part: StepPart, name: string, start: number, end = performance.now()): void {
    this.parts.push({ part, name, start: start - this.origin, milliseconds: end - start });
  }

  /** Copies the inputs of the engine, which does not count as time of the step. */
  keep(inputs: Tensors): void {
    const start = performance.now();
    this.receiver.keep(inputs);
    this.copyMilliseconds += performance.now() - start;
  }

  end(): void {
    const milliseconds = performance.now() - this.startTime - this.copyMilliseconds;
    this.receiver.end({ step: this.step, start: this.startTime - this.origin, milliseconds, parts: this.parts });
  }
}

/** Position of a block of the model. The label of a node in the training step names its block: `gradient/user/main/mlp` is the backward pass through an `mlp`. */
export interface BlockPosition {
  /** The name of the file as in messages. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface NodeBlock {
  /** `user tower · deep · mlp`, `loss · watch`, `optimizer` */
  readonly name: string;
  readonly place?: BlockPosition;
  readonly isBackward: boolean;
}

const gradientPrefix = /^(?:gradient\/)+/;

/** @param places positions of steps, scores and losses by the label of their nodes */
export function blockOf(
  label: string,
  towers: readonly string[],
  places: ReadonlyMap<string, BlockPosition>,
): NodeBlock {
  const forwardLabel = label.replace(gradientPrefix, '');
  const isBackward = forwardLabel !== label || forwardLabel === 'gradient';
  const path = forwardLabel.split('/');
  for (let length = path.length; length > 0; length--) {
    const blockPosition = places.get(path.slice(0, length).join('/'));
    if (blockPosition) return { name: nameOf(path.slice(0, length), towers), place: blockPosition, isBackward };
  }
  const [first = ''] = path;
  if (first === '' || first === 'gradient') return { name: 'rest of the graph', isBackward };
  if (first === 'optimizer') return { name: 'optimizer', isBackward };
  return { name: nameOf(path.slice(0, 2), towers), isBackward };
}

/** Removes repeated names, such as that of a step that is named after its channel. */
function nameOf([first, ...rest]: readonly string[], towers: readonly string[]): string {
  const distinctNames = rest.filter((name, index) => name !== rest[index - 1]);
  return [towers.includes(first!) ? `${first} tower` : first, ...distinctNames].join(' · ');
}

/** The files of a profile, within the folder of a run. */
export const profileFolder = 'profile';
export const [traceFile, profileFile] = [`${profileFolder}/trace.json`, `${profileFolder}/profile.json`] as const;

/** Returns the existing files of a profile, and partial ones that a kill has left. */
export async function profileFilesIn(folder: string): Promise<string[]> {
  const profilePath = join(folder, profileFolder);
  if (!(await isFolder(profilePath))) return [];
  const names = await readdir(profilePath).catch(() => []);
  const isOurs = (name: string): boolean =>
    [traceFile, profileFile].some((file) => name === basename(file) || isPartialOf(name, basename(file)));
  return names.filter(isOurs).map((name) => `${profileFolder}/${name}`);
}

export interface ProfileRow {
  readonly name: string;
  /** Per step. Times of ops are scaled so that their sum is the time of the engine. */
  readonly milliseconds: number;
  /** Part of the step's time, from 0 to 1. */
  readonly share: number;
  readonly calls: number;
  readonly flops?: number;
}

export interface ProfileBlock extends ProfileRow {
  readonly where: 'engine' | 'host';
  readonly place?: BlockPosition;
  /** Milliseconds of the backward pass. */
  readonly backward?: number;
}

export interface Profile {
  readonly format: 'tower-profile-1';
  readonly engine: { readonly name: string; readonly version: string };
  /** The steps that were measured, from 1. */
  readonly steps: readonly number[];
  readonly rows: number;
  /** Medians over these steps. `ops` is the sum of all ops of a run as measured; absent if the graph was not split. */
  readonly milliseconds: { readonly step: number; readonly engine: number; readonly ops?: number };
  /** Slowest first. */
  readonly blocks: readonly ProfileBlock[];
  /** Kinds of ops by their names in the runtime, slowest first. */
  readonly ops: readonly ProfileRow[];
  /** Sentences about the way the times were measured, and what could not be split. */
  readonly notes: readonly string[];
}

/** A graph whose nodes have labels of blocks. */
export interface ProfiledGraph {
  readonly graph: Graph;
  readonly towers: readonly string[];
  /** Source positions of the model's flow steps, scores and losses, by node label. */
  readonly places: ReadonlyMap<string, BlockPosition>;
}

export interface StepMeasurements extends ProfiledGraph {
  readonly engine: Profile['engine'];
  readonly rows: number;
  readonly steps: readonly SampledStep[];
  readonly inputs: readonly Tensors[];
  /** The times of ops, or the reason why they are missing: the graph is then one row. */
  readonly times: OpTimes | string;
}

const hostNames: Readonly<Record<Exclude<StepPart, 'engine'>, string>> = {
  read: 'host: rows of the batch',
  batch: 'host: batch assembly',
  gather: 'host: embedding gather',
  gradients: 'host: gradients of table rows',
  update: 'host: optimizer of tables',
  exchange: 'host: exchange with workers',
  log: 'host: losses and logs',
  other: 'host: rest of the step',
};

export function profileOf(measurements: StepMeasurements): Profile {
  const { engine, graph, rows, steps, inputs, times } = measurements;
  const step = median(steps.map(({ milliseconds }) => milliseconds));
  const partsOf = (part: StepPart) => steps.map(({ parts }) => parts.filter((timedPart) => timedPart.part === part));
  const timeOf = (part: StepPart): number => median(partsOf(part).map(totalTime));
  const engineTime = timeOf('engine');
  const row = (milliseconds: number) => ({ milliseconds, share: step === 0 ? 0 : milliseconds / step });
  const hostBlocks = (Object.keys(hostNames) as (keyof typeof hostNames)[]).flatMap((part): ProfileBlock[] => {
    const milliseconds = part === 'other' ? median(steps.map(unmeasuredTime)) : timeOf(part);
    const calls = median(partsOf(part).map(({ length }) => length));
    return milliseconds > 0 ? [{ name: hostNames[part], where: 'host', calls, ...row(milliseconds) }] : [];
  });

  const isSplit = typeof times !== 'string';
  const runs = isSplit ? times.runs : [];
  const opsTime = median(runs.map(totalTime));
  const scale = opsTime === 0 ? 0 : engineTime / opsTime;
  const flops = sum(flopsOf(graph, inputs)) || undefined;
  const wholeGraph = { name: 'engine: the whole graph', where: 'engine', calls: 1, flops, ...row(engineTime) } as const;
  const engineBlocks = blockTimesOf(measurements, runs).map(
    ({ milliseconds, backward, ...block }): ProfileBlock => ({
      ...block,
      ...row(milliseconds * scale),
      backward: backward && backward * scale,
    }),
  );
  const slowestFirst = (a: ProfileRow, b: ProfileRow): number => b.milliseconds - a.milliseconds;
  const scalingNote = `The engine takes ${millisecondsText(engineTime)} for a step, its ops together take ${millisecondsText(opsTime)}: times of blocks and ops are scaled to the engine's.`;
  return {
    ...{ format: 'tower-profile-1', engine, steps: steps.map((sampledStep) => sampledStep.step), rows },
    milliseconds: { step, engine: engineTime, ops: isSplit ? opsTime : undefined },
    blocks: [...hostBlocks, ...(isSplit ? engineBlocks : [wholeGraph])].sort(slowestFirst),
    ops: opKindTimes(graph, inputs, runs)
      .map(({ milliseconds, ...kind }) => ({ ...kind, ...row(milliseconds * scale) }))
      .sort(slowestFirst),
    notes: isSplit ? [times.how, scalingNote] : [times],
  };
}

const millisecondsText = (value: number): string => `${Number(value.toPrecision(3))} ms`;

/** Returns the time of a step that no part has measured. Parts do not overlap. */
const unmeasuredTime = ({ milliseconds, parts }: SampledStep): number => Math.max(0, milliseconds - totalTime(parts));

const totalTime = (timed: readonly { readonly milliseconds: number }[]): number =>
  sum(timed.map(({ milliseconds }) => milliseconds));

function blockTimesOf({ graph, towers, places, inputs }: StepMeasurements, runs: OpTimes['runs']) {
  const blockOfLabel = new Map<string, ReturnType<typeof blockOf>>();
  const blockOfNode = (node: number | undefined) => {
    const label = node === undefined ? '' : graph.nodes[node]!.label;
    const nodeBlock = blockOfLabel.get(label) ?? blockOf(label, towers, places);
    blockOfLabel.set(label, nodeBlock);
    return nodeBlock;
  };
  const blockTimes = new Map<
    string,
    { place?: BlockPosition; times: number[]; backward?: number[]; calls: number; flops: number }
  >();
  const entryOf = (node: number | undefined) => {
    const { name, place } = blockOfNode(node);
    const blockEntry = blockTimes.get(name) ?? { place, times: runs.map(() => 0), calls: 0, flops: 0 };
    blockTimes.set(name, blockEntry);
    return blockEntry;
  };
  flopsOf(graph, inputs).forEach((flops, node) => {
    if (!isLeaf(graph.nodes[node]!.op)) entryOf(node).flops += flops;
  });
  runs.forEach((run, index) => {
    for (const { node, milliseconds } of run) {
      const block = entryOf(node);
      block.times[index]! += milliseconds;
      if (blockOfNode(node).isBackward) {
        block.backward ??= runs.map(() => 0);
        block.backward[index]! += milliseconds;
      }
      if (index === 0) block.calls++;
    }
  });
  return [...blockTimes]
    .filter(([, { calls, flops }]) => calls > 0 || flops > 0)
    .map(([name, { place, times, backward, calls, flops }]) => ({
      ...{ name, where: 'engine' as const, place, milliseconds: median(times), calls },
      ...{ flops: flops || undefined, backward: backward && median(backward) },
    }));
}

function opKindTimes(graph: Graph, inputs: readonly Tensors[], runs: OpTimes['runs']) {
  const flops = flopsOf(graph, inputs);
  const slowest = slowestOf(runs[0] ?? []);
  const kindTimes = new Map<string, { times: number[]; calls: number; nodes: Set<number> }>();
  runs.forEach((run, index) => {
    for (const { op, node, milliseconds } of run) {
      const kind = kindTimes.get(op) ?? { times: runs.map(() => 0), calls: 0, nodes: new Set() };
      kindTimes.set(op, kind);
      kind.times[index]! += milliseconds;
      if (index > 0) continue;
      kind.calls++;
      if (node !== undefined && slowest.get(node)!.op === op) kind.nodes.add(node);
    }
  });
  return [...kindTimes].map(([name, { times, calls, nodes }]) => {
    const total = sum([...nodes].map((node) => flops[node]!));
    return { name, milliseconds: median(times), calls, flops: total || undefined };
  });
}

/** Returns the slowest op of each node, which the node's FLOPs are assigned to: a node may be several ops, such as one that computes a shape. */
function slowestOf(run: readonly OpTime[]): ReadonlyMap<number, OpTime> {
  const slowest = new Map<number, OpTime>();
  for (const op of run) {
    if (op.node === undefined) continue;
    const slowestOp = slowest.get(op.node);
    if (slowestOp === undefined || op.milliseconds > slowestOp.milliseconds) slowest.set(op.node, op);
  }
  return slowest;
}

/** Returns the FLOPs of each node by the sizes of the first inputs; zeros if no inputs were stored. */
function flopsOf(graph: Graph, [firstInputs]: readonly Tensors[]): readonly number[] {
  if (!firstInputs) return graph.nodes.map(() => 0);
  const sizes = sizesOfInputs(graph, firstInputs);
  return graph.nodes.map((node) => costOf(graph, node, sizes).flops);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
