/** `postgres://user@host:5432/database`: what the client connects with, and what people see of it, which never has a password. */
import type { ClientConfig } from 'pg';
import { type ConnectionOptions, parse, toClientConfig } from 'pg-connection-string';
import { failure } from '../../base/diagnostics/failure.ts';

export interface DatabaseAddress {
  /** Without the password, and without options: for messages and logs. */
  readonly shown: string;
  readonly config: ClientConfig;
}

/** True if a text names a database, and not a folder. */
const isAddress = (text: string): boolean => /^postgres(ql)?:/i.test(text);

/** Timeout in milliseconds for a connection. */
const patience = 5000;

/** @throws Failure `index-address` */
export function databaseAddress(text: string): DatabaseAddress {
  const parsedAddress = parsedOf(text);
  // As `pg` fills in what is left out; the password may also come from PGPASSWORD or ~/.pgpass.
  const user = parsedAddress.user || process.env.PGUSER || process.env.USER || 'postgres';
  const host = parsedAddress.host || process.env.PGHOST || '127.0.0.1';
  const database = parsedAddress.database || process.env.PGDATABASE || user;
  const port = parsedAddress.port || process.env.PGPORT || '5432';
  const at = host.startsWith('/')
    ? `/${database}?host=${host}`
    : `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
  return {
    shown: host.startsWith('/') ? `postgres://${user}@${at}&port=${port}` : `postgres://${user}@${at}`,
    config: {
      ...toClientConfig(parsedAddress),
      user,
      host,
      database,
      port: Number(port),
      application_name: 'tower',
      connectionTimeoutMillis: patience,
      keepAlive: true,
    },
  };
}

function parsedOf(text: string): ConnectionOptions {
  const addressFailure = (reason: string): Error => failure('index-address', { reason });
  if (!isAddress(text)) throw addressFailure('does not begin with `postgres://`');
  let parsed: ConnectionOptions;
  try {
    parsed = parse(text);
  } catch {
    // The reason of the client may hold the text, and the text a password.
    throw addressFailure('cannot be read');
  }
  const { port } = parsed;
  if (port && !(/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
    throw addressFailure('has no port from 1 to 65535');
  return parsed;
}
