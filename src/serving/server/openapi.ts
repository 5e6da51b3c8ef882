/** The description of the server as OpenAPI 3.1, whose schemas are JSON Schemas: those that bodies are checked with. */
import { isForeignProtocol } from './refused.ts';
import { type Route, routeList } from './routes.ts';
import type { Schema } from './schema_words.ts';
import type { SchemaName, Schemas } from './schemas.ts';

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

export interface OpenApiSource {
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
