/** Connects to a stream of Redis or Valkey, and reads its entries, which any program may have written. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { connectionReasons, describeError, Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import type { LogFormat } from '../../base/storage/record_log/record_log.ts';
import type { PositionedWrite } from '../../base/storage/record_log/write_log.ts';

/** Milliseconds after which a Redis that does not answer counts as down. */
export const patience = 5000;
/** Maximum milliseconds between two tries to connect. */
export const maxBackoff = 1000;
/** Number of entries that are read together. */
export const pageLength = 1000;
/** Maximum number of invalid entries that are remembered, so that each is said once. */
const maxRememberedIds = 10_000;
/** Maximum characters of a write. No request has more. */
const maxWriteLength = 2 ** 24;

export type StreamEntry = readonly [id: string, fields: readonly string[]];

export interface RedisAddress {
  /** The address without name, password and options, for messages. */
  readonly shown: string;
  readonly connection: object;
  readonly stream: string;
  readonly trims: boolean;
}

const addressFailure = (reason: string): Failure => failure('log-address', { reason });

/** @throws Failure `log-address`, which does not repeat the address, because it may have a password */
export function redisAddress(text: string, format: string): RedisAddress {
  let url: URL;
  let parts: readonly string[];
  try {
    url = new URL(text);
    parts = [url.username, url.password, url.pathname.slice(1)].map((part) => decodeURIComponent(part));
  } catch {
    throw addressFailure('cannot be read');
  }
  const { protocol, hostname, port, searchParams } = url;
  const [username, password, path] = parts as [string, string, string];
  const [, db = '0', name] = /^(?:(\d{1,4})\/)?(?!\d+$)([\w.-]{1,200})$/.exec(path) ?? [];
  if (!/^rediss?:$/.test(protocol)) throw addressFailure('begins neither with `redis://` nor with `rediss://`');
  if (hostname === '') throw addressFailure('names no host');
  if (name === undefined) throw addressFailure('names no log after the host');
  const unknown = [...searchParams].find(([option, value]) => option !== 'trim' || !['yes', 'no'].includes(value));
  if (unknown) throw addressFailure('has an option other than `trim=yes`');
  return {
    shown: `${protocol}//${hostname}:${port || 6379}/${path}`,
    connection: {
      ...{ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379), db: Number(db) },
      username: username || undefined,
      password: password || process.env.REDISCLI_AUTH,
      ...(protocol === 'rediss:' && { tls: {} }),
    },
    // The braces keep both keys of a log on one node of a cluster.
    stream: `{${name}}:${format}`,
    trims: searchParams.get('trim') === 'yes',
  };
}

const start = 'start Redis there, or correct the host and the port of the address';

const replyReasons: readonly (readonly [RegExp, string, string])[] = [
  [
    /^WRONGPASS|^NOAUTH|AUTH|invalid password/i,
    'the password is missing or is another one',
    'set it in `REDISCLI_AUTH`, or write `redis://NAME:PASSWORD@HOST/LOG`',
  ],
  [/^NOPERM/, 'the user may not do that', 'allow the user the keys of the log, and all commands of streams'],
  [/^OOM/, 'the memory of Redis is full', 'raise `maxmemory`, or trim the log: `?trim=yes`'],
  [/^READONLY/, 'it is a replica, which takes no writes', 'give the address of the primary'],
  [/^MISCONF/, 'Redis cannot write to its disk', 'free some space there'],
  [
    /certificate|self.signed/i,
    'its certificate is not trusted',
    'name the file of its authority in `NODE_EXTRA_CA_CERTS`',
  ],
  [/wrong version number|packet length|EPROTO/i, 'it does not speak TLS', 'begin the address with `redis://`'],
  [/^WRONGTYPE/, 'its key has something else than a stream', 'choose another name for the log'],
];

/** @param log the address, or words that a client of the server may read */
export function redisFailure(error: unknown, log: string): Failure {
  if (error instanceof Failure) return error;
  const { errors, previousErrors } = error as { errors?: readonly unknown[]; previousErrors?: readonly unknown[] };
  // The addresses of a host that failed, or the commands of a transaction.
  const first = errors?.[0] ?? previousErrors?.[0] ?? error;
  const { code = '', message = '' } = first as { code?: string; message?: string };
  const [, reason, advice] = replyReasons.find(([pattern]) => pattern.test(message)) ?? [];
  if (reason !== undefined) return failure('log-server', { log, reason, advice: advice! });
  return failure('log-server', { log, reason: connectionReasons[code] ?? describeError(first), advice: start });
}

export const isRedisReply = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError';

/** @throws Failure `log-server` */
export async function connectRedis({ connection, shown }: RedisAddress): Promise<Redis> {
  let isOpen = false;
  let lastError: unknown;
  const redis = new Redis({
    ...connection,
    connectionName: 'tower',
    lazyConnect: true,
    connectTimeout: patience,
    socketTimeout: patience,
    // A command whose answer was lost may have been carried out, so nothing is sent twice.
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => (isOpen ? Math.min(25 * 2 ** Math.min(attempt, 10), maxBackoff) : null),
  });
  redis.on('error', (error) => void (lastError = error));
  try {
    await redis.connect();
    const [, major] = /^redis_version:(\d+)/m.exec(await redis.info('server').catch(() => '')) ?? [];
    if (Number(major ?? 7) < 7) {
      const facts = { log: shown, reason: `it is Redis ${major}`, advice: 'start Redis 7 or later, or Valkey' };
      throw failure('log-server', facts);
    }
    isOpen = true;
    return redis;
  } catch (error) {
    redis.disconnect();
    throw redisFailure(isRedisReply(error) || error instanceof Failure ? error : (lastError ?? error), shown);
  }
}

export const entryId = (position: number): string => `0-${position}`;
/** 0 for an id of another kind. */
export const positionIn = (id: string): number => Number(/^0-(\d{1,15})$/.exec(id)?.[1] ?? 0);

/** Reads entries, which any program may have written. Invalid ones are said. */
export function makeEntryReader<W>(
  { shown, stream }: RedisAddress,
  { decode }: LogFormat<readonly W[]>,
  say: (line: string) => void = () => {},
) {
  const saidIds = new Set<string>();
  const decoded = ([id, fields]: StreamEntry): PositionedWrite<W> | { readonly reason: string } => {
    const position = positionIn(id);
    const remedy = `nothing can follow it before \`XDEL\` and \`XSETID ${stream}\``;
    if (position === 0) return { reason: `its id is not \`0-NUMBER\`, and ${remedy}` };
    const fieldOf = (name: string): string | undefined =>
      fields.find((_, index) => index % 2 === 1 && fields[index - 1] === name);
    const text = fieldOf('write');
    if (text === undefined) return { reason: 'it has no `write`' };
    if (text.length > maxWriteLength) return { reason: 'it is too long' };
    try {
      const result = decode([JSON.parse(text)]);
      if ('reason' in result) return result;
      return { position, write: result.record[0]!, by: fieldOf('by') };
    } catch {
      return { reason: 'its `write` is no JSON' };
    }
  };
  return (entries: readonly StreamEntry[]): readonly PositionedWrite<W>[] => {
    const writes: PositionedWrite<W>[] = [];
    for (const entry of entries) {
      const read = decoded(entry);
      if ('write' in read) writes.push(read);
      if ('write' in read || entry[1][0] === 'lost' || saidIds.has(entry[0])) continue;
      if (saidIds.add(entry[0]).size > maxRememberedIds) saidIds.clear();
      say(`${shown}: the entry ${entry[0]} is left out: ${read.reason}`);
    }
    return writes;
  };
}

/** Yields the entries after a position in pages, each with the position up to which the stream was read. */
export async function* streamPages(redis: Redis, { stream, shown }: RedisAddress, after: number, upTo: () => number) {
  for (let readTo = after; readTo < upTo(); ) {
    const end = upTo();
    const reading = redis.xrange(stream, entryId(readTo + 1), entryId(end), 'COUNT', pageLength);
    const entries = await reading.catch((error: unknown) => {
      throw redisFailure(error, shown);
    });
    readTo = entries.length < pageLength ? end : positionIn(entries.at(-1)![0]);
    yield { entries, readTo };
  }
}

/** Returns the position of the last entry; 0 for none. */
export async function lastEntryPositionOf(redis: Redis, stream: string): Promise<number> {
  const [lastEntry] = await redis.xrevrange(stream, '0-999999999999999', '-', 'COUNT', 1);
  return lastEntry ? positionIn(lastEntry[0]) : 0;
}

/** Returns the last position that was given. If another program has added an entry with another kind of id, that of the last entry. */
export async function lastPositionOf(redis: Redis, stream: string): Promise<number> {
  if ((await redis.exists(stream)) === 0) return 0;
  const facts = (await redis.xinfo('STREAM', stream)) as readonly unknown[];
  const lastId = String(facts[facts.indexOf('last-generated-id') + 1]);
  return positionIn(lastId) > 0 || lastId === '0-0' ? positionIn(lastId) : lastEntryPositionOf(redis, stream);
}

/** Returns the name that the log keeps for good, which the first server chooses. */
export async function logIdOf(redis: Redis, stream: string): Promise<string> {
  await redis.set(`${stream}:id`, randomUUID(), 'NX');
  const id = (await redis.get(`${stream}:id`))!;
  if (/^[0-9a-f-]{36}$/.test(id)) return id;
  throw failure('log-server', {
    log: stream,
    reason: `the key \`${stream}:id\` has something else than the name of a log`,
    advice: 'choose another name for the log',
  });
}
