/** Answers that no route of fastify makes: before there is a run, and where there is too much to answer. */
import { type ServerResponse, STATUS_CODES } from 'node:http';

export const jsonType = 'application/json; charset=utf-8';

/** Gives how many bytes the body has. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): number {
  const text = JSON.stringify(body);
  const bytes = Buffer.byteLength(text);
  response.writeHead(status, { ...headers, 'content-type': jsonType, 'content-length': bytes });
  response.end(text);
  return bytes;
}

/** The text of a whole answer to a connection whose request Node.js has not read. */
export function wholeAnswer(
  status: number,
  headers: readonly (readonly [name: string, value: string])[],
  text: string,
): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`;
}
