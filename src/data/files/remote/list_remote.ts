/**
 * Finds the files at the addresses of a data block. Parquet in a store is read remotely. All other files are copied first, because Tower itself counts the
 * records of text, and a copy cannot change between two reads. Files of web servers are fetched here and not by the database, which follows redirects to any
 * host: here the user must have allowed each address on the way.
 */

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { describeError, Failure, failure } from '../../../base/diagnostics/diagnostic.ts';
import { quoteText } from '../../../base/text/sql.ts';
import type { DataDescription, DataFile } from '../../../graph/plan/data_description.ts';
import type { Access } from '../access.ts';
import { type Copies, type Database, failIfUnwritable, quotePath } from '../duckdb.ts';
import { endingOf, formatOf, isCompressed } from '../formats/table.ts';
import { alternatives, isPattern } from '../glob.ts';
import {
  addressOf,
  allowedAddresses,
  type FileAddress,
  folderOfAddress,
  isAllowed,
  remoteEntries,
  withoutSecrets,
} from './address.ts';
import {
  connectStores,
  type InStore,
  listFiles,
  reasonOfStatus,
  redacted,
  retries,
  type StoredFile,
  silence,
  stampsOfParquet,
} from './stores.ts';

/** `message` is the reason; it completes "cannot be read: …". */
class RemoteError extends Error {}

/** A temporary error, after which a retry may succeed. */
class TransientError extends RemoteError {}

const maxRedirects = 5;

/** Bytes of the disk that a download leaves free. */
const spareBytes = 256 * 2 ** 20;

/** Downloads to the file `to`. @returns the SHA-256 of its content @throws RemoteError; errors of the system; the reason of `signal` */
export async function download(
  address: string,
  to: string,
  allowed: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await downloadOnce(address, to, allowed, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransientError) || attempt === retries) throw error;
      await pause(500 * 4 ** attempt, undefined, signal ? { signal } : {});
    }
  }
}

async function downloadOnce(
  address: string,
  to: string,
  allowed: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const silenceAbort = new AbortController();
  const silenceTimer = setTimeout(() => silenceAbort.abort(), silence() * 1000);
  const anySignal = signal ? AbortSignal.any([signal, silenceAbort.signal]) : silenceAbort.signal;
  try {
    const response = await answerOf(address, allowed, anySignal);
    const length = Number(response.headers.get('content-length') ?? 0);
    await refuseLarge(length, to);
    const hash = createHash('sha256');
    let bytes = 0;
    const countBytes = async function* (source: AsyncIterable<Uint8Array>) {
      for await (const piece of source) {
        silenceTimer.refresh();
        hash.update(piece);
        bytes += piece.length;
        yield piece;
      }
    };
    if (response.body === null) throw new TransientError('the answer is empty');
    await pipeline(Readable.fromWeb(response.body as never), countBytes, createWriteStream(to, { mode: 0o600 }), {
      signal: anySignal,
    });
    if (length > 0 && bytes !== length) throw new TransientError('the transfer was cut');
    return hash.digest('hex');
  } catch (error) {
    signal?.throwIfAborted();
    if (silenceAbort.signal.aborted) throw new TransientError(`the server was silent for ${silence()} s`);
    throw error instanceof RemoteError ? error : (networkError(error as Error) ?? error);
  } finally {
    clearTimeout(silenceTimer);
  }
}

async function answerOf(address: string, allowed: readonly string[], signal: AbortSignal): Promise<Response> {
  let url = new URL(address);
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const response = await fetch(url, { redirect: 'manual', signal, headers: { 'accept-encoding': 'identity' } });
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      url = followRedirect(location, url, allowed);
      continue;
    }
    if (response.ok) return response;
    await response.body?.cancel();
    const isTransient = response.status >= 500 || response.status === 429;
    throw new (isTransient ? TransientError : RemoteError)(reasonOfStatus(response.status));
  }
  throw new RemoteError(`it redirects more than ${maxRedirects} times`);
}

/** The query of a redirect may be a signature from the server, so only the rest of the address is checked. */
function followRedirect(location: string, from: URL, allowed: readonly string[]): URL {
  let url: URL;
  try {
    url = new URL(location, from);
  } catch {
    throw new RemoteError('it redirects to what is no address');
  }
  const bareAddress = `${url.origin}${url.pathname}`;
  const address = addressOf(bareAddress);
  if (url.username !== '' || url.password !== '' || typeof address === 'string')
    throw new RemoteError(`it redirects to ${withoutSecrets(url.href)}, which Tower does not read`);
  if (!isAllowed(address, allowed))
    throw new RemoteError(
      `it redirects to ${bareAddress}, which is not allowed: \`--allow ${folderOfAddress(address)}\` would`,
    );
  return url;
}

async function refuseLarge(length: number, to: string): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(to));
  const freeBytes = bavail * bsize - spareBytes;
  if (length <= freeBytes) return;
  const [needed, left] = [length, Math.max(0, freeBytes)].map((bytes) => `${(bytes / 1e9).toFixed(1)} GB`);
  throw new RemoteError(`it has ${needed}, and ${dirname(to)} has room for ${left}`);
}

function networkError(error: Error): RemoteError | undefined {
  const cause = (error.cause ?? error) as NodeJS.ErrnoException & { host?: string };
  const code = cause.code ?? '';
  const matchedWords = networkWords.find(([pattern]) => pattern.test(code));
  if (matchedWords !== undefined) return new TransientError(matchedWords[1]);
  return error.message === 'fetch failed' || error.message === 'terminated'
    ? new TransientError(`the connection failed (${code || cause.message})`)
    : undefined;
}

const networkWords: readonly (readonly [RegExp, string])[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'the name of its host cannot be found'],
  [/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$/, 'nothing answers there'],
  [/^UND_ERR_CONNECT_TIMEOUT$|^ETIMEDOUT$/, 'nothing answers there'],
  [
    /^(UND_ERR_SOCKET|ECONNRESET|EPIPE|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|ERR_STREAM_PREMATURE_CLOSE)$/,
    'the transfer was cut',
  ],
  [/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_TLS/, 'the certificate of its host is not trusted'],
];

interface RemoteFile {
  /** Its address, or the path of its copy. */
  readonly path: string;
  /** Its address. */
  readonly name: string;
  readonly compressed: boolean;
  readonly remote: RemoteState;
}

export interface RemoteState {
  /** A text that changes whenever the file changes. */
  readonly stamp: string;
  readonly copied: boolean;
}

/** By entry of the block: its files, sorted by address, or the error why they cannot be read. */
export type RemoteFiles = ReadonlyMap<DataFile, readonly RemoteFile[] | Failure>;

/** Maximum size of a copy from a store, because the database holds it in memory. */
const maxCopyBytes = 2 ** 30;

interface Listing {
  readonly database: Database;
  readonly copies: Copies;
  readonly signal?: AbortSignal | undefined;
}

/** Connects only to addresses that `access` or the environment allows. @throws Failure `remote-address` for an invalid allowed address */
export async function listRemote(
  description: DataDescription,
  { allow }: Access = {},
  listing: Listing,
): Promise<RemoteFiles> {
  const entries = remoteEntries(description);
  const files = new Map<DataFile, readonly RemoteFile[] | Failure>();
  if (entries.length === 0) return files;
  const allowed = allowedAddresses(allow);
  const addresses = new Map<DataFile, FileAddress>();
  for (const entry of entries) {
    const address = allowedAddressOf(entry, allowed);
    if (address instanceof Failure) files.set(entry, address);
    else addresses.set(entry, address);
  }
  const storeFiles: InStore[] = [...addresses].flatMap(([described, { scheme, text: path }]) =>
    scheme === 'http' ? [] : [{ path, described }],
  );
  // If one entry is refused, no store is contacted.
  if (files.size > 0) return files;
  if (storeFiles.length > 0) await connectStores(listing.database, storeFiles);
  for (const [entry, address] of addresses) {
    try {
      if (address.scheme === 'http') files.set(entry, [await copyWebFile(entry, address, allowed, listing)]);
      else files.set(entry, await listStore(entry, address, listing));
    } catch (error) {
      files.set(entry, error instanceof Failure ? error : damageFailure(entry, error));
    }
  }
  return files;
}

/** Words the database's error about a file that is not Parquet. @throws an error that is not the database's */
function damageFailure({ path, span }: DataFile, error: unknown): Failure {
  const [, reason] = /^[A-Z]\w+(?: \w+)? Error: ([^\n]*)/.exec((error as Error).message) ?? [];
  if (reason === undefined) throw error;
  return failure('data-file-damaged', { path, reason: redacted(reason) }, span);
}

/** Returns the address of an entry if all expansions of its braces are valid and allowed: `{a,../b}` could hide a forbidden path. */
function allowedAddressOf({ path, span }: DataFile, allowed: readonly string[]): FileAddress | Failure {
  for (const text of [path, ...(alternatives(path) ?? [])]) {
    const address = addressOf(text);
    if (typeof address === 'string')
      return failure('remote-address', { path: withoutSecrets(text), reason: address }, span);
    if (!isAllowed(address, allowed))
      return failure('data-file-remote', { path: text, allow: folderOfAddress(address) }, span);
  }
  return addressOf(path) as FileAddress;
}

/** Lists the files of a store that fit an address. Parquet stays there, and all other files are copied. @throws Failure */
async function listStore(
  { path, span, lines }: DataFile,
  { text }: FileAddress,
  { database, copies, signal }: Listing,
): Promise<readonly RemoteFile[]> {
  const patterns = alternatives(text);
  const refuse = (reason: string): never => {
    throw failure('remote-failed', { path, reason }, span);
  };
  if (patterns === undefined) return refuse('its braces expand to more than 1,000 addresses');
  const filesByPath = new Map<string, StoredFile>();
  for (const pattern of patterns) {
    // A single address of several alternatives may be missing, so it is listed like a pattern.
    const listPattern = patterns.length > 1 && !isPattern(pattern) ? pattern.replace(/.$/, '[$&]') : pattern;
    for (const file of await listFiles(database, quoteText(listPattern))) filesByPath.set(file.path, file);
  }
  // Some programs write empty objects as folders.
  for (const name of filesByPath.keys()) if (name.endsWith('/')) filesByPath.delete(name);
  if (filesByPath.size === 0) return refuse('the store has no file that fits');
  const files = [...filesByPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const file of files) {
    if (typeof addressOf(file.path) === 'string' || /[*[\]{}]/.test(file.path))
      refuse(`the store has \`${file.path}\`, and the database would take a sign of its name for a pattern`);
  }
  const parquetPaths = files.filter((file) => !lines && formatOf(file.path) === 'parquet').map((file) => file.path);
  const stamps = parquetPaths.length > 0 ? await stampsOfParquet(database, parquetPaths) : new Map<string, string>();
  const remoteFiles: RemoteFile[] = [];
  for (const file of files) {
    signal?.throwIfAborted();
    const commonFields = { name: file.path, compressed: isCompressed(file.path) };
    const stamp = stamps.get(file.path);
    if (stamp !== undefined) remoteFiles.push({ ...commonFields, path: file.path, remote: { stamp, copied: false } });
    else {
      const copy = await copyOut(file, { path, span }, database, copies);
      remoteFiles.push({ ...commonFields, path: copy, remote: { stamp: await hashFile(copy), copied: true } });
    }
  }
  return remoteFiles;
}

async function copyOut(
  { path, bytes }: StoredFile,
  { span }: Pick<DataFile, 'path' | 'span'>,
  database: Database,
  copies: Copies,
): Promise<string> {
  if (bytes > maxCopyBytes) throw failure('remote-size', { path, bytes, most: maxCopyBytes }, span);
  const copy = copies.pathOfCopy(path, endingOf(path));
  // The database compresses its output if the name ends with `.gz`.
  const uncompressedCopy = `${copy}.copied`;
  try {
    await database.run(
      `COPY (SELECT content FROM read_blob([${quotePath(path)}])) TO ${quoteText(uncompressedCopy)} (FORMAT blob)`,
    );
  } catch (error) {
    database.rethrowUnlessSql(error);
    throw failure('cannot-write', { path: uncompressedCopy, reason: describeError(error) });
  }
  await failIfUnwritable(copy, () => rename(uncompressedCopy, copy));
  return copy;
}

/** Copies the file of a web server. @throws Failure */
async function copyWebFile(
  { path, span }: DataFile,
  { text }: FileAddress,
  allowed: readonly string[],
  { copies, signal }: Listing,
): Promise<RemoteFile> {
  const copy = copies.pathOfCopy(text, endingOf(text));
  try {
    const stamp = await failIfUnwritable(copy, () => download(text, copy, allowed, signal));
    return { path: copy, name: text, compressed: isCompressed(text), remote: { stamp, copied: true } };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    throw failure('remote-failed', { path, reason: error.message }, span);
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
