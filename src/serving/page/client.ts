/** Questions to the server, and what comes back: an answer, or mistakes with their places. The token lives here, in memory alone. */
import type { ErrorAnswer, ErrorDetail } from '../server/schemas.ts';

export type ServerReply<T> =
  | { readonly kind: 'answer'; readonly value: T; readonly milliseconds: number }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly ErrorDetail[] }
  | { readonly kind: 'token'; readonly given: boolean }
  | { readonly kind: 'busy'; readonly seconds: number; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string };

export interface PageClient {
  readonly hasToken: boolean;
  setToken(token: string): void;
  get<T>(path: string): Promise<ServerReply<T>>;
  post<T>(path: string, body: object): Promise<ServerReply<T>>;
}

export function makeClient(): PageClient {
  let token = '';
  const sendRequest = async <T>(path: string, init: RequestInit): Promise<ServerReply<T>> => {
    const start = performance.now();
    const headers = { ...init.headers, ...(token === '' ? {} : { authorization: `Bearer ${token}` }) };
    try {
      const response = await fetch(path, { ...init, headers, cache: 'no-store' });
      const value: unknown = await response.json();
      return replyOf<T>(response, value, performance.now() - start, token !== '');
    } catch {
      return { kind: 'lost', reason: 'The server does not answer.' };
    }
  };
  return {
    get hasToken() {
      return token !== '';
    },
    setToken(given) {
      token = given;
    },
    get: (path) => sendRequest(path, {}),
    post: (path, body) =>
      sendRequest(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  };
}

function replyOf<T>(response: Response, value: unknown, milliseconds: number, given: boolean): ServerReply<T> {
  if (response.ok) return { kind: 'answer', value: value as T, milliseconds };
  const mistakes = (value as Partial<ErrorAnswer>).errors ?? [];
  const reason = mistakes[0]?.message ?? `The server answers with status ${response.status}.`;
  if (response.status === 401) return { kind: 'token', given };
  if (response.status === 503)
    return { kind: 'busy', seconds: Number(response.headers.get('retry-after')) || 1, reason };
  return response.status < 500 && mistakes.length > 0 ? { kind: 'mistakes', mistakes } : { kind: 'lost', reason };
}
