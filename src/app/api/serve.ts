/** Answers with a trained model, in this process or over HTTP. */
import { failure } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import type { EngineName } from '../../engines/engine.ts';
import type { Choice } from '../../engines/engines.ts';
import type { ItemWrites } from '../../serving/serve/live/item_writes.ts';
import type { Answers } from '../../serving/server/answers.ts';
import type { Door } from '../../serving/server/door.ts';
import type { WritesOfItems } from '../../serving/server/items/writes.ts';
import type { Limits } from '../../serving/server/limits.ts';
import type { Swaps } from '../../serving/server/versions/swaps.ts';
import type { Versions } from '../../serving/server/versions/versions.ts';
import type { Run } from './run.ts';
import { version } from './version.ts';

export interface OpenRequest {
  /** A folder that `tower index` wrote, or `postgres://user@host/database`. */
  readonly index?: string;
  /** Default: `tower_items`. */
  readonly table?: string;
  /** Allows writes of items: `items` of the answers. @throws Failure `items-closed` if they cannot be computed one by one */
  readonly takesItems?: boolean;
  /** MiB for a cache of query vectors of users. Default: 32. 0: no cache. */
  readonly userVectors?: number;
}

/** Enough for vectors of 64 numbers of 120,000 users. */
const usualUserVectors = 32;

/** Takes the requested engine, or the first that loads and answers quickly. @throws Failure `no-engine` */
export async function engineToServe(requested?: EngineName): Promise<Choice> {
  const { chooseEngine } = await import('../../engines/engines.ts');
  return chooseEngine(requested, 'serving');
}

export interface OpenedModel extends Answers {
  /** Address of a separate index, without the password. */
  readonly index?: string;
  close(): Promise<void>;
}

/** Answers with the same bodies as over HTTP, without a server. */
export async function open(run: Run, request: OpenRequest = {}): Promise<OpenedModel> {
  const { index, table, takesItems = false } = request;
  const userVectors = 2 ** 20 * (request.userVectors ?? usualUserVectors);
  const indexes = index === undefined ? undefined : await import('./index_items.ts');
  if (takesItems && index !== undefined && !indexes!.takesItems(index)) {
    const reason = 'it searches in a database, which does not get them';
    throw failure('items-closed', { reason, advice: 'leave out `--items`, or search in the index of a folder' });
  }
  const [{ makeAnswers }, recommender, reader] = await Promise.all([
    import('../../serving/server/answers.ts'),
    run.recommender(),
    takesItems ? run.itemReader() : undefined,
  ]);
  const notes = await run.notes();
  const { query, removesSeen } = recommender;
  const openedIndex =
    index === undefined ? undefined : await indexes!.openIndex(index, recommender.snapshot, defined({ table }));
  const writableAnswerer = recommender.over(openedIndex?.snapshot);
  const items = reader && writableAnswerer.writes(reader);
  // Changed in place, because a copy would keep the current snapshot and not see later ones.
  const answers = makeAnswers({
    recommender: Object.assign(writableAnswerer, { query }),
    removesSeen,
    notes,
    userVectors,
    ...defined({ items }),
  });
  const close = openedIndex?.close ?? (async () => {});
  return Object.assign(answers, { close, ...defined({ index: openedIndex?.address }) });
}

export interface ServeRequest extends Omit<OpenRequest, 'takesItems'> {
  /** Default: 127.0.0.1, which is only reachable from this machine. Another address needs a token. */
  readonly host?: string;
  /** Default: 8321. 0: any free port. */
  readonly port?: number;
  readonly token?: string;
  /** Further names that a server without a token accepts in `Host`, because a proxy may pass on its own. Names of this machine are always accepted. */
  readonly hosts?: readonly string[];
  readonly limits?: Partial<Limits>;
  /** Folder for written items. Absent: writes are refused. */
  readonly items?: string;
  readonly say?: (line: string) => void;
  readonly log?: (line: string) => void;
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
  /** Resolves when the requests that have arrived are answered, or `grace` milliseconds later (default: 10,000). */
  close(grace?: number): Promise<void>;
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
  const { isLoopback, tokenComplaint } = await import('../../serving/server/door.ts');
  if (token === undefined && !isLoopback(host)) throw failure('token-needed', { host });
  const tokenError = token === undefined ? undefined : tokenComplaint(token);
  if (tokenError !== undefined) throw failure('token-value', { path, reason: tokenError });
}

/**
 * Takes an address before a run is loaded, so that an error appears immediately. Until `serve` gets it, requests are answered with 503.
 * @throws Failure `cannot-listen`
 */
export async function takeAddress(host: string, port: number): Promise<TakenAddress> {
  const { makeDoor } = await import('../../serving/server/door.ts');
  const door = makeDoor();
  await door.listen(host, port);
  return door;
}

/**
 * Answers requests for recommendations over HTTP until it is closed. The run stays open.
 * @throws Failure `token-needed`, `token-value`, `cannot-listen`, and those of `load` and of reading the data
 */
export async function serve(run: Run, request: ServeRequest = {}): Promise<Serving> {
  const { host = '127.0.0.1', token, index, table, userVectors, items: folder, say } = request;
  await refuseUnsafe({ host, token });
  const items = folder === undefined ? undefined : await openItems(folder, say);
  const { beginReading } = await import('../../base/storage/lock.ts');
  const endReading = await beginReading(run.trained.folder, 'tower serve');
  try {
    const [{ onlyVersion }, answers] = await Promise.all([
      import('../../serving/server/versions/versions.ts'),
      open(run, { ...defined({ index, table, userVectors }), takesItems: items !== undefined }),
    ]);
    const detach = answers.items && (await items?.attach(answers.items));
    const close = async (): Promise<void> => {
      await detach?.();
      await answers.close();
      await endReading();
    };
    const versions = onlyVersion({ answers, folder: run.trained.folder, close });
    const serving = await listen({ versions, ...defined({ items }) }, request);
    return { ...serving, ...defined({ index: answers.index }) };
  } catch (error) {
    await endReading();
    await items?.close();
    throw error;
  }
}

export interface ServedVersions {
  readonly versions: Versions;
  readonly swaps?: Swaps;
  readonly items?: OpenedItems;
}

/** Starts the server for some versions, which are freed when it is closed. */
export async function listen(
  { versions, swaps, items }: ServedVersions,
  { host = '127.0.0.1', port = 8321, token, hosts, limits, log, door }: ServeRequest,
): Promise<Serving> {
  const [{ makeServer }, { warmUp }] = await Promise.all([
    import('../../serving/server/server.ts'),
    import('../../serving/server/versions/swaps.ts'),
  ]);
  const server = await makeServer(versions, {
    tower: version,
    // A `TakenAddress` always is such a `Door`.
    ...defined({ token, hosts, limits, log, swaps, door: door as Door | undefined, items: items?.writes }),
  });
  for (const { answers } of versions.current.all) await warmUp(answers);
  const url = await server.listen(host, port);
  return {
    url,
    async close(grace) {
      await server.close(grace);
      await items?.close();
      await versions.close();
    },
  };
}

export interface OpenedItems {
  readonly writes: WritesOfItems;
  /** Applies the earlier writes to a version. The returned function detaches it, and resolves when the version computes nothing more. */
  attach(version: ItemWrites): Promise<() => Promise<void>>;
  /** Resolves when all accepted writes are on the disk. Releases the folder. */
  close(): Promise<void>;
}

/**
 * Creates the folder if it is missing. @param say called with progress messages for the user
 * @throws Failure `run-in-use`, `items-log`, `cannot-read`, `cannot-write`
 */
export async function openItems(folder: string, say: (line: string) => void = () => {}): Promise<OpenedItems> {
  const [{ lockFolder }, { openWriteLog }, { logFilesIn }, { itemLog, makeLatestWrites }, { makeWritesOfItems }] =
    await Promise.all([
      import('../../base/storage/lock.ts'),
      import('../../base/storage/record_log/write_log.ts'),
      import('../../base/storage/record_log/lines.ts'),
      import('../../serving/server/items/write_log.ts'),
      import('../../serving/server/items/writes.ts'),
    ]);
  const lock = await lockFolder(folder, { purpose: 'tower serve' });
  try {
    const log = await openWriteLog(logFilesIn(folder), itemLog, { compaction: makeLatestWrites, say });
    const stored = () => ({ ...log.compaction!.stored, bytes: log.bytes });
    const writes = makeWritesOfItems({ log, stored, say });
    const { items, deleted } = stored();
    if (items + deleted > 0) say(`${folder}: ${countOf(items)} written, ${countOf(deleted)} deleted`);
    return {
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
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

const countOf = (count: number): string => `${count.toLocaleString('en')} ${count === 1 ? 'item' : 'items'}`;
