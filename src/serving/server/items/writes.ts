import { diagnose } from '../../../base/diagnostics/diagnose.ts';
import { Failure, failure } from '../../../base/diagnostics/failure.ts';
import { firstLine, type LinePlace } from '../../../base/storage/record_log/lines.ts';
import type { RecordLog } from '../../../base/storage/record_log/record_log.ts';
import { oneAtATime } from '../../../base/util/defined.ts';
import type { ItemWrite, ItemWrites } from '../../serve/live/item_writes.ts';
import type { ItemChange } from '../../serve/live/live_items.ts';
import { maxErrors } from '../body.ts';
import { busy, errorDetailOf, errorDetailsOf, pointer, RequestError, refused } from '../refused.ts';
import type { ErrorDetail, WriteOutcome } from '../schemas.ts';
import { type LatestWrites, latestLines, makeLatestWrites } from './write_log.ts';

export interface WritesOfItems {
  /**
   * Applies all writes or none. Resolves when they are on disk and visible in every later answer.
   * @param isArray true if the body is an array, so that errors name the index
   * @throws RequestError 400 with the errors of each write, 404, 503; Failure `cannot-write`
   */
  write(writes: readonly ItemWrite[], isArray: boolean): Promise<readonly WriteOutcome[]>;
  /** Applies all earlier writes to a version, and subscribes it to later ones. @throws Failure `items-closed` for a write that it cannot apply */
  attach(version: ItemWrites): Promise<void>;
  /** Unsubscribes a version. Resolves when the version computes nothing more; it must not be closed before. */
  detach(version: ItemWrites): Promise<void>;
  /** Number of written items that exist. `deleted`: number of deleted keys. */
  readonly stored: { readonly items: number; readonly deleted: number; readonly bytes: number };
  /** Resolves when all writes that have arrived are on disk. */
  close(): Promise<void>;
}

export interface WritesSource {
  readonly log: RecordLog<readonly ItemWrite[]>;
  readonly latest: LatestWrites;
  /** Called with a message for the user if the log could not be shortened. */
  readonly say?: (line: string) => void;
}

/** Maximum writes in one batch, and maximum characters of their JSON. A batch is one line of the log. */
const mostTogether = 512;
const mostCharacters = 2 ** 22;
/** Maximum characters of one request, which must fit into a line of the log as UTF-8. */
const longestRequest = 2 ** 24;
/** Number of writes that a new version gets at a time, and maximum number of rounds of catching up before other writes wait for it. */
const broughtTogether = 256;
const mostRounds = 10;
/** A batch may wait this share of the last one's time for that one's clients: two batches with half of the clients each would take longer. */
const gathering = 1 / 4;
/** Maximum number of waiting requests. Further ones are refused. */
const mostWaiting = 1024;
/** A log is shortened when it has at least this many writes, and twice as many writes as items. */
const leastShortened = 10_000;

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

/** The function is long because all steps share the log, its latest position, and the versions that apply it. */
export function makeWritesOfItems({ log, latest: found, say = () => {} }: WritesSource): WritesOfItems {
  let latestWrites = found;
  const versions = new Set<ItemWrites>();
  const waitingWrites: WaitingWrite[] = [];
  /** Number of writes below which the log is not shortened. */
  let leastCount = leastShortened;
  let shortening: Promise<void> | undefined;
  let isRunning = false;
  let onArrival = (): void => {};

  /** Runs one step at a time: a batch, the last step of a new version, or the last step of shortening the log. */
  const inTurn = oneAtATime();
  /** Runs while a version catches up with the log or the log is shortened, because positions of writes are valid only within their file. */
  const overTheLog = oneAtATime();

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
      await inTurn(() => commit(batch)).catch((error: unknown) => {
        for (const each of batch) each.reject(error);
      });
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
      [...versions].map(async (version) => ({ version, changes: await version.prepare(batchWrites) })),
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
          : outcomesOf(each, versions, changedKeys);
      if (outcomes instanceof RequestError) {
        each.reject(outcomes);
        continue;
      }
      accepted.push({ each, outcomes });
      acceptedIndices.push(...ownIndices);
    }
    if (accepted.length === 0) return;
    const acceptedWrites = acceptedIndices.map((at) => batchWrites[at]!);
    await log.append(acceptedWrites);
    acceptedWrites.forEach(latestWrites.add);
    for (const { version, changes } of preparedVersions)
      version.show(acceptedIndices.map((at) => changes[at] as ItemChange));
    for (const { each, outcomes } of accepted) each.resolve(outcomes);
    for (const { version } of preparedVersions) void version.tidy().catch(sayUntidy);
    shortenIfLong();
  };

  const sayUntidy = ({ message }: Error): void => say(`memory of earlier writes is not freed: ${message}`);

  const shortenIfLong = (): void => {
    if (shortening || latestWrites.count < leastCount || latestWrites.count < 2 * latestWrites.keys) return;
    shortening = overTheLog(shortenNow)
      .catch((error: unknown) => {
        if (!(error instanceof Failure)) throw error;
        // Otherwise each write would try again.
        leastCount = latestWrites.count + leastShortened;
        say(`the log of written items was not shortened: ${error.diagnostics[0]!.message}`);
      })
      .then(() => {
        shortening = undefined;
      });
  };
  const shortenNow = async (): Promise<void> => {
    const shorterLog = makeLatestWrites();
    let replacement: Promise<void> | undefined;
    // Reads the current records of the log. Later ones are appended after them.
    await inTurn(async () => {
      replacement = log.replace(latestLines(log, log.end, latestWrites.isLatest), {
        exclusive: (work) =>
          inTurn(async () => {
            const done = await work();
            latestWrites = shorterLog;
            leastCount = leastShortened;
            return done;
          }),
        wrote: (record) => record.forEach(shorterLog.add),
      });
    });
    await replacement;
  };

  const endPosition = (): LogPosition => ({ ...log.end, writes: latestWrites.count });
  /** Applies the writes between two positions to a version. */
  const catchUp = async (version: ItemWrites, from: LogPosition, to: LogPosition): Promise<LogPosition> => {
    let { writes: place } = from;
    let pendingWrites: ItemWrite[] = [];
    const flushPending = async (): Promise<void> => {
      const changes = await version.prepare(pendingWrites);
      const failedIndex = changes.findIndex((each) => each instanceof Failure);
      if (failedIndex >= 0) throw notTaken(pendingWrites[failedIndex]!.key, changes[failedIndex] as Failure);
      version.show(changes as ItemChange[]);
      pendingWrites = [];
    };
    for await (const records of log.read(from, to)) {
      for (const write of records.flat()) {
        if (latestWrites.isLatest(write.key, place++)) pendingWrites.push(write);
        if (pendingWrites.length === broughtTogether) await flushPending();
      }
    }
    if (pendingWrites.length > 0) await flushPending();
    void version.tidy().catch(sayUntidy);
    return to;
  };

  return {
    get stored() {
      return { items: latestWrites.keys - latestWrites.deleted, deleted: latestWrites.deleted, bytes: log.bytes };
    },
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
      await overTheLog(async () => {
        let position: LogPosition = { ...firstLine, writes: 0 };
        // Most of the catching up runs while others write; they wait only for the last part.
        for (let round = 0; round < mostRounds; round++) {
          const endNow = await inTurn(async () => endPosition());
          if (round > 0 && endNow.writes - position.writes <= broughtTogether) break;
          position = await catchUp(version, position, endNow);
        }
        await inTurn(async () => {
          await catchUp(version, position, endPosition());
          versions.add(version);
        });
      });
    },
    async detach(version) {
      versions.delete(version);
      // A batch that has begun also computes its items for this version.
      await inTurn(async () => {});
    },
    async close() {
      while (isRunning) await new Promise((later) => setImmediate(later));
      await shortening;
      await inTurn(() => log.close());
    },
  };
}

/** A position in the log, with the number of earlier writes. */
interface LogPosition extends LinePlace {
  readonly writes: number;
}

function tooLong(): RequestError {
  const facts = { what: 'the writes of one request', limit: longestRequest, unit: 'characters of JSON' };
  return refused(413, diagnose('request-size', undefined, facts));
}

function notTaken(key: string, { diagnostics }: Failure): Failure {
  const reason = `this model cannot take the item ${JSON.stringify(key)}, which was written: ${diagnostics[0]!.message}`;
  const advice = 'write the item again on a server of the earlier model, or move the folder of `--items` away';
  return failure('items-closed', { reason, advice });
}

/**
 * Checks that every version can compute the items of the request.
 * @param changedKeys by key, true if the item exists after the earlier writes of the batch
 */
function outcomesOf(
  request: WriteRequest,
  versions: ReadonlySet<ItemWrites>,
  changedKeys: Map<string, boolean>,
): readonly WriteOutcome[] | RequestError {
  const isThere = (key: string): boolean => [...versions].some(({ snapshot }) => snapshot.itemRow(key) >= 0);
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
