/** Sends requests to servers of others, which may be down, slow, or not what they should be: with a timeout, without redirects, and with a limit for the answer. */
import { isObject } from './objects.ts';

export class FailedRequest extends Error {
  constructor(
    message: string,
    /** True if the same request may succeed later. */
    readonly isTransient: boolean,
    /** The server's own name of the error, such as `RESOURCE_DOES_NOT_EXIST` of MLflow. */
    readonly code?: string,
    /** Milliseconds after which the server asks for the next request. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

export interface RequestLimits {
  /** Milliseconds until the whole answer must be there. */
  readonly timeout: number;
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

interface TextResponse extends Pick<Response, 'ok' | 'status' | 'headers'> {
  readonly text: string;
}

/** Returns an answer with any status. Redirects are not followed, because they would take secrets to another server. @throws RequestRefused */
export async function fetchText(
  url: string,
  request: RequestInit,
  { timeout, maxBytes, signal }: RequestLimits,
): Promise<TextResponse> {
  const timeoutSignal = AbortSignal.any([AbortSignal.timeout(timeout), ...(signal ? [signal] : [])]);
  try {
    const response = await fetch(url, { ...request, redirect: 'manual', signal: timeoutSignal });
    const { ok, status, headers } = response;
    return { ok, status, headers, text: await readTextWithLimit(response, maxBytes) };
  } catch (error) {
    if (error instanceof FailedRequest) throw error;
    throw new FailedRequest(describeNetworkError(error, timeout), true);
  }
}

async function readTextWithLimit({ body }: Response, maxBytes: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new FailedRequest('its answer is too long', false);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Returns undefined for a text that is no JSON object. */
export function parseJsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** True for a status after which the same request may succeed: a proxy has no server yet, or there are too many requests. */
const isTransientStatus = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** Puts an answer that is no success into an error. @param message what the server says, if it is a text */
export function makeFailedRequest({ status, headers }: TextResponse, message: unknown, code?: string): FailedRequest {
  if (status >= 300 && status < 400) {
    return new FailedRequest(`it answers that it has moved to ${oneLine(headers.get('location') ?? '?')}`, false);
  }
  const messageText = typeof message === 'string' ? `: ${oneLine(message)}` : '';
  const retryAfter = parseRetryAfter(headers.get('retry-after'));
  return new FailedRequest(`it answers ${status}${messageText}`, isTransientStatus(status), code, retryAfter);
}

/** Reads `Retry-After`, which is a number of seconds or a date. */
function parseRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const milliseconds = /^\s*\d+\s*$/.test(header) ? 1000 * Number(header) : Date.parse(header) - Date.now();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined;
}

/** Returns a text without control characters, no longer than a line, because a server may send anything. */
const oneLine = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 200) + (text.length > 200 ? ' …' : '');

/** Returns the reason of a failed request: fetch says only `fetch failed`, and has the reason in its cause. */
function describeNetworkError(error: unknown, timeout: number): string {
  const { name, message, cause } = error as Error & { readonly cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `it has not answered within ${timeout / 1000} seconds`;
  if (name === 'AbortError') return 'it has not answered in time';
  return `it does not answer: ${oneLine(cause?.code ?? cause?.message ?? message)}`;
}
