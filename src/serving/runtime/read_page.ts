/** Fetches and checks the files of an export before they are used. */
import { Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { type Checksum, type MakeDamageError, parseSafetensors } from '../../base/storage/tensor_header.ts';
import { isObject } from '../../base/util/objects.ts';
import { publicComplaint } from '../../retrieval/check_public.ts';
import { areTexts } from '../../retrieval/check_servable.ts';
import {
  openServable,
  otherFormat,
  type PageFile,
  type PageIndex,
  type PublicServable,
  pageFiles,
  servableFormat,
} from '../../retrieval/servable.ts';

/** Returns the contents of `tower.json`. An export of an older Tower says its format there. */
export function readIndex(text: string, damaged: MakeDamageError): PageIndex {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    throw damaged('it is not JSON');
  }
  const { format, model, version, notes, files } = isObject(index) ? index : {};
  if (format !== servableFormat) throw damaged(otherFormat(format));
  const hasChecksum = (name: PageFile): boolean => {
    const file = isObject(files) ? files[name] : undefined;
    return isObject(file) && typeof file.sha256 === 'string' && Number.isSafeInteger(file.bytes);
  };
  if (!areTexts([model, version]) || !areTexts(notes) || !pageFiles.every(hasChecksum)) {
    throw damaged('it says no model, version, notes or checksums');
  }
  return index as PageIndex;
}

/** Returns what the files of a folder hold together, with every entry checked. @param files the bytes of each, unpacked */
export function readServable(
  files: Readonly<Record<PageFile, Uint8Array<ArrayBuffer>>>,
  damagedIn: (name?: PageFile) => MakeDamageError,
): PublicServable {
  const [otherParts, tower] = pageFiles.map((name) =>
    openServable(parseSafetensors(files[name], damagedIn(name)), damagedIn(name)),
  );
  const servable = { ...(otherParts as object), tower };
  const complaint = publicComplaint(servable);
  if (complaint !== undefined) throw damagedIn()(complaint);
  return servable as PublicServable;
}

// Fetches a file of an export, and checks its length and checksum against the index.

/** The part of `fetch` that is used. A program may provide its own. */
export type Fetch = (url: string, options: { readonly signal?: AbortSignal }) => Promise<Response>;

/** Makes a stream that unpacks gzip. */
export type Gunzip = () => ReadableWritablePair<Uint8Array, Uint8Array<ArrayBuffer>>;

export interface FetchOptions {
  readonly fetch: Fetch;
  readonly signal?: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
}

export const damagedAt =
  (url: string) =>
  (reason: string): Failure =>
    failure('export-damaged', { url, reason });

/** @throws Failure `export-unreachable`, `export-damaged`, `page-insecure` */
export async function fetchFile(
  url: string,
  { sha256, bytes }: Checksum,
  fetching: FetchOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const damagedFailure = damagedAt(url);
  const body = await fetchBody(url, fetching);
  const file = allocateBytes(bytes, damagedFailure);
  let filled = 0;
  await readPieces(url, body, fetching, (piece) => {
    if (filled + piece.length > bytes) throw damagedFailure(`it is longer than the ${bytes} bytes that its index says`);
    file.set(piece, filled);
    filled += piece.length;
  });
  if (filled < bytes) throw damagedFailure(`it has ${filled} bytes, and its index says ${bytes}`);
  if ((await hashOf(file, url)) !== sha256) throw damagedFailure('its checksum is not that of its index');
  return file;
}

/** Returns the contents of a file in gzip. @param maxBytes bytes of them @param gunzip makes the stream that unpacks it */
export async function unpackedBytes(
  bytes: Uint8Array<ArrayBuffer>,
  maxBytes: number,
  gunzip: Gunzip,
  damaged: MakeDamageError,
): Promise<Uint8Array<ArrayBuffer>> {
  const { append, joined: joinPieces } = makePieceCollector(maxBytes, 'its contents are', damaged);
  try {
    await readPieces('', new Blob([bytes]).stream().pipeThrough(gunzip()), {}, append);
  } catch (error) {
    throw (error as Failure).diagnostics[0]!.code === 'export-damaged' ? error : damaged('it is not gzip');
  }
  return joinPieces();
}

/** Returns the text of a file. @throws Failure `export-unreachable`, `export-damaged` */
export async function fetchText(url: string, maxBytes: number, fetching: FetchOptions): Promise<string> {
  const { append, joined } = makePieceCollector(maxBytes, 'it is', damagedAt(url));
  await readPieces(url, await fetchBody(url, fetching), fetching, append);
  return new TextDecoder().decode(await joined());
}

/** Joins pieces, unless they have more bytes than allowed. */
function makePieceCollector(maxBytes: number, subject: string, damaged: MakeDamageError) {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  return {
    append(piece: Uint8Array): void {
      length += piece.length;
      if (length > maxBytes) throw damaged(`${subject} longer than ${maxBytes} bytes`);
      pieces.push(new Uint8Array(piece));
    },
    joined: async (): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await new Blob(pieces).arrayBuffer()),
  };
}

async function fetchBody(url: string, { fetch, signal }: FetchOptions): Promise<ReadableStream<Uint8Array>> {
  const response = await awaitNetwork(url, signal, () => fetch(url, signal ? { signal } : {}));
  if (response.ok && response.body) return response.body;
  throw failure('export-unreachable', {
    url,
    reason: `the server answers ${response.status} ${response.statusText}`.trim(),
  });
}

async function readPieces(
  url: string,
  body: ReadableStream<Uint8Array>,
  { signal, onBytes }: Omit<FetchOptions, 'fetch'>,
  onPiece: (piece: Uint8Array) => void,
): Promise<void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await awaitNetwork(url, signal, () => reader.read());
      if (done) return;
      onPiece(value);
      onBytes?.(value.length);
    }
  } finally {
    // The rest of the download is not needed.
    await reader.cancel().catch(() => {});
  }
}

/** Does a fetch. `fetch` throws a TypeError if nothing arrives; a signal throws its own reason. */
async function awaitNetwork<T>(url: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Failure) throw error;
    throw failure('export-unreachable', { url, reason: error instanceof Error ? error.message : 'nothing arrives' });
  }
}

function allocateBytes(bytes: number, damaged: (reason: string) => Failure): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch {
    throw damaged(`its ${bytes} bytes are more than the browser has room for`);
  }
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>, url: string): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) throw failure('page-insecure', { url });
  const hashBytes = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(hashBytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
