/**
 * No request stops the server, or gets another answer than one or a refusal with a code and a place: bodies, parameters of paths, methods, headers and framing, for every
 * row of the table of routes. `FUZZ_RUNS=100000` draws that many requests a route, and `FUZZ_SEED=random` others each time.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { codes } from '../../../../src/base/diagnostics/codes.ts';
import { type RouteName, routeList } from '../../../../src/serving/server/routes.ts';
import fc from '../../../fast_check.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';
import { bytesOf, isOdd, oddity, type Sent } from './oddities.ts';
import { type FuzzPlace, fuzzPlace } from './place.ts';
import { type Asked, requestsTo } from './requests.ts';
import { sendBytes, type WireAnswer } from './wire.ts';

/** Of routes without a body there is less to draw. */
const runsOf = (hasBody: boolean): number => Number(process.env.FUZZ_RUNS) || (hasBody ? 400 : 60);
const root = temporaryFolder();
let place: FuzzPlace;
let requests: Readonly<Record<RouteName, fc.Arbitrary<Asked>>>;

beforeAll(async () => {
  place = await fuzzPlace(root);
  requests = requestsTo(place.known);
}, 3_600_000);
afterAll(() => place?.close());

it('has requests for each route', () => {
  expect(Object.keys(requests).toSorted()).toEqual(routeList.map(([name]) => name).toSorted());
});

async function answersTo(sent: Sent): Promise<readonly WireAnswer[]> {
  if (isOdd(sent)) {
    return sendBytes(place.port, bytesOf(sent), { hasBody: sent.method !== 'HEAD', ends: sent.framing === 'short' });
  }
  const { method, target: url, headers, body: payload } = sent;
  const {
    statusCode,
    headers: given,
    rawPayload,
  } = await place.server.http.inject({
    ...{ method: method as 'GET', url, headers },
    ...(payload.length > 0 ? { payload } : {}),
  });
  const named = Object.entries(given).map(([name, value]) => [name, String(value)] as const);
  return [{ status: statusCode, headers: new Map(named), body: rawPayload }];
}

/** Whether a pointer leads to a value of a body, or to an entry that its object should have or should not. */
function leads(at: string, { body, target }: Sent): boolean {
  const segments = at
    .slice(1)
    .split('/')
    .map((each) => each.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (at === '' || (segments.length === 1 && (target.includes('?') || segments[0] === 'key'))) return true;
  // Headers have no place in a body.
  if (at === '/tower-deadline') return true;
  let value: unknown = JSON.parse(body.toString());
  for (const segment of segments.slice(0, -1)) value = (value as Readonly<Record<string, unknown>> | null)?.[segment];
  return typeof value === 'object' && value !== null;
}

function checkErrors(errors: readonly { code: string; at: string; message: string; hint: string }[], sent: Sent): void {
  expect(errors.length).toBeGreaterThan(0);
  for (const { code, at, message, hint } of errors) {
    expect(Object.keys(codes)).toContain(code);
    expect(code).not.toBe('internal');
    expect(message.length).toBeLessThan(2000);
    expect(typeof hint).toBe('string');
    expect(leads(at, sent), `${code} at ${at} of ${sent.body}`).toBe(true);
  }
}

function check({ status, body }: WireAnswer, sent: Sent, shown: string): void {
  const text = body.toString();
  expect(
    [200, 400, 403, 404, 405, 409, 413, 414, 415, 417, 421, 431],
    `${status} ${text.slice(0, 500)} to ${shown}`,
  ).toContain(status);
  if (status === 200 || text === '') return;
  checkErrors(JSON.parse(text).errors, sent);
}

it.each(routeList)(
  '%s',
  async (name, route) => {
    const { method } = route;
    const numRuns = runsOf(method === 'POST' || method === 'PUT');
    const seen = new Map<number, number>();
    const odd = fc.oneof(
      { arbitrary: fc.constant([]), weight: 3 },
      { arbitrary: fc.array(oddity, { minLength: 1, maxLength: 2 }), weight: 1 },
    );
    await fc.assert(
      fc.asyncProperty(requests[name], odd, async ({ path, body = Buffer.alloc(0), headers }, all) => {
        let sent: Sent = { method, target: path, headers, body, framing: 'length' };
        for (const { change } of all) sent = { ...sent, ...change(sent) };
        const answers = await answersTo(sent);
        const shown = bytesOf(sent).toString('latin1').slice(0, 2000);
        // Who ends before the body does waits for no answer.
        if (sent.framing !== 'short') expect(answers.length, shown).toBeGreaterThan(0);
        for (const answer of answers) check(answer, sent, shown);
        for (const { status } of answers.slice(0, 1)) seen.set(status, (seen.get(status) ?? 0) + 1);
        await place.restore(answers[0]?.body.toString() ?? '');
      }),
      { numRuns },
    );
    if (process.env.FUZZ_RUNS)
      console.info(`${name}: ${numRuns} requests, ${JSON.stringify(Object.fromEntries(seen))}`);
    const refused = numRuns - seen.get(200)!;
    expect(seen.get(200)).toBeGreaterThan(numRuns / 40);
    expect(refused).toBeGreaterThan(numRuns / 100);
    expect((await place.server.http.inject('/readyz')).statusCode).toBe(200);
  },
  36_000_000,
);
