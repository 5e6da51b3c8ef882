/** Serves a built site on this machine alone. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve, sep } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.txt': 'text/plain',
  '.tower': 'text/plain',
  '.woff2': 'font/woff2',
};

/** Answers with files of the folder, and with nothing outside of it. */
export function siteHandler(out: string): RequestListener {
  return (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const wanted = resolve(join(out, path));
    const isInside = wanted === resolve(out) || wanted.startsWith(resolve(out) + sep);
    const file =
      isInside &&
      [wanted, `${wanted}.html`, join(wanted, 'index.html')].find(
        (each) => existsSync(each) && statSync(each).isFile(),
      );
    // As hosts of static files do.
    const sent = file || join(out, '404.html');
    if (!existsSync(sent)) return void response.writeHead(404).end('there is no such page');
    const type = types[extname(sent)] ?? 'application/octet-stream';
    response.writeHead(file ? 200 : 404, { 'content-type': type }).end(readFileSync(sent));
  };
}

/** @param from the command that serves, for the advice where the port is in use; `PORT` names another port */
export function serve(out: string, from: { readonly port: number; readonly command: string }): void {
  const server = createServer(siteHandler(out));
  server.on('error', ({ message }) => {
    console.error(`cannot serve: ${message}; give another port: PORT=${from.port + 3} ${from.command}`);
    process.exitCode = 1;
  });
  server.listen(Number(process.env.PORT ?? from.port), '127.0.0.1', () => {
    console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
  });
}
