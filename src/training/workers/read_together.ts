/**
 * How workers get the rows of a training. The first worker decides where rows go: into the memory of each worker, or into shards that it alone
 * writes and all read. The others wait until they hear it.
 */
import { basename } from 'node:path';
import type { Dataset } from '../../data/dataset.ts';
import { leastMemory } from '../../data/memory_budget.ts';
import type { Decision } from '../../data/shards/request.ts';
import type { Group } from '../../engine/group.ts';
import { bytesOf, hearFirst, parsed } from './talk.ts';

export interface RowsAsked {
  /** Of this machine, for its workers together, in bytes. */
  readonly memory: number;
  /**
   * Reads the data.
   * @param first of the first worker, which decides: rows go into the memory of the others, or into shards
   */
  read(memory: number, first: FirstAsked | undefined): Promise<Dataset>;
  /** Opens shards that another worker has written, by the name of their folder. */
  open(memory: number, name: string): Promise<Dataset>;
}

interface FirstAsked {
  decided(decision: Decision): void;
  /** Comes where another worker is lost. */
  readonly signal: AbortSignal;
}

/** What the first worker says to the others, once or more than once. */
type Word = { readonly rows: 'undecided' } | { readonly rows: 'memory' } | { readonly rows: 'shards'; name: string };

/** The others wait an hour at most for the next word, and writing shards may take longer. */
const usualPause = 10_000;

/** @param pause milliseconds between two words */
export async function readTogether(group: Group, asked: RowsAsked, pause = usualPause): Promise<Dataset> {
  const memory = await memoryOfWorker(group, asked.memory);
  if (group.rank === 0) return readFirst(group, (first) => asked.read(memory, first), pause);
  for (;;) {
    const word = await hearFirst<Word>(group);
    if (word.rows === 'memory') return asked.read(memory, undefined);
    if (word.rows === 'shards') return asked.open(memory, word.name);
  }
}

/** Workers of one machine divide its memory. The least of all is that of each: rows that fit one of them fit all. */
async function memoryOfWorker(group: Group, memory: number): Promise<number> {
  const machine = group.machines[group.rank];
  const onThisMachine = group.machines.filter((each) => each === machine).length;
  const own = Math.max(leastMemory, Math.floor(memory / onThisMachine));
  const heard = await group.exchange(bytesOf(own), { isPatient: true });
  return Math.min(...heard.map((bytes) => parsed<number>(bytes)));
}

async function readFirst(group: Group, read: (first: FirstAsked) => Promise<Dataset>, pause: number): Promise<Dataset> {
  const stop = new AbortController();
  let decide: () => void = () => {};
  const inMemory = new Promise<Word>((resolve) => {
    decide = () => resolve({ rows: 'memory' });
  });
  const reading = read({ decided: ({ rows }) => rows === 'memory' && decide(), signal: stop.signal });
  const known = Promise.race([inMemory, reading.then(wordOf)]);
  try {
    for (;;) {
      const word = await within(known, pause);
      await group.exchange(bytesOf(word ?? { rows: 'undecided' }), { isPatient: true });
      if (word) return await reading;
    }
  } catch (error) {
    // Nobody waits for these rows any more.
    stop.abort(error);
    await reading.catch(() => {});
    throw error;
  }
}

const wordOf = ({ shards }: Dataset): Word =>
  shards ? { rows: 'shards', name: basename(shards.folder) } : { rows: 'memory' };

/** Undefined where it takes longer. */
async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const pause = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  return Promise.race([promise, pause]).finally(() => clearTimeout(timer));
}
