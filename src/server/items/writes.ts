/**
 * Writes of items while requests are answered: computed, on the disk, visible, answered, in this order. Writes that arrive together are one batch: one pass through
 * the item tower, one line of the log, one fsync, one new snapshot. Clients that were answered together write again together, so the next batch waits for them for a
 * moment. A write that the log has is one that every version could compute.
 *
 *     const writes = makeWritesOfItems({ log, latest });
 *     await writes.attach(version.items);
 *     await writes.write([{ key: '42', columns: { title: 'New' } }]);
 */
import { diagnose } from '../../diagnostics/diagnose.ts';
import { Failure, failure } from '../../diagnostics/failure.ts';
import { oneAtATime } from '../../one_at_a_time.ts';
import type { ItemWrite, ItemWrites } from '../../serve/live/item_writes.ts';
import type { Change } from '../../serve/live/live_items.ts';
import { firstLine, type LinePlace } from '../../storage/record_log/lines.ts';
import type { RecordLog } from '../../storage/record_log/record_log.ts';
import { mostMistakes } from '../body.ts';
import { busy, mistakeOf, mistakesOf, pointer, Refused, refused } from '../refused.ts';
import type { Mistake, WriteOutcome } from '../schemas.ts';
import { type LatestWrites, latestLines, makeLatestWrites } from './write_log.ts';

export interface WritesOfItems {
  /**
   * All of them or none. Resolves when they are on the disk and in every answer from now on.
   * @param isArray whether the body is an array of them: then mistakes say which
   * @throws Refused 400 with the mistakes of each, 404, 503; Failure `cannot-write`
   */
  write(writes: readonly ItemWrite[], isArray: boolean): Promise<readonly WriteOutcome[]>;
  /** Brings a version to what was written, and lets it have what comes. @throws Failure `items-closed` for a write that it cannot take */
  attach(version: ItemWrites): Promise<void>;
  /** The version gets no more. Resolves when it computes nothing: only then may it be closed. */
  detach(version: ItemWrites): Promise<void>;
  /** Items that were written and are there, and keys that were deleted. */
  readonly stored: { readonly items: number; readonly deleted: number; readonly bytes: number };
  /** Ends when what has arrived is written. */
  close(): Promise<void>;
}

export interface WritesSource {
  readonly log: RecordLog<readonly ItemWrite[]>;
  /** Of what the log has. */
  readonly latest: LatestWrites;
  /** Gets a sentence for people: the log could not be shortened. */
  readonly say?: (line: string) => void;
}

/** Writes in one batch, and characters of their JSON: a batch is a line of the log. */
const mostTogether = 512;
const mostCharacters = 2 ** 22;
/** Characters of one request: as UTF-8 they are a line of the log. */
const longestRequest = 2 ** 24;
/** Writes that a version which comes later gets at a time, and how often it catches up before others wait for it. */
const broughtTogether = 256;
const mostRounds = 10;
/** Of the time of a batch, what the next one may wait for those whom it answered: two batches of half of them would take longer. */
const gathering = 1 / 4;
/** Requests that wait. One more is refused. */
const mostWaiting = 1024;
/** A log is shortened when it has this many writes, and twice as many as there are items. */
const leastShortened = 10_000;

interface WriteRequest {
  readonly writes: readonly ItemWrite[];
  /** Whether the body is an array of them: then mistakes say which. */
  readonly isArray: boolean;
}

interface Waiting extends WriteRequest {
  /** Of their JSON. */
  readonly characters: number;
  resolve(outcomes: readonly WriteOutcome[]): void;
  reject(error: unknown): void;
}

/** Long because all steps share the log, what is the latest in it, and the versions that show it. */
export function makeWritesOfItems({ log, latest: found, say = () => {} }: WritesSource): WritesOfItems {
  let latest = found;
  const versions = new Set<ItemWrites>();
  const waiting: Waiting[] = [];
  /** The log is not shortened before it has so many writes. */
  let leastCount = leastShortened;
  let shortening: Promise<void> | undefined;
  let isRunning = false;
  /** Called when a write arrives. */
  let arrived = (): void => {};

  /** One thing at a time: a batch, the last step of a new version, the last step of a shorter log. */
  const exclusive = oneAtATime();
  /** A version is brought to what the log has, or the log is shortened: places of writes end with their file. */
  const overTheLog = oneAtATime();

  const run = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    while (waiting.length > 0) {
      const batch: Waiting[] = [];
      const start = performance.now();
      let [size, characters] = [0, 0];
      for (let next = waiting[0]; next; next = waiting[0]) {
        size += next.writes.length;
        characters += next.characters;
        if (batch.length > 0 && (size > mostTogether || characters > mostCharacters)) break;
        batch.push(waiting.shift()!);
      }
      await exclusive(() => commit(batch)).catch((error: unknown) => {
        for (const each of batch) each.reject(error);
      });
      // A client alone waits for nobody.
      if (batch.length > 1) await gather(batch.length + waiting.length, gathering * (performance.now() - start));
    }
    isRunning = false;
  };

  /** Until so many writes wait, or this time is over. */
  const gather = (count: number, milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        arrived = () => {};
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      arrived = () => {
        if (waiting.length >= count) end();
      };
      arrived();
    });

  const commit = async (batch: readonly Waiting[]): Promise<void> => {
    const all = batch.flatMap(({ writes }) => writes);
    const prepared = await Promise.all(
      [...versions].map(async (version) => ({ version, changes: await version.prepare(all) })),
    );
    const exists = existence(versions);
    const accepted: { readonly each: Waiting; readonly outcomes: readonly WriteOutcome[] }[] = [];
    const places: number[] = [];
    let from = 0;
    for (const each of batch) {
      const own = each.writes.map((_, i) => from + i);
      from += own.length;
      const mistakes = own.flatMap((at, i) =>
        mistakesAt(prepared, at).map((mistake) => placed(mistake, each, pointer(i, 'columns'))),
      );
      const outcomes =
        mistakes.length > 0 ? new Refused(400, mistakes.slice(0, mostMistakes)) : outcomesOf(each, exists);
      if (outcomes instanceof Refused) {
        each.reject(outcomes);
        continue;
      }
      accepted.push({ each, outcomes });
      places.push(...own);
    }
    if (accepted.length === 0) return;
    const writes = places.map((at) => all[at]!);
    await log.append(writes);
    writes.forEach(latest.add);
    for (const { version, changes } of prepared) version.show(places.map((at) => changes[at] as Change));
    for (const { each, outcomes } of accepted) each.resolve(outcomes);
    for (const { version } of prepared) void version.tidy().catch(sayUntidy);
    shorten();
  };

  const sayUntidy = ({ message }: Error): void => say(`memory of earlier writes is not freed: ${message}`);

  const shorten = (): void => {
    if (shortening || latest.count < leastCount || latest.count < 2 * latest.keys) return;
    shortening = overTheLog(shortenNow)
      .catch((error: unknown) => {
        if (!(error instanceof Failure)) throw error;
        // Not again with each write.
        leastCount = latest.count + leastShortened;
        say(`the log of written items was not shortened: ${error.diagnostics[0]!.message}`);
      })
      .then(() => {
        shortening = undefined;
      });
  };
  const shortenNow = async (): Promise<void> => {
    const next = makeLatestWrites();
    let replaced: Promise<void> | undefined;
    // What the log has now is read from it. What comes later is written after it.
    await exclusive(async () => {
      replaced = log.replace(latestLines(log, log.end, latest.isLatest), {
        exclusive: (work) =>
          exclusive(async () => {
            const done = await work();
            latest = next;
            leastCount = leastShortened;
            return done;
          }),
        wrote: (record) => record.forEach(next.add),
      });
    });
    await replaced;
  };

  /** Where the next write goes. */
  const here = (): Place => ({ ...log.end, writes: latest.count });
  /** Writes between two places, as a version can take them. */
  const bring = async (version: ItemWrites, from: Place, to: Place): Promise<Place> => {
    let { writes: place } = from;
    let some: ItemWrite[] = [];
    const give = async (): Promise<void> => {
      const changes = await version.prepare(some);
      const wrong = changes.findIndex((each) => each instanceof Failure);
      if (wrong >= 0) throw notTaken(some[wrong]!.key, changes[wrong] as Failure);
      version.show(changes as Change[]);
      some = [];
    };
    for await (const records of log.read(from, to)) {
      for (const write of records.flat()) {
        if (latest.isLatest(write.key, place++)) some.push(write);
        if (some.length === broughtTogether) await give();
      }
    }
    if (some.length > 0) await give();
    void version.tidy().catch(sayUntidy);
    return to;
  };

  return {
    get stored() {
      return { items: latest.keys - latest.deleted, deleted: latest.deleted, bytes: log.bytes };
    },
    write(writes, isArray) {
      const characters = JSON.stringify(writes).length;
      if (characters > longestRequest) return Promise.reject(tooLong());
      if (waiting.length >= mostWaiting)
        return Promise.reject(busy(`${waiting.length.toLocaleString('en')} writes are waiting`));
      return new Promise((resolve, reject) => {
        waiting.push({ writes, characters, isArray, resolve, reject });
        arrived();
        void run();
      });
    },
    async attach(version) {
      await overTheLog(async () => {
        let at: Place = { ...firstLine, writes: 0 };
        // Most of it while writes go on; they wait for the rest.
        for (let round = 0; round < mostRounds; round++) {
          const to = await exclusive(async () => here());
          if (round > 0 && to.writes - at.writes <= broughtTogether) break;
          at = await bring(version, at, to);
        }
        await exclusive(async () => {
          await bring(version, at, here());
          versions.add(version);
        });
      });
    },
    async detach(version) {
      versions.delete(version);
      // A batch that has begun computes its items for this version too.
      await exclusive(async () => {});
    },
    async close() {
      while (isRunning) await new Promise((later) => setImmediate(later));
      await shortening;
      await exclusive(() => log.close());
    },
  };
}

/** In a file of the log: and how many writes lie before. */
interface Place extends LinePlace {
  readonly writes: number;
}

function tooLong(): Refused {
  const facts = { what: 'the writes of one request', limit: longestRequest, unit: 'characters of JSON' };
  return refused(413, diagnose('request-size', undefined, facts));
}

function notTaken(key: string, { diagnostics }: Failure): Failure {
  const reason = `this model cannot take the item ${JSON.stringify(key)}, which was written: ${diagnostics[0]!.message}`;
  const advice = 'write the item again on a server of the earlier model, or move the folder of `--items` away';
  return failure('items-closed', { reason, advice });
}

/** Whether an item is there, in any version, with what a batch has done before. */
function existence(versions: Iterable<ItemWrites>) {
  const changed = new Map<string, boolean>();
  const all = [...versions];
  return {
    has: (key: string): boolean => changed.get(key) ?? all.some(({ snapshot }) => snapshot.itemRow(key) >= 0),
    set: (key: string, is: boolean): void => void changed.set(key, is),
  };
}

type Existence = ReturnType<typeof existence>;

/** Of a request whose items every version can compute. */
function outcomesOf(request: WriteRequest, exists: Existence): readonly WriteOutcome[] | Refused {
  // What a request does counts for others only if it is taken.
  const own = new Map<string, boolean>();
  const mistakes: Mistake[] = [];
  const outcomes = request.writes.map((write, at): WriteOutcome => {
    const { key } = write;
    const was = own.get(key) ?? exists.has(key);
    own.set(key, !('deleted' in write));
    if (!('deleted' in write)) return was ? 'changed' : 'added';
    const facts = { what: 'item', name: key, advice: 'give the key of an item that is there' };
    const unknown = mistakeOf(diagnose('unknown-name', undefined, facts), '');
    if (!was) mistakes.push(placed(unknown, request, pointer(at, 'key')));
    return 'deleted';
  });
  if (mistakes.length > 0) return new Refused(404, mistakes.slice(0, mostMistakes));
  for (const [key, is] of own) exists.set(key, is);
  return outcomes;
}

/** @param before where a write of an array has it */
const placed = (mistake: Mistake, { isArray }: WriteRequest, before: string): Mistake =>
  isArray ? { ...mistake, at: before + mistake.at } : mistake;

/** Of the write at a place of a batch, in the first version that cannot take it. */
function mistakesAt(
  prepared: readonly { readonly changes: readonly (Change | Failure)[] }[],
  at: number,
): readonly Mistake[] {
  for (const { changes } of prepared) {
    const change = changes[at]!;
    if (change instanceof Failure) return mistakesOf(change)!;
  }
  return [];
}
