/** Calls MLflow's REST API (https://mlflow.org/docs/latest/rest-api.html) as far as a run needs it. */
import { type MlflowAnswer, type MlflowClient, RequestRefused, withinLimit } from './client.ts';

export interface Metric {
  /** As `keyOf` gives it. */
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

/** By keys as `keyOf` gives them. */
export type TextsByKey = Readonly<Record<string, string>>;

export interface RemoteRun {
  readonly id: string;
  readonly experiment: string;
  /** The last point of each metric that it has. */
  readonly last: ReadonlyMap<string, { readonly step: number; readonly value: number }>;
  readonly params: ReadonlyMap<string, string>;
  /** Address of its artifacts: `mlflow-artifacts:/…` where the server takes them. */
  readonly artifacts: string;
}

export type RunStatus = 'RUNNING' | 'FINISHED' | 'KILLED' | 'FAILED';

/** The tag that finds a run again, on any server and after any request whose answer was lost. */
const ownTag = 'tower.run';
/** MLflow's own, by which its pages nest a run in another. */
const parentTag = 'mlflow.parentRunId';

/** Returns the id of an experiment by its name, which is created where there is none. */
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
    // Another run of the same minute has created it.
    if (!isCode(error, 'RESOURCE_ALREADY_EXISTS')) throw error;
    return find();
  }
}

export interface NewRun {
  /** Value of the tag that finds it again. */
  readonly own: string;
  readonly name: string;
  readonly start: number;
  /** Id of the run that it is nested in. */
  readonly parent?: string;
}

/** The run of the experiment that has this tag, which is created where there is none. */
export async function findOrCreateRun(
  client: MlflowClient,
  experiment: string,
  { own, name, start, parent }: NewRun,
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
    tags: [{ key: ownTag, value: own }, ...(parent === undefined ? [] : [{ key: parentTag, value: parent }])],
  });
  return runOf(run);
}

/** A request may hold so many metrics, and so many parameters or tags. */
const [mostMetrics, mostTexts] = [1000, 100];

/** @param sent gets how many were taken, request by request */
export async function logMetrics(
  client: MlflowClient,
  run: string,
  metrics: readonly Metric[],
  sent: (count: number) => void,
): Promise<void> {
  for (let at = 0; at < metrics.length; at += mostMetrics) {
    const part = metrics.slice(at, at + mostMetrics);
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
  for (let at = 0; at < entries.length; at += mostTexts) {
    await client.post('runs/log-batch', { run_id: run, [what]: entries.slice(at, at + mostTexts) });
  }
}

/** @param end milliseconds since 1970, of a run that is not `RUNNING` */
export async function updateRun(client: MlflowClient, run: string, status: RunStatus, end?: number): Promise<void> {
  await client.post('runs/update', { run_id: run, status, ...(end === undefined ? {} : { end_time: end }) });
}

/** Returns where the server takes artifacts of a run; undefined where it has a store of its own for them. */
export function artifactRoot({ artifacts }: RemoteRun): string | undefined {
  const [, path] = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/.exec(artifacts) ?? [];
  return path?.split('/').some((part) => part === '..' || part === '.') ? undefined : path;
}

const isCode = (error: unknown, code: string): boolean => error instanceof RequestRefused && error.code === code;

function runOf(value: unknown): RemoteRun {
  const { info, data } = object(value);
  const { metrics, params } = object(data);
  return {
    id: text(info, 'run_id'),
    experiment: text(info, 'experiment_id'),
    artifacts: String(object(info).artifact_uri ?? ''),
    // JSON has 64-bit integers as texts in some servers.
    last: new Map(
      list(metrics).map(({ key, step, value }) => [String(key), { step: Number(step ?? 0), value: Number(value) }]),
    ),
    params: new Map(list(params).map((each) => [String(each.key), String(each.value ?? '')])),
  };
}

const object = (value: unknown): MlflowAnswer =>
  typeof value === 'object' && value !== null ? (value as MlflowAnswer) : {};
const list = (value: unknown): MlflowAnswer[] => (Array.isArray(value) ? value.map(object) : []);

/** Names that go into later requests and addresses. @throws Refused */
function text(value: unknown, name: string): string {
  const textValue = object(value)[name];
  if (typeof textValue === 'string' && /^[\w.-]{1,128}$/.test(textValue)) return textValue;
  throw new RequestRefused(`it answers without \`${name}\`: is it a server of MLflow?`, false);
}
