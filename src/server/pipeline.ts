/**
 * Requests that a client sends on one connection without waiting for answers. Node.js hands over all that a read brings, hundreds of them, and others would wait for all.
 * So a few of a connection are in work at one time; the next begins in another turn of the event loop, and no more is read of the connection before.
 *
 * Node.js itself resumes a connection whenever it has read or dropped a body. While requests wait, it is not let: each time would bring hundreds more, of a client that
 * perhaps never reads an answer.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of a connection that are in work at one time. */
export const mostOfConnection = 8;

interface Connection {
  running: number;
  readonly waiting: (readonly [IncomingMessage, ServerResponse])[];
  /** Reads on, unless Node.js has stopped to read because answers are not taken: then it resumes by itself, and must not be resumed before. */
  goOn(): void;
}

export interface Turns {
  readonly listener: RequestListener;
  /** Whether all requests that this connection has sent are answered, of which there is one at least. */
  isIdle(socket: Socket): boolean;
}

export function inTurns(handler: RequestListener): Turns {
  const connections = new WeakMap<Socket, Connection>();
  const start = (connection: Connection, request: IncomingMessage, response: ServerResponse): void => {
    connection.running++;
    response.once('close', () => {
      connection.running--;
      if (connection.waiting.length > 0) setImmediate(next, connection, request.socket);
    });
    handler(request as never, response as never);
  };
  const next = (connection: Connection, socket: Socket): void => {
    if (connection.running >= mostOfConnection) return;
    const first = connection.waiting.shift();
    // The body of the last one may not have arrived.
    if (connection.waiting.length === 0) connection.goOn();
    // Nobody waits for what is left of a connection that has ended.
    if (first !== undefined && !socket.destroyed) start(connection, ...first);
  };
  return {
    listener(request, response) {
      const { socket } = request;
      let connection = connections.get(socket);
      if (connection === undefined) {
        connection = connectionOf(socket);
        connections.set(socket, connection);
      }
      if (connection.running < mostOfConnection && connection.waiting.length === 0) {
        return start(connection, request, response);
      }
      connection.waiting.push([request, response]);
      socket.pause();
    },
    isIdle(socket) {
      const connection = connections.get(socket);
      return connection !== undefined && connection.running === 0 && connection.waiting.length === 0;
    },
  };
}

function connectionOf(socket: Socket & { readonly _paused?: boolean }): Connection {
  const waiting: Connection['waiting'] = [];
  const resume = socket.resume.bind(socket);
  socket.resume = () => (waiting.length > 0 ? socket : resume());
  return { running: 0, waiting, goOn: () => void (socket._paused || resume()) };
}
