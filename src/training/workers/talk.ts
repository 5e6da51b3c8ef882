/** Orders that the first worker gives to the others between steps. The first worker decides; the others follow. */
import { failure } from '../../base/diagnostics/failure.ts';
import type { WorkerGroup } from '../../engines/group.ts';
import { CannotDistribute, distribute } from '../../graph/distribute/distribute.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Precision } from '../../graph/in_bfloat16.ts';
import type { GraphPlan } from '../../graph/plan/plan.ts';
import type { Lineage, RunIdentity } from '../artifact/identity.ts';
import { distributionOf } from '../feed/share.ts';

/** The commands of the first worker to the others during a run. */
export class OtherWorkers {
  private hasBegun = false;

  constructor(
    private readonly group: WorkerGroup,
    private readonly sharesTables: boolean,
    private readonly beginning: Beginning,
  ) {}

  async steps(position: RoundStart): Promise<void> {
    await this.begin();
    await giveOrder(this.group, { do: 'steps', ...position });
  }

  /** After the last step. Workers that share tables stay: the files of the run need their rows. */
  async release(): Promise<void> {
    if (this.sharesTables) await this.begin();
    else await giveOrder(this.group, { do: 'end' });
  }

  /** The workers have learned within a step that they must stop after it. */
  stopped(): void {
    if (!this.sharesTables) ended.add(this.group);
  }

  /** Where they take over an earlier run, they do so while the first worker does. */
  async begin(): Promise<void> {
    if (this.hasBegun) return;
    this.hasBegun = true;
    await giveOrder(this.group, { do: 'begin', with: this.beginning });
  }
}

export const jsonBytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

export const parsedJson = <T>(bytes: Uint8Array): T => JSON.parse(Buffer.from(bytes).toString()) as T;

export async function receiveFirst<T>(group: WorkerGroup): Promise<T> {
  const [first] = await group.exchange(new Uint8Array(0), { isPatient: true });
  return parsedJson(first!);
}

export interface RoundStart {
  readonly epoch: number;
  readonly stepOfEpoch: number;
  readonly step: number;
  /** Totals of earlier runs: draws count on from there. */
  readonly before: { readonly epochs: number; readonly steps: number };
}

export type WorkerOrder =
  /** Begins with initial values, or with those of a checkpoint, of the run itself or of the earlier run that it continues. */
  | { readonly do: 'begin'; readonly with: Beginning }
  | ({ readonly do: 'steps' } & RoundStart)
  /** Where workers share tables: the first worker reads rows, of a few tables or of a range. */
  | { readonly do: 'fetch'; readonly tables: readonly string[] }
  | {
      readonly do: 'pieces';
      readonly table: string;
      readonly slot: string | null;
      readonly first: number;
      readonly rows: number;
    }
  /** Where workers share tables: what the first worker has mined comes next. */
  | { readonly do: 'mined' }
  | { readonly do: 'end' };

export type Beginning = 'first values' | 'checkpoint' | 'earlier run';

/** Groups that have no more orders to hear. */
const ended = new WeakSet<WorkerGroup>();

/** The others wait for an order while the first worker compiles, validates or writes. */
export async function giveOrder(group: WorkerGroup, order: WorkerOrder): Promise<void> {
  if (ended.has(group)) return;
  if (order.do === 'end') ended.add(group);
  await group.exchange(jsonBytes(order), { isPatient: true });
}

export const receiveOrder = (group: WorkerGroup): Promise<WorkerOrder> => receiveFirst(group);

type ComparedRun = Pick<RunIdentity, 'model' | 'plan' | 'seed' | 'data' | 'settings'> & {
  readonly tower: string;
  /** The earlier run that all workers are about to continue. */
  readonly from?: Lineage | undefined;
};

/**
 * Compares what the workers are about to train.
 * @param precision of the first worker, which the others take over: their processors may be others
 * @returns that of the first
 * @throws Failure `workers-differ`
 */
export async function agree(
  group: WorkerGroup,
  own: ComparedRun,
  precision: Precision = 'float32',
): Promise<Precision> {
  const { tower, model, plan, seed, settings, data, from } = own;
  const shards = data.shards && [data.events, data.shards];
  const comparedParts = {
    Tower: tower,
    // These are part of the plan, whose differences are more specific.
    seed,
    'a setting of `train`': settings,
    model: [model, plan],
    'the run of `--from`': from?.checksum ?? null,
    '`--since` or `--all`': from?.fresh ?? null,
    '`--replay`': from?.replay ?? null,
    'the checksum of shards': shards ?? null,
    data,
  };
  const partsOfWorkers = await group.exchange(jsonBytes({ ...comparedParts, precision }), {
    isPatient: true,
    done: 'the comparison of what they train',
  });
  const [first, ...others] = partsOfWorkers.map((bytes) => parsedJson<Record<string, unknown>>(bytes));
  others.forEach((other, at) => {
    const differingPart = Object.keys(comparedParts).find(
      (name) => JSON.stringify(first![name]) !== JSON.stringify(other[name]),
    );
    if (differingPart !== undefined) throw failure('workers-differ', { worker: at + 1, what: differingPart });
  });
  return first!.precision as Precision;
}

/** @throws Failure `workers-unsupported` */
export function sharedStep(step: GraphPlan): Graph {
  const distribution = distributionOf(step);
  if ('refused' in distribution) {
    // The one kind of input of which no worker has a part.
    throw failure('workers-unsupported', { what: 'a matrix of scores that is made in pieces' });
  }
  try {
    return distribute(step.graph, distribution);
  } catch (error) {
    if (!(error instanceof CannotDistribute)) throw error;
    throw failure('workers-unsupported', { what: `\`${error.label}\`` });
  }
}
