/**
 * A file of a web server, copied to this machine. The database could read it where it is, but follows redirects to any host: here each
 * address on the way is one that the user allowed.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { addressOf, shown } from './address.ts';
import { folderOfAddress, isAllowed } from './permission.ts';
import { reasonOfStatus, retries, silence } from './trouble.ts';

/** `message` is the reason, as the end of "cannot be read: …". */
export class RemoteError extends Error {}

/** An answer that another attempt may better. */
class PassingError extends RemoteError {}

const mostRedirects = 5;

/** Of the disk, for other programs. */
const spareBytes = 256 * 2 ** 20;

/**
 * Writes the file `to`.
 * @returns the SHA-256 of its content
 * @throws RemoteError; errors of the system; the reason of `signal`
 */
export async function download(
  address: string,
  to: string,
  allowed: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await attemptAt(address, to, allowed, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof PassingError) || attempt === retries) throw error;
      await pause(500 * 4 ** attempt, undefined, signal ? { signal } : {});
    }
  }
}

async function attemptAt(
  address: string,
  to: string,
  allowed: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const quiet = new AbortController();
  const clock = setTimeout(() => quiet.abort(), silence() * 1000);
  const either = signal ? AbortSignal.any([signal, quiet.signal]) : quiet.signal;
  try {
    const response = await answerOf(address, allowed, either);
    const length = Number(response.headers.get('content-length') ?? 0);
    await refuseLarge(length, to);
    const hash = createHash('sha256');
    let bytes = 0;
    const counted = async function* (source: AsyncIterable<Uint8Array>) {
      for await (const piece of source) {
        clock.refresh();
        hash.update(piece);
        bytes += piece.length;
        yield piece;
      }
    };
    if (response.body === null) throw new PassingError('the answer is empty');
    await pipeline(Readable.fromWeb(response.body as never), counted, createWriteStream(to, { mode: 0o600 }), {
      signal: either,
    });
    if (length > 0 && bytes !== length) throw new PassingError('the transfer was cut');
    return hash.digest('hex');
  } catch (error) {
    signal?.throwIfAborted();
    if (quiet.signal.aborted) throw new PassingError(`the server was silent for ${silence()} s`);
    throw error instanceof RemoteError ? error : (ofNetwork(error as Error) ?? error);
  } finally {
    clearTimeout(clock);
  }
}

/** Follows redirects, each to an address that is allowed. */
async function answerOf(address: string, allowed: readonly string[], signal: AbortSignal): Promise<Response> {
  let url = new URL(address);
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const response = await fetch(url, { redirect: 'manual', signal, headers: { 'accept-encoding': 'identity' } });
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      url = followed(location, url, allowed);
      continue;
    }
    if (response.ok) return response;
    await response.body?.cancel();
    const passes = response.status >= 500 || response.status === 429;
    throw new (passes ? PassingError : RemoteError)(reasonOfStatus(response.status));
  }
  throw new RemoteError(`it redirects more than ${mostRedirects} times`);
}

/** The query of a redirect may be a signature, and belongs to the server. */
function followed(location: string, from: URL, allowed: readonly string[]): URL {
  let url: URL;
  try {
    url = new URL(location, from);
  } catch {
    throw new RemoteError('it redirects to what is no address');
  }
  const place = `${url.origin}${url.pathname}`;
  const address = addressOf(place);
  if (url.username !== '' || url.password !== '' || typeof address === 'string')
    throw new RemoteError(`it redirects to ${shown(url.href)}, which Tower does not read`);
  if (!isAllowed(address, allowed))
    throw new RemoteError(
      `it redirects to ${place}, which is not allowed: \`--allow ${folderOfAddress(address)}\` would`,
    );
  return url;
}

async function refuseLarge(length: number, to: string): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(to));
  const free = bavail * bsize - spareBytes;
  if (length <= free) return;
  const [needed, left] = [length, Math.max(0, free)].map((bytes) => `${(bytes / 1e9).toFixed(1)} GB`);
  throw new RemoteError(`it has ${needed}, and ${dirname(to)} has room for ${left}`);
}

/** What the connection says, in words; undefined for another error. */
function ofNetwork(error: Error): RemoteError | undefined {
  const cause = (error.cause ?? error) as NodeJS.ErrnoException & { host?: string };
  const code = cause.code ?? '';
  const known = words.find(([pattern]) => pattern.test(code));
  if (known !== undefined) return new PassingError(known[1]);
  return error.message === 'fetch failed' || error.message === 'terminated'
    ? new PassingError(`the connection failed (${code || cause.message})`)
    : undefined;
}

const words: readonly (readonly [RegExp, string])[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'the name of its host cannot be found'],
  [/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$/, 'nothing answers there'],
  [/^UND_ERR_CONNECT_TIMEOUT$|^ETIMEDOUT$/, 'nothing answers there'],
  [
    /^(UND_ERR_SOCKET|ECONNRESET|EPIPE|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|ERR_STREAM_PREMATURE_CLOSE)$/,
    'the transfer was cut',
  ],
  [/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_TLS/, 'the certificate of its host is not trusted'],
];
