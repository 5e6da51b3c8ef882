/**
 * Load for an HTTP server, over sockets of its own: requests are bytes made once, and of an answer only the status and the length are read. So the
 * generator takes little of the machine that it shares with the server.
 */
import { connect, type Socket } from 'node:net';

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** Whole requests as bytes, one of which each connection sends at a time. */
  readonly requests: readonly Buffer[];
  readonly seconds: number;
  /** Requests a second over all connections, sent whether or not earlier ones are answered. Absent: each connection sends when it is answered. */
  readonly rate?: number;
}

export interface Load {
  readonly seconds: number;
  readonly statuses: ReadonlyMap<number, number>;
  /** Milliseconds of answers with status 200, ascending. */
  readonly times: Float64Array;
}

export const post = (path: string, body: unknown): Buffer => {
  const text = JSON.stringify(body);
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}`;
  return Buffer.from(`${head}\r\n\r\n${text}`);
};

export async function load({ port, connections, requests, seconds, rate }: LoadOptions): Promise<Load> {
  const times: number[] = [];
  const statuses = new Map<number, number>();
  let sent = 0;
  const lines = await Promise.all(Array.from({ length: connections }, () => openLine(port)));
  const start = performance.now();
  const end = start + 1000 * seconds;
  const idle: Line[] = [];
  /** Arrivals that found no connection free: their wait counts. */
  const due: number[] = [];
  let running = 0;
  let finish = (): void => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const send = (line: Line, since: number): void => {
    running++;
    line.ask(requests[sent++ % requests.length]!, (status) => {
      running--;
      const now = performance.now();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 200) times.push(now - since);
      const next = rate === undefined ? now : due.shift();
      if (now >= end) {
        if (running === 0) finish();
      } else if (next === undefined) idle.push(line);
      else send(line, next);
    });
  };
  if (rate === undefined) for (const line of lines) send(line, performance.now());
  else {
    idle.push(...lines);
    let arrived = 0;
    const tick = (): void => {
      const now = performance.now();
      if (now >= end) {
        if (running === 0) finish();
        return;
      }
      for (; arrived < ((now - start) * rate) / 1000; arrived++) {
        const line = idle.pop();
        if (line) send(line, now);
        else due.push(now);
      }
      setTimeout(tick, 1);
    };
    tick();
  }
  await done;
  const took = (performance.now() - start) / 1000;
  for (const line of lines) line.socket.destroy();
  return { seconds: took, statuses, times: Float64Array.from(times).sort() };
}

export interface Line {
  readonly socket: Socket;
  /** @param answered called with the status, and with the end of the answer, which may be a part of it */
  ask(request: Buffer, answered: (status: number, end: Buffer) => void): void;
}

export async function openLine(port: number): Promise<Line> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let answered: ((status: number, end: Buffer) => void) | undefined;
  let status = 0;
  /** Bytes of the body that are to come; −1 before the end of the head. */
  let left = -1;
  let head = '';
  socket.on('data', (chunk: Buffer) => {
    if (left < 0) {
      // Of a body nothing is made a text.
      const at = chunk.indexOf('\r\n\r\n');
      head += chunk.toString('latin1', 0, at < 0 ? chunk.length : at);
      if (at < 0) return;
      status = Number(head.slice(9, 12));
      left = Number(/content-length: (\d+)/i.exec(head)![1]) - (chunk.length - at - 4);
      head = '';
    } else left -= chunk.length;
    if (left > 0) return;
    left = -1;
    const callback = answered!;
    answered = undefined;
    callback(status, chunk);
  });
  socket.on('error', () => {});
  return {
    socket,
    ask(request, callback) {
      answered = callback;
      socket.write(request);
    },
  };
}

export const quantile = (sorted: Float64Array, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
