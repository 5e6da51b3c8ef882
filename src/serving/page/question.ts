/** Holds the query on the page, and converts it to a request. */
import type { DescribedFeature } from '../../retrieval/prepare.ts';
import type { Item } from '../../retrieval/top_request.ts';
import type { About } from '../server/about.ts';
import type {
  ErrorAnswer,
  ErrorDetail,
  RecommendAnswer,
  RecommendBody,
  SimilarAnswer,
  SimilarBody,
} from '../server/schemas.ts';

export type AboutAnswer = About & { readonly mostItems: number; readonly state: readonly string[] };

export type PageAnswer = RecommendAnswer | SimilarAnswer;

export interface QueryForm {
  readonly user: string;
  /** Texts by feature, as typed: one text, or one for each element of a list. */
  readonly values: Readonly<Record<string, string | readonly string[]>>;
  readonly k: number;
  readonly filter: string;
  readonly exclude: readonly Item[];
  readonly removeSeen: boolean;
  /** By task: weights that differ from the factors of the model. */
  readonly weights: Readonly<Record<string, number>>;
  /** Shows the items near this one instead of those for a user. */
  readonly near?: Item | undefined;
}

export const firstQuestion = ({ removeSeen, mostItems }: AboutAnswer): QueryForm => ({
  user: '',
  values: {},
  k: Math.min(10, mostItems),
  filter: '',
  exclude: [],
  removeSeen,
  weights: {},
});

const maxHistory = 30;
const maxColumns = 6;

export interface PageRequest {
  readonly path: '/v1/recommend' | '/v1/similar';
  readonly body: RecommendBody | SimilarBody;
}

export function requestOf(question: QueryForm, about: AboutAnswer): PageRequest {
  const { user, near, k, filter, exclude, removeSeen, weights } = question;
  const columns = columnsShown(about);
  const querySelection = {
    k,
    ...(filter.trim() === '' ? {} : { filter }),
    ...(exclude.length > 0 ? { exclude: exclude.map(({ key }) => key) } : {}),
    ...(columns.length > 0 ? { columns } : {}),
  };
  if (near) return { path: '/v1/similar', body: { item: near.key, ...querySelection } };
  const values = valuesOf(question, about);
  const isMoved = Object.keys(weights).length > 0;
  return {
    path: '/v1/recommend',
    body: {
      user: user === '' ? undefined : user,
      ...(user === '' || Object.keys(values).length > 0 ? { values } : {}),
      ...querySelection,
      ...(removeSeen === about.removeSeen ? {} : { removeSeen }),
      ...(isMoved ? { weights } : {}),
      ...(user === '' ? {} : { history: maxHistory }),
      ...(about.objectives.length > 0 ? { shares: true } : {}),
    },
  };
}

function columnsShown({ columns }: AboutAnswer): string[] {
  const pictureColumns = columns.filter(({ picture }) => picture).slice(0, 1);
  const otherColumns = columns.filter(({ picture }) => !picture).slice(0, maxColumns);
  return [...pictureColumns, ...otherColumns].map(({ name }) => name);
}

function valuesOf({ values }: QueryForm, { query }: AboutAnswer): Record<string, unknown> {
  return Object.fromEntries(
    query.features.flatMap((feature) => {
      const value = typedValue(feature, values[feature.name]);
      return value === undefined ? [] : [[feature.name, value]];
    }),
  );
}

/** Returns a shell command for the request. It never includes the token. */
export function curlOf({ path, body }: PageRequest, origin: string, hasToken: boolean): string {
  const quotedBody = JSON.stringify(body).replaceAll("'", String.raw`'\''`);
  const token = hasToken ? ` \\\n  -H "Authorization: Bearer $TOKEN"` : '';
  return `curl ${origin}${path} \\\n  -H 'Content-Type: application/json'${token} \\\n  -d '${quotedBody}'`;
}

// Converts the texts of a form to feature values of a request.

/** Returns undefined if nothing was typed, so that the feature is left out. Invalid values are sent, so that the server explains the error. */
function typedValue({ kind, list, each }: DescribedFeature, typed: string | readonly string[] | undefined): unknown {
  if (typed === undefined || typed.length === 0) return undefined;
  if (typeof typed !== 'string') return typed.map((text) => (each ? jsonOr(text) : singleOf(kind, text)));
  if (kind === 'vector')
    return list
      ? jsonOr(typed)
      : typed
          .split(/[\s,;[\]]+/)
          .filter(Boolean)
          .map(numberOr);
  return singleOf(kind, typed);
}

const singleOf = (kind: DescribedFeature['kind'], text: string): unknown => (kind === 'number' ? numberOr(text) : text);

const numberOr = (text: string): number | string => {
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) ? number : text;
};

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

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

/** Sends one query at a time. While one is pending, only the latest further one is kept, so a moving slider sends queries as fast as answers arrive. */
export interface AskingState<T> {
  readonly waits: boolean;
  /** The latest answer. It stays while a later query has none. */
  readonly answer?: { readonly value: T; readonly milliseconds: number; readonly asked: PageRequest };
  readonly mistakes?: readonly ErrorDetail[];
  /** Reason why the latest request has no answer. */
  readonly trouble?: { readonly reason: string; readonly retries: boolean };
  readonly needsToken?: boolean;
}

export interface Asker {
  /** @param delay milliseconds in which a later query replaces this one */
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
