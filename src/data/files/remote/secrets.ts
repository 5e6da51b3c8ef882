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

export const hasKey = (scheme: 's3' | 'gs', env: StoreEnvironment = process.env): boolean =>
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
