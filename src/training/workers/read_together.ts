/**
 * How workers get the rows of a training. The first worker decides where rows go: into the memory of each worker, or into shards that it alone
 * writes and all read. The others wait until they hear it.
 */
import { basename } from 'node:path';
import type { Dataset } from '../../data/dataset.ts';
import { leastMemory } from '../../data/files/query_guard.ts';
import type { ShardDecision } from '../../data/shards/layout.ts';
import type { WorkerGroup } from '../../engines/group.ts';
import { jsonBytes, parsedJson, receiveFirst } from './talk.ts';

export interface WorkerRowsRequest {
  /** Bytes of this machine, for its workers together. */
  readonly memory: number;
  /** @param first in the first worker, which decides: rows go into the memory of the others, or into shards */
  read(memory: number, first: FirstReader | undefined): Promise<Dataset>;
  /** Opens shards that another worker has written, by the name of their folder. */
  open(memory: number, name: string): Promise<Dataset>;
}

interface FirstReader {
  decided(decision: ShardDecision): void;
  /** Comes where another worker is lost. */
  readonly signal: AbortSignal;
}

/** The first worker sends it to the others, once or more than once. */
type RowsMessage =
  | { readonly rows: 'undecided' }
  | { readonly rows: 'memory' }
  | { readonly rows: 'shards'; name: string };

/** Milliseconds between two messages. The others wait an hour at most for the next, and writing shards may take longer. */
const messageInterval = 10_000;

/** @param pause milliseconds between two messages */
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

/** Workers of one machine divide its memory. The least of all is that of each: rows that fit one of them fit all. */
async function memoryOfWorker(group: WorkerGroup, memory: number): Promise<number> {
  const machine = group.machines[group.rank];
  const onThisMachine = group.machines.filter((each) => each === machine).length;
  const ownMemory = Math.max(leastMemory, Math.floor(memory / onThisMachine));
  const memoryOfWorkers = await group.exchange(jsonBytes(ownMemory), { isPatient: true });
  return Math.min(...memoryOfWorkers.map((bytes) => parsedJson<number>(bytes)));
}

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
  const dataset = read({ decided: ({ rows }) => rows === 'memory' && decide(), signal: stopReading.signal });
  const firstMessage = Promise.race([inMemory, dataset.then(messageOf)]);
  try {
    for (;;) {
      const message = await within(firstMessage, pause);
      await group.exchange(jsonBytes(message ?? { rows: 'undecided' }), { isPatient: true });
      if (message) return await dataset;
    }
  } catch (error) {
    // Nobody waits for these rows any more.
    stopReading.abort(error);
    await dataset.catch(() => {});
    throw error;
  }
}

const messageOf = ({ shards }: Dataset): RowsMessage =>
  shards ? { rows: 'shards', name: basename(shards.folder) } : { rows: 'memory' };

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const pause = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  return Promise.race([promise, pause]).finally(() => clearTimeout(timer));
}
