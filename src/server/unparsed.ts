/**
 * Answers requests before Node.js parses them. Its parser, request and response take several times as long as reading and writing the bytes of a refusal,
 * and a server that refuses most of what arrives spends itself on them.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { type WholeRequest, wholeRequestIn } from './whole_request.ts';

/** The bytes of an answer, or undefined: Node.js reads the request. */
export type AnswerUnparsed = (request: WholeRequest) => string | undefined;

/**
 * Reads all that arrives at a server before its parser does.
 * @param isIdle whether Node.js has read a first request of the connection, and all that it has read are answered. Node.js ends a connection that has sent
 *   no request for some time, so it has to see the first.
 */
export function answerUnparsed(http: Server, isIdle: (socket: Socket) => boolean, answer: AnswerUnparsed): void {
  http.on('connection', (socket: Socket) => {
    const read = (bytes: Buffer): void => {
      const request = wholeRequestIn(bytes);
      if (request !== undefined) {
        // Of a client that does not take its answers, Node.js stops to read.
        const text = isIdle(socket) && socket.writableLength === 0 ? answer(request) : undefined;
        if (text === undefined) parse!(bytes);
        else socket.write(text);
        return;
      }
      // Where the next request begins, only the parser knows from here on.
      socket.off('data', read).on('data', parse!);
      parse!(bytes);
    };
    // The parser listens to a connection that somebody else listens to, and reads any other without a word.
    socket.on('data', read);
    const [parse, ...others] = socket.listeners('data') as ((bytes: Buffer) => void)[];
    if (parse === undefined || parse === read || others.length !== 1) socket.off('data', read);
    else socket.off('data', parse);
  });
}
