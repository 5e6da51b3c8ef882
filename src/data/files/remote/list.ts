/**
 * The files that addresses of a data block name. Parquet of a store is read where it is. All else is copied first, since Tower counts the
 * records of text itself, and a copy cannot change between two readings.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Failure, failure } from '../../../diagnostics/failure.ts';
import type { DataDescription, DataFile } from '../../../model/model.ts';
import type { Access } from '../access.ts';
import { type Copies, writing } from '../copies.ts';
import { type Database, quotePath, quoteText } from '../duckdb.ts';
import { endingOf, formatOf, isCompressed } from '../file_kind.ts';
import { alternatives, isPattern } from '../glob.ts';
import { type Address, addressOf, shown } from './address.ts';
import { download, RemoteError } from './download.ts';
import { remoteEntries } from './entries.ts';
import { allowedAddresses, folderOfAddress, isAllowed } from './permission.ts';
import { redacted } from './secrets.ts';
import { connectStores, filesThatFit, type InStore, type Listed, stampsOfParquet } from './stores.ts';

/** A file that an address names. */
interface RemoteFile {
  /** Where it is read: its address, or its copy. */
  readonly path: string;
  /** Its address. */
  readonly name: string;
  readonly compressed: boolean;
  readonly remote: RemoteState;
}

export interface RemoteState {
  /** Another one after each change of the file. */
  readonly stamp: string;
  /** Whether `path` is a copy of this machine. */
  readonly copied: boolean;
}

/** By the entry of the block that names them: files, sorted by address, or why they cannot be read. */
export type RemoteFiles = ReadonlyMap<DataFile, readonly RemoteFile[] | Failure>;

/** What a copy out of a store may have: the database holds it whole. */
const largestCopy = 2 ** 30;

interface Listing {
  readonly database: Database;
  readonly copies: Copies;
  readonly signal?: AbortSignal | undefined;
}

/** Opens a connection only for what `access` or the environment allows. @throws Failure `remote-address` of what they name */
export async function listRemote(
  description: DataDescription,
  { allow }: Access = {},
  listing: Listing,
): Promise<RemoteFiles> {
  const entries = remoteEntries(description);
  const files = new Map<DataFile, readonly RemoteFile[] | Failure>();
  if (entries.length === 0) return files;
  const allowed = allowedAddresses(allow);
  const addresses = new Map<DataFile, Address>();
  for (const entry of entries) {
    const address = permitted(entry, allowed);
    if (address instanceof Failure) files.set(entry, address);
    else addresses.set(entry, address);
  }
  const inStores: InStore[] = [...addresses].flatMap(([described, { scheme, text: path }]) =>
    scheme === 'http' ? [] : [{ path, described }],
  );
  // Nothing is asked for while one entry is refused.
  if (files.size > 0) return files;
  if (inStores.length > 0) await connectStores(listing.database, inStores);
  for (const [entry, address] of addresses) {
    try {
      const found =
        address.scheme === 'http'
          ? await copied(entry, address, allowed, listing)
          : await listed(entry, address, listing);
      files.set(entry, found);
    } catch (error) {
      files.set(entry, error instanceof Failure ? error : damaged(entry, error));
    }
  }
  return files;
}

/** What the database says of a file that is no Parquet. @throws an error that is not the database's */
function damaged({ path, span }: DataFile, error: unknown): Failure {
  const [, reason] = /^[A-Z]\w+(?: \w+)? Error: ([^\n]*)/.exec((error as Error).message) ?? [];
  if (reason === undefined) throw error;
  return failure('data-file-damaged', { path, reason: redacted(reason) }, span);
}

/** The address, if each one of its braces is valid and allowed, too: `{a,../b}` hides what it names. */
function permitted({ path, span }: DataFile, allowed: readonly string[]): Address | Failure {
  const whole = addressOf(path);
  for (const text of [path, ...(alternatives(path) ?? [])]) {
    const address = addressOf(text);
    if (typeof address === 'string') return failure('remote-address', { path: shown(text), reason: address }, span);
    if (!isAllowed(address, allowed))
      return failure('data-file-remote', { path: text, allow: folderOfAddress(address) }, span);
  }
  return whole as Address;
}

async function listed(
  { path, span, lines }: DataFile,
  { text }: Address,
  { database, copies, signal }: Listing,
): Promise<readonly RemoteFile[]> {
  const patterns = alternatives(text);
  const refuse = (reason: string): never => {
    throw failure('remote-failed', { path, reason }, span);
  };
  if (patterns === undefined) return refuse('its braces expand to more than 1,000 addresses');
  const found = new Map<string, Listed>();
  for (const pattern of patterns) {
    // One of several need not be there, so a list is asked, as for a pattern.
    const asked = patterns.length > 1 && !isPattern(pattern) ? pattern.replace(/.$/, '[$&]') : pattern;
    for (const file of await filesThatFit(database, asked)) found.set(file.path, file);
  }
  // Programs write empty objects for folders.
  for (const name of found.keys()) if (name.endsWith('/')) found.delete(name);
  if (found.size === 0) return refuse('the store has no file that fits');
  const files = [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const file of files) {
    if (typeof addressOf(file.path) === 'string' || /[*[\]{}]/.test(file.path))
      refuse(`the store has \`${file.path}\`, and the database would take a sign of its name for a pattern`);
  }
  const inPlace = files.filter((file) => !lines && formatOf(file.path) === 'parquet').map((file) => file.path);
  const stamps = inPlace.length > 0 ? await stampsOfParquet(database, inPlace) : new Map<string, string>();
  const remote: RemoteFile[] = [];
  for (const file of files) {
    signal?.throwIfAborted();
    const common = { name: file.path, compressed: isCompressed(file.path) };
    const stamp = stamps.get(file.path);
    if (stamp !== undefined) remote.push({ ...common, path: file.path, remote: { stamp, copied: false } });
    else {
      const copy = await copyOut(file, { path, span }, database, copies);
      remote.push({ ...common, path: copy, remote: { stamp: await sumOf(copy), copied: true } });
    }
  }
  return remote;
}

async function copyOut(
  { path, bytes }: Listed,
  { span }: Pick<DataFile, 'path' | 'span'>,
  database: Database,
  copies: Copies,
): Promise<string> {
  if (bytes > largestCopy) throw failure('remote-size', { path, bytes, most: largestCopy }, span);
  const copy = copies.of(path, endingOf(path));
  // The database would compress what it writes to a name that ends with `.gz`.
  const plain = `${copy}.copied`;
  try {
    await database.run(
      `COPY (SELECT content FROM read_blob([${quotePath(path)}])) TO ${quoteText(plain)} (FORMAT blob)`,
    );
  } catch (error) {
    database.passOn(error);
    throw failure('cannot-write', { path: plain, reason: (error as Error).message.split('\n')[0]! });
  }
  await writing(copy, () => rename(plain, copy));
  return copy;
}

async function copied(
  { path, span }: DataFile,
  { text }: Address,
  allowed: readonly string[],
  { copies, signal }: Listing,
): Promise<readonly RemoteFile[]> {
  const copy = copies.of(text, endingOf(text));
  try {
    const stamp = await writing(copy, () => download(text, copy, allowed, signal));
    return [{ path: copy, name: text, compressed: isCompressed(text), remote: { stamp, copied: true } }];
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    throw failure('remote-failed', { path, reason: error.message }, span);
  }
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
