/** The routes: what the server registers, what `/openapi.json` lists, and what a message about an unknown route names. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Schema } from './protocols/schemas.ts';
import { isForeignProtocol, type RequestError, refused } from './refused.ts';
import type { SchemaName, Schemas } from './schemas.ts';

/** The description of the server as OpenAPI 3.1, whose schemas are JSON Schemas: those that bodies are checked with. */
const refTo = (name: SchemaName): Schema => ({ $ref: `#/components/schemas/${name}` });
const oneOrMany = (name: SchemaName): Schema => ({ oneOf: [refTo(name), { type: 'array', items: refTo(name) }] });
const json = (schema: Schema): Schema => ({ 'application/json': { schema } });

const refusals: Readonly<Record<string, string>> = {
  400: 'The request has mistakes.',
  401: 'The token is missing, or is another one.',
  403: 'The server has no token, and the request is not from its machine; or it takes no items.',
  404: 'There is no such item.',
  409: 'There is nothing to change.',
  413: 'The body, or the array, is too long.',
  415: 'The body is not JSON.',
  421: 'The server has no token, and the header `Host` has the name of another machine.',
  503: 'The server has too much work, or is starting. `Retry-After` says when to try again.',
  504: 'The answer was not ready at the deadline.',
};

const ofQuestions = ['400', '401', '413', '415', '503', '504'];
const ofChanges = ['400', '401', '403', '409', '413', '415', '503'];
const ofWrites = ['400', '401', '403', '404', '413', '415', '503'];

interface OpenApiSource {
  readonly schemas: Schemas;
  readonly version: string;
  readonly hasToken: boolean;
}

export function openApi({ schemas, version, hasToken }: OpenApiSource): Schema {
  const paths: Record<string, Schema> = {};
  for (const [name, route] of routeList) {
    const described = operation(name, route, { schemas, version, hasToken });
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: described };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Tower', version, description: 'Recommendations of one trained model.' },
    paths,
    components: {
      schemas,
      ...(hasToken ? { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } : {}),
    },
  };
}

function operation(name: string, route: Route, { schemas, hasToken }: OpenApiSource): Schema {
  const { summary, body, takes, writes, change, query, answer, media, open } = route;
  const isMany = body !== undefined || writes === 'Write';
  const answered: Schema = answer ? (isMany ? oneOrMany(answer) : refTo(answer)) : {};
  const content = media ? { [media]: { schema: { type: 'string' } } } : json(answered);
  const isQuestion = body !== undefined || takes !== undefined;
  const changes = writes ? ofWrites : change && ofChanges;
  const ownCodes = isQuestion ? ofQuestions : (changes ?? [query ? '400' : '', open ? '' : '401', '503']);
  const codes = Object.keys(refusals).filter((code) => ownCodes.includes(code) || (code === '421' && !hasToken));
  const parameters = [
    ...pathParameters(route.path),
    ...(query ? parametersOf(query, schemas) : []),
    ...(isQuestion ? [deadline] : []),
  ];
  const schema = body ?? takes ?? change ?? (writes === 'nothing' ? undefined : writes);
  const bodySchema = schema && (isMany ? oneOrMany(schema) : refTo(schema));
  const refusal = isForeignProtocol(route.path) ? 'RefusalText' : 'Refusal';
  return {
    operationId: name,
    summary,
    ...(hasToken && !open ? { security: [{ token: [] }] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(bodySchema ? { requestBody: { required: true, content: json(bodySchema) } } : {}),
    responses: {
      200: { description: 'The answer.', content },
      ...Object.fromEntries(
        codes.map((code) => [
          code,
          {
            description: refusals[code],
            content: json(refTo(name === 'ready' && code === '503' ? 'State' : refusal)),
          },
        ]),
      ),
    },
  };
}

const pathParameters = (path: string): readonly Schema[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

/** Each property of a schema as a parameter of the address. */
const parametersOf = (name: SchemaName, schemas: Schemas): readonly Schema[] =>
  Object.keys(schemas[name].properties as object).map((parameter) => ({
    name: parameter,
    in: 'query',
    required: false,
    schema: { $ref: `#/components/schemas/${name}/properties/${parameter}` },
  }));

export const deadlineHeader = 'tower-deadline';

const deadline: Schema = {
  name: deadlineHeader,
  in: 'header',
  required: false,
  schema: { type: 'integer', minimum: 1 },
  description: 'Milliseconds after which nobody waits for the answer. It can only shorten the deadline of the server.',
};

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With parameters as OpenAPI writes them: `{model}`. */
  readonly path: string;
  readonly summary: string;
  /** It takes one body of this schema, or an array of them, and answers in the same form. */
  readonly body?: 'Recommend' | 'Similar';
  /** The schema of its body, in a protocol of others. Its errors are in the form of that protocol. */
  readonly takes?: 'Predict' | 'Infer';
  /** It writes items: what its body is, or nothing. */
  readonly writes?: 'Item' | 'Write' | 'nothing';
  /** The schema of its parameters. */
  readonly query?: 'Users' | 'Search';
  /** It changes the versions, by one body of this schema: with the token, or from this machine. */
  readonly change?: 'Change' | 'Share';
  readonly answer?: SchemaName;
  /** Media type of the answer. Default: JSON. */
  readonly media?: string;
  /** Its bodies pass the gate: one that arrives when the gate is full is refused before it is read. */
  readonly gated?: true;
  /** It answers without a token: a load balancer has none, and the page asks for it. */
  readonly open?: true;
}

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

/** The routes of protocols of others: TensorFlow Serving and the Open Inference Protocol. */
const protocolRoutes = {
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

export const routes = {
  recommend: {
    method: 'POST',
    path: '/v1/recommend',
    summary: 'Recommend items for a user, for feature values, or for a vector.',
    body: 'Recommend',
    gated: true,
    answer: 'Recommended',
  },
  similar: {
    method: 'POST',
    path: '/v1/similar',
    summary: 'Find the items near an item.',
    body: 'Similar',
    gated: true,
    answer: 'Similars',
  },
  users: {
    method: 'GET',
    path: '/v1/users',
    summary: 'Find users by the beginning of their keys.',
    query: 'Users',
    answer: 'Found',
  },
  about: {
    method: 'GET',
    path: '/v1/about',
    summary: 'Say what the model takes and gives: features, tasks, columns.',
    answer: 'About',
  },
  findItems: {
    method: 'GET',
    path: '/v1/items',
    summary: 'Find items by what their titles contain.',
    query: 'Search',
    answer: 'FoundItems',
  },
  putItem: {
    method: 'PUT',
    path: '/v1/items/{key}',
    summary: 'Add an item, or change it.',
    writes: 'Item',
    answer: 'Written',
  },
  deleteItem: {
    method: 'DELETE',
    path: '/v1/items/{key}',
    summary: 'Delete an item.',
    writes: 'nothing',
    answer: 'Written',
  },
  writeItems: {
    method: 'POST',
    path: '/v1/items',
    summary: 'Write several items: all of them, or none.',
    writes: 'Write',
    answer: 'Written',
  },
  page: {
    method: 'GET',
    path: '/',
    summary: 'Show a page to try the model in.',
    media: 'text/html',
    open: true,
  },
  icon: {
    method: 'GET',
    path: '/favicon.ico',
    summary: 'Show the icon of the page.',
    media: 'image/svg+xml',
    open: true,
  },
  versions: { method: 'GET', path: '/v1/versions', summary: 'Say which versions answer.', answer: 'Versions' },
  promote: {
    method: 'POST',
    path: '/v1/versions/promote',
    summary: 'Let the canary answer everything.',
    change: 'Change',
    answer: 'Versions',
  },
  rollback: {
    method: 'POST',
    path: '/v1/versions/rollback',
    summary: 'Remove the canary, or go back to the version before.',
    change: 'Change',
    answer: 'Versions',
  },
  share: {
    method: 'POST',
    path: '/v1/versions/share',
    summary: 'Set the share of the questions that the canary answers.',
    change: 'Share',
    answer: 'Versions',
  },
  health: {
    method: 'GET',
    path: '/healthz',
    summary: 'Say that the process runs.',
    answer: 'State',
    open: true,
  },
  ready: {
    method: 'GET',
    path: '/readyz',
    summary: 'Say whether requests are answered: 503 while the server starts, and when it stops.',
    answer: 'State',
    open: true,
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Give the metrics in the text format of Prometheus.',
    media: 'text/plain',
  },
  openapi: { method: 'GET', path: '/openapi.json', summary: 'Give this description.' },
  ...protocolRoutes,
} as const satisfies Readonly<Record<string, Route>>;

export type RouteName = keyof typeof routes;
export type ProtocolRouteName = keyof typeof protocolRoutes;
/** The routes of Tower itself. */
export type OwnRouteName = Exclude<RouteName, ProtocolRouteName>;
export const routeList = Object.entries(routes) as unknown as readonly (readonly [RouteName, Route])[];

/** A path as fastify reads it. A parameter before a colon ends there. */
export const urlOf = (path: string): string =>
  path.replace(/\{(\w+)\}:/g, ':$1([^:/]+)::').replace(/\{(\w+)\}/g, ':$1');

const foreignNames = new Set(Object.keys(protocolRoutes));
/** The routes as a message names them: those of Tower, or those of the protocols of others. */
export const routeNames = (isForeign: boolean): readonly string[] =>
  routeList.filter(([name]) => foreignNames.has(name) === isForeign).map(([, { method, path }]) => `${method} ${path}`);

const routesOf = (path: string): readonly RouteName[] =>
  routeList.flatMap(([name, route]) => (patternOf(route.path).test(path) ? [name] : []));

const patternOf = (path: string): RegExp =>
  new RegExp(
    `^${path
      .replaceAll('.', '\\.')
      .replace('{key}', '[^/]+')
      .replace(/\{\w+\}/g, '[^/:]+')}$`,
  );

/** Undefined if no route takes the request. GET includes HEAD. */
export const routeOf = (method: string, url: string): RouteName | undefined =>
  routesOf(pathIn(url)).find((name) => routes[name].method === (method === 'HEAD' ? 'GET' : method));

/**
 * Refuses what no route takes, before anything that another moment might change: a client that waits as 503 says would wait for nothing.
 * @returns 405 with the methods of the path, or 404
 */
export function noRoute({ method, url }: { readonly method: string; readonly url: string }): RequestError {
  const path = pathIn(url);
  const allowedMethods = routesOf(path).map((name) => routes[name].method);
  const shownPath = path.length > 100 ? `${path.slice(0, 100)}…` : path;
  const diagnostic = diagnose('request-route', undefined, {
    method,
    path: shownPath,
    routes: routeNames(isForeignProtocol(url)),
  });
  return allowedMethods.length > 0
    ? refused(405, diagnostic, '', { allow: allowedMethods.join(', ') })
    : refused(404, diagnostic);
}

const pathIn = (url: string): string => url.split('?')[0]!;
