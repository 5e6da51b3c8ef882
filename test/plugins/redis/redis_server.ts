/** A Redis of its own for a test: in a temporary folder, on a free port of loopback. Every write is on its disk before it answers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

export const redisProgram = ['/usr/bin/redis-server', '/usr/bin/valkey-server'].find(existsSync);

export const redisAbsent = redisProgram === undefined ? ' (skipped: `apt-get install redis-server` installs it)' : '';

export const redisPassword = 'a secret: of/the@test';

export interface RedisServer {
  /** The address of a log, with the password. */
  url(name: string): string;
  /** A client that is connected; the caller ends it. */
  client(): Promise<Redis>;
  start(): Promise<void>;
  /** Ends as after a power cut. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

export async function startRedis(): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tower-redis-'));
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as { readonly port: number };
  listener.close();
  let program: ChildProcess | undefined;
  const client = async (): Promise<Redis> => {
    const made = new Redis({ port, password: redisPassword, lazyConnect: true, retryStrategy: () => null });
    made.on('error', () => {});
    await made.connect();
    return made;
  };
  const settings = {
    ...{ port, bind: '127.0.0.1', dir: folder, requirepass: redisPassword, save: '' },
    ...{ appendonly: 'yes', appendfsync: 'always' },
  };
  const server: RedisServer = {
    url: (name) => `redis://:${encodeURIComponent(redisPassword)}@127.0.0.1:${port}/${name}`,
    client,
    async start() {
      const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
      program = spawn(redisProgram!, options, { stdio: 'ignore' });
      for (let tries = 0; ; tries++) {
        try {
          return (await client()).disconnect();
        } catch (error) {
          if (tries > 400 || program.exitCode !== null) throw error;
          await new Promise((resolve) => setTimeout(resolve, 25));
        }
      }
    },
    async kill() {
      if (!program || program.exitCode !== null || program.signalCode !== null) return;
      const ended = once(program, 'exit');
      program.kill('SIGKILL');
      await ended;
    },
    async remove() {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  process.once('exit', () => program?.kill('SIGKILL'));
  await server.start();
  return server;
}
