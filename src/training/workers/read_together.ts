/**
 * Reads the rows of a training in several workers. The first worker decides where rows go: into the memory of each worker, or into shards that it alone writes
 * and all read. The others wait for its decision.
 */
import { basename } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import type { Dataset } from '../../data/dataset.ts';
import { leastMemory } from '../../data/files/query_guard.ts';
import type { ShardDecision } from '../../data/shards/request.ts';
import type { WorkerGroup } from '../../engines/group.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { tableBytes } from '../embedding/optimizer.ts';
import { freeBytes } from '../embedding/table_memory.ts';
import { tableSizes } from '../embedding/tables.ts';
import { jsonBytes, parsedJson, receiveFirst } from './talk.ts';

export interface WorkerRowsRequest {
  /** Bytes of memory of this machine, for its workers together. */
  readonly memory: number;
  /** @param first present in the first worker, which decides: rows go into the memory of the others, or into shards */
  read(memory: number, first: FirstReader | undefined): Promise<Dataset>;
  /** Opens shards that another worker has written, by the name of their folder. */
  open(memory: number, name: string): Promise<Dataset>;
}

interface FirstReader {
  reportDecision(decision: ShardDecision): void;
  /** Aborted when another worker is lost. */
  readonly signal: AbortSignal;
}

/** Sent by the first worker to the others, once or more than once. */
type RowsMessage =
  | { readonly rows: 'undecided' }
  | { readonly rows: 'memory' }
  | { readonly rows: 'shards'; name: string };

/** Milliseconds between two messages. The others wait at most an hour for the next one, and writing shards may take longer. */
const messageInterval = 10_000;

export async function readTogether(
  group: WorkerGroup,
  request: WorkerRowsRequest,
  pause = messageInterval,
): Promise<Dataset> {
  const memoryShare = await memoryOfWorker(group, request.memory);
  if (group.rank === 0) return readFirst(group, (first) => request.read(memoryShare, first), pause);
  for (;;) {
    const message = await receiveFirst<RowsMessage>(group);
    if (message.rows === 'memory') return request.read(memoryShare, undefined);
    if (message.rows === 'shards') return request.open(memoryShare, message.name);
  }
}

/** Returns the minimum over all workers, so that rows that fit one of them fit all. Workers of one machine divide its memory. */
async function memoryOfWorker(group: WorkerGroup, memory: number): Promise<number> {
  const ownMemory = Math.max(leastMemory, Math.floor(memory / workersOfMachine(group)));
  const memoryOfWorkers = await group.exchange(jsonBytes(ownMemory), { isPatient: true });
  return memoryOfWorkers.map((bytes) => parsedJson<number>(bytes)).reduce((a, b) => Math.min(a, b));
}

const workersOfMachine = ({ machines, rank }: WorkerGroup): number =>
  machines.filter((machine) => machine === machines[rank]).length;

async function readFirst(
  group: WorkerGroup,
  read: (first: FirstReader) => Promise<Dataset>,
  pause: number,
): Promise<Dataset> {
  const stopReading = new AbortController();
  let decide: () => void = () => {};
  const inMemory = new Promise<RowsMessage>((resolve) => {
    decide = () => resolve({ rows: 'memory' });
  });
  const dataset = read({ reportDecision: ({ rows }) => rows === 'memory' && decide(), signal: stopReading.signal });
  const firstMessage = Promise.race([inMemory, dataset.then(messageOf)]);
  try {
    for (;;) {
      const message = await resolveWithin(firstMessage, pause);
      await group.exchange(jsonBytes(message ?? { rows: 'undecided' }), { isPatient: true });
      if (message) return await dataset;
    }
  } catch (error) {
    // No worker needs these rows any more.
    stopReading.abort(error);
    await dataset.catch(() => {});
    throw error;
  }
}

const messageOf = ({ shards }: Dataset): RowsMessage =>
  shards ? { rows: 'shards', name: basename(shards.folder) } : { rows: 'memory' };

async function resolveWithin<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  const timer = new AbortController();
  const pause = setTimeout(milliseconds, undefined, { signal: timer.signal });
  return Promise.race([promise, pause.catch(() => undefined)]).finally(() => timer.abort());
}

/** Tells if each worker holds all rows of all tables, or if workers share them, which makes room for larger tables. */
export type TableLayout = 'replicated' | 'sharded';

export interface LayoutChosen {
  readonly layout: TableLayout;
  readonly bytes: number;
  readonly isAsked: boolean;
}

/** Returns, in the user's words, the part of a plan that needs all rows of a table in one process; undefined if there is none. */
export const unsharedTables = ({ train }: Pick<Plan, 'train'>): string | undefined =>
  // Each step reads all rows of both tables for each layer in both directions, so workers would send whole tables.
  train.graph === undefined ? undefined : 'tables that `graph` connects';

/** Share of a machine's memory that tables may take, because rows, the engine and a step need some too. */
const memoryShare = 0.6;

/**
 * Returns the same layout on all workers: they share tables if that is requested, or if the tables do not fit on one of them.
 * @throws Failure `workers-unsupported`, `workers-differ`
 */
export async function chooseLayout(
  group: WorkerGroup,
  { plan, dataset, requestedLayout }: { plan: Plan; dataset: Dataset; requestedLayout: TableLayout | undefined },
): Promise<LayoutChosen> {
  const bytes = tableSizes(plan, dataset.encodings).reduce((sum, table) => sum + tableBytes(table), 0);
  const unsharedPart = unsharedTables(plan);
  if (requestedLayout === 'sharded' && unsharedPart !== undefined)
    throw failure('workers-unsupported', { what: unsharedPart, areTables: true });
  const fitsMemory = bytes <= (memoryShare * freeBytes()) / workersOfMachine(group);
  const ownRequest = { requestedLayout: requestedLayout ?? null, fits: fitsMemory };
  const answers = await group.exchange(jsonBytes(ownRequest), { isPatient: true });
  const requests = answers.map((answer) => parsedJson<typeof ownRequest>(answer));
  const differingWorker = requests.findIndex((request) => request.requestedLayout !== requests[0]!.requestedLayout);
  if (differingWorker > 0) throw failure('workers-differ', { worker: differingWorker, what: '`--tables`' });
  const chosenLayout =
    requests.some((request) => !request.fits) && unsharedPart === undefined ? 'sharded' : 'replicated';
  return { layout: requestedLayout ?? chosenLayout, bytes, isAsked: requestedLayout !== undefined };
}
