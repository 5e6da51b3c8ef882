/**
 * Takes writes over HTTP, of items or of events: each is computed for every version, then it is in the log, then every version shows it, and then it is
 * acknowledged. Requests that arrive meanwhile form the next batch, which is one entry of the log, so the disk is synced once for all of them. A batch is
 * computed while the one before it is written.
 */
import { diagnose, Failure } from '../../../base/diagnostics/diagnostic.ts';
import type { ApplyEntries, LogFollower, WriteLog } from '../../../base/storage/record_log/write_log.ts';
import { maxErrors } from '../limits.ts';
import { busy, errorDetailsOf, pointer, RequestError, refused } from '../refused.ts';
import type { ErrorDetail } from '../schemas.ts';

/** A part of a version. @typeParam C what it shows of a write */
interface ChangeSource<W, C> {
  prepare(writes: readonly W[]): Promise<(C | Failure)[]>;
}

/**
 * What a server has of a log of writes.
 * @typeParam W what a request gives
 * @typeParam V a version that shows them
 * @typeParam O what is answered for each write
 * @typeParam S facts about the log
 */
export interface LoggedWrites<W, V, O, S> {
  /**
   * Accepts all writes of a request or none. Resolves when they are on the disk, and in every later answer of all processes that follow the log.
   * @param isArray true if the body is an array, so that errors name the index
   * @throws RequestError 400 with the errors of each write, 404, 413, 503; Failure `cannot-write`
   */
  write(writes: readonly W[], isArray: boolean): Promise<readonly O[]>;
  /** Applies all earlier writes to a version, and subscribes it to later ones. @throws Failure `items-closed` for an item that it cannot take */
  attach(version: V): Promise<void>;
  /** Unsubscribes a version. Resolves when the version computes nothing more; it must not be closed before. */
  detach(version: V): Promise<void>;
  /** Absent: another process has the log. */
  readonly stored?: () => S;
  /** Resolves when all writes that have arrived are on the disk. */
  close(): Promise<void>;
}

export interface WriteRequest<W> {
  readonly writes: readonly W[];
  /** True if the body is an array, so that errors name the index. */
  readonly isArray: boolean;
}

/** @typeParam O what is answered for each write */
interface AcceptedRequest<W, O> {
  /** Those that go into the log. */
  readonly writes: readonly W[];
  /** Called when the versions show them. */
  outcomes(): readonly O[];
}

export interface BatchesOptions<W, C, V, O> {
  readonly log: WriteLog<readonly W[]>;
  /** What requests have, in messages. */
  readonly what: string;
  /** Maximum number of waiting requests. Further ones are refused. */
  readonly maxWaiting: number;
  /** Path of the errors of a write, within the write. */
  readonly errorsAt?: string;
  /** True for a write that need not be computed. */
  readonly isKnown?: (write: W) => boolean;
  /** Called before a request is refused, which is then checked again: shows what other servers have acknowledged. @throws Failure `log-server` */
  readonly catchUp: () => Promise<void>;
  /** Returns the reason why a version cannot show a change now. */
  readonly refusalOf?: (version: V, change: C) => Failure | undefined;
  /**
   * Begins a batch, when the one before it is shown. The returned function is called with its valid requests in turn.
   * @param changeOf returns what some version computed of a write
   */
  accept(changeOf: (write: W) => C | undefined): (request: WriteRequest<W>) => AcceptedRequest<W, O> | RequestError;
}

export interface WriteBatches<W, C, V, O> extends Pick<LoggedWrites<W, V, O, unknown>, 'detach' | 'close'> {
  /** As `write` of `LoggedWrites`. */
  write(request: WriteRequest<W>): Promise<readonly O[]>;
  /** Applies all earlier entries of the log to a version, and subscribes it to later ones. */
  attach(version: V, apply: ApplyEntries<readonly W[]>): Promise<void>;
  /** Returns the changes of logged writes. Those of this process are computed; those of others were valid for the versions of their process. */
  changesOf(version: V, writes: readonly W[]): Promise<readonly (C | Failure)[]>;
  /** The versions that follow the log now. */
  readonly versions: readonly V[];
}

/** Maximum number of writes in one batch, and maximum characters of their JSON. */
const maxBatchWrites = 512;
const maxBatchCharacters = 2 ** 22;
/** Maximum characters of one request, which must fit into a line of the log as UTF-8. */
const maxRequestCharacters = 2 ** 24;

interface WaitingWrites<W, O> extends WriteRequest<W> {
  /** Length of the JSON. */
  readonly characters: number;
  resolve(outcomes: readonly O[]): void;
  reject(error: unknown): void;
}

/** The function is long because all steps share the log, the versions and their changes. */
export function makeWriteBatches<W extends object, C extends object, V extends ChangeSource<W, C>, O>({
  log,
  what,
  maxWaiting,
  errorsAt,
  isKnown = () => false,
  catchUp,
  refusalOf = () => undefined,
  accept,
}: BatchesOptions<W, C, V, O>): WriteBatches<W, C, V, O> {
  type Batch = readonly WaitingWrites<W, O>[];
  const versions = new Map<V, LogFollower>();
  const computedChanges = new WeakMap<W, ReadonlyMap<V, C | Failure>>();
  let waiting: WaitingWrites<W, O>[] = [];
  let running: Promise<void> | undefined;
  let computing: Promise<void> | undefined;
  let appending: Promise<void> | undefined;

  const takeBatch = (): Batch => {
    let [size, characters, count] = [0, 0, 0];
    for (const waitingRequest of waiting) {
      size += waitingRequest.writes.length;
      characters += waitingRequest.characters;
      if (count > 0 && (size > maxBatchWrites || characters > maxBatchCharacters)) break;
      count++;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return batch;
  };
  const runBatches = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = takeBatch();
      const rejectAll = (error: unknown): void => {
        for (const { reject } of batch) reject(error);
      };
      computing = compute(batch);
      await computing.then(async () => {
        await appending;
        appending = append(batch).catch(rejectAll);
      }, rejectAll);
    }
    running = undefined;
  };

  const compute = async (batch: Batch): Promise<void> => {
    const newWrites = batch.flatMap(({ writes }) => writes).filter((write) => !isKnown(write));
    const changes = await Promise.all(
      [...versions.keys()].map(async (version) => [version, await version.prepare(newWrites)] as const),
    );
    for (const [index, write] of newWrites.entries())
      computedChanges.set(write, new Map(changes.map(([version, own]) => [version, own[index]!])));
  };
  const append = async (batch: Batch): Promise<void> => {
    const acceptRequest = accept((write) => {
      const [change] = computedChanges.get(write)?.values() ?? [];
      return change instanceof Failure ? undefined : change;
    });
    const checked = (request: WriteRequest<W>) => {
      const mistakes = request.writes.flatMap((write, index) => mistakesOf(write, index, request));
      return mistakes.length > 0 ? badRequest(mistakes) : acceptRequest(request);
    };
    const accepted: (AcceptedRequest<W, O> & { readonly request: WaitingWrites<W, O> })[] = [];
    let isCaughtUp = false;
    for (const request of batch) {
      let outcome = checked(request);
      if (outcome instanceof RequestError && !isCaughtUp) {
        await catchUp();
        isCaughtUp = true;
        outcome = checked(request);
      }
      if (outcome instanceof RequestError) request.reject(outcome);
      else accepted.push({ ...outcome, request });
    }
    const entry = accepted.flatMap(({ writes }) => writes);
    if (entry.length > 0) await log.append([entry]);
    for (const { request, outcomes } of accepted) request.resolve(outcomes());
  };
  /** Returns the errors of a write in the first version that cannot show it. */
  const mistakesOf = (write: W, at: number, { isArray }: WriteRequest<W>): readonly ErrorDetail[] => {
    if (isKnown(write)) return [];
    for (const [version, change] of computedChanges.get(write) ?? []) {
      const refusal = change instanceof Failure ? change : refusalOf(version, change);
      if (refusal === undefined) continue;
      const before = isArray ? pointer(at, ...(errorsAt === undefined ? [] : [errorsAt])) : '';
      return errorDetailsOf(refusal)!.map((detail) => ({ ...detail, at: before + detail.at }));
    }
    return [];
  };

  return {
    get versions() {
      return [...versions.keys()];
    },
    write(request) {
      const characters = JSON.stringify(request.writes).length;
      if (characters > maxRequestCharacters) {
        const facts = { what: `the ${what} of one request`, limit: maxRequestCharacters, unit: 'characters of JSON' };
        return Promise.reject(refused(413, diagnose('request-size', undefined, facts)));
      }
      if (waiting.length >= maxWaiting)
        return Promise.reject(busy(`${waiting.length.toLocaleString('en')} requests with ${what} are waiting`));
      return new Promise((resolve, reject) => {
        waiting.push({ ...request, characters, resolve, reject });
        running ??= runBatches();
      });
    },
    async attach(version, apply) {
      versions.set(version, await log.follow(0, apply));
    },
    async detach(version) {
      const follower = versions.get(version);
      versions.delete(version);
      // A batch that has begun is also computed by this version.
      await computing?.catch(() => {});
      await follower?.stop();
    },
    async changesOf(version, writes) {
      const others = writes.filter((write) => !computedChanges.get(write)?.has(version));
      const otherChanges = others.length > 0 ? (await version.prepare(others)).values() : [].values();
      return writes.map((write) => computedChanges.get(write)?.get(version) ?? otherChanges.next().value!);
    },
    async close() {
      await running;
      await appending;
    },
  };
}

export const badRequest = (mistakes: readonly ErrorDetail[], status = 400): RequestError =>
  new RequestError(status, mistakes.slice(0, maxErrors));
