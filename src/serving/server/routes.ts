/** The table of routes, which the server registers, messages about unknown routes list, and OpenAPI 3.1 describes with the schemas that validate bodies. */
import { diagnose } from '../../base/diagnostics/diagnostic.ts';
import { type RequestError, refused } from './refused.ts';
import type { Schema, SchemaName, Schemas } from './schemas.ts';

const refTo = (name: SchemaName): Schema => ({ $ref: `#/components/schemas/${name}` });
const oneOrMany = (name: SchemaName): Schema => ({ oneOf: [refTo(name), { type: 'array', items: refTo(name) }] });
const json = (schema: Schema): Schema => ({ 'application/json': { schema } });

const refusals: Readonly<Record<string, string>> = {
  400: 'The request has mistakes.',
  401: 'The token is missing, or is another one.',
  403: 'The server has no token, and the request is not from its machine; or it takes no items, or no events.',
  404: 'There is no such item or user.',
  409: 'There is nothing to change.',
  413: 'The body, or the array, is too long.',
  415: 'The body is not JSON in UTF-8, or is compressed.',
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
    components: { schemas, ...(hasToken ? { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } : {}) },
  };
}

function operation(name: string, route: Route, { schemas, hasToken }: OpenApiSource): Schema {
  const { summary, body, writes, change, query, answer, media, open } = route;
  const isMany = body !== undefined || writes === 'Write' || writes === 'Event';
  const answered: Schema = answer ? (isMany ? oneOrMany(answer) : refTo(answer)) : {};
  const content = media ? { [media]: { schema: { type: 'string' } } } : json(answered);
  const changes = writes ? ofWrites : change && ofChanges;
  const ownCodes = isQuestion(route) ? ofQuestions : (changes ?? [query ? '400' : '', open ? '' : '401', '503']);
  const codes = Object.keys(refusals).filter((code) => ownCodes.includes(code) || (code === '421' && !hasToken));
  const parameters = [
    ...pathParameters(route.path),
    ...(query ? parametersOf(query, schemas) : []),
    ...(isQuestion(route) ? [deadline] : []),
  ];
  const schema = body ?? change ?? (writes === 'nothing' ? undefined : writes);
  const bodySchema = schema && (isMany ? oneOrMany(schema) : refTo(schema));
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
            content: json(refTo(name === 'ready' && code === '503' ? 'State' : 'Refusal')),
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

/** Converts each property of a schema to a query parameter. */
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
  /** Path with parameters in OpenAPI's form: `{model}`. */
  readonly path: string;
  readonly summary: string;
  /** The schema of its body. It takes one body or an array, and answers in the same form. */
  readonly body?: 'Recommend' | 'Similar' | 'Vectors';
  /** Set for writes of items and events: the schema of the body, if there is one. */
  readonly writes?: 'Item' | 'Write' | 'Event' | 'nothing';
  /** The schema of its parameters. */
  readonly query?: 'Users' | 'Search';
  /** Set for changes of the version: the schema of the body. They require the token, or a client on this machine. */
  readonly change?: 'Change';
  readonly answer?: SchemaName;
  /** Media type of the answer. Default: JSON. */
  readonly media?: string;
  /** True if it needs no token: for load balancers, and for the page that prompts for the token. */
  readonly open?: true;
}

const route = (
  method: Route['method'],
  path: string,
  summary: string,
  more: Omit<Route, 'method' | 'path' | 'summary'> = {},
): Route => ({ method, path, summary, ...more });

export const routes = {
  recommend: route('POST', '/v1/recommend', 'Recommend items for a user, for feature values, or for a vector.', {
    body: 'Recommend',
    answer: 'Recommended',
  }),
  similar: route('POST', '/v1/similar', 'Find the items near an item.', { body: 'Similar', answer: 'Similars' }),
  vectors: route('POST', '/v1/vectors', 'Compute the vectors of a query, or of an item, for other search systems.', {
    body: 'Vectors',
    answer: 'Computed',
  }),
  users: route('GET', '/v1/users', 'Find users by the beginning of their keys.', { query: 'Users', answer: 'Found' }),
  about: route('GET', '/v1/about', 'Say what the model takes and gives: features, tasks, columns.', {
    answer: 'About',
  }),
  findItems: route('GET', '/v1/items', 'Find items by what their titles contain.', {
    query: 'Search',
    answer: 'FoundItems',
  }),
  putItem: route('PUT', '/v1/items/{key}', 'Add an item, or change it.', { writes: 'Item', answer: 'Written' }),
  deleteItem: route('DELETE', '/v1/items/{key}', 'Delete an item.', { writes: 'nothing', answer: 'Written' }),
  writeItems: route('POST', '/v1/items', 'Write several items: all of them, or none.', {
    writes: 'Write',
    answer: 'Written',
  }),
  writeEvents: route('POST', '/v1/events', 'Add events of users: all of them, or none.', {
    writes: 'Event',
    answer: 'Received',
  }),
  deleteUser: route('DELETE', '/v1/users/{key}', 'Delete the events of a user.', {
    writes: 'nothing',
    answer: 'Removed',
  }),
  page: route('GET', '/', 'Show a page to try the model in.', { media: 'text/html', open: true }),
  icon: route('GET', '/favicon.ico', 'Show the icon of the page.', { media: 'image/svg+xml', open: true }),
  versions: route('GET', '/v1/versions', 'Say which version answers.', { answer: 'Versions' }),
  rollback: route('POST', '/v1/versions/rollback', 'Go back to the version before.', {
    change: 'Change',
    answer: 'Versions',
  }),
  health: route('GET', '/healthz', 'Say that the process runs.', { answer: 'State', open: true }),
  ready: route('GET', '/readyz', 'Say whether requests are answered: 503 while the server starts, and when it stops.', {
    answer: 'State',
    open: true,
  }),
  metrics: route('GET', '/metrics', 'Give the metrics in the text format of Prometheus.', { media: 'text/plain' }),
  openapi: route('GET', '/openapi.json', 'Give this description.'),
};

export type RouteName = keyof typeof routes;
export const routeList = Object.entries(routes) as readonly (readonly [RouteName, Route])[];
/** True if the requests of a route pass the gate. If it is full, they are refused before their body is read. */
export const isQuestion = ({ body }: Route): boolean => body !== undefined;

/** Converts a path to fastify's form. */
export const urlOf = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1');

/** Returns the routes for messages. */
export const routeNames = (): readonly string[] => routeList.map(([, { method, path }]) => `${method} ${path}`);

const routesOf = (path: string): readonly RouteName[] =>
  routeList.flatMap(([name, route]) => (patternOf(route.path).test(path) ? [name] : []));

const patternOf = (path: string): RegExp =>
  new RegExp(
    `^${path
      .replaceAll('.', '\\.')
      .replace('{key}', '[^/]+')
      .replace(/\{\w+\}/g, '[^/:]+')}$`,
  );

/** Returns the route of a request; undefined if there is none. GET includes HEAD. */
export const routeOf = (method: string, url: string): RouteName | undefined =>
  routesOf(pathIn(url)).find((name) => routes[name].method === (method === 'HEAD' ? 'GET' : method));

/**
 * Refuses a request without a route first, before refusals that are temporary: after a 503 the client would wait and try again in vain.
 * @returns 405 with the methods of the path, or 404
 */
export function noRoute({ method, url }: { readonly method: string; readonly url: string }): RequestError {
  const path = pathIn(url);
  const allowedMethods = routesOf(path).map((name) => routes[name].method);
  const shownPath = path.length > 100 ? `${path.slice(0, 100)}…` : path;
  const diagnostic = diagnose('request-route', undefined, { method, path: shownPath, routes: routeNames() });
  return allowedMethods.length > 0
    ? refused(405, diagnostic, '', { allow: allowedMethods.join(', ') })
    : refused(404, diagnostic);
}

const pathIn = (url: string): string => url.split('?')[0]!;
