/** Parses an address of a server: `mlflow:http://host:5000#experiment`. The part after `#` is never sent, so a server may lie under a path. */
import { failure } from '../../../base/diagnostics/failure.ts';
import { defined } from '../../../base/util/defined.ts';

export interface Destination {
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
