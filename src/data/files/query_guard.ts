/** Runs queries of one connection so that they can be ended: by an interruption, at a limit, or where memory is used up. */
import { totalmem } from 'node:os';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Failure, failure } from '../../diagnostics/failure.ts';

/** Shares of the machine's memory: what the database may keep, and what the process may reach while a query runs. */
const KEPT = 0.5;
const REACHED = 0.75;

/** How often memory is looked at, and how long an interrupted query may take to end, in milliseconds. */
const LOOK = 100;
const GRACE = 1000;

/** Queries that did not end when they were interrupted. DuckDB stops between chunks of rows, not within one value. */
let stuck = 0;

/** Whether a query goes on that nothing can stop: the process does not end by itself then. */
export function isStuck(): boolean {
  return stuck > 0;
}

/** What the database may keep in memory, in bytes, where the caller sets no limit. */
export function memoryOfDatabase(): number {
  return memoryOfMachine() * KEPT;
}

export class QueryGuard {
  readonly #connection: DuckDBConnection;
  /** Why the database has no folder to spill to, if it has none. */
  readonly #noSpill: string | undefined;
  /** What the database may keep in memory. */
  readonly #memory: number;
  /** What ended the work, once something has. */
  #ended: { readonly reason: unknown } | undefined;
  /** What an error of a query is, where the query is not to blame. */
  explain: (error: unknown) => Failure | undefined = () => undefined;
  #pending = 0;
  #giveUp: (reason: unknown) => void = () => {};
  #onIdle: (() => void) | undefined;

  constructor(connection: DuckDBConnection, noSpill: string | undefined, memory: number) {
    this.#connection = connection;
    this.#noSpill = noSpill;
    this.#memory = memory;
  }

  /** Ends the query that runs, if one does, and refuses every later one. */
  end(reason: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { reason };
    this.#connection.interrupt();
    // A query that has not begun yet does not notice.
    const again = setInterval(() => {
      if (this.#pending > 0) this.#connection.interrupt();
      else clearInterval(again);
    }, LOOK);
    again.unref();
    setTimeout(() => this.#giveUp(reason), GRACE).unref();
  }

  throwIfEnded(): void {
    if (this.#ended !== undefined) throw this.#ended.reason;
  }

  /** A query that is ended reports why, not DuckDB's words. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.throwIfEnded();
    const look = setInterval(() => {
      if (process.memoryUsage.rss() > memoryOfMachine() * REACHED) this.end(this.#usedUp());
    }, LOOK);
    this.#pending++;
    const working = work().finally(() => this.#settle());
    try {
      return await Promise.race([working, new Promise<never>((_, reject) => (this.#giveUp = reject))]);
    } catch (error) {
      this.throwIfEnded();
      throw isMemory(error) ? this.#usedUp() : (this.explain(error) ?? error);
    } finally {
      clearInterval(look);
      this.#giveUp = () => {};
      // The query that was given up has not ended, and nobody waits for it.
      working.catch(() => {});
    }
  }

  /** Calls `release` once no query runs: now, if none does. */
  whenIdle(release: () => void): void {
    if (this.#pending === 0) release();
    else {
      stuck++;
      this.#onIdle = () => {
        stuck--;
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
    return failure('data-memory', { bytes: this.#memory, spill: this.#noSpill });
  }
}

/** What this process may use: of the machine, or of the container it runs in. */
export function memoryOfMachine(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

function isMemory(error: unknown): boolean {
  return (
    error instanceof Error && /^Out of Memory Error|bad_alloc|bad allocation|Failed to allocate/.test(error.message)
  );
}
