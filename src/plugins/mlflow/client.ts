/** Calls MLflow's REST API (https://mlflow.org/docs/latest/rest-api.html) as far as a run needs it. The server may be down, slow, or not MLflow at all. */
import type { EnvironmentVariables, RunStatus } from '../../app/api/track.ts';
import { FailedRequest, fetchText, makeFailedRequest, parseJsonObject } from '../../base/util/http.ts';

export interface Metric {
  /** A key from `metricKey`. */
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

/** Texts by keys from `metricKey`. */
export type TextsByKey = Readonly<Record<string, string>>;

export interface RemoteRun {
  readonly id: string;
  readonly experiment: string;
  /** The last point of each metric on the server. */
  readonly last: ReadonlyMap<string, { readonly step: number; readonly value: number }>;
  readonly params: ReadonlyMap<string, string>;
  /** Address of its artifacts: `mlflow-artifacts:/…` if the server takes them. */
  readonly artifacts: string;
}

/** The tag by which a run is found again, on any server and after any request whose answer was lost. */
const ownTag = 'tower.run';

/** Returns the id of the experiment with this name, and creates the experiment if there is none. */
export async function experimentId(client: MlflowClient, name: string): Promise<string> {
  const find = async (): Promise<string> => {
    const { experiment } = await client.get('experiments/get-by-name', { experiment_name: name });
    return text(experiment, 'experiment_id');
  };
  try {
    return await find();
  } catch (error) {
    if (!isCode(error, 'RESOURCE_DOES_NOT_EXIST')) throw error;
  }
  try {
    return text(await client.post('experiments/create', { name }), 'experiment_id');
  } catch (error) {
    // Another run has created it in the meantime.
    if (!isCode(error, 'RESOURCE_ALREADY_EXISTS')) throw error;
    return find();
  }
}

interface NewRun {
  /** Value of the tag by which the run is found again. */
  readonly own: string;
  readonly name: string;
  readonly start: number;
}

/** Returns the run of the experiment with this tag, and creates the run if there is none. */
export async function findOrCreateRun(
  client: MlflowClient,
  experiment: string,
  { own, name, start }: NewRun,
): Promise<RemoteRun> {
  const { runs } = await client.post('runs/search', {
    experiment_ids: [experiment],
    filter: `tags.\`${ownTag}\` = '${own}'`,
    max_results: 1,
  });
  const [found] = list(runs);
  if (found) return runOf(found);
  const { run } = await client.post('runs/create', {
    experiment_id: experiment,
    run_name: name,
    start_time: start,
    tags: [{ key: ownTag, value: own }],
  });
  return runOf(run);
}

/** Maximum number of metrics in a request, and of parameters or tags. */
const [maxMetrics, maxTexts] = [1000, 100];

/** @param sent called after each request with the number of metrics in it */
export async function logMetrics(
  client: MlflowClient,
  run: string,
  metrics: readonly Metric[],
  sent: (count: number) => void,
): Promise<void> {
  for (let index = 0; index < metrics.length; index += maxMetrics) {
    const part = metrics.slice(index, index + maxMetrics);
    await client.post('runs/log-batch', { run_id: run, metrics: part });
    sent(part.length);
  }
}

export const logParams = (client: MlflowClient, run: string, params: TextsByKey): Promise<void> =>
  logTexts(client, run, 'params', params);

export const logTags = (client: MlflowClient, run: string, tags: TextsByKey): Promise<void> =>
  logTexts(client, run, 'tags', tags);

async function logTexts(client: MlflowClient, run: string, what: 'params' | 'tags', texts: TextsByKey): Promise<void> {
  const entries = Object.entries(texts).map(([key, value]) => ({ key, value: withinLimit(value) }));
  for (let index = 0; index < entries.length; index += maxTexts) {
    await client.post('runs/log-batch', { run_id: run, [what]: entries.slice(index, index + maxTexts) });
  }
}

/** @param end milliseconds since 1970, for a run that is not `RUNNING` */
export async function updateRun(client: MlflowClient, run: string, status: RunStatus, end?: number): Promise<void> {
  await client.post('runs/update', { run_id: run, status, end_time: end });
}

/** Returns the path to which the server takes artifacts of a run; undefined if they have a separate store. */
export function artifactRoot({ artifacts }: RemoteRun): string | undefined {
  const [, path] = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/.exec(artifacts) ?? [];
  return path?.split('/').some((part) => part === '..' || part === '.') ? undefined : path;
}

const isCode = (error: unknown, code: string): boolean => error instanceof FailedRequest && error.code === code;

function runOf(value: unknown): RemoteRun {
  const { info, data } = object(value);
  const { metrics, params } = object(data);
  return {
    id: text(info, 'run_id'),
    experiment: text(info, 'experiment_id'),
    artifacts: String(object(info).artifact_uri ?? ''),
    // Some servers write 64-bit integers as texts in JSON.
    last: new Map(
      list(metrics).map(({ key, step, value }) => [String(key), { step: Number(step ?? 0), value: Number(value) }]),
    ),
    params: new Map(list(params).map(({ key, value }) => [String(key), String(value ?? '')])),
  };
}

const object = (value: unknown): MlflowAnswer =>
  typeof value === 'object' && value !== null ? (value as MlflowAnswer) : {};
const list = (value: unknown): MlflowAnswer[] => (Array.isArray(value) ? value.map(object) : []);

/** Returns a name that goes into later requests and addresses. @throws RequestRefused */
function text(value: unknown, name: string): string {
  const textValue = object(value)[name];
  if (typeof textValue === 'string' && /^[\w.-]{1,128}$/.test(textValue)) return textValue;
  throw new FailedRequest(`it answers without \`${name}\`: is it a server of MLflow?`, false);
}

/** Returns a name in the form of MLflow's own: `validation/recall_at_50` for `validation/recall@50`, `step/loss.like` for `step/loss:like`. */
export const metricKey = (name: string): string =>
  name
    .replaceAll('@', '_at_')
    .replaceAll(':', '.')
    .replace(/[^\w\-./ ]/g, '_')
    .slice(0, 250);

/** Maximum length of a parameter's value. A tag may be longer, but is cut to the same length. */
const maxValueLength = 6000;

export const withinLimit = (text: string): string =>
  text.length <= maxValueLength ? text : `${text.slice(0, maxValueLength - 1)}…`;

/** Returns the authorization header from the variables that MLflow's own client reads. A name with a password has precedence over a token, as there. */
export function authorizationOf({
  MLFLOW_TRACKING_USERNAME: name,
  MLFLOW_TRACKING_PASSWORD: password,
  MLFLOW_TRACKING_TOKEN: token,
}: EnvironmentVariables): string | undefined {
  if (name && password) return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  return token ? `Bearer ${token}` : undefined;
}

type MlflowAnswer = Readonly<Record<string, unknown>>;

const requestTimeout = 10_000;
/** Maximum bytes of an answer. Answers to our requests have some kilobytes. */
const maxAnswerBytes = 8 * 2 ** 20;

export type MlflowClient = ReturnType<typeof makeMlflowClient>;

/** Returns a client whose calls throw `RequestRefused`. @param signal ends all requests in progress */
export function makeMlflowClient(url: string, authorization?: string, signal?: AbortSignal) {
  const ask = async (method: string, path: string, body?: string | Uint8Array): Promise<MlflowAnswer> => {
    const headers = {
      ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
      ...(authorization === undefined ? {} : { authorization }),
    };
    const request = { method, headers, body: body as BodyInit | undefined };
    const limits = { timeout: requestTimeout, maxBytes: maxAnswerBytes, signal };
    const response = await fetchText(`${url}/api/2.0/${path}`, request, limits);
    if (response.ok) return objectIn(response.text);
    const { error_code: code, message } = parseJsonObject(response.text) ?? {};
    throw makeFailedRequest(response, message, typeof code === 'string' ? code : undefined);
  };
  return {
    url,
    get: (path: string, query: Readonly<Record<string, string>>) =>
      ask('GET', `mlflow/${path}?${new URLSearchParams(query)}`),
    post: (path: string, body: object) => ask('POST', `mlflow/${path}`, JSON.stringify(body)),
    async put(path: string, bytes: Uint8Array): Promise<void> {
      await ask('PUT', `mlflow-artifacts/artifacts/${path.split('/').map(encodeURIComponent).join('/')}`, bytes);
    },
  };
}

/** Parses an answer. Some answers of MLflow are empty. */
function objectIn(text: string): MlflowAnswer {
  if (text.trim() === '') return {};
  const value = parseJsonObject(text);
  if (value === undefined) throw new FailedRequest('it answers something that is no JSON object', false);
  return value;
}
