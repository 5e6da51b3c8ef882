/** A static server for a folder, as any host of pages is: on this machine alone, on a port that is free. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.css': 'text/css',
};

export interface Site {
  /** With a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** @param change gives other bytes in place of a file’s, or undefined where there is no such file */
export async function serveFolder(
  folder: string,
  change: (name: string, bytes: Buffer) => Buffer | undefined = (_, bytes) => bytes,
): Promise<Site> {
  const server = createServer((request, response) => {
    const name = new URL(request.url!, 'http://localhost').pathname.slice(1) || 'index.html';
    let bytes: Buffer | undefined;
    try {
      bytes = change(name, readFileSync(join(folder, name)));
    } catch {
      bytes = undefined;
    }
    if (bytes === undefined) return void response.writeHead(404).end();
    const type = types[extname(name)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'access-control-allow-origin': '*' }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
