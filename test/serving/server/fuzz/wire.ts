/** Requests as bytes on a connection, such as no client library sends them, and all answers that come back. */
import { connect } from 'node:net';

export interface WireAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface WireOptions {
  /** Whether answers have a body: those to HEAD do not. */
  readonly hasBody?: boolean;
  /** Ends its side after the bytes, which is all that a server learns of a body that is cut short. */
  readonly ends?: boolean;
}

/** Sends the bytes, and reads until the server ends the connection. */
export function sendBytes(
  port: number,
  bytes: Buffer,
  { hasBody = true, ends = false }: WireOptions = {},
): Promise<WireAnswer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const parts: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`the connection hangs after ${JSON.stringify(bytes.toString('latin1').slice(0, 2000))}`));
    }, 120_000);
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      try {
        resolve(answersIn(Buffer.concat(parts), hasBody));
      } catch (error) {
        reject(error);
      }
    };
    socket.on('data', (part) => void parts.push(part));
    socket.on('end', end);
    // A server that has refused a body does not read the rest of it.
    socket.on('error', end);
    if (ends) socket.end(bytes);
    else socket.write(bytes);
  });
}

function answersIn(bytes: Buffer, hasBody: boolean): WireAnswer[] {
  const answers: WireAnswer[] = [];
  let from = 0;
  while (from < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', from);
    const head = bytes.toString('latin1', from, end < 0 ? bytes.length : end);
    const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(head) ?? [];
    if (status === undefined || end < 0) throw new Error(`no answer of HTTP: ${JSON.stringify(head.slice(0, 500))}`);
    const headers = new Map<string, string>();
    for (const line of head.split('\r\n').slice(1)) {
      const at = line.indexOf(':');
      headers.set(line.slice(0, at).toLowerCase(), line.slice(at + 1).trim());
    }
    from = end + 4;
    if (status === '100') continue;
    // What cannot be read as a request is answered with a body, whatever its method was.
    const isBare = !hasBody && (from === bytes.length || bytes.toString('latin1', from, from + 5) === 'HTTP/');
    const length = isBare ? 0 : Number(headers.get('content-length') ?? Number.NaN);
    if (Number.isNaN(length)) throw new Error(`an answer without its length: ${head}`);
    answers.push({ status: Number(status), headers, body: bytes.subarray(from, from + length) });
    from += length;
  }
  return answers;
}
