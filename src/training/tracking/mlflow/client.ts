/** One request to a tracking server, which may be down, slow, or not a tracking server: each of them is a `Refused` with its reason. */
import { failure } from '../../../base/diagnostics/failure.ts';
import { defined, isObject } from '../../../base/util/defined.ts';

// Names of metrics and parameters as MLflow takes them: letters, digits and `_-. /`. Windows refuses colons, so none is kept.

/** `validation/recall@50` → `validation/recall_at_50`, as MLflow names its own; `step/loss:like` → `step/loss.like`. */
export const metricKey = (name: string): string =>
  name
    .replaceAll('@', '_at_')
    .replaceAll(':', '.')
    .replace(/[^\w\-./ ]/g, '_')
    .slice(0, 250);

/** The longest value of a parameter. A tag takes more, and is cut to the same. */
const mostOfValue = 6000;

export const withinLimit = (text: string): string =>
  text.length <= mostOfValue ? text : `${text.slice(0, mostOfValue - 1)}…`;

/** Parses an address of a server: `mlflow:http://host:5000#experiment`. The part after `#` is never sent, so a server may lie under a path. */
interface Destination {
  /** Address of the server, without a slash at its end. */
  readonly url: string;
  /** Absent: the name of the model. */
  readonly experiment?: string;
}

type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

const prefix = 'mlflow';

/**
 * @param text `mlflow` alone takes the server from `MLFLOW_TRACKING_URI`
 * @throws Failure `track-address`
 */
export function destinationOf(text: string, environment: EnvironmentVariables): Destination {
  const addressError = (reason: string) => failure('track-address', { given: withoutSecrets(text), reason });
  const isBare = text === prefix;
  const addressText = isBare ? environment.MLFLOW_TRACKING_URI : text.slice(prefix.length + 1);
  if (!isBare && !text.startsWith(`${prefix}:`)) throw addressError('it does not begin with `mlflow:`');
  if (!addressText)
    throw addressError('it names no server, and the environment variable MLFLOW_TRACKING_URI is not set');
  const url = URL.canParse(addressText) ? new URL(addressText) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw addressError('an address of a server begins with `http://` or `https://`');
  }
  if (url.username !== '' || url.password !== '') {
    throw addressError('a name and a password belong into MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD');
  }
  if (url.search !== '') throw addressError('it has a `?`');
  const experimentName = url.hash === '' ? environment.MLFLOW_EXPERIMENT_NAME : nameIn(url.hash.slice(1));
  if (experimentName !== undefined && /[/\n\r]/.test(experimentName))
    throw addressError('the name of an experiment has no `/`');
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    ...defined({ experiment: experimentName === '' ? undefined : experimentName }),
  };
}

function nameIn(hash: string): string {
  try {
    return decodeURIComponent(hash);
  } catch {
    return hash;
  }
}

/** Messages are kept in logs. */
const withoutSecrets = (text: string): string => text.replace(/\/\/[^/@]*@/, '//…@');

/** Returns the header of the user, from the variables that MLflow's own client reads. A name with a password comes before a token, as there. */
export function authorizationOf({
  MLFLOW_TRACKING_USERNAME: name,
  MLFLOW_TRACKING_PASSWORD: password,
  MLFLOW_TRACKING_TOKEN: token,
}: EnvironmentVariables): string | undefined {
  if (name && password) return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  return token ? `Bearer ${token}` : undefined;
}

export class RequestRefused extends Error {
  constructor(
    message: string,
    /** True if the same request may be answered later. */
    readonly isPassing: boolean,
    /** MLflow's own, such as `RESOURCE_DOES_NOT_EXIST`. */
    readonly code?: string,
  ) {
    super(message);
  }
}

export interface MlflowClient {
  readonly url: string;
  /** @returns the object that the server answers @throws Refused */
  get(path: string, query: Readonly<Record<string, string>>): Promise<MlflowAnswer>;
  post(path: string, body: object): Promise<MlflowAnswer>;
  put(path: string, bytes: Uint8Array): Promise<void>;
}

export type MlflowAnswer = Readonly<Record<string, unknown>>;

const requestTimeout = 10_000;
/** Longest answer. Those of our requests have some kilobytes. */
const maxAnswerBytes = 8 * 2 ** 20;

/** @param signal ends all that is under way */
export function makeMlflowClient(url: string, authorization?: string, signal?: AbortSignal): MlflowClient {
  const ask = async (method: string, path: string, body?: string | Uint8Array): Promise<MlflowAnswer> => {
    const headers = {
      ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
      ...defined({ authorization }),
    };
    const timeoutSignal = AbortSignal.any([AbortSignal.timeout(requestTimeout), ...(signal ? [signal] : [])]);
    try {
      const response = await fetch(`${url}/api/2.0/${path}`, {
        ...{ method, headers, redirect: 'manual', signal: timeoutSignal },
        ...(body === undefined ? {} : { body: body as BodyInit }),
      });
      const text = await textOf(response);
      if (response.ok) return objectIn(text);
      throw refusal(response, text);
    } catch (error) {
      if (error instanceof RequestRefused) throw error;
      throw new RequestRefused(reasonOf(error), true);
    }
  };
  return {
    url,
    get: (path, query) => ask('GET', `mlflow/${path}?${new URLSearchParams(query)}`),
    post: (path, body) => ask('POST', `mlflow/${path}`, JSON.stringify(body)),
    async put(path, bytes) {
      await ask('PUT', `mlflow-artifacts/artifacts/${path.split('/').map(encodeURIComponent).join('/')}`, bytes);
    },
  };
}

async function textOf({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > maxAnswerBytes) throw new RequestRefused('its answer is too long', false);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Some answers of MLflow are empty. */
function objectIn(text: string): MlflowAnswer {
  if (text.trim() === '') return {};
  const value = parsed(text);
  if (value === undefined) throw new RequestRefused('it answers something that is no JSON object', false);
  return value;
}

function parsed(text: string): MlflowAnswer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Statuses after which the same request may be answered: a proxy has no server as yet, or there are too many requests. */
const passing = (status: number): boolean => status === 408 || status === 429 || status >= 500;

function refusal({ status, headers }: Response, text: string): RequestRefused {
  if (status >= 300 && status < 400) {
    return new RequestRefused(`it answers that it has moved to ${oneLine(headers.get('location') ?? '?')}`, false);
  }
  const { error_code: code, message } = parsed(text) ?? {};
  const messageText = typeof message === 'string' ? `: ${oneLine(message)}` : '';
  return new RequestRefused(
    `it answers ${status}${messageText}`,
    passing(status),
    typeof code === 'string' ? code : undefined,
  );
}

/** A server may say anything: without control characters, and no longer than a line. */
const oneLine = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 200) + (text.length > 200 ? ' …' : '');

/** Fetch says `fetch failed`, and why in its cause. */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { readonly cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `it has not answered within ${requestTimeout / 1000} seconds`;
  if (name === 'AbortError') return 'it has not answered in time';
  return `it does not answer: ${oneLine(cause?.code ?? cause?.message ?? message)}`;
}
