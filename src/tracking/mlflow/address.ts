/** Where runs are sent: `mlflow:http://host:5000#experiment`. What follows the `#` is never part of an address, so a server may lie under a path. */
import { defined } from '../../defined.ts';
import { failure } from '../../diagnostics/failure.ts';

export interface Destination {
  /** Of the server, without a slash at its end. */
  readonly url: string;
  /** Absent: the name of the model. */
  readonly experiment?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'mlflow';

/**
 * @param text `mlflow` alone takes the server from `MLFLOW_TRACKING_URI`
 * @throws Failure `track-address`
 */
export function destinationOf(text: string, environment: Environment): Destination {
  const refuse = (reason: string) => failure('track-address', { given: withoutSecrets(text), reason });
  const isBare = text === prefix;
  const given = isBare ? environment.MLFLOW_TRACKING_URI : text.slice(prefix.length + 1);
  if (!isBare && !text.startsWith(`${prefix}:`)) throw refuse('it does not begin with `mlflow:`');
  if (!given) throw refuse('it names no server, and the environment variable MLFLOW_TRACKING_URI is not set');
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw refuse('an address of a server begins with `http://` or `https://`');
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse('a name and a password belong into MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD');
  }
  if (url.search !== '') throw refuse('it has a `?`');
  const named = url.hash === '' ? environment.MLFLOW_EXPERIMENT_NAME : nameIn(url.hash.slice(1));
  if (named !== undefined && /[/\n\r]/.test(named)) throw refuse('the name of an experiment has no `/`');
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    ...defined({ experiment: named === '' ? undefined : named }),
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

/** The header of the user, of the variables that MLflow's own client reads. A name with a password comes before a token, as there. */
export function authorizationOf({
  MLFLOW_TRACKING_USERNAME: name,
  MLFLOW_TRACKING_PASSWORD: password,
  MLFLOW_TRACKING_TOKEN: token,
}: Environment): string | undefined {
  if (name && password) return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  return token ? `Bearer ${token}` : undefined;
}
