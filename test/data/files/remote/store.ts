/** A real server that speaks the protocol of S3 on this machine, where moto is installed, and the extension that reads it. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { onTestFinished, vi } from 'vitest';
import { extensionPath } from '../../../../src/data/files/remote/stores.ts';

const python = 'python3';
export const hasExtension = existsSync(extensionPath());
export const hasStore = hasExtension && spawnSync(python, ['-c', 'import moto.server']).status === 0;
if (!hasExtension) console.warn('skipped: `npx tower engines --setup httpfs` sets up what reads object stores');
else if (!hasStore) console.warn("skipped: `pip install 'moto[server]'` installs an object store for tests");

const program = `
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
server = make_server('127.0.0.1', 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.port, flush=True)
server.serve_forever()
`;

/** Of somebody; nobody may not write. */
const headers = {
  authorization: 'AWS4-HMAC-SHA256 Credential=t/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0',
};

export interface Store {
  readonly url: string;
  /** Writes an object, and with `shop` alone a bucket. */
  put(key: string, content?: string | Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
  close(): void;
}

export async function startStore(): Promise<Store> {
  const child = spawn(python, ['-c', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: child.stdout })) {
    if (!/^\d+$/.test(line)) continue;
    const url = `http://127.0.0.1:${line}`;
    const ask = async (method: string, key: string, body?: string | Uint8Array): Promise<void> => {
      const response = await fetch(`${url}/${key}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: body as never }),
      });
      if (!response.ok) throw new Error(`${method} ${key}: ${response.status}`);
    };
    return {
      url,
      put: (key, content) => ask('PUT', key, content),
      remove: (key) => ask('DELETE', key),
      close: () => child.kill(),
    };
  }
  throw new Error('the object store ended before it listened');
}

export const secret = 'hunter2/secret+key';

/** The environment of a user of the store, until the test ends. */
export function useStore(url: string, allowed = 's3://shop/'): void {
  for (const name of ['AWS_ENDPOINT_URL_S3', 'AWS_SESSION_TOKEN', 'AWS_CA_BUNDLE', 'HTTP_PROXY', 'http_proxy'])
    vi.stubEnv(name, '');
  vi.stubEnv('AWS_ENDPOINT_URL', url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDOFATEST');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret);
  vi.stubEnv('TOWER_REMOTE', allowed);
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** A server of HTTP on a free port of loopback, gone after the test. */
export async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
