/** Answers with a trained model, in this process or over HTTP. Long because it opens all that a server has: the model, its logs and its address. */
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { lockFolder, registerReader } from '../../base/storage/lock.ts';
import { makeLogFiles } from '../../base/storage/record_log/lines.ts';
import type { LogFormat } from '../../base/storage/record_log/record_log.ts';
import { type LogCompaction, openWriteLog, type WriteLogOptions } from '../../base/storage/record_log/write_log.ts';
import { isAddress } from '../../data/files/remote/address.ts';
import { plugins } from '../../plugins.ts';
import type { EventWrites } from '../../serving/live/event_writes.ts';
import type { ItemWrites } from '../../serving/live/item_writes.ts';
import { type Answers, makeAnswers } from '../../serving/server/answers.ts';
import { isLoopback, type Listener, makeListener, tokenComplaint } from '../../serving/server/door.ts';
import type { Limits } from '../../serving/server/limits.ts';
import { makeServer } from '../../serving/server/server.ts';
import { type VersionChanges, warmUp } from '../../serving/server/versions/swaps.ts';
import { onlyVersion, type Versions } from '../../serving/server/versions/versions.ts';
import type { LoggedWrites } from '../../serving/server/writes/batches.ts';
import type { EventIntake, EventWritesOptions } from '../../serving/server/writes/events.ts';
import type { ItemIntake, WritesSource } from '../../serving/server/writes/items.ts';
import type { WriteReplacement } from '../../serving/server/writes/shared_log.ts';
import { takesItems as indexTakesItems, openIndex } from './index_items.ts';
import { refuseSets } from './refuse_fitted.ts';
import type { Run } from './run.ts';
import { version } from './version.ts';

export interface OpenRequest {
  /** A folder that `tower index` wrote, or `postgres://user@host/database`. */
  readonly index?: string;
  /** Default: `tower_items`. */
  readonly table?: string;
  /** Allows writes of items: `items` of the answers. @throws Failure `items-closed` if they cannot be computed one by one */
  readonly takesItems?: boolean;
  /** Allows events: `events` of the answers. @throws Failure `events-closed` if they cannot be computed one by one */
  readonly takesEvents?: boolean;
  /** MiB for a cache of query vectors of users. Default: 32. 0: no cache. */
  readonly userVectors?: number;
}

/** Enough for vectors of 64 numbers of 120,000 users. */
const defaultUserVectors = 32;

export interface OpenedModel extends Answers {
  /** Address of a separate index, without the password. */
  readonly index?: string;
  close(): Promise<void>;
}

/** Answers with the same bodies as over HTTP, without a server. */
export async function open(run: Run, request: OpenRequest = {}): Promise<OpenedModel> {
  const { index, table, takesItems = false, takesEvents = false } = request;
  const userVectors = 2 ** 20 * (request.userVectors ?? defaultUserVectors);
  if (takesItems && index !== undefined && !indexTakesItems(index)) {
    const reason = 'it searches in a database, which does not get them';
    throw failure('items-closed', { reason, advice: 'leave out `--items`, or search in the index of a folder' });
  }
  if (index !== undefined)
    refuseSets(run.trained.plan, 'an index holds one of each', 'leave out `--index`: the exact scan reads all of them');
  const [recommender, reader, eventReader] = await Promise.all([
    run.recommender(),
    takesItems ? run.itemReader() : undefined,
    takesEvents ? run.eventReader() : undefined,
  ]);
  const notes = await run.notes();
  const { query, removesSeen } = recommender;
  const openedIndex = index === undefined ? undefined : await openIndex(index, recommender.snapshot, { table });
  const writableAnswerer = recommender.over(openedIndex?.snapshot);
  const items = reader && writableAnswerer.writes(reader);
  const events = eventReader && writableAnswerer.eventWrites(eventReader);
  // Changed in place, because a copy would keep the current snapshot and not see later ones.
  const answers = makeAnswers({
    recommender: Object.assign(writableAnswerer, { query }),
    removesSeen,
    notes,
    userVectors,
    items,
    events,
  });
  const close = openedIndex?.close ?? (async () => {});
  return Object.assign(answers, { close, index: openedIndex?.address });
}

export interface ServeRequest extends Omit<OpenRequest, 'takesItems' | 'takesEvents'> {
  /** Default: 127.0.0.1, which is only reachable from this machine. Another address needs a token. */
  readonly host?: string;
  /** Default: 8321. 0: any free port. */
  readonly port?: number;
  readonly token?: string;
  /** Further names that a server without a token accepts in `Host`, because a proxy may pass on its own. Names of this machine are always accepted. */
  readonly hosts?: readonly string[];
  readonly limits?: Partial<Limits>;
  /** Folder for written items, or `redis://HOST/NAME` for a log that several servers share. Absent: writes are refused. */
  readonly items?: string;
  /** Folder for events that arrive, or `redis://HOST/NAME`. Absent: they are refused. */
  readonly events?: string;
  readonly say?: (line: string) => void;
  readonly log?: (line: string) => void;
  /** True to also log a line for each answer: user, items, scores and probabilities. */
  readonly logShown?: boolean;
  /** The address, if `takeAddress` has taken it. */
  readonly door?: TakenAddress;
}

export interface TakenAddress {
  /** Returns the URL. @throws Failure `cannot-listen` */
  listen(host: string, port: number): Promise<string>;
  /** Resolves when all connections are closed. Unanswered requests are cut off after `grace` milliseconds (default: 0). */
  close(grace?: number): Promise<void>;
}

export interface Serving {
  /** `http://127.0.0.1:8321` */
  readonly url: string;
  /** Address of a separate index, without the password. */
  readonly index?: string;
  /**
   * Resolves when the requests that have arrived are answered.
   * @param grace milliseconds after which they are cut off (default: 10,000)
   * @param drain milliseconds before that in which `/readyz` and changes of versions already get 503, and all other requests their answers (default: 0)
   */
  close(grace?: number, drain?: number): Promise<void>;
}

/**
 * Checks that the address is protected, before a run is loaded.
 * @param path of the file that the token is from
 * @throws Failure `token-needed`, `token-value`
 */
export async function refuseUnsafe(address: {
  readonly host: string;
  readonly token: string | undefined;
  readonly path?: string | undefined;
}): Promise<void> {
  const { host, token, path } = address;
  if (token === undefined && !isLoopback(host)) throw failure('token-needed', { host });
  const tokenError = token === undefined ? undefined : tokenComplaint(token);
  if (tokenError !== undefined) throw failure('token-value', { path, reason: tokenError });
}

/**
 * Takes an address before a run is loaded, so that an error appears immediately. Until `serve` gets it, requests are answered with 503.
 * @throws Failure `cannot-listen`
 */
export async function takeAddress(host: string, port: number): Promise<TakenAddress> {
  const listener = makeListener();
  await listener.listen(host, port);
  return listener;
}

/**
 * Answers requests for recommendations over HTTP until it is closed. The run stays open.
 * @throws Failure `token-needed`, `token-value`, `cannot-listen`, and those of `load` and of reading the data
 */
export async function serve(run: Run, request: ServeRequest = {}): Promise<Serving> {
  const { host = '127.0.0.1', token, index, table, userVectors } = request;
  await refuseUnsafe({ host, token });
  const logs = await openLogs(request);
  const endReading = await registerReader(run.trained.folder, 'tower serve');
  try {
    const answers = await open(run, { index, table, userVectors, ...takenBy(logs) });
    const detach = await attachTo(logs, answers);
    const close = async (): Promise<void> => {
      await detach();
      await answers.close();
      await endReading();
    };
    const versions = onlyVersion({ answers, folder: run.trained.folder, close });
    const serving = await listen({ versions, logs }, request);
    return { ...serving, index: answers.index };
  } catch (error) {
    await endReading();
    await closeLogs(logs);
    throw error;
  }
}

export interface ServedVersions {
  readonly versions: Versions;
  readonly versionChanges?: VersionChanges;
  /** As in `ServerOptions`, whose file would bring the types of fastify into the package. */
  readonly allMetrics?: () => Promise<string>;
  readonly logs: OpenedLogs;
}

export interface ListeningServer extends Serving {
  /** Returns the metrics of this process as plain data. */
  metrics(): Promise<object>;
}

/** Starts the server for some versions, which are freed when it is closed. */
export async function listen(
  { versions, versionChanges, logs, allMetrics }: ServedVersions,
  { host = '127.0.0.1', port = 8321, token, hosts, limits, log, logShown, door }: ServeRequest,
): Promise<ListeningServer> {
  const server = await makeServer(versions, {
    tower: version,
    // A `TakenAddress` always is such a `Door`.
    token,
    hosts,
    limits,
    log,
    logsShown: logShown,
    versionChanges,
    allMetrics,
    listener: door as Listener | undefined,
    items: logs.items?.writes,
    events: logs.events?.writes,
  });
  await warmUp(versions.current.answers);
  const url = await server.listen(host, port);
  return {
    url,
    metrics: server.metrics,
    async close(grace, drain) {
      await server.close(grace, drain);
      await closeLogs(logs);
      await versions.close();
    },
  };
}

/** Writes of a log. @typeParam V the part of a version that applies them */
interface OpenedWrites<V, W> {
  readonly writes: W;
  /** Applies the earlier writes to a version. The returned function detaches it, and resolves when the version computes nothing more. */
  attach(version: V): Promise<() => Promise<void>>;
  /** Resolves when all accepted writes are on the disk. Closes the log. */
  close(): Promise<void>;
}

export interface OpenedLogs {
  readonly items?: OpenedWrites<ItemWrites, ItemIntake>;
  readonly events?: OpenedWrites<EventWrites, EventIntake>;
}

/** The logs of a server, which are in folders of this process, in another process, or in Redis. */
export interface ServerLogs {
  readonly items?: Pick<WritesSource, 'log' | 'stored'> & ClosableLog;
  readonly events?: Pick<EventWritesOptions, 'log' | 'stored' | 'forget'> & ClosableLog;
}

export type ClosableLog = { close(): Promise<void> };

export type LogRequest = Pick<ServeRequest, 'items' | 'events' | 'say'>;

/** Opens the logs in their folders, and takes writes. @throws as `openLogFolders` */
export async function openLogs(request: LogRequest): Promise<OpenedLogs> {
  return takeWrites(await openLogFolders(request), request.say);
}

/** Takes writes for logs. They are closed with the returned ones, also if this fails. */
export async function takeWrites(
  { items, events }: ServerLogs,
  say: (line: string) => void = () => {},
): Promise<OpenedLogs> {
  const [{ makeItemIntake }, { makeEventIntake }] = await Promise.all([
    import('../../serving/server/writes/items.ts'),
    import('../../serving/server/writes/events.ts'),
  ]);
  try {
    return {
      items: items && openedWrites(makeItemIntake({ ...items, say }), items),
      events:
        events && openedWrites(await makeEventIntake({ ...events, catchUpItems: items?.log.catchUp, say }), events),
    };
  } catch (error) {
    await closeLogs({ items, events });
    throw error;
  }
}

export async function closeLogs({ items, events }: { readonly [K in keyof OpenedLogs]?: ClosableLog }): Promise<void> {
  await events?.close();
  await items?.close();
}

export const takenBy = ({ items, events }: OpenedLogs | ServerLogs) => ({
  takesItems: items !== undefined,
  takesEvents: events !== undefined,
});

/** Applies the earlier writes to a version: first the items, because events are of them. The returned function detaches it. */
export async function attachTo(logs: OpenedLogs, { items, events }: Answers): Promise<() => Promise<void>> {
  const detachItems = items && (await logs.items?.attach(items));
  const detachEvents = events && (await logs.events?.attach(events));
  return async () => {
    await detachEvents?.();
    await detachItems?.();
  };
}

/**
 * Opens the logs of items and of events. Creates their folders if they are missing.
 * @throws Failure `run-in-use`, `items-log`, `cannot-read`, `cannot-write`, `log-address`, `log-server`
 */
export async function openLogFolders({ items: itemFolder, events: eventFolder, say = () => {} }: LogRequest) {
  const items = itemFolder === undefined ? undefined : await openItemLog(itemFolder, say);
  try {
    const events = eventFolder === undefined ? undefined : await openEventLog(eventFolder, say);
    return { items, events };
  } catch (error) {
    await items?.close();
    throw error;
  }
}

async function openItemLog(folder: string, say: (line: string) => void): Promise<NonNullable<ServerLogs['items']>> {
  const { itemLog, itemReplacement, makeLatestWrites } = await import('../../serving/server/writes/item_log.ts');
  if (isAddress(folder)) return openSharedLog(folder, itemLog, itemReplacement, say);
  const { log, close } = await openLogFolder(folder, itemLog, { compaction: makeLatestWrites, say });
  const stored = () => ({ ...log.compaction!.stored, bytes: log.bytes });
  const { items, deleted } = stored();
  if (items + deleted > 0) say(`${folder}: ${counted(items, 'item')} written, ${counted(deleted, 'item')} deleted`);
  return { log, stored, close };
}

async function openEventLog(folder: string, say: (line: string) => void): Promise<NonNullable<ServerLogs['events']>> {
  const { eventLog, eventReplacement, makeEventCompaction } = await import('../../serving/server/writes/event_log.ts');
  if (isAddress(folder)) return openSharedLog(folder, eventLog, eventReplacement, say);
  const { log, close } = await openLogFolder(folder, eventLog, { compaction: makeEventCompaction, say });
  const stored = () => ({ events: log.compaction!.events, bytes: log.bytes });
  const { events } = stored();
  if (events > 0) say(`${folder}: ${counted(events, 'event')}`);
  const forget = (position: number): void => log.compaction!.forget(position - log.firstPosition + 1);
  return { log, stored, forget, close };
}

/** Opens a log in Redis, which other servers use too. */
export async function openSharedLog<W>(
  address: string,
  format: LogFormat<readonly W[]>,
  replacement: WriteReplacement<W>,
  say: (line: string) => void,
) {
  const shared = await plugins.redis();
  const log = await shared.openSharedLog(address, format, replacement, { say });
  return { log, forget: log.forget, close: log.close };
}

async function openLogFolder<E, C extends LogCompaction<E>>(
  folder: string,
  format: LogFormat<E>,
  options: WriteLogOptions<C>,
) {
  const lock = await lockFolder(folder, { purpose: 'tower serve' });
  try {
    const log = await openWriteLog(makeLogFiles(folder), format, options);
    const close = async (): Promise<void> => {
      await log.close();
      await lock.release();
    };
    return { log, close };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

const openedWrites = <V extends { close(): void }, W extends LoggedWrites<never, V, unknown, unknown>>(
  writes: W,
  log: ClosableLog,
): OpenedWrites<V, W> => ({
  writes,
  async attach(version) {
    await writes.attach(version);
    return async () => {
      await writes.detach(version);
      version.close();
    };
  },
  async close() {
    await writes.close();
    await log.close();
  },
});

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;

/** Log lines that are written in batches: a system call for each request would take more than a tenth of its time. */
export interface LogLines {
  write(line: string): void;
  flush(): void;
}

/** Maximum milliseconds that a line waits, and maximum characters that wait. */
const [maxWait, maxCharacters] = [50, 65_536];

export function makeLogLines(output: (text: string) => void): LogLines {
  let lines: string[] = [];
  let textLength = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length === 0) return;
    const joinedLines = `${lines.join('\n')}\n`;
    lines = [];
    textLength = 0;
    output(joinedLines);
  };
  return {
    flush,
    write(line) {
      lines.push(line);
      textLength += line.length;
      if (textLength >= maxCharacters) flush();
      else timer ??= setTimeout(flush, maxWait);
    },
  };
}
