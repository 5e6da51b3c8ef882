/**
 * Writes of items while requests are answered: computed, on the disk, visible, answered, in this order. Writes that arrive together are one batch: one pass through
 * the item tower, one line of the log, one fsync, one new snapshot. Clients that were answered together write again together, so the next batch waits for them for a
 * moment. A write that the log has is one that every version could compute.
 *
 *     const writes = await openItemWrites({ log, records });
 *     await writes.attach(version.items);
 *     await writes.write([{ key: '42', columns: { title: 'New' } }]);
 */
import { diagnose } from '../../diagnostics/diagnose.ts';
import { Failure, failure } from '../../diagnostics/failure.ts';
import type { ItemWrite, ItemWrites } from '../../serve/live/item_writes.ts';
import type { Change } from '../../serve/live/live_items.ts';
import type { RecordLog } from '../../storage/record_log/record_log.ts';
import { mostMistakes } from '../body.ts';
import { busy } from '../overload.ts';
import { mistakeOf, mistakesOf, pointer, Refused } from '../refused.ts';
import type { Mistake } from '../schemas.ts';
import type { WriteOutcome } from './schemas.ts';

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
  /** What the log had. */
  readonly records: readonly (readonly ItemWrite[])[];
  /** Gets a sentence for people: the log could not be shortened. */
  readonly say?: (line: string) => void;
}

/** Writes in one batch. */
const mostTogether = 512;
/** Of the time of a batch, what the next one may wait for those whom it answered: two batches of half of them would take longer. */
const gathering = 1 / 4;
/** Requests that wait. One more is refused. */
const mostWaiting = 1024;
/** A log is shortened when it has this many writes, and twice as many as there are items. */
const leastShortened = 10_000;
/** Writes in one line of a shortened log. */
const perLine = 100;

interface Waiting {
  readonly writes: readonly ItemWrite[];
  readonly isArray: boolean;
  resolve(outcomes: readonly WriteOutcome[]): void;
  reject(error: unknown): void;
}

/** Long because all steps share the state of the items and the versions that show it. */
export function makeWritesOfItems({ log, records, say = () => {} }: WritesSource): WritesOfItems {
  /** The latest write of each key, in their order. */
  const state = new Map<string, { readonly write: ItemWrite; readonly at: number }>();
  const versions = new Set<ItemWrites>();
  const waiting: Waiting[] = [];
  let count = 0;
  let logged = 0;
  let deleted = 0;
  let tail: Promise<unknown> = Promise.resolve();
  let shortening: Promise<void> | undefined;
  let isRunning = false;
  /** Called when a write arrives. */
  let arrived = (): void => {};

  const remember = (write: ItemWrite): void => {
    const before = state.get(write.key);
    if (before && 'deleted' in before.write) deleted--;
    if ('deleted' in write) deleted++;
    state.delete(write.key);
    state.set(write.key, { write, at: count++ });
    logged++;
  };
  for (const write of records.flat()) remember(write);

  /** One thing at a time: a batch, the last step of a new version, the last step of a shorter log. */
  const exclusive = <T>(work: () => Promise<T>): Promise<T> => {
    const next = tail.then(work, work);
    tail = next.catch(() => {});
    return next;
  };

  const run = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    while (waiting.length > 0) {
      const batch: Waiting[] = [];
      const start = performance.now();
      let size = 0;
      while (waiting.length > 0 && (size === 0 || size + waiting[0]!.writes.length <= mostTogether)) {
        batch.push(waiting[0]!);
        size += waiting.shift()!.writes.length;
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
    for (const write of writes) remember(write);
    for (const { version, changes } of prepared) version.show(places.map((at) => changes[at] as Change));
    for (const { each, outcomes } of accepted) each.resolve(outcomes);
    for (const { version } of prepared) await version.tidy();
    shorten();
  };

  const shorten = (): void => {
    if (shortening || logged < leastShortened || logged < 2 * state.size) return;
    const kept = [...state.values()].map(({ write }) => write);
    const before = logged;
    const lines = Array.from({ length: Math.ceil(kept.length / perLine) }, (_, i) =>
      kept.slice(i * perLine, (i + 1) * perLine),
    );
    shortening = log
      .replace(lines, exclusive)
      .catch((error: unknown) => {
        if (!(error instanceof Failure)) throw error;
        say(`the log of written items was not shortened: ${error.diagnostics[0]!.message}`);
      })
      .then(() => {
        logged += kept.length - before;
        shortening = undefined;
      });
  };

  /** Writes from a place on, as a version can take them. Gives the place of the first that came too late. */
  const bring = async (version: ItemWrites, from: number): Promise<number> => {
    const to = count;
    const own = [...state.values()].filter(({ at }) => at >= from).map(({ write }) => write);
    for (let at = 0; at < own.length; at += mostTogether) {
      const some = own.slice(at, at + mostTogether);
      const changes = await version.prepare(some);
      const wrong = changes.findIndex((each) => each instanceof Failure);
      if (wrong >= 0) throw notTaken(some[wrong]!.key, changes[wrong] as Failure);
      version.show(changes as Change[]);
    }
    await version.tidy();
    return to;
  };

  return {
    get stored() {
      return { items: state.size - deleted, deleted, bytes: log.bytes };
    },
    write(writes, isArray) {
      if (waiting.length >= mostWaiting)
        return Promise.reject(busy(`${waiting.length.toLocaleString('en')} writes are waiting`));
      return new Promise((resolve, reject) => {
        waiting.push({ writes, isArray, resolve, reject });
        arrived();
        void run();
      });
    },
    async attach(version) {
      // Most of it while writes go on; they wait for the rest.
      const from = await bring(version, 0);
      await exclusive(async () => {
        await bring(version, from);
        versions.add(version);
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

function outcomesOf(request: Waiting, exists: Existence): readonly WriteOutcome[] | Refused {
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
const placed = (mistake: Mistake, { isArray }: Waiting, before: string): Mistake =>
  isArray ? { ...mistake, at: before + mistake.at } : mistake;

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

function notTaken(key: string, { diagnostics }: Failure): Failure {
  const reason = `this model cannot take the item ${JSON.stringify(key)}, which was written: ${diagnostics[0]!.message}`;
  const advice = 'write the item again on a server of the earlier model, or move the folder of `--items` away';
  return failure('items-closed', { reason, advice });
}
