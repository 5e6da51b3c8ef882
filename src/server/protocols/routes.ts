/** The routes of protocols of others. A path has parameters as OpenAPI writes them: `{model}`. */
import type { Route } from '../route.ts';

const tensorflow = '/v1/models/{model}';
const inference = '/v2/models/{model}';
const version = '/versions/{version}';
const label = '/labels/{label}';

const status = { method: 'GET', summary: 'TensorFlow Serving: the versions of the model.' } as const;
const signatures = { method: 'GET', summary: 'TensorFlow Serving: the signatures of the model.' } as const;
const predict = { method: 'POST', summary: 'TensorFlow Serving: predict.', takes: 'Predict', gated: true } as const;
const described = { method: 'GET', summary: 'Open Inference Protocol: the tensors of the model.' } as const;
const ready = { method: 'GET', summary: 'Open Inference Protocol: whether the model answers.', open: true } as const;
const infer = { method: 'POST', summary: 'Open Inference Protocol: infer.', takes: 'Infer', gated: true } as const;

export const protocolRoutes = {
  status: { ...status, path: tensorflow },
  statusOfVersion: { ...status, path: tensorflow + version },
  statusOfLabel: { ...status, path: tensorflow + label },
  signatures: { ...signatures, path: `${tensorflow}/metadata` },
  signaturesOfVersion: { ...signatures, path: `${tensorflow}${version}/metadata` },
  signaturesOfLabel: { ...signatures, path: `${tensorflow}${label}/metadata` },
  predict: { ...predict, path: `${tensorflow}:predict` },
  predictByVersion: { ...predict, path: `${tensorflow}${version}:predict` },
  predictByLabel: { ...predict, path: `${tensorflow}${label}:predict` },
  inferenceServer: { method: 'GET', path: '/v2', summary: 'Open Inference Protocol: the server.' },
  inferenceLive: {
    method: 'GET',
    path: '/v2/health/live',
    summary: 'Open Inference Protocol: say that the process runs.',
    open: true,
  },
  inferenceReady: {
    method: 'GET',
    path: '/v2/health/ready',
    summary: 'Open Inference Protocol: say whether requests are answered.',
    open: true,
  },
  tensors: { ...described, path: inference },
  tensorsOfVersion: { ...described, path: inference + version },
  modelReady: { ...ready, path: `${inference}/ready` },
  versionReady: { ...ready, path: `${inference}${version}/ready` },
  infer: { ...infer, path: `${inference}/infer` },
  inferByVersion: { ...infer, path: `${inference}${version}/infer` },
} as const satisfies Readonly<Record<string, Route>>;

export type ProtocolRouteName = keyof typeof protocolRoutes;
