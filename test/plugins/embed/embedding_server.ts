/** An endpoint with OpenAI's protocol. Its model counts the hashed words of a text: texts with the same words have the same vector. */
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface EmbeddingRequest {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions?: number;
  readonly path: string;
  readonly authorization: string | undefined;
}

export interface EmbeddingServer {
  readonly url: string;
  readonly requests: EmbeddingRequest[];
  /** Texts that were answered, over all requests. */
  readonly answered: string[];
  /** Answers in place of the model, if it returns true. */
  instead: ((response: ServerResponse, request: EmbeddingRequest) => boolean) | undefined;
  close(): Promise<void>;
}

export const modelWidth = 24;

export function wordCounts(text: string, width = modelWidth): number[] {
  const vector = new Array<number>(width).fill(0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
    vector[createHash('sha256').update(word).digest().readUInt32LE() % width]! += 0.5;
  return vector;
}

export const answerOf = (vectors: readonly unknown[]): string =>
  // The vectors have their index, so their order says nothing.
  JSON.stringify({ object: 'list', data: vectors.map((embedding, index) => ({ index, embedding })).reverse() });

export async function embeddingServer(): Promise<EmbeddingServer> {
  const requests: EmbeddingRequest[] = [];
  const answered: string[] = [];
  const http = createServer(async (incoming, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece as Buffer);
    const body = JSON.parse(Buffer.concat(pieces).toString()) as Omit<EmbeddingRequest, 'path' | 'authorization'>;
    const request = { ...body, path: incoming.url!, authorization: incoming.headers.authorization };
    requests.push(request);
    if (server.instead?.(response, request)) return;
    answered.push(...body.input);
    response.end(answerOf(body.input.map((text) => wordCounts(text, body.dimensions))));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server: EmbeddingServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1`,
    ...{ requests, answered, instead: undefined },
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return server;
}
