/** A PostgreSQL of its own for a test: in a temporary folder, on a Unix socket and a free port of loopback, without any of the machine's databases. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';

/** The programs of the newest PostgreSQL that has pgvector; undefined where there is none. */
export const programs: string | undefined = (
  existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : []
)
  .map((version) => join('/usr/lib/postgresql', version))
  .filter((home) => existsSync(join(home, 'lib/vector.so')) && existsSync(join(home, 'bin/initdb')))
  .sort()
  .map((home) => join(home, 'bin'))
  .at(-1);

export const absent =
  programs === undefined ? ' (skipped: no PostgreSQL with pgvector; scripts/setup-postgres.sh installs it)' : '';

export const password = 'a secret: of/the@test';

export interface Cluster {
  readonly port: number;
  readonly socket: string;
  /** The address of a database, for the user `tower`. @param more of its query */
  url(database?: string, more?: string): string;
  /** A client that is connected; the caller ends it. */
  client(database?: string): Promise<Client>;
  stop(): Promise<void>;
  /** Ends as after a power cut. */
  kill(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** PostgreSQL refuses to run as root: then as its own user. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8').split('\n');
  const [, , uid, gid] = (line.find((each) => each.startsWith('postgres:')) ?? 'nobody:x:65534:65534').split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  return port;
}

export async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'tower-pg-'));
  const who = unprivileged();
  if (who) chownSync(folder, who.uid, who.gid);
  const data = join(folder, 'data');
  const secret = join(folder, 'secret');
  writeFileSync(secret, password, { mode: 0o644 });
  const options = { ...who, cwd: folder, env: { PATH: process.env.PATH, HOME: folder, LC_ALL: 'C.UTF-8' } };
  const flags = ['-D', data, '-U', 'tower', '-E', 'UTF8', '-A', 'scram-sha-256', '--pwfile', secret, '--no-sync', '-N'];
  execFileSync(join(programs!, 'initdb'), flags, { ...options, stdio: 'pipe' });
  const port = await freePort();
  let server: ChildProcess | undefined;
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    port,
    fsync: 'off',
    full_page_writes: 'off',
    max_connections: 40,
    shared_buffers: '64MB',
    maintenance_work_mem: '128MB',
    max_parallel_maintenance_workers: 0,
    autovacuum: 'off',
    jit: 'off',
  };
  const client = async (database = 'postgres'): Promise<Client> => {
    const made = new Client({ host: folder, port, user: 'tower', password, database });
    made.on('error', () => {});
    await made.connect();
    return made;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
  };
  const cluster: Cluster = {
    port,
    socket: folder,
    url: (database = 'postgres', more = '') =>
      `postgres://tower:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}${more}`,
    client,
    async start() {
      const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      server = spawn(join(programs!, 'postgres'), ['-D', data, ...given], { ...options, stdio: 'ignore' });
      process.once('exit', () => server?.kill('SIGQUIT'));
      for (let tries = 0; ; tries++) {
        try {
          return void (await (await client()).end());
        } catch (error) {
          if (tries > 400 || server.exitCode !== null) throw error;
          await new Promise((resolve) => setTimeout(resolve, 25));
        }
      }
    },
    stop: () => end('SIGINT'),
    kill: () => end('SIGQUIT'),
    async remove() {
      await end('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await cluster.start();
  return cluster;
}
