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
