import { diagnose } from '../../../base/diagnostics/diagnose.ts';
import { Failure, failure } from '../../../base/diagnostics/failure.ts';
import type { LogFollower, WriteLog } from '../../../base/storage/record_log/write_log.ts';
import { defined } from '../../../base/util/defined.ts';
import type { ItemWrite, ItemWrites } from '../../serve/live/item_writes.ts';
import type { ItemChange } from '../../serve/live/live_items.ts';
import { maxErrors } from '../body.ts';
import { busy, errorDetailOf, errorDetailsOf, pointer, RequestError, refused } from '../refused.ts';
import type { ErrorDetail, WriteOutcome } from '../schemas.ts';

export interface WritesOfItems {
  /**
   * Applies all writes or none. Resolves when they are on disk and visible in every later answer of all processes that follow the log.
   * @param isArray true if the body is an array, so that errors name the index
   * @throws RequestError 400 with the errors of each write, 404, 503; Failure `cannot-write`
   */
  write(writes: readonly ItemWrite[], isArray: boolean): Promise<readonly WriteOutcome[]>;
  /** Applies all earlier writes to a version, and subscribes it to later ones. @throws Failure `items-closed` for a write that it cannot apply */
  attach(version: ItemWrites): Promise<void>;
  /** Unsubscribes a version. Resolves when the version computes nothing more; it must not be closed before. */
  detach(version: ItemWrites): Promise<void>;
  /** Absent: another process has the log. */
  readonly stored?: () => StoredItems;
  /** Resolves when all writes that have arrived are on disk. */
  close(): Promise<void>;
}

interface StoredItems {
  /** Number of written items that exist. `deleted`: number of deleted keys. */
  readonly items: number;
  readonly deleted: number;
  /** Size of the log. */
  readonly bytes: number;
}

export interface WritesSource extends Pick<WritesOfItems, 'stored'> {
  readonly log: WriteLog<readonly ItemWrite[]>;
  /** Called with a message for the user if memory is not freed, or if a version cannot apply a write of another process. */
  readonly say?: (line: string) => void;
}

/** Maximum writes in one batch, and maximum characters of their JSON. A batch is one entry of the log. */
const mostTogether = 512;
const mostCharacters = 2 ** 22;
/** Maximum characters of one request, which must fit into a line of the log as UTF-8. */
const longestRequest = 2 ** 24;
/** A batch may wait this share of the last one's time for that one's clients: two batches with half of the clients each would take longer. */
const gathering = 1 / 4;
/** Maximum number of waiting requests. Further ones are refused. */
const mostWaiting = 1024;

interface WriteRequest {
  readonly writes: readonly ItemWrite[];
  readonly isArray: boolean;
}

interface WaitingWrite extends WriteRequest {
  /** Length of the JSON. */
  readonly characters: number;
  resolve(outcomes: readonly WriteOutcome[]): void;
  reject(error: unknown): void;
}

/** The function is long because all steps share the log and the versions that follow it. */
export function makeWritesOfItems({ log, stored, say = () => {} }: WritesSource): WritesOfItems {
  const versions = new Map<ItemWrites, LogFollower>();
  const waitingWrites: WaitingWrite[] = [];
  /** Changes that were computed to validate a write, by version. */
  const preparedChanges = new WeakMap<ItemWrite, ReadonlyMap<ItemWrites, ItemChange>>();
  let isRunning = false;
  /** The batch that is being computed and written. */
  let committing: Promise<void> | undefined;
  let onArrival = (): void => {};

  const runBatches = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    while (waitingWrites.length > 0) {
      const batch: WaitingWrite[] = [];
      const start = performance.now();
      let [size, characters] = [0, 0];
      for (let next = waitingWrites[0]; next; next = waitingWrites[0]) {
        size += next.writes.length;
        characters += next.characters;
        if (batch.length > 0 && (size > mostTogether || characters > mostCharacters)) break;
        batch.push(waitingWrites.shift()!);
      }
      committing = commit(batch).catch((error: unknown) => {
        for (const each of batch) each.reject(error);
      });
      await committing;
      committing = undefined;
      // A single client need not wait for others.
      if (batch.length > 1)
        await waitForWrites(batch.length + waitingWrites.length, gathering * (performance.now() - start));
    }
    isRunning = false;
  };

  /** Resolves when this many writes are waiting, or when the time is over. */
  const waitForWrites = (count: number, milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        onArrival = () => {};
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      onArrival = () => {
        if (waitingWrites.length >= count) end();
      };
      onArrival();
    });

  const commit = async (batch: readonly WaitingWrite[]): Promise<void> => {
    const batchWrites = batch.flatMap(({ writes }) => writes);
    const preparedVersions = await Promise.all(
      [...versions.keys()].map(async (version) => ({ version, changes: await version.prepare(batchWrites) })),
    );
    const changedKeys = new Map<string, boolean>();
    const accepted: { readonly each: WaitingWrite; readonly outcomes: readonly WriteOutcome[] }[] = [];
    const acceptedIndices: number[] = [];
    let firstIndex = 0;
    for (const each of batch) {
      const ownIndices = each.writes.map((_, i) => firstIndex + i);
      firstIndex += ownIndices.length;
      const errorDetails = ownIndices.flatMap((at, i) =>
        errorDetailsAt(preparedVersions, at).map((mistake) => withPosition(mistake, each, pointer(i, 'columns'))),
      );
      const outcomes =
        errorDetails.length > 0
          ? new RequestError(400, errorDetails.slice(0, maxErrors))
          : outcomesOf(each, [...versions.keys()], changedKeys);
      if (outcomes instanceof RequestError) {
        each.reject(outcomes);
        continue;
      }
      accepted.push({ each, outcomes });
      acceptedIndices.push(...ownIndices);
    }
    if (accepted.length === 0) return;
    const acceptedWrites = acceptedIndices.map((at) => batchWrites[at]!);
    for (const at of acceptedIndices) {
      const changes = preparedVersions.map(({ version, changes }) => [version, changes[at] as ItemChange] as const);
      preparedChanges.set(batchWrites[at]!, new Map(changes));
    }
    await log.append([acceptedWrites]);
    for (const { each, outcomes } of accepted) each.resolve(outcomes);
  };

  /** Applies entries of the log to a version. Those of this process are prepared; those of others were valid for the versions of their process. */
  const apply = async (
    version: ItemWrites,
    entries: readonly (readonly ItemWrite[])[],
    refuse: (key: string, reason: Failure) => void,
  ): Promise<void> => {
    const writes = entries.flat();
    const others = writes.filter((write) => !preparedChanges.get(write)?.has(version));
    const otherChanges = others.length > 0 ? (await version.prepare(others)).values() : [].values();
    const changes = writes.map((write) => preparedChanges.get(write)?.get(version) ?? otherChanges.next().value!);
    changes.forEach((change, at) => {
      if (change instanceof Failure) refuse(writes[at]!.key, change);
    });
    version.show(changes.filter((change): change is ItemChange => !(change instanceof Failure)));
    void version.tidy().catch(({ message }: Error) => say(`memory of earlier writes is not freed: ${message}`));
  };

  return {
    ...defined({ stored }),
    write(writes, isArray) {
      const characters = JSON.stringify(writes).length;
      if (characters > longestRequest) return Promise.reject(tooLong());
      if (waitingWrites.length >= mostWaiting)
        return Promise.reject(busy(`${waitingWrites.length.toLocaleString('en')} writes are waiting`));
      return new Promise((resolve, reject) => {
        waitingWrites.push({ writes, characters, isArray, resolve, reject });
        onArrival();
        void runBatches();
      });
    },
    async attach(version) {
      let isAttached = false;
      const follower = await log.follow(0, (entries) =>
        apply(version, entries, (key, reason) => {
          const refusal = notTaken(key, reason);
          // A version that does not answer yet is refused. One that answers is told apart from the others, and the reason is said.
          if (!isAttached) throw refusal;
          say(`${refusal.diagnostics[0]!.message}`);
        }),
      );
      isAttached = true;
      versions.set(version, follower);
    },
    async detach(version) {
      const follower = versions.get(version);
      versions.delete(version);
      // A batch that has begun also computes its items for this version.
      await committing;
      await follower?.stop();
    },
    async close() {
      while (isRunning) await new Promise((later) => setImmediate(later));
    },
  };
}

function tooLong(): RequestError {
  const facts = { what: 'the writes of one request', limit: longestRequest, unit: 'characters of JSON' };
  return refused(413, diagnose('request-size', undefined, facts));
}

function notTaken(key: string, { diagnostics }: Failure): Failure {
  const reason = `this model cannot take the item ${JSON.stringify(key)}, which was written: ${diagnostics[0]!.message}`;
  const advice = 'write the item again on a server of the earlier model, or start with another log: `--items`';
  return failure('items-closed', { reason, advice });
}

/**
 * Checks that every version can compute the items of the request.
 * @param changedKeys by key, true if the item exists after the earlier writes of the batch
 */
function outcomesOf(
  request: WriteRequest,
  versions: readonly ItemWrites[],
  changedKeys: Map<string, boolean>,
): readonly WriteOutcome[] | RequestError {
  const isThere = (key: string): boolean => versions.some(({ snapshot }) => snapshot.itemRow(key) >= 0);
  // Changes of a request affect others only if it is accepted.
  const ownKeys = new Map<string, boolean>();
  const errorDetails: ErrorDetail[] = [];
  const outcomes = request.writes.map((write, at): WriteOutcome => {
    const { key } = write;
    const existedBefore = ownKeys.get(key) ?? changedKeys.get(key) ?? isThere(key);
    ownKeys.set(key, !('deleted' in write));
    if (!('deleted' in write)) return existedBefore ? 'changed' : 'added';
    const facts = { what: 'item', name: key, advice: 'give the key of an item that is there' };
    const unknown = errorDetailOf(diagnose('unknown-name', undefined, facts), '');
    if (!existedBefore) errorDetails.push(withPosition(unknown, request, pointer(at, 'key')));
    return 'deleted';
  });
  if (errorDetails.length > 0) return new RequestError(404, errorDetails.slice(0, maxErrors));
  for (const [key, is] of ownKeys) changedKeys.set(key, is);
  return outcomes;
}

/** @param before pointer to the write within an array */
const withPosition = (mistake: ErrorDetail, { isArray }: WriteRequest, before: string): ErrorDetail =>
  isArray ? { ...mistake, at: before + mistake.at } : mistake;

/** Returns the errors of one write of a batch, in the first version that cannot apply it. */
function errorDetailsAt(
  prepared: readonly { readonly changes: readonly (ItemChange | Failure)[] }[],
  at: number,
): readonly ErrorDetail[] {
  for (const { changes } of prepared) {
    const change = changes[at]!;
    if (change instanceof Failure) return errorDetailsOf(change)!;
  }
  return [];
}
