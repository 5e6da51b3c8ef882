/**
 * A log of writes that several servers share: a stream of Redis or Valkey. Each server appends to it and follows it, so all of them apply the same writes in the
 * same order. An entry of the stream is one write, such as `write {"user":"ann",…}`, and its id is `0-POSITION`: Redis counts the positions up.
 *
 *     const log = await openSharedLog('redis://127.0.0.1:6379/shop', eventLog, eventReplacement, { say });
 *     await log.append([[event]]); // every follower of this server has it, and those of the others soon
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describeError, type Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import type { LogFormat } from '../../base/storage/record_log/record_log.ts';
import { type ApplyEntries, addFollower, type PositionedWrite } from '../../base/storage/record_log/write_log.ts';
import { makeSerialQueue } from '../../base/util/objects.ts';
import type {
  SharedLog,
  SharedLogOptions,
  SharedWrites,
  WriteReplacement,
} from '../../serving/server/writes/shared_log.ts';
import {
  connectRedis,
  entryId,
  isRedisReply,
  lastEntryPositionOf,
  lastPositionOf,
  logIdOf,
  makeEntryReader,
  maxBackoff,
  pageLength,
  patience,
  positionIn,
  redisAddress,
  redisFailure,
  type StreamEntry,
  streamPages,
} from './redis_stream.ts';

/** Milliseconds after which a blocking read returns if no entry arrives: sooner than `patience`, after which a silent connection is made anew. */
const blockTime = 2000;

/** Splits writes so that each part has positions without gaps. */
function runsOf<W>(writes: readonly PositionedWrite<W>[]): readonly (readonly PositionedWrite<W>[])[] {
  const runs: PositionedWrite<W>[][] = [];
  for (const write of writes) {
    const current = runs.at(-1);
    if (current && current.at(-1)!.position + 1 === write.position) current.push(write);
    else runs.push([write]);
  }
  return runs;
}

const messageOf = ({ diagnostics }: Failure): string => diagnostics[0]!.message;

/** Returns the arguments of `apply`. */
const appliedOf = <W>(run: readonly PositionedWrite<W>[]): [(readonly W[])[], number] => [
  run.map(({ write }) => [write]),
  run.at(-1)!.position,
];

export async function readSharedLog<W>(
  text: string,
  format: LogFormat<readonly W[]>,
  { say }: SharedLogOptions = {},
): Promise<SharedWrites<W>> {
  const address = redisAddress(text, format.name);
  const redis = await connectRedis(address);
  try {
    const read = makeEntryReader(address, format, say);
    const id = await logIdOf(redis, address.stream);
    const writes: PositionedWrite<W>[] = [];
    const end = await lastPositionOf(redis, address.stream);
    for await (const { entries } of streamPages(redis, address, 0, () => end))
      for (const write of read(entries)) writes.push(write);
    return { id, end, writes };
  } catch (error) {
    throw redisFailure(error, address.shown);
  } finally {
    redis.disconnect();
  }
}

/** A write of this server that is on its way: to Redis, and from there to the followers. */
interface PendingWrite<W> {
  readonly write: W;
  readonly text: string;
  arrived(position: number): void;
}

/**
 * Opens a log that other servers may use at the same time. While Redis is down, appends are refused, and followers keep what they have; then they go on after the
 * last position. The function is long because all steps share the connections, the position and the followers.
 * @throws Failure `log-address`, `log-server`
 */
export async function openSharedLog<W>(
  text: string,
  format: LogFormat<readonly W[]>,
  { subjectOf, replaces, removedAfter }: WriteReplacement<W>,
  { say = () => {} }: SharedLogOptions = {},
): Promise<SharedLog<W>> {
  const address = redisAddress(text, format.name);
  const { shown, stream, trims } = address;
  const publicName = `of ${format.name}`;
  const writer = await connectRedis(address);
  const reader = await connectRedis(address).catch((error: unknown) => {
    writer.disconnect();
    throw error;
  });
  const read = makeEntryReader(address, format, say);
  const followers = new Set<ApplyEntries<readonly W[]>>();
  const pendingWrites = new Map<string, PendingWrite<W>>();
  const server = randomUUID().slice(0, 13);
  /** Runs one step at a time: applying entries, or the last step of a new follower. */
  const inTurn = makeSerialQueue();
  let id = '';
  let appended = 0;
  /** Position up to which the followers have all entries. */
  let position = 0;
  /** Number of writes that replaced earlier ones since those were removed last. */
  let replacements = 0;
  let removing: Promise<void> | undefined;
  let isClosed = false;
  let downSince: number | undefined;

  const noAnswer = (): Failure =>
    failure('log-server', {
      log: publicName,
      reason: 'Redis does not answer',
      advice: 'send the request again later; an event that has an `id` counts once',
    });

  /** Positions are never given twice: if Redis has lost entries, a mark takes the last position that this server knows. */
  const findLoss = async (): Promise<void> => {
    const last = await lastPositionOf(writer, stream);
    if (last >= position) return;
    const mark = writer.multi().set(`${stream}:id`, id, 'NX');
    const results = await mark.xadd(stream, entryId(position), 'lost', String(position - last)).exec();
    if (results!.some(([error]) => error)) return;
    say(`${shown} has lost ${position - last} entries: start the servers again, so that they agree`);
  };
  const noteLoss = (): void => {
    if (downSince !== undefined || isClosed) return;
    downSince = performance.now();
    say(`${shown} does not answer: answers go on from memory, and writes are refused after ${patience / 1000} s`);
  };
  writer.on('close', noteLoss);
  writer.on('ready', () => {
    findLoss().then(
      () => {
        if (downSince !== undefined)
          say(`${shown} is back after ${Math.round((performance.now() - downSince) / 1000)} s`);
        downSince = undefined;
      },
      () => writer.disconnect(true),
    );
  });

  const applyTo = async (apply: ApplyEntries<readonly W[]>, run: readonly PositionedWrite<W>[]): Promise<void> => {
    try {
      await apply(...appliedOf(run));
    } catch (error) {
      if (run.length > 1) for (const write of run) await applyTo(apply, [write]);
      else say(`${shown}: the entry ${entryId(run[0]!.position)} is left out: ${describeError(error)}`);
    }
  };
  /** The writes of this server are the objects that were appended, which its versions have prepared. */
  const withOwn = (received: PositionedWrite<W>): PositionedWrite<W> => {
    const own = received.by === undefined ? undefined : pendingWrites.get(received.by);
    return own && own.text === JSON.stringify(received.write) ? { ...received, write: own.write } : received;
  };
  const deliver = async (entries: readonly StreamEntry[]): Promise<void> => {
    const writes = read(entries).map(withOwn);
    for (const run of runsOf(writes)) await Promise.all([...followers].map((apply) => applyTo(apply, run)));
    for (const [entry] of entries) position = Math.max(position, positionIn(entry));
    for (const { write, by, position: writePosition } of writes) {
      if (replaces(write)) replacements++;
      if (by !== undefined) pendingWrites.get(by)?.arrived(writePosition);
    }
  };
  const followStream = async (): Promise<void> => {
    const request = ['COUNT', pageLength, 'BLOCK', blockTime, 'STREAMS', stream] as const;
    while (!isClosed) {
      const before = position;
      // Until the connection is back, or `log-server` says why there is none.
      const found = await reader.xread(...request, entryId(position)).catch(() => delay(25));
      if (!found) continue;
      await inTurn(() => deliver(found[0]![1]));
      // An id of another kind stays the last one until somebody removes it.
      if (position === before) await delay(maxBackoff);
    }
  };

  /** Removes entries that later ones replace. Reads from the last one back, so the later ones are known first. */
  const removeReplaced = async (): Promise<void> => {
    const before = replacements;
    const replaced = new Set<string>();
    const quietly = makeEntryReader(address, format);
    for (let [from, isLast] = [entryId(position), false]; !isLast; ) {
      const page = await writer.xrevrange(stream, from, '-', 'COUNT', pageLength);
      const goneIds: string[] = [];
      for (const { position: own, write } of quietly(page)) {
        const subject = subjectOf(write);
        if (replaced.has(subject)) goneIds.push(entryId(own));
        else if (replaces(write)) replaced.add(subject);
      }
      if (goneIds.length > 0) await writer.xdel(stream, ...goneIds);
      isLast = page.length < pageLength;
      from = `(${page.at(-1)?.[0]}`;
    }
    replacements -= before;
  };
  const removeInTurn = (): Promise<void> => {
    removing ??= removeReplaced()
      .catch((error: unknown) => {
        if (!isClosed) say(`replaced entries are not removed yet: ${messageOf(redisFailure(error, shown))}`);
      })
      .finally(() => void (removing = undefined));
    return removing;
  };

  try {
    id = await logIdOf(writer, stream);
    position = await lastPositionOf(writer, stream);
    await removeReplaced();
  } catch (error) {
    writer.disconnect();
    reader.disconnect();
    throw redisFailure(error, shown);
  }
  const following = followStream();

  return {
    id,
    get end() {
      return position;
    },
    async append(entries) {
      const writes = entries.flat();
      if (writes.length === 0) return position;
      const names = writes.map(() => `${server}:${++appended}`);
      const texts = writes.map((write) => JSON.stringify(write));
      let missing = writes.length;
      const applied = new Promise<number>((resolve) => {
        for (const [index, name] of names.entries()) {
          const arrived = (own: number): void => {
            pendingWrites.delete(name);
            if (--missing === 0) resolve(own);
          };
          pendingWrites.set(name, { write: writes[index]!, text: texts[index]!, arrived });
        }
      });
      const forget = (reason: Failure): never => {
        for (const name of names) pendingWrites.delete(name);
        throw reason;
      };
      while (downSince !== undefined) {
        if (isClosed || performance.now() - downSince > patience) forget(noAnswer());
        await delay(20);
      }
      const transaction = writer.multi();
      for (const [index, name] of names.entries()) transaction.xadd(stream, '0-*', 'write', texts[index]!, 'by', name);
      try {
        for (const [error] of (await transaction.exec())!) if (error) throw error;
      } catch (error) {
        if (isRedisReply(error)) forget(redisFailure(error, publicName));
        // The connection is lost, and with it the answer: if Redis has the writes, they arrive when it is back.
        await Promise.race([applied, delay(patience)]);
        if (missing > 0) forget(noAnswer());
      }
      const last = await applied;
      if (replacements >= removedAfter) void removeInTurn();
      return last;
    },
    async catchUp() {
      const end = await lastEntryPositionOf(writer, stream).catch(() => Promise.reject(noAnswer()));
      for (const since = performance.now(); position < end; await delay(2))
        if (isClosed || performance.now() - since > patience) throw noAnswer();
    },
    async follow(from, apply) {
      if (replacements > 0) await removeInTurn();
      let readTo = from;
      const catchUp = async (): Promise<void> => {
        for await (const page of streamPages(writer, address, readTo, () => position)) {
          for (const run of runsOf(read(page.entries))) await apply(...appliedOf(run));
          ({ readTo } = page);
        }
      };
      // Most of the catching up runs while others write.
      await catchUp();
      return inTurn(async () => {
        await catchUp();
        return addFollower(followers, apply);
      });
    },
    forget(upTo) {
      if (!trims || upTo <= 0) return;
      writer.xtrim(stream, 'MINID', entryId(upTo + 1)).catch((error: unknown) => {
        say(`entries that files have are not removed: ${messageOf(redisFailure(error, shown))}`);
      });
    },
    async close() {
      isClosed = true;
      await removing;
      writer.disconnect();
      reader.disconnect();
      await following;
    },
  };
}
