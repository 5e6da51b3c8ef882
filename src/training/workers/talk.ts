/** Orders that the first worker gives to the others between steps. The first worker decides; the others follow. */
import { failure } from '../../base/diagnostics/failure.ts';
import type { Group } from '../../engines/group.ts';
import type { Precision } from '../../graph/plan/precision.ts';
import type { RunIdentity } from '../artifact/identity.ts';
import type { Lineage } from '../artifact/lineage.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const emptyBytes = new Uint8Array(0);

export const bytesOf = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));

export const parsed = <T>(bytes: Uint8Array): T => JSON.parse(decoder.decode(bytes)) as T;

export async function receiveFirst<T>(group: Group): Promise<T> {
  const [first] = await group.exchange(emptyBytes, { isPatient: true });
  return parsed(first!);
}

export interface RoundStart {
  readonly epoch: number;
  readonly stepOfEpoch: number;
  readonly step: number;
  /** Totals of earlier runs: draws count on from there. */
  readonly before: { readonly epochs: number; readonly steps: number };
}

export type WorkerOrder =
  /** Begins with first values, or with those of the checkpoint of the run, or of the earlier run that it goes on from. */
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
const ended = new WeakSet<Group>();

/** The others wait for an order while the first worker compiles, validates or writes. */
export async function giveOrder(group: Group, order: WorkerOrder): Promise<void> {
  if (ended.has(group)) return;
  if (order.do === 'end') ended.add(group);
  await group.exchange(bytesOf(order), { isPatient: true });
}

/** The others have heard after their last step that the run stops. */
export function haveStopped(group: Group): void {
  ended.add(group);
}

export const receiveOrder = (group: Group): Promise<WorkerOrder> => receiveFirst(group);

type ComparedRun = Pick<RunIdentity, 'model' | 'plan' | 'seed' | 'data' | 'settings'> & {
  readonly tower: string;
  /** The earlier run that each of them is about to go on from. */
  readonly from?: Lineage | undefined;
};

/**
 * Compares what the workers are about to train.
 * @param precision of the first worker, which the others take over: their processors may be others
 * @returns that of the first
 * @throws Failure `workers-differ`
 */
export async function agree(group: Group, own: ComparedRun, precision: Precision = 'float32'): Promise<Precision> {
  const { tower, model, plan, seed, settings, data, from } = own;
  const shards = data.shards && [data.events, data.shards];
  const comparedParts = {
    Tower: tower,
    // They are part of the plan, and say more.
    seed,
    'a setting of `train`': settings,
    model: [model, plan],
    'the run of `--from`': from?.checksum ?? null,
    '`--since` or `--all`': from?.fresh ?? null,
    '`--replay`': from?.replay ?? null,
    'the checksum of shards': shards ?? null,
    data,
  };
  const partsOfWorkers = await group.exchange(bytesOf({ ...comparedParts, precision }), {
    isPatient: true,
    done: 'the comparison of what they train',
  });
  const [first, ...others] = partsOfWorkers.map((bytes) => parsed<Record<string, unknown>>(bytes));
  others.forEach((other, at) => {
    const differingPart = Object.keys(comparedParts).find(
      (name) => JSON.stringify(first![name]) !== JSON.stringify(other[name]),
    );
    if (differingPart !== undefined) throw failure('workers-differ', { worker: at + 1, what: differingPart });
  });
  return first!.precision as Precision;
}
