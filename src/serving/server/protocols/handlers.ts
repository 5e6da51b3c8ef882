/** What answers each route of the protocols. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addBodyParser, addRoute } from '../http.ts';
import type { ProtocolRouteName } from '../routes.ts';
import type { ModelPath, ProtocolContext } from './ask.ts';
import * as inference from './inference.ts';
import * as tensorflow from './tensorflow.ts';

type ProtocolHandler = (
  desk: ProtocolContext,
  target: ModelPath,
  request: FastifyRequest,
  reply: FastifyReply,
) => unknown;

const status: ProtocolHandler = tensorflow.status;
const signatures: ProtocolHandler = tensorflow.metadata;
const predict: ProtocolHandler = (desk, target, request) => tensorflow.predict(desk, request, target);
const tensors: ProtocolHandler = inference.metadata;
const ready: ProtocolHandler = (desk, target, _, reply) => inference.ready(desk, target, reply);
const infer: ProtocolHandler = (desk, target, request, reply) => inference.infer(desk, request, target, reply);

const handlers: Readonly<Record<ProtocolRouteName, ProtocolHandler>> = {
  status,
  statusOfVersion: status,
  statusOfLabel: status,
  signatures,
  signaturesOfVersion: signatures,
  signaturesOfLabel: signatures,
  predict,
  predictByVersion: predict,
  predictByLabel: predict,
  inferenceServer: inference.server,
  inferenceLive: () => ({ live: true }),
  inferenceReady(desk, _, __, reply) {
    if (desk.isStopping()) reply.code(503);
    return { ready: !desk.isStopping() };
  },
  tensors,
  tensorsOfVersion: tensors,
  modelReady: ready,
  versionReady: ready,
  infer,
  inferByVersion: infer,
};

/** Clients of these protocols declare bodies as JSON, as bytes, as a form or not at all. */
export async function addProtocols(http: FastifyInstance, desk: ProtocolContext): Promise<void> {
  await http.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    addBodyParser(scope, '*', (bytes) => bytes);
    for (const [name, handle] of Object.entries(handlers)) {
      addRoute(scope, name as ProtocolRouteName, (request, reply) =>
        handle(desk, request.params as ModelPath, request, reply),
      );
    }
  });
}
