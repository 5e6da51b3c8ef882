/** Questions to the server, and what comes back: an answer, or mistakes with their places. The token lives here, in memory alone. */
import type { ErrorAnswer, ErrorDetail } from '../server/schemas.ts';
import type { PageRequest } from './question.ts';

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

export function makePageClient(): PageClient {
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

/** One question at a time to the server: while one is on its way, only the latest of those that follow waits. So a slider that moves asks as fast as answers come. */
export interface AskingState<T> {
  /** True while a request runs or waits. */
  readonly waits: boolean;
  /** The latest answer. It stays while a later question has none. */
  readonly answer?: { readonly value: T; readonly milliseconds: number; readonly asked: PageRequest };
  /** Errors of the latest request. */
  readonly mistakes?: readonly ErrorDetail[];
  /** Reason why the latest request has no answer. */
  readonly trouble?: { readonly reason: string; readonly retries: boolean };
  readonly needsToken?: boolean;
}

export interface Asker {
  /** @param delay milliseconds in which a later question takes the place of this one */
  ask(asked: PageRequest, delay: number): void;
}

export function makeAsker<T>(client: Pick<PageClient, 'post'>, show: (asking: AskingState<T>) => void): Asker {
  let currentState: AskingState<T> = { waits: true };
  let nextRequest: PageRequest | undefined;
  let isBusy = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const setState = (asking: AskingState<T>): void => show((currentState = asking));
  const sendNext = async (): Promise<void> => {
    if (isBusy || nextRequest === undefined) return;
    const sentRequest = nextRequest;
    nextRequest = undefined;
    isBusy = true;
    const reply = await client.post<T>(sentRequest.path, sentRequest.body);
    isBusy = false;
    setState(after(currentState, reply, sentRequest, nextRequest !== undefined));
    if (reply.kind === 'busy' && nextRequest === undefined) {
      nextRequest = sentRequest;
      timer = setTimeout(sendNext, 1000 * reply.seconds);
    } else if (nextRequest !== undefined) await sendNext();
  };

  return {
    ask(asked, delay) {
      clearTimeout(timer);
      nextRequest = asked;
      setState({ ...currentState, waits: true });
      timer = setTimeout(sendNext, delay);
    },
  };
}

function after<T>(
  { answer }: AskingState<T>,
  reply: ServerReply<T>,
  asked: PageRequest,
  waits: boolean,
): AskingState<T> {
  const kept = { waits, ...(answer ? { answer } : {}) };
  switch (reply.kind) {
    case 'answer':
      return { waits, answer: { value: reply.value, milliseconds: reply.milliseconds, asked } };
    case 'mistakes':
      return { ...kept, mistakes: reply.mistakes };
    case 'token':
      return { ...kept, needsToken: reply.given };
    case 'busy':
      return { ...kept, trouble: { reason: reply.reason, retries: true } };
    case 'lost':
      return { ...kept, trouble: { reason: reply.reason, retries: false } };
  }
}
