/**
 * Reads object stores with DuckDB's extension `httpfs`: any file that Tower requests until the database is sealed, and afterwards only the files that the seal
 * names. Keys come from the environment and are passed only to the memory of the database: Tower never writes or prints them.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, Failure, factsOf, failure } from '../../../base/diagnostics/diagnostic.ts';
import { cacheFolder } from '../../../base/storage/package_file.ts';
import { quoteText } from '../../../base/text/sql.ts';
import type { DataFile } from '../../../graph/plan/data_description.ts';
import { type Database, quotePath } from '../duckdb.ts';
import { isAddress, withoutSecrets } from './address.ts';

// `httpfs` is DuckDB's own extension for object stores, with a signature that the database checks. It fits only one version of the database.

/** The version of the database and of the extension; see docs/dependencies.md. */
export const duckdbVersion = '1.5.5';

/** The package on PyPI with a file for each platform. */
export const packageName = 'duckdb-extension-httpfs';

export interface Wheel {
  readonly name: string;
  readonly sha256: string;
}

const wheel = (platform: string, sha256: string): Wheel => ({
  name: `duckdb_extension_httpfs-${duckdbVersion}-py3-none-${platform}.whl`,
  sha256,
});

/** Wheels by Node's names for platform and processor. */
export const wheels: Readonly<Record<string, Wheel>> = {
  'linux-x64': wheel('manylinux2014_x86_64', '84913dbe172ccb54368de2c4a020c38ca8b0e76f99df548f7fac37934cc7826f'),
  'linux-arm64': wheel('manylinux2014_aarch64', '567d17e398fc29f7ea4bc42ea277ea19643bd1ad1815f676cb6dd994b50399bb'),
  'darwin-x64': wheel('macosx_11_0_x86_64', '5dc6e48e7a6d4c775d88fcd9b6529b385559600c0cd17a2600addfdd34ae3060'),
  'darwin-arm64': wheel('macosx_11_0_arm64', 'a6d9b245ac83834543354e826020b35b8dba16291bb876b2b00bd49f2c6aeb9d'),
  'win32-x64': wheel('win_amd64', '138fd4368906c04636642023c123bd564d1bd1b9b75cd762f9f9bfad6fccb1ba'),
};

/** The path of the extension in its wheel. */
export const memberName = `duckdb_extension_httpfs/extensions/v${duckdbVersion}/httpfs.duckdb_extension`;

export const platform = (): string => `${process.platform}-${process.arch}`;

/** Returns the path of the installed extension. The database takes the extension's name from the file name. */
export const extensionPath = (): string =>
  join(cacheFolder(), `httpfs-${duckdbVersion}-${platform()}`, 'httpfs.duckdb_extension');

export interface InStore {
  readonly path: string;
  readonly described: DataFile;
}

export const inStores = <F extends { readonly path: string }>(files: readonly F[]): readonly F[] =>
  files.filter(({ path }) => isAddress(path));

const schemeOf = (path: string): 's3' | 'gs' => (path.startsWith('gs:') ? 'gs' : 's3');

/**
 * Loads the extension and passes it the keys from the environment. Afterwards errors of the stores become failures at the span of the file.
 * @throws Failure `remote-extension`, `remote-address`
 */
export async function connectStores(database: Database, files: readonly InStore[]): Promise<void> {
  const path = extensionPath();
  if (!existsSync(path)) throw failure('remote-extension', { path: files[0]!.path }, files[0]!.described.span);
  try {
    await database.run(`LOAD ${quoteText(path)}`);
  } catch (error) {
    database.rethrowUnlessSql(error);
    const reason = describeError(error);
    throw failure('remote-extension', { path: files[0]!.path, reason }, files[0]!.described.span);
  }
  for (const setting of settings()) await database.run(setting);
  for (const scheme of new Set(files.map((file) => schemeOf(file.path)))) {
    const sql = secretOf(scheme);
    try {
      await database.run(sql);
    } catch (error) {
      database.rethrowUnlessSql(error);
      // The message may contain the secret key.
      const reason = 'the database does not take the keys of the environment';
      throw failure('remote-failed', { path: files[0]!.path, reason }, files[0]!.described.span);
    }
  }
  database.translateErrors((error) => {
    if (!isOfStore(error)) return undefined;
    const storeFile = files.find((file) => error.message.includes(file.path)) ?? files[0]!;
    const reason = reasonOfStore(error, schemeOf(storeFile.path));
    return failure('remote-failed', { path: storeFile.path, reason }, storeFile.described.span);
  });
}

/** Returns settings that isolate the database: it uses no stored keys, and none that it would find in the environment itself. */
function settings(): readonly string[] {
  const authority = process.env.AWS_CA_BUNDLE || process.env.SSL_CERT_FILE || process.env.NODE_EXTRA_CA_CERTS;
  return [
    'SET allow_persistent_secrets = false',
    'SET enable_global_s3_configuration = false',
    ...['access_key_id', 'secret_access_key', 'session_token', 'endpoint', 'region'].map((name) => `RESET s3_${name}`),
    'SET enable_curl_server_cert_verification = true',
    'SET enable_server_cert_verification = true',
    ...(authority ? [`SET ca_cert_file = ${quoteText(authority)}`] : []),
    `SET http_timeout = ${silence()}`,
    `SET http_retries = ${retries}`,
  ];
}

export interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  /** The time of the last change, in microseconds since 1970. */
  readonly time: string;
}

/** Lists files. @param pathsSql SQL of a pattern, of a single address, or of a list of addresses @throws Failure `remote-failed` */
export async function listFiles(database: Database, pathsSql: string): Promise<readonly StoredFile[]> {
  const rows = await database.rows(
    `SELECT filename AS path, size AS bytes, CAST(epoch_us(last_modified) AS VARCHAR) AS time FROM read_blob(${pathsSql})`,
  );
  return rows.map(({ path, bytes, time }) => ({ path: String(path), bytes: Number(bytes), time: String(time) }));
}

/**
 * Returns a text for each path that changes if the Parquet file is written again: its size, the second of its last change, and a hash of its column metadata,
 * because two versions may be from the same second. @throws Failure `remote-failed`
 */
export async function stampsOfParquet(
  database: Database,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const pathList = `[${paths.map(quotePath).join(', ')}]`;
  const storedFiles = await listFiles(database, pathList);
  const hashRows = await database.rows(
    `SELECT file_name AS path, CAST(bit_xor(hash(of)) AS VARCHAR) AS sum FROM parquet_metadata(${pathList}) AS of GROUP BY file_name`,
  );
  const hashByPath = new Map(hashRows.map(({ path, sum }) => [String(path), String(sum)]));
  return new Map(storedFiles.map(({ path, bytes, time }) => [path, [bytes, time, hashByPath.get(path)].join()]));
}

/** Returns the current stamps. A missing file has none. @throws as `stampsOfParquet` */
export async function stampsNow(
  database: Database,
  files: readonly { readonly path: string }[],
): Promise<ReadonlyMap<string, string>> {
  try {
    return await stampsOfParquet(
      database,
      files.map(({ path }) => path),
    );
  } catch (error) {
    const isGone = error instanceof Failure && String(factsOf(error.diagnostics[0]!).reason).includes('HTTP 404');
    if (!isGone) throw error;
    return new Map();
  }
}

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

/** Returns the SQL that passes the keys of a store to the database. Without keys only public files can be read. */
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

/** Google's store is accessed with the keys of an HMAC service account. The variables have GDAL's names. */
const google = (env: StoreEnvironment) => ({
  type: 'gcs',
  key_id: env.GS_ACCESS_KEY_ID,
  secret: env.GS_SECRET_ACCESS_KEY,
  endpoint: env.GS_ENDPOINT_URL,
});

/** A custom endpoint has a single host name, so the bucket is part of the path. @throws Failure `remote-address` */
function endpointOf(url: string | undefined): { endpoint?: string; use_ssl?: boolean; url_style?: string } {
  if (!url) return {};
  const [, scheme, host] = /^(?:(https?):\/\/)?([\w.-]+(?::\d+)?|\[[\da-f:]+\](?::\d+)?)\/*$/i.exec(url) ?? [];
  if (host === undefined) {
    const reason = 'is no address of a store: write `https://HOST` or `http://HOST:PORT` into the environment';
    throw failure('remote-address', { path: withoutSecrets(url), reason });
  }
  return { endpoint: host, use_ssl: scheme?.toLowerCase() !== 'http', url_style: 'path' };
}

/** Returns the timeout of a silent store, in seconds. @throws Failure `remote-timeout` */
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

/** @param scheme that of a store; absent for a web server, which gets no key */
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

/** True if an error of the database comes from a store, and not from a query or a local file. */
function isOfStore(error: unknown): error is Error {
  return error instanceof Error && /^(HTTP|IO) Error/.test(error.message) && /(https?|s3|gs):\/\//.test(error.message);
}

function reasonOfStore({ message }: Error, scheme: 's3' | 'gs'): string {
  const status = Number(/\(HTTP (\d{3})/.exec(message)?.[1] ?? /HTTP (\d{3})\b/.exec(message)?.[1]);
  if (status >= 300) return reasonOfStatus(status, scheme);
  const host = redacted(/https?:\/\/([^/'"\s]+)/.exec(message)?.[1] ?? 'the store').replace(/^.*@/, '');
  const matchedWords = wordsOfFetching.find(([pattern]) => pattern.test(message));
  if (matchedWords !== undefined) return matchedWords[1](host);
  return redacted(message.split('\n')[0]!.replace(/^\w+ Error: /, ''));
}
