/**
 * Keys of object stores, from the environment, in the words of their own programs: they are for the database alone, in its memory. Nothing
 * that Tower writes or says has them.
 */
import { failure } from '../../../base/diagnostics/failure.ts';
import { quoteText } from '../duckdb.ts';
import { withoutSecrets } from './address.ts';

type StoreEnvironment = Readonly<Record<string, string | undefined>>;

const secretVariables: readonly string[] = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'GS_ACCESS_KEY_ID',
  'GS_SECRET_ACCESS_KEY',
];

export function redacted(text: string, env: StoreEnvironment = process.env): string {
  const values = secretVariables.flatMap((name) => (env[name] ? [env[name]] : []));
  const redactedText = values.reduce((unredacted, value) => unredacted.replaceAll(value, '…'), text);
  return redactedText.replaceAll(/(:\/\/)[^/\s'"]*@/g, '$1…@');
}

const hasKey = (scheme: 's3' | 'gs', env: StoreEnvironment = process.env): boolean =>
  Boolean(scheme === 's3' ? env.AWS_ACCESS_KEY_ID : env.GS_ACCESS_KEY_ID);

/** The SQL that gives the database the keys of a store. Without keys, what the store shows to everybody can be read. */
export function secretOf(scheme: 's3' | 'gs', env: StoreEnvironment = process.env): string {
  const settings = scheme === 's3' ? amazon(env) : google(env);
  const entries = Object.entries({ ...settings, ...endpointOf(settings.endpoint) }).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name} ${typeof value === 'string' ? quoteText(value) : value}`],
  );
  return `CREATE OR REPLACE TEMPORARY SECRET tower_${scheme} (${[`SCOPE '${scheme}://'`, ...entries].join(', ')})`;
}

const amazon = (env: StoreEnvironment) => ({
  type: 's3',
  key_id: env.AWS_ACCESS_KEY_ID,
  secret: env.AWS_SECRET_ACCESS_KEY,
  session_token: env.AWS_SESSION_TOKEN,
  region: env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1',
  endpoint: env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL,
});

/** Google's store takes the keys of its HMAC service accounts here, by the names that GDAL gives them. */
const google = (env: StoreEnvironment) => ({
  type: 'gcs',
  key_id: env.GS_ACCESS_KEY_ID,
  secret: env.GS_SECRET_ACCESS_KEY,
  endpoint: env.GS_ENDPOINT_URL,
});

/** A store of one's own is reached by one name: the bucket is part of the path. @throws Failure `remote-address` */
function endpointOf(url: string | undefined): { endpoint?: string; use_ssl?: boolean; url_style?: string } {
  if (!url) return {};
  const [, scheme, host] = /^(?:(https?):\/\/)?([\w.-]+(?::\d+)?|\[[\da-f:]+\](?::\d+)?)\/*$/i.exec(url) ?? [];
  if (host === undefined) {
    const reason = 'is no address of a store: write `https://HOST` or `http://HOST:PORT` into the environment';
    throw failure('remote-address', { path: withoutSecrets(url), reason });
  }
  return { endpoint: host, use_ssl: scheme?.toLowerCase() !== 'http', url_style: 'path' };
}

/** Seconds that a store may be silent. @throws Failure `remote-timeout` */
export function silence(): number {
  const value = process.env.TOWER_REMOTE_TIMEOUT || '30';
  const seconds = Number(value);
  if (Number.isSafeInteger(seconds) && seconds > 0 && seconds <= 3600) return seconds;
  throw failure('remote-timeout', { value });
}

export const retries = 2;

const wordsOfStatus: Readonly<Record<number, string>> = {
  400: 'the store does not understand the request (HTTP 400): check `AWS_REGION` and `AWS_ENDPOINT_URL`',
  301: 'the bucket is in another region (HTTP 301): set `AWS_REGION`',
  307: 'the bucket is in another region (HTTP 307): set `AWS_REGION`',
  404: 'there is no such bucket or file (HTTP 404)',
};

/** @param scheme of a store; absent: of a web server, which gets no key */
export function reasonOfStatus(status: number, scheme?: 's3' | 'gs'): string {
  if (status === 401 || status === 403) {
    if (scheme === undefined) return `the server refuses access (HTTP ${status}), and Tower has no key for it`;
    const [key, secret] =
      scheme === 's3' ? ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] : ['GS_ACCESS_KEY_ID', 'GS_SECRET_ACCESS_KEY'];
    const why = hasKey(scheme)
      ? `the key of \`${key}\` may not read it, or is wrong`
      : `the environment has no \`${key}\` and \`${secret}\``;
    return `the store refuses access (HTTP ${status}): ${why}`;
  }
  if (scheme !== undefined && wordsOfStatus[status] !== undefined) return wordsOfStatus[status];
  if (status === 404) return 'there is no such file (HTTP 404)';
  return `it answered with HTTP ${status}${status >= 500 ? `, ${retries + 1} times` : ''}`;
}

const wordsOfFetching: readonly (readonly [RegExp, (host: string) => string])[] = [
  [/Could not resolve host/i, (host) => `the name ${host} cannot be found`],
  [/Could not resolve proxy/i, () => 'the name of the proxy cannot be found'],
  [/Could not connect/i, (host) => `nothing answers at ${host}`],
  [/Timeout was reached/i, (host) => `${host} was silent for ${silence()} s, ${retries + 1} times`],
  [/certificate|SSL|TLS/, (host) => `the certificate of ${host} is not trusted`],
  [
    /partial file|empty reply|Failure when receiving/i,
    (host) => `the transfer from ${host} was cut, ${retries + 1} times`,
  ],
  [/ETag on reading file/i, () => 'it changed while it was read'],
];

/** True if an error of the database comes from a store, not from a query or a file of this machine. */
export function isOfStore(error: unknown): error is Error {
  return error instanceof Error && /^(HTTP|IO) Error/.test(error.message) && /(https?|s3|gs):\/\//.test(error.message);
}

export function reasonOfStore({ message }: Error, scheme: 's3' | 'gs'): string {
  const status = Number(/\(HTTP (\d{3})/.exec(message)?.[1] ?? /HTTP (\d{3})\b/.exec(message)?.[1]);
  if (status >= 300) return reasonOfStatus(status, scheme);
  const host = redacted(/https?:\/\/([^/'"\s]+)/.exec(message)?.[1] ?? 'the store').replace(/^.*@/, '');
  const matchedWords = wordsOfFetching.find(([pattern]) => pattern.test(message));
  if (matchedWords !== undefined) return matchedWords[1](host);
  return redacted(message.split('\n')[0]!.replace(/^\w+ Error: /, ''));
}
