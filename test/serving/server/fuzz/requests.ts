/** A generator for each row of the table of routes. A new route without one fails the test. */
import type { RouteName } from '../../../../src/serving/server/routes.ts';
import fc from '../../../fast_check.ts';
import { filmKeys, personKeys } from '../films.ts';
import { changeBody, eventBody, itemBody, key, recommendBody, similarBody, vectorsBody, writeBody } from './bodies.ts';
import { oddTexts, textsOf } from './texts.ts';

/** What is asked of a route, before anything of HTTP is odd. */
export interface Asked {
  /** With its parameters, encoded. */
  readonly path: string;
  readonly body?: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** What requests must name to be answered. */
export interface Known {
  readonly width: number;
}

const encoded = (text: string): string => encodeURIComponent(Buffer.from(text).toString()).replaceAll('.', '%2E');
const oddSegments = [
  ...['%', '%zz', '%00', '%2F', '%2e%2e', '..', '%ED%A0%80', '%C3', '%c0%af', '%25', '%E2%80%AE', '%0d%0aX:%20y'],
  ...[';x=1', ':', '::', '*', '{}', '', '~', 'x'.repeat(1001), 'x'.repeat(13_000), '%F0%9F%8E%AC'.repeat(1000)],
];
/** A part of a path: mostly right, and encoded as it should be. */
const segment = (right: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: right.map(encoded), weight: 20 },
    { arbitrary: fc.oneof(fc.string(), oddTexts).map(encoded), weight: 2 },
    { arbitrary: fc.constantFrom(...oddSegments), weight: 2 },
  );
const parameter = fc.oneof(
  { arbitrary: fc.oneof(fc.constantFrom('u', 'u1', 'film 1'), fc.string(), oddTexts).map(encoded), weight: 4 },
  { arbitrary: fc.constantFrom(...oddSegments), weight: 1 },
);
const limit = fc.oneof(
  fc.integer({ min: -1, max: 110 }).map(String),
  fc.constantFrom('1e9', '1.5', '', 'x', '9'.repeat(40)),
);
/** Parameters after the path, some of them twice. */
const queryOf = (name: string): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { arbitrary: parameter.map((value) => `${name}=${value}`), weight: 6 },
        { arbitrary: limit.map((value) => `limit=${value}`), weight: 4 },
        { arbitrary: fc.constantFrom('__proto__=1', 'constructor=1', 'x', '&&', '=', `${name}[]=1`), weight: 1 },
      ),
      { maxLength: 3 },
    )
    .map((all) => (all.length === 0 ? '' : `?${all.join('&')}`));

const json = { 'content-type': 'application/json' };
const plain = (path: fc.Arbitrary<string> | string): fc.Arbitrary<Asked> =>
  (typeof path === 'string' ? fc.constant(path) : path).map((each) => ({ path: each, headers: {} }));
const posting = (path: fc.Arbitrary<string>, text: fc.Arbitrary<string>, headers = {}): fc.Arbitrary<Asked> =>
  fc.tuple(path, text).map(([each, body]) => ({ path: each, body: Buffer.from(body), headers }));
const joined = (...parts: readonly (fc.Arbitrary<string> | string)[]): fc.Arbitrary<string> =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part))).map((each) => each.join(''));

export function requestsTo({ width }: Known): Readonly<Record<RouteName, fc.Arbitrary<Asked>>> {
  const item = joined('/v1/items/', segment(fc.oneof(fc.constantFrom(...filmKeys, 'new', 'new/1'), key.map(String))));
  const post = (path: string, body: fc.Arbitrary<unknown>) => posting(fc.constant(path), textsOf(body), json);
  return {
    recommend: post('/v1/recommend', recommendBody(width)),
    similar: post('/v1/similar', similarBody),
    vectors: post('/v1/vectors', vectorsBody),
    users: plain(joined('/v1/users', queryOf('prefix'))),
    findItems: plain(joined('/v1/items', queryOf('text'))),
    about: plain('/v1/about'),
    putItem: posting(item, textsOf(itemBody), json),
    deleteItem: plain(item),
    writeItems: post('/v1/items', writeBody),
    writeEvents: post('/v1/events', eventBody),
    deleteUser: plain(joined('/v1/users/', segment(fc.oneof(fc.constantFrom(...personKeys, 'new'), key.map(String))))),
    page: plain(joined('/', queryOf('user'))),
    icon: plain('/favicon.ico'),
    versions: plain('/v1/versions'),
    rollback: post('/v1/versions/rollback', changeBody),
    health: plain('/healthz'),
    ready: plain('/readyz'),
    metrics: plain(joined('/metrics', queryOf('name'))),
    openapi: plain('/openapi.json'),
  };
}
