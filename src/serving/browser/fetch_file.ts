/** A file of an export, no longer and no other than its index says. */
import { Failure, failure } from '../../base/diagnostics/failure.ts';

/** The part of `fetch` that is used: a program may bring its own. */
export type Fetch = (url: string, options: { readonly signal?: AbortSignal }) => Promise<Response>;

export interface FetchOptions {
  readonly fetch: Fetch;
  readonly signal?: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
}

export const damagedAt =
  (url: string) =>
  (reason: string): Failure =>
    failure('export-damaged', { url, reason });

export interface ExpectedFile {
  readonly sha256: string;
  readonly bytes: number;
}

/** @throws Failure `export-unreachable`, `export-damaged`, `page-insecure` */
export async function fetchFile(
  url: string,
  { sha256, bytes }: ExpectedFile,
  fetching: FetchOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const damagedFailure = damagedAt(url);
  const body = await bodyOf(url, fetching);
  const file = roomFor(bytes, damagedFailure);
  let at = 0;
  await eachPiece(url, body, fetching, (piece) => {
    if (at + piece.length > bytes) throw damagedFailure(`it is longer than the ${bytes} bytes that its index says`);
    file.set(piece, at);
    at += piece.length;
  });
  if (at < bytes) throw damagedFailure(`it has ${at} bytes, and its index says ${bytes}`);
  if ((await hashOf(file, url)) !== sha256) throw damagedFailure('its checksum is not that of its index');
  return file;
}

/** @throws Failure `export-unreachable`, `export-damaged` */
export async function fetchText(url: string, most: number, fetching: FetchOptions): Promise<string> {
  const decoder = new TextDecoder();
  let length = 0;
  let text = '';
  await eachPiece(url, await bodyOf(url, fetching), fetching, (piece) => {
    length += piece.length;
    if (length > most) throw damagedAt(url)(`it is longer than ${most} bytes`);
    text += decoder.decode(piece, { stream: true });
  });
  return text + decoder.decode();
}

async function bodyOf(url: string, { fetch, signal }: FetchOptions): Promise<ReadableStream<Uint8Array>> {
  const response = await arrives(url, signal, () => fetch(url, signal ? { signal } : {}));
  if (response.ok && response.body) return response.body;
  throw failure('export-unreachable', {
    url,
    reason: `the server answers ${response.status} ${response.statusText}`.trim(),
  });
}

async function eachPiece(
  url: string,
  body: ReadableStream<Uint8Array>,
  { signal, onBytes }: FetchOptions,
  take: (piece: Uint8Array) => void,
): Promise<void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await arrives(url, signal, () => reader.read());
      if (done) return;
      take(value);
      onBytes?.(value.length);
    }
  } finally {
    // What is not read any more need not arrive.
    await reader.cancel().catch(() => {});
  }
}

/** `fetch` throws TypeError where nothing arrives. A signal throws its own reason. */
async function arrives<T>(url: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Failure) throw error;
    throw failure('export-unreachable', { url, reason: error instanceof Error ? error.message : 'nothing arrives' });
  }
}

function roomFor(bytes: number, damaged: (reason: string) => Failure): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch {
    throw damaged(`its ${bytes} bytes are more than the browser has room for`);
  }
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>, url: string): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) throw failure('page-insecure', { url });
  const hash = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
