/** A database that reads object stores: until it is sealed what Tower names, and after it the files that the seal names. */
import { existsSync } from 'node:fs';
import { factsOf } from '../../../base/diagnostics/diagnose.ts';
import { Failure, failure } from '../../../base/diagnostics/failure.ts';
import { reasonOf } from '../../../base/diagnostics/system_reason.ts';
import type { DataFile } from '../../../compiler/model/model.ts';
import { type Database, quotePath, quoteText } from '../duckdb.ts';
import { isAddress } from './address.ts';
import { extensionPath } from './extension.ts';
import { isOfStore, reasonOfStore, retries, secretOf, silence } from './secrets.ts';

export interface InStore {
  readonly path: string;
  readonly described: DataFile;
}

export const inStores = <F extends { readonly path: string }>(files: readonly F[]): readonly F[] =>
  files.filter(({ path }) => isAddress(path));

const schemeOf = (path: string): 's3' | 'gs' => (path.startsWith('gs:') ? 'gs' : 's3');

/**
 * Loads the extension and gives it the keys of the environment. Errors of the stores are failures from then on, in the place of the file.
 * @throws Failure `remote-extension`, `remote-address`
 */
export async function connectStores(database: Database, files: readonly InStore[]): Promise<void> {
  const path = extensionPath();
  if (!existsSync(path)) throw failure('remote-extension', { path: files[0]!.path }, files[0]!.described.span);
  try {
    await database.run(`LOAD ${quoteText(path)}`);
  } catch (error) {
    database.passOn(error);
    const reason = reasonOf(error);
    throw failure('remote-extension', { path: files[0]!.path, reason }, files[0]!.described.span);
  }
  for (const setting of settings()) await database.run(setting);
  for (const scheme of new Set(files.map((file) => schemeOf(file.path)))) {
    const sql = secretOf(scheme);
    try {
      await database.run(sql);
    } catch (error) {
      database.passOn(error);
      // Its words may hold the key.
      const reason = 'the database does not take the keys of the environment';
      throw failure('remote-failed', { path: files[0]!.path, reason }, files[0]!.described.span);
    }
  }
  database.explain((error) => {
    if (!isOfStore(error)) return undefined;
    const storeFile = files.find((file) => error.message.includes(file.path)) ?? files[0]!;
    const reason = reasonOfStore(error, schemeOf(storeFile.path));
    return failure('remote-failed', { path: storeFile.path, reason }, storeFile.described.span);
  });
}

/** Takes nothing of the machine but what Tower gives: no stored keys of the database, none that it would read from the environment. */
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

/** Lists the files that a pattern fits; one address is a pattern of itself. @throws Failure `remote-failed` */
export async function filesThatFit(database: Database, pattern: string): Promise<readonly StoredFile[]> {
  return listFiles(database, `read_blob(${quoteText(pattern)})`);
}

async function listFiles(database: Database, from: string): Promise<readonly StoredFile[]> {
  const sql = `SELECT filename AS path, size AS bytes, CAST(epoch_us(last_modified) AS VARCHAR) AS time FROM ${from}`;
  try {
    const rows = await database.rows(sql);
    return rows.map(({ path, bytes, time }) => ({ path: String(path), bytes: Number(bytes), time: String(time) }));
  } catch (error) {
    database.passOn(error);
    throw error;
  }
}

/**
 * Returns by path what would differ if a Parquet file were written again: its size, the second of its last change, and a hash of its
 * columns' metadata, since two versions may be of one second.
 * @throws Failure `remote-failed`
 */
export async function stampsOfParquet(
  database: Database,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const pathList = `[${paths.map(quotePath).join(', ')}]`;
  const storedFiles = await listFiles(database, `read_blob(${pathList})`);
  try {
    const hashRows = await database.rows(
      `SELECT file_name AS path, CAST(bit_xor(hash(of)) AS VARCHAR) AS sum FROM parquet_metadata(${pathList}) AS of GROUP BY file_name`,
    );
    const hashByPath = new Map(hashRows.map(({ path, sum }) => [String(path), String(sum)]));
    return new Map(storedFiles.map(({ path, bytes, time }) => [path, [bytes, time, hashByPath.get(path)].join()]));
  } catch (error) {
    database.passOn(error);
    throw error;
  }
}

/** Returns the present stamps. A file that is gone has none. @throws as `stampsOfParquet` */
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
