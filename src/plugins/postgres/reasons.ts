/** Describes errors of a PostgreSQL server and of the connection, by error code. */
import { type ClientConfig, DatabaseError } from 'pg';
import { type ConnectionOptions, parse, toClientConfig } from 'pg-connection-string';
import { connectionReasons, Failure, failure } from '../../base/diagnostics/diagnostic.ts';

/** The settings of the client for an address such as `postgres://user@host:5432/database`. */
export interface DatabaseAddress {
  /** The address without password and options, for messages and logs. */
  readonly shown: string;
  readonly config: ClientConfig;
}

/** True if a text is the address of a database, and not a folder. */
const isAddress = (text: string): boolean => /^postgres(ql)?:/i.test(text);

/** Timeout in milliseconds for a connection. */
const patience = 5000;

/** @throws Failure `index-address` */
export function databaseAddress(text: string): DatabaseAddress {
  const parsedAddress = parsedOf(text);
  // `pg` provides the defaults; the password may also come from PGPASSWORD or ~/.pgpass.
  const user = parsedAddress.user || process.env.PGUSER || process.env.USER || 'postgres';
  const host = parsedAddress.host || process.env.PGHOST || '127.0.0.1';
  const database = parsedAddress.database || process.env.PGDATABASE || user;
  const port = parsedAddress.port || process.env.PGPORT || '5432';
  const serverPath = host.startsWith('/')
    ? `/${database}?host=${host}`
    : `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
  return {
    shown: host.startsWith('/') ? `postgres://${user}@${serverPath}&port=${port}` : `postgres://${user}@${serverPath}`,
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
    // The client's error may contain the text, which may have a password.
    throw addressFailure('cannot be read');
  }
  const { port } = parsed;
  if (port && !(/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
    throw addressFailure('has no port from 1 to 65535');
  return parsed;
}

/** `lost`: the connection is gone, and a new one may work. */
type FailureReason = readonly [reason: string, advice: string, lost?: 'lost'];

const start = 'start the server, or correct the host and the port of the address';
const wait = 'wait until the server answers again';
const again = 'run `tower index` again';

/** By code of the operating system, or by SQLSTATE or its first two characters. */
const reasons: Readonly<Record<string, FailureReason>> = {
  ENOENT: ['there is no such socket', start, 'lost'],
  ECONNRESET: ['the connection was lost', wait, 'lost'],
  EPIPE: ['the connection was lost', wait, 'lost'],
  '28P01': ['the password is missing or is another one', 'set the password in `PGPASSWORD` or in the file `~/.pgpass`'],
  '28000': [
    'the server does not let this user in',
    'give another user in the address, or change `pg_hba.conf` of the server',
  ],
  '3D000': ['there is no such database', 'create it with `createdb`, or give the name of another one in the address'],
  '42501': ['the user may not do that', 'grant the user `CREATE` on the schema, or give another user in the address'],
  '42P01': ['a table of the index is missing', again],
  '42703': ['a table of the index has other columns', again],
  '42809': ['a table with the name of the index is not a view of Tower', 'choose another name with `--table`'],
  '42704': [
    'the extension `vector` is missing',
    'install pgvector 0.8 or later on the server (Debian: `postgresql-17-pgvector`)',
  ],
  '0A000': [
    'the extension `vector` is not installed on the server',
    'install pgvector 0.8 or later on the server (Debian: `postgresql-17-pgvector`)',
  ],
  '53100': ['the disk of the server is full', 'free space on the server'],
  '53200': ['the server has no memory left', 'lower `maintenance_work_mem` of the server, or give it more memory'],
  '53300': ['the server has too many connections', 'raise `max_connections` of the server', 'lost'],
  '54000': ['a limit of the server is exceeded', 'index vectors with fewer numbers'],
  '55P03': ['another program holds a lock', 'wait for the other program to end'],
  '57014': ['the server took too long', 'raise the deadline, or index with a lower `--recall`'],
  '57P': ['the server is starting or stopping', wait, 'lost'],
  '08': ['the connection was lost', wait, 'lost'],
  '25': ['the server is read-only', 'give the address of the primary server'],
};

/** Reasons by message, for errors without a code. */
const sentences: readonly (readonly [RegExp, FailureReason])[] = [
  [/connection terminated|client has encountered a connection error|connection ended|not queryable/i, reasons['08']!],
  [/timeout (expired|exceeded)|connection timeout/i, [connectionReasons.ETIMEDOUT!, start, 'lost']],
  [/password must be|SASL|SCRAM/i, reasons['28P01']!],
  [/does not support SSL/i, ['it does not speak TLS', 'remove `sslmode` from the address']],
  [
    /certificate|self.signed/i,
    ['its certificate is not trusted', 'name its authority with `sslrootcert=FILE` in the address'],
  ],
];

function reasonOf(error: unknown): FailureReason | undefined {
  if (!(error instanceof Error)) return undefined;
  // All addresses of a host failed, each with its own error.
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  const { code } = error as { readonly code?: unknown };
  if (typeof code === 'string') {
    const knownReason =
      reasons[code] ??
      (error instanceof DatabaseError ? (reasons[code.slice(0, 3)] ?? reasons[code.slice(0, 2)]) : undefined);
    if (knownReason) return knownReason;
    if (connectionReasons[code] !== undefined) return [connectionReasons[code], start, 'lost'];
    if (error instanceof DatabaseError)
      return [`the server says: ${error.message}`, 'change what it names, and try again'];
    if ('syscall' in error) return [code, start, 'lost'];
  }
  return sentences.find(([pattern]) => pattern.test(error.message))?.[1];
}

export const isLost = (error: unknown): boolean => reasonOf(error)?.[2] === 'lost';

/** Converts an error of the server to a Failure that names the address; returns other errors as they are. */
export function serverFailure(error: unknown, { shown }: DatabaseAddress): unknown {
  if (error instanceof Failure) return error;
  const [reason, advice] = reasonOf(error) ?? [];
  return reason === undefined ? error : failure('index-server', { address: shown, reason, advice: advice! });
}

/** Awaits a query. @throws Failure `index-server` for errors of the server; any other error is passed on */
export const asking = <T>(address: DatabaseAddress, work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw serverFailure(error, address);
  });
