/** Sends runs to a tracking server: `openTracker` while a run trains, `track` afterwards. Only MLflow is supported so far. */
import { type Diagnostic, failure } from '../../base/diagnostics/diagnostic.ts';
import { plugins } from '../../plugins.ts';
import type { TrainingEvent } from '../../training/train_options.ts';
import type { TrainReady } from './train.ts';

export interface Tracked {
  readonly folder: string;
  readonly url: string;
  readonly values: number;
  /** Number of files sent, or the reason why they were not. */
  readonly artifacts: number | string;
}

export type RunStatus = 'RUNNING' | 'FINISHED' | 'KILLED' | 'FAILED';

export interface TrackerRequest {
  /** The folder of the run, and the file of the model. */
  readonly out: string;
  readonly model: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Called once, at the first failure of the server. Training continues. */
  readonly onWarning?: (warning: Diagnostic) => void;
  /** Milliseconds that `end` waits for the server. Default: 10,000, or 2000 if the server has not answered before. */
  readonly patience?: number;
}

export interface Tracker {
  /** Takes `onReady` and `onEvent` of `train`. Neither waits for the server. */
  ready(ready: Pick<TrainReady, 'plan' | 'dataset' | 'engine'>): void;
  event(event: TrainingEvent): void;
  /** Sends the rest, for a few seconds at most. Undefined if the server does not have everything then. */
  end(status: RunStatus): Promise<Tracked | undefined>;
}

/** The contract of what sends runs to a server. */
export interface TrackingService {
  openTracker(destination: Destination, request: TrackerRequest): Tracker;
  track(folder: string, destination: Destination): Promise<Tracked>;
}

/**
 * Sends a run while it trains. A failed request is repeated, and training never waits.
 * @param address such as `mlflow:http://host:5000#experiment`
 * @throws Failure `track-address`
 */
export function openTracker(address: string, request: TrackerRequest): Tracker {
  const destination = destinationOf(address, process.env);
  const opened = plugins.mlflow().then((service) => service.openTracker(destination, request));
  return {
    ready: (ready) => void opened.then((tracker) => tracker.ready(ready)),
    event: (event) => void opened.then((tracker) => tracker.event(event)),
    end: async (status) => (await opened).end(status),
  };
}

/** Sends the part of an ended run that a tracking server lacks. @throws Failure `track-address`, `track-failed`, `not-a-run`, `run-in-use`, … */
export async function track(folder: string, address: string): Promise<Tracked> {
  const destination = destinationOf(address, process.env);
  return (await plugins.mlflow()).track(folder, destination);
}

/** The address of a server, parsed from `mlflow:http://host:5000#experiment`. The part after `#` is never sent, so a server may have a path. */
export interface Destination {
  /** Address of the server, without a slash at its end. */
  readonly url: string;
  /** Absent: the name of the model. */
  readonly experiment?: string;
}

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

const prefix = 'mlflow';

/** @param text an address; `mlflow` alone takes the server from `MLFLOW_TRACKING_URI` @throws Failure `track-address` */
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
    experiment: experimentName === '' ? undefined : experimentName,
  };
}

function nameIn(hash: string): string {
  try {
    return decodeURIComponent(hash);
  } catch {
    return hash;
  }
}

/** Removes user and password, because messages are kept in logs. */
const withoutSecrets = (text: string): string => text.replace(/\/\/[^/@]*@/, '//…@');
