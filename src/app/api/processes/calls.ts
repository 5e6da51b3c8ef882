/** Calls between the primary and a serving process, in both directions over the channel of Node.js, and a log of writes over these calls. */
import { Failure } from '../../../base/diagnostics/diagnostic.ts';
import type { ApplyEntries, LogFollower, WriteLog } from '../../../base/storage/record_log/write_log.ts';
import { type JobAnswer, jobAnswerOf, ProcessEnded, resultOf } from '../child_process.ts';

/** A child process, seen by the primary; or the primary, seen by its child. */
export interface ProcessChannel {
  send?(message: unknown, callback?: (error: Error | null) => void): boolean;
  on(event: 'message', take: (message: unknown) => void): unknown;
  on(event: 'disconnect' | 'exit', end: () => void): unknown;
}

/** Functions that the other process may call. Arguments and results are plain data. */
type CallHandlers<C> = {
  readonly [K in keyof C]: (argument: C[K] extends ProcessCall<infer A, unknown> ? A : never) => unknown;
};
export type ProcessCall<A, R> = (argument: A) => Promise<R>;
// biome-ignore lint/suspicious/noExplicitAny: a table of functions of any argument
type AnyCalls = Record<string, ProcessCall<any, any>>;

export interface Calls<C> {
  /** @throws Failure of the other process, `ProcessEnded` */
  call<K extends keyof C & string>(
    name: K,
    ...argument: C[K] extends ProcessCall<infer A, unknown> ? (undefined extends A ? [A?] : [A]) : never
  ): C[K] extends ProcessCall<never, infer R> ? Promise<R> : never;
}

type CallMessage =
  | { readonly call: number; readonly name: string; readonly argument: unknown }
  | { readonly answers: number; readonly answer: JobAnswer<unknown> };

export function connectCalls<Own extends AnyCalls, Others extends AnyCalls>(
  channel: ProcessChannel,
  handlers: CallHandlers<Own>,
): Calls<Others> {
  const pendingCalls = new Map<number, { resolve(result: unknown): void; reject(error: unknown): void }>();
  let count = 0;
  let hasEnded = false;
  // If the other process is just ending, its end is reported.
  const send = (message: CallMessage): void => void channel.send?.(message, () => {});
  channel.on('message', async (message) => {
    const received = message as CallMessage;
    if ('call' in received) {
      const work = async (): Promise<unknown> => handlers[received.name]!(received.argument as never);
      return send({ answers: received.call, answer: await jobAnswerOf(work()) });
    }
    const pendingCall = pendingCalls.get(received.answers);
    pendingCalls.delete(received.answers);
    try {
      pendingCall?.resolve(resultOf(received.answer));
    } catch (error) {
      pendingCall?.reject(error);
    }
  });
  // A process that is killed in the middle of a message may exit without a `disconnect`.
  for (const event of ['disconnect', 'exit'] as const) {
    channel.on(event, () => {
      hasEnded = true;
      for (const { reject } of pendingCalls.values()) reject(new ProcessEnded('its process has ended'));
      pendingCalls.clear();
    });
  }
  return {
    call: ((name: string, argument?: unknown) =>
      new Promise((resolve, reject) => {
        if (hasEnded) return reject(new ProcessEnded('its process has ended'));
        pendingCalls.set(++count, { resolve, reject });
        send({ call: count, name, argument });
      })) as unknown as Calls<Others>['call'],
  };
}

// The primary has the logs. A process appends to one by a call, and each of its followers is one of the primary's that passes the entries on.

export type LogName = 'items' | 'events';

/** An entry of another process; or the number of one that the receiving process has appended itself, so that it can use what it has computed of it. */
type SentEntry = { readonly entry: object } | { readonly own: number };
interface FollowerOfLog {
  readonly log: LogName;
  /** A number of the process. */
  readonly follower: number;
}

export type LogCalls = {
  append: ProcessCall<{ readonly log: LogName; readonly first: number; readonly entries: readonly object[] }, number>;
  catchUp: ProcessCall<LogName, void>;
  follow: ProcessCall<FollowerOfLog & { readonly from: number }, void>;
  unfollow: ProcessCall<FollowerOfLog, void>;
};
export type FollowerCalls = {
  apply: ProcessCall<FollowerOfLog & { readonly entries: readonly SentEntry[]; readonly end: number }, void>;
};

/** Returns the logs of the primary as a process sees them, and the function that the primary calls. */
export function remoteLogs(primary: () => Calls<LogCalls>) {
  const followers = new Map<number, ApplyEntries<object>>();
  const ownEntries = new Map<number, object>();
  let [followerCount, entryCount] = [0, 0];
  const logOf = <E extends object>(log: LogName): WriteLog<E> => {
    let end = 0;
    return {
      get end() {
        return end;
      },
      async append(entries) {
        const first = entryCount;
        for (const entry of entries) ownEntries.set(entryCount++, entry);
        try {
          return await primary().call('append', { log, first, entries });
        } finally {
          entries.forEach((_, index) => void ownEntries.delete(first + index));
        }
      },
      catchUp: () => primary().call('catchUp', log),
      async follow(from, apply): Promise<LogFollower> {
        const follower = ++followerCount;
        followers.set(follower, (entries, newEnd) => {
          end = Math.max(end, newEnd);
          return apply(entries as readonly E[], newEnd);
        });
        const stop = (): void => void followers.delete(follower);
        await primary()
          .call('follow', { log, follower, from })
          .catch((error: unknown) => {
            stop();
            throw error;
          });
        return {
          async stop() {
            await primary().call('unfollow', { log, follower });
            stop();
          },
        };
      },
    };
  };
  const handlers: CallHandlers<FollowerCalls> = {
    async apply({ follower, entries, end }) {
      const receivedEntries = entries.map((sent) => ('own' in sent ? ownEntries.get(sent.own)! : sent.entry));
      await followers.get(follower)?.(receivedEntries, end);
    },
  };
  return { logOf, handlers };
}

export type SharedLogs = { readonly [name in LogName]?: WriteLog<object> };

/**
 * Returns the functions by which a process uses the logs of the primary.
 * @param fail called if the process does not apply entries: it no longer shows what the others show, so it must end
 */
export function shareLogs(
  logs: SharedLogs,
  process: () => Calls<FollowerCalls>,
  fail: (reason: string) => void,
): { readonly handlers: CallHandlers<LogCalls>; close(): void } {
  const followers = new Map<number, LogFollower>();
  /** Numbers of the entries that this process has appended. */
  const ownNumbers = new WeakMap<object, number>();
  return {
    handlers: {
      append({ log, first, entries }) {
        entries.forEach((entry, index) => void ownNumbers.set(entry, first + index));
        return logs[log]!.append(entries);
      },
      catchUp: (log) => logs[log]!.catchUp(),
      async follow({ log, follower, from }) {
        let isCaughtUp = false;
        const apply: ApplyEntries<object> = async (entries, end) => {
          const sentEntries = entries.map((entry): SentEntry => {
            const ownNumber = ownNumbers.get(entry);
            return ownNumber === undefined ? { entry } : { own: ownNumber };
          });
          const lateTimer = setTimeout(
            () => fail(`it has not applied a write for ${longestApply / 1000} s`),
            longestApply,
          );
          try {
            await process().call('apply', { log, follower, entries: sentEntries, end });
          } catch (error) {
            if (!isCaughtUp) throw error;
            // The others go on without this process.
            if (error instanceof ProcessEnded) return;
            fail(error instanceof Failure ? error.diagnostics[0]!.message : String((error as Error).message));
          } finally {
            clearTimeout(lateTimer);
          }
        };
        followers.set(follower, await logs[log]!.follow(from, apply));
        isCaughtUp = true;
      },
      async unfollow({ follower }) {
        await followers.get(follower)?.stop();
        followers.delete(follower);
      },
    },
    close() {
      for (const follower of followers.values()) void follower.stop();
    },
  };
}

/** Milliseconds after which a process that does not apply a write is ended, because everybody who writes waits for it. */
const longestApply = 10_000;
