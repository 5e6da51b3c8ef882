/** What a server may answer: each comes out as one reason, and says whether it is worth asking again. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FailedRequest } from '../../../src/base/util/http.ts';
import {
  artifactRoot,
  experimentId,
  makeMlflowClient,
  metricKey,
  type RemoteRun,
  withinLimit,
} from '../../../src/plugins/mlflow/client.ts';
import { type FakeServer, fakeServer } from './fake_server.ts';

let fake: FakeServer;
beforeAll(async () => {
  fake = await fakeServer();
});
afterAll(() => fake.close());

const refused = async (work: Promise<unknown>): Promise<Pick<FailedRequest, 'message' | 'isTransient'>> => {
  const error = await work.then(
    () => undefined,
    (reason: FailedRequest) => reason,
  );
  return { message: error?.message ?? 'answered', isTransient: error?.isTransient ?? false };
};

it.each([
  [503, true, /^it answers 503: a proxy \[31m is here$/],
  [500, true, /^it answers 500/],
  [429, true, /^it answers 429/],
  [401, false, /^it answers 401/],
  [302, false, /^it answers that it has moved to https:\/\/elsewhere\.example\/$/],
  ['<html>a page', false, /no JSON object/],
  ['[1, 2]', false, /no JSON object/],
  [`{"a":"${'x'.repeat(9 * 2 ** 20)}"}`, false, /too long/],
  ['{"experiment": {"experiment_id": "../../runs"}}', false, /without `experiment_id`/],
  ['{}', false, /without `experiment_id`/],
])('%.20s', async (instead, isTransient, message) => {
  fake.instead = () => instead;
  expect(await refused(experimentId(makeMlflowClient(fake.url), 'films'))).toEqual({
    isTransient,
    message: expect.stringMatching(message),
  });
});

it('a server that is not there, and one that is given up', async () => {
  fake.instead = () => 'never';
  const ending = new AbortController();
  const asking = refused(experimentId(makeMlflowClient(fake.url, undefined, ending.signal), 'films'));
  ending.abort();
  expect(await asking).toEqual({ isTransient: true, message: 'it has not answered in time' });
  const gone = await fakeServer();
  await gone.close();
  expect(await refused(experimentId(makeMlflowClient(gone.url), 'films'))).toEqual({
    isTransient: true,
    message: 'it does not answer: ECONNREFUSED',
  });
});

it('an experiment that another run creates at the same time is found', async () => {
  const server = await fakeServer();
  const [one, other] = [makeMlflowClient(server.url, 'Bearer t'), makeMlflowClient(server.url)];
  const ids = await Promise.all([experimentId(one, 'films'), experimentId(other, 'films')]);
  expect(ids).toEqual(['1', '1']);
  expect(server.asked[0]?.authorization ?? server.asked[1]?.authorization).toBe('Bearer t');
  await server.close();
});

it('names are those that MLflow takes', () => {
  expect(['validation/recall@50', 'step/loss:like', 'epoch/naïve'].map(metricKey)).toEqual([
    'validation/recall_at_50',
    'step/loss.like',
    'epoch/na_ve',
  ]);
  expect(withinLimit('x'.repeat(7000))).toHaveLength(6000);
});

it.each([
  ['mlflow-artifacts:/1/abc/artifacts', '1/abc/artifacts'],
  ['mlflow-artifacts://host:80/1/abc/artifacts', '1/abc/artifacts'],
  ['mlflow-artifacts:/../../runs', undefined],
  ['s3://bucket/1/abc', undefined],
  ['/var/mlruns/1/abc', undefined],
])('files of %s go to %s', (artifacts, root) => {
  expect(artifactRoot({ artifacts } as RemoteRun)).toBe(root);
});
