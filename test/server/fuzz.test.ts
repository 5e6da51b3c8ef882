/**
 * No body stops a route, or gets another answer than one or a refusal with a code and a place. `FUZZ_RUNS=100000` draws that many bodies a route, and
 * `FUZZ_SEED=random` others each time.
 */
import { beforeAll, expect, it } from 'vitest';
import { codes } from '../../src/diagnostics/codes.ts';
import type { Server } from '../../src/server/server.ts';
import fc from '../fast_check.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';
import { ask, columns, corpus, type Served, serveSmall, users } from './served.ts';

const numRuns = Number(process.env.FUZZ_RUNS || 1500);
const root = temporaryFolder();
let served: Served;
let server: Server;

beforeAll(async () => {
  served = await serveSmall(root);
  server = await served.server({ limits: { batch: 5, k: 40 } });
});

const key = fc.oneof(
  fc.constantFrom(...users.keys, ...corpus.keys, ''),
  fc.string(),
  fc.integer(),
  fc.constantFrom('__proto__', 'constructor', 'toString'),
);
const anything = fc.oneof(
  fc.anything({ withNullPrototype: false, maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value) ?? 'null')),
  fc.constantFrom(null, 0, -0, 1e308, '', [], {}, [[]], true),
);
/** The right value mostly, and anything sometimes. */
const mostly = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: right as fc.Arbitrary<unknown>, weight: 16 }, { arbitrary: anything, weight: 1 });
const words = [
  ...columns.keys(),
  'and',
  'or',
  'not',
  'in',
  'is',
  'null',
  '(',
  ')',
  ',',
  '=',
  '<',
  '>=',
  "'NL'",
  '1990',
  "'",
];
const filter = fc.array(fc.constantFrom(...words), { maxLength: 9 }).map((parts) => parts.join(' '));
const selection = {
  k: mostly(fc.integer({ min: -1, max: 60 })),
  filter: mostly(
    fc.oneof(
      { arbitrary: fc.constantFrom('year > 1990', "'War' in genres and not new"), weight: 4 },
      { arbitrary: filter, weight: 2 },
      { arbitrary: fc.string(), weight: 1 },
    ),
  ),
  exclude: mostly(fc.array(key, { maxLength: 5 })),
  columns: mostly(fc.array(fc.constantFrom(...columns.keys()), { maxLength: 3 })),
};
const recommendBody = (width: number) =>
  fc.record(
    {
      user: mostly(key),
      values: mostly(
        fc.dictionary(
          fc.constantFrom('history', 'history', 'history', 'user_id', 'constructor'),
          mostly(fc.array(key)),
        ),
      ),
      vector: mostly(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: width, maxLength: width }),
      ),
      removeSeen: mostly(fc.boolean()),
      weights: mostly(fc.dictionary(fc.constant('watch'), fc.double({ min: -1e9, max: 1e9, noNaN: true }))),
      history: mostly(fc.integer({ min: -1, max: 5 })),
      ...selection,
    },
    { requiredKeys: [] },
  );
const similarBody = fc.record({ item: mostly(key), ...selection }, { requiredKeys: [] });

/** A body as bytes: as it should be, in an array, with characters changed, or anything. */
const bytes = (body: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: body.map((value) => JSON.stringify(value)), weight: 6 },
    { arbitrary: fc.array(mostly(body), { maxLength: 6 }).map((value) => JSON.stringify(value)), weight: 3 },
    {
      arbitrary: fc.tuple(body, fc.nat(), fc.string({ maxLength: 3 })).map(([value, at, other]) => {
        const text = JSON.stringify(value);
        const place = at % (text.length + 1);
        return text.slice(0, place) + other + text.slice(place + 1);
      }),
      weight: 2,
    },
    { arbitrary: anything.map((value) => JSON.stringify(value)), weight: 1 },
    { arbitrary: fc.string(), weight: 1 },
  );

/** Whether a pointer leads to a value, or to an entry that its object should have or should not. */
function leads(at: string, text: string): boolean {
  if (at === '') return true;
  const segments = at
    .slice(1)
    .split('/')
    .map((each) => each.replaceAll('~1', '/').replaceAll('~0', '~'));
  let value: unknown = JSON.parse(text);
  for (const segment of segments.slice(0, -1)) value = (value as Readonly<Record<string, unknown>> | null)?.[segment];
  return typeof value === 'object' && value !== null;
}

it.each(['/v1/recommend', '/v1/similar'])(
  '%s',
  async (path) => {
    const body = path === '/v1/similar' ? similarBody : recommendBody(served.recommender.snapshot.width);
    const seen = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(bytes(body), async (text) => {
        const answer = await ask(server, path, text);
        seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
        expect([200, 400, 413]).toContain(answer.status);
        if (answer.status === 200) return;
        expect(answer.body.errors.length).toBeGreaterThan(0);
        for (const { code, at, message, hint } of answer.body.errors) {
          expect(Object.keys(codes)).toContain(code);
          expect(code).not.toBe('internal');
          expect(message.length).toBeLessThan(2000);
          expect(typeof hint).toBe('string');
          expect(leads(at, text), `${at} of ${text}`).toBe(true);
        }
      }),
      { numRuns },
    );
    expect(seen.get(200)).toBeGreaterThan(numRuns / 50);
    expect(seen.get(400)).toBeGreaterThan(numRuns / 50);
    expect((await ask(server, '/readyz')).status).toBe(200);
  },
  3_600_000,
);

/** Names of inputs of all signatures, and others. */
const input = fc.constantFrom(
  'user',
  'history',
  'k',
  'filter',
  'exclude',
  'removeSeen',
  'weights.watch',
  'vector',
  'item',
  'x',
);
const cell = fc.oneof(key, fc.array(key, { maxLength: 4 }), fc.integer({ min: -1, max: 60 }), fc.boolean(), filter);
const padded = fc.oneof({ arbitrary: cell, weight: 8 }, { arbitrary: fc.constantFrom('', null), weight: 1 });
const signature = fc.constantFrom('serving_default', 'search', 'similar', 'query_vector', 'item_vector', 'x');
const ownValues = {
  user: mostly(fc.constantFrom(...users.keys)),
  history: mostly(fc.array(fc.constantFrom(...corpus.keys, ''), { maxLength: 4 })),
  k: mostly(fc.integer({ min: 0, max: 30 })),
};
const instance = fc.oneof(
  { arbitrary: fc.record(ownValues, { requiredKeys: [] }), weight: 5 },
  { arbitrary: fc.constantFrom(...users.keys, ...corpus.keys), weight: 3 },
  { arbitrary: fc.dictionary(input, padded, { maxKeys: 4 }), weight: 3 },
  { arbitrary: fc.base64String().map((b64) => ({ b64 })), weight: 1 },
);
const predictBody = fc.record(
  {
    signature_name: mostly(signature),
    instances: mostly(fc.array(mostly(instance), { maxLength: 6 })),
    inputs: mostly(fc.dictionary(input, fc.oneof(padded, fc.array(padded, { maxLength: 6 })), { maxKeys: 4 })),
  },
  { requiredKeys: [] },
);
const onlyOne = predictBody.chain((body) =>
  fc.constantFrom(
    body,
    { ...body, inputs: undefined },
    { ...body, inputs: undefined, signature_name: undefined },
    { ...body, instances: undefined },
  ),
);

const datatype = fc.constantFrom('BYTES', 'INT32', 'INT64', 'FP32', 'FP64', 'BOOL', 'UINT8', 'FP16');
const size = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 4 }), weight: 8 },
  { arbitrary: fc.constantFrom(-1, 1e9, 2 ** 53), weight: 1 },
);
const tensor = fc.oneof(
  {
    arbitrary: fc.array(fc.constantFrom(...users.keys), { minLength: 1, maxLength: 5 }).map((data) => ({
      name: 'user',
      datatype: 'BYTES',
      shape: [data.length],
      data,
    })),
    weight: 8,
  },
  {
    arbitrary: fc.record(
      {
        name: input,
        datatype: mostly(datatype),
        shape: mostly(fc.array(size, { maxLength: 3 })),
        data: mostly(fc.array(padded, { maxLength: 6 })),
        parameters: mostly(
          fc.record({ binary_data_size: mostly(fc.integer({ min: 0, max: 40 })) }, { requiredKeys: [] }),
        ),
      },
      { requiredKeys: ['name', 'datatype', 'shape'] },
    ),
    weight: 1,
  },
);
const inferBody = fc.record(
  {
    id: mostly(fc.string()),
    parameters: mostly(
      fc.record(
        {
          binary_data_output: mostly(fc.boolean()),
          k: mostly(fc.integer({ min: -1, max: 50 })),
          filter: mostly(filter),
        },
        { requiredKeys: [] },
      ),
    ),
    inputs: mostly(fc.array(tensor, { minLength: 1, maxLength: 3 })),
    outputs: mostly(
      fc.array(fc.record({ name: mostly(fc.constantFrom('keys', 'scores', 'titles')) }), { maxLength: 3 }),
    ),
  },
  { requiredKeys: ['inputs'] },
);

it.each([
  ['TensorFlow Serving', ':predict', onlyOne],
  ['the Open Inference Protocol', '/infer', inferBody],
] as const)(
  '%s',
  async (_, verb, body) => {
    const { model } = served.trained.plan;
    const seen = new Map<number, number>();
    const rest = fc.oneof(fc.constant(undefined), fc.uint8Array({ maxLength: 60 }));
    const models =
      verb === '/infer' ? ['', '', '', '', '', '.search', '.similar', '.query_vector', '.item_vector'] : [''];
    const paths = models.map((name) => `${verb === '/infer' ? '/v2' : '/v1'}/models/${model}${name}${verb}`);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        bytes(body as fc.Arbitrary<unknown>),
        rest,
        async (url, text, tensors) => {
          const json = Buffer.from(text);
          const {
            statusCode: status,
            rawPayload,
            headers,
          } = await server.http.inject({
            method: 'POST',
            url,
            payload: Buffer.concat([json, tensors ?? Buffer.alloc(0)]),
            headers: tensors && verb === '/infer' ? { 'inference-header-content-length': String(json.length) } : {},
          });
          seen.set(status, (seen.get(status) ?? 0) + 1);
          expect([200, 400, 413], `${status} of ${text}`).toContain(status);
          const head = rawPayload.toString(
            'utf8',
            0,
            Number(headers['inference-header-content-length'] ?? rawPayload.length),
          );
          const answer = JSON.parse(head);
          if (status === 200) return;
          expect(Object.keys(answer)).toEqual(['error']);
          for (const line of answer.error.split('\n')) {
            const [, code] = /^([a-z-]+)(?: at \/[^:]*.*)?: /.exec(line) ?? [];
            expect(Object.keys(codes), line).toContain(code);
            expect(code).not.toBe('internal');
            expect(line.length).toBeLessThan(3000);
          }
        },
      ),
      { numRuns },
    );
    expect(seen.get(200)).toBeGreaterThan(numRuns / 50);
    expect(seen.get(400)).toBeGreaterThan(numRuns / 50);
    expect((await ask(server, '/v2/health/ready')).status).toBe(200);
  },
  3_600_000,
);
