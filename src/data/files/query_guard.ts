/** Runs the queries of one connection so that they can be ended: by an interruption, at a time limit, or when memory is exhausted. */
import { totalmem } from 'node:os';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Failure, failure } from '../../base/diagnostics/diagnostic.ts';

/** Shares of the machine's memory for the database, and for the whole process while a query runs. */
const databaseShare = 0.5;
const processShare = 0.75;

/** Milliseconds between two checks of the memory, and the timeout of an interrupted query. */
const pollInterval = 100;
const graceTime = 1000;

/** Number of queries that did not end after an interruption. DuckDB stops only between chunks of rows, not within a value. */
let stuckQueries = 0;

/** True if a query cannot be stopped. The process then does not end by itself. */
export const isStuck = (): boolean => stuckQueries > 0;

/** Returns the default limit of the database's memory, in bytes. */
export const memoryOfDatabase = (): number => memoryOfMachine() * databaseShare;

export class QueryGuard {
  readonly #connection: DuckDBConnection;
  /** The reason why the database has no folder for spilled data. Undefined if it has one. */
  readonly #noSpill: string | undefined;
  readonly #memory: number;
  #ended: { readonly reason: unknown } | undefined;
  /** Returns an error that replaces one that the query has not caused; undefined for all others. */
  translateError: (error: unknown) => Failure | undefined = () => undefined;
  #pending = 0;
  #giveUp: (reason: unknown) => void = () => {};
  #onIdle: (() => void) | undefined;

  constructor(connection: DuckDBConnection, noSpill: string | undefined, memory: number) {
    this.#connection = connection;
    this.#noSpill = noSpill;
    this.#memory = memory;
  }

  /** Ends the running query, if there is one, and refuses all later queries. */
  end(reason: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { reason };
    this.#connection.interrupt();
    // A query that has not begun ignores the interrupt.
    const interruptTimer = setInterval(() => {
      if (this.#pending > 0) this.#connection.interrupt();
      else clearInterval(interruptTimer);
    }, pollInterval);
    interruptTimer.unref();
    setTimeout(() => this.#giveUp(reason), graceTime).unref();
  }

  throwIfEnded(): void {
    if (this.#ended !== undefined) throw this.#ended.reason;
  }

  /** Runs a query. If it is ended, the error is the reason of that, not DuckDB's message. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.throwIfEnded();
    const memoryTimer = setInterval(() => {
      if (process.memoryUsage.rss() > memoryOfMachine() * processShare) this.end(this.#usedUp());
    }, pollInterval);
    this.#pending++;
    const queryResult = work().finally(() => this.#settle());
    try {
      return await Promise.race([queryResult, new Promise<never>((_, reject) => (this.#giveUp = reject))]);
    } catch (error) {
      this.throwIfEnded();
      throw isMemory(error) ? this.#usedUp() : (this.translateError(error) ?? error);
    } finally {
      clearInterval(memoryTimer);
      this.#giveUp = () => {};
      // An abandoned query still runs, and nothing awaits its error.
      queryResult.catch(() => {});
    }
  }

  /** Calls `release` as soon as no query runs. */
  whenIdle(release: () => void): void {
    if (this.#pending === 0) release();
    else {
      stuckQueries++;
      this.#onIdle = () => {
        stuckQueries--;
        release();
      };
    }
  }

  #settle(): void {
    this.#pending--;
    if (this.#pending > 0) return;
    this.#onIdle?.();
    this.#onIdle = undefined;
  }

  #usedUp(): Failure {
    const mostMemory = processMemory + 4 * this.#memory;
    return failure('data-memory', { bytes: this.#memory, enough: mostMemory, spill: this.#noSpill });
  }
}

/** Returns the memory that this process may use, in bytes: that of its container, or of the machine. */
function memoryOfMachine(): number {
  const containerLimit = process.constrainedMemory();
  return containerLimit > 0 ? Math.min(containerLimit, totalmem()) : totalmem();
}

const isMemory = (error: unknown): boolean =>
  error instanceof Error && /^Out of Memory Error|bad_alloc|bad allocation|Failed to allocate/.test(error.message);

/** Share of the memory of the machine or container; the rest is for other programs. */
const usualShare = 0.75;

/** Returns the memory that a process uses if nobody says how much. */
export const usualMemory = (): number => Math.max(leastMemory, Math.floor(memoryOfMachine() * usualShare));

const units: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/**
 * Bytes that a process takes before it reads any row: Node.js, the code of the database and of an engine, and garbage. The same for all engines, because shards
 * follow from what remains. Measured: 470 MiB with `tensorflow`, the largest.
 */
export const processMemory = 512 * 2 ** 20;

/** Minimum memory of a process. 32 MiB of a database are enough for some events with numbers, but not for some with texts: `data-memory`. */
export const leastMemory = processMemory + 64 * 2 ** 20;

/** Parses `8G`, `1.5G` or `800M`, in units of 1,024; undefined for other texts. */
export function memoryOf(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([KMGT])(?:i?B)?$/i.exec(text.trim()) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  return Math.floor(Number(number) * units[unit.toUpperCase()]!);
}
