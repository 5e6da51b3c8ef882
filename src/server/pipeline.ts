/**
 * Requests that a client sends on one connection without waiting for answers. Node.js hands over all that a read brings, hundreds of them, and others would wait for all.
 * So a few of a connection are in work at one time; the next begins in another turn of the event loop, and no more is read of the connection before.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of a connection that are in work at one time. */
export const mostOfConnection = 8;

interface Connection {
  running: number;
  readonly waiting: (readonly [IncomingMessage, ServerResponse])[];
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
    if (connection.waiting.length === 0) socket.resume();
    // Nobody waits for what is left of a connection that has ended.
    if (first !== undefined && !socket.destroyed) start(connection, ...first);
  };
  return {
    listener(request, response) {
      const { socket } = request;
      const connection = connections.get(socket) ?? { running: 0, waiting: [] };
      connections.set(socket, connection);
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
