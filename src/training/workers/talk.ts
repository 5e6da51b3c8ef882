/** Orders that the first worker gives to the others between steps. The first worker decides; the others follow. */
import { failure } from '../../base/diagnostics/diagnostic.ts';
import type { WorkerGroup } from '../../engines/group.ts';
import { CannotDistribute, distribute } from '../../graph/distribute/distribute.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Precision } from '../../graph/in_bfloat16.ts';
import type { GraphPlan } from '../../graph/plan/plan.ts';
import type { Lineage, RunIdentity } from '../artifact/identity.ts';
import { distributionOf } from '../feed/share.ts';

/** Gives the orders of the first worker to the others during a run. */
export class OtherWorkers {
  private hasBegun = false;

  constructor(
    private readonly group: WorkerGroup,
    private readonly sharesTables: boolean,
    private readonly beginning: Beginning,
  ) {}

  async startRound(position: RoundStart): Promise<void> {
    await this.begin();
    await giveOrder(this.group, { do: 'steps', ...position });
  }

  /** Called after the last step. Workers that share tables stay, because the files of the run need their rows. */
  async release(): Promise<void> {
    if (this.sharesTables) await this.begin();
    else await giveOrder(this.group, { do: 'end' });
  }

  /** Called when a worker was asked to stop after a step: all workers have learned it in that step. */
  noteStop(): void {
    if (!this.sharesTables) endedGroups.add(this.group);
  }

  /** Lets the others begin. If they take over an earlier run, they do so while the first worker does. */
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
  /** Totals of earlier runs, from which draws continue. */
  readonly before: { readonly epochs: number; readonly steps: number };
}

export type WorkerOrder =
  /** Begins with initial values, with the checkpoint of the run, or with the earlier run that it continues from. */
  | { readonly do: 'begin'; readonly with: Beginning }
  | ({ readonly do: 'steps' } & RoundStart)
  /** For shared tables: the first worker reads rows, of a few tables or of a range. */
  | { readonly do: 'fetch'; readonly tables: readonly string[] }
  | {
      readonly do: 'pieces';
      readonly table: string;
      readonly slot: string | null;
      readonly first: number;
      readonly rows: number;
    }
  /** For shared tables: what the first worker has prepared for an epoch comes next. */
  | { readonly do: 'begun' }
  | { readonly do: 'end' };

export type Beginning = 'first values' | 'checkpoint' | 'earlier run';

/** Groups that get no more orders. */
const endedGroups = new WeakSet<WorkerGroup>();

/** Sends an order to the others, which wait for it while the first worker compiles, validates or writes. */
export async function giveOrder(group: WorkerGroup, order: WorkerOrder): Promise<void> {
  if (endedGroups.has(group)) return;
  if (order.do === 'end') endedGroups.add(group);
  await group.exchange(jsonBytes(order), { isPatient: true });
}

type ComparedRun = Pick<RunIdentity, 'model' | 'plan' | 'seed' | 'data' | 'settings'> & {
  readonly tower: string;
  /** The earlier run that each worker is about to continue. */
  readonly from?: Lineage | undefined;
};

/**
 * Checks that all workers are about to train the same. @param precision of the first worker, which the others adopt, because their processors may differ @returns
 * the precision of the first worker @throws Failure `workers-differ`
 */
export async function agreeOnRun(
  group: WorkerGroup,
  ownRun: ComparedRun,
  precision: Precision = 'float32',
): Promise<Precision> {
  const { tower, model, plan, seed, settings, data, from } = ownRun;
  const comparedParts = {
    Tower: tower,
    // These are part of the plan, but name the difference better.
    seed,
    'a setting of `train`': settings,
    model: [model, plan],
    'the run of `--from`': from?.checksum ?? null,
    '`--since` or `--all`': from?.fresh ?? null,
    '`--replay`': from?.replay ?? null,
    'the checksum of shards': data.shards ? [data.events, data.shards] : null,
    data,
  };
  const partsOfWorkers = await group.exchange(jsonBytes({ ...comparedParts, precision }), {
    isPatient: true,
    done: 'the comparison of what they train',
  });
  const [first, ...otherParts] = partsOfWorkers.map((bytes) => parsedJson<Record<string, unknown>>(bytes));
  otherParts.forEach((other, index) => {
    const differingPart = Object.keys(comparedParts).find(
      (name) => JSON.stringify(first![name]) !== JSON.stringify(other[name]),
    );
    if (differingPart !== undefined) throw failure('workers-differ', { worker: index + 1, what: differingPart });
  });
  return first!.precision as Precision;
}

/** @throws Failure `workers-unsupported` */
export function sharedStep(step: GraphPlan): Graph {
  const distribution = distributionOf(step);
  if ('refused' in distribution) {
    // The only kind of input that workers cannot divide.
    throw failure('workers-unsupported', { what: 'a matrix of scores that is made in pieces' });
  }
  try {
    return distribute(step.graph, distribution);
  } catch (error) {
    if (!(error instanceof CannotDistribute)) throw error;
    throw failure('workers-unsupported', { what: `\`${error.label}\`` });
  }
}
