/** A version is freed once, when no side has it and the last request that took it has ended. */
import { expect, it } from 'vitest';
import type { Answers } from '../../../../src/serving/server/answers.ts';
import { makeRecent, makeVersions } from '../../../../src/serving/server/versions/versions.ts';
import { counted } from './two_versions.ts';

const versionOf = (version: string) => counted({ version } as Answers, version);
const later = () => new Promise((resolve) => setTimeout(resolve, 5));

it('keeps a version until the last request that took it ends', async () => {
  const [first, second] = [versionOf('a'), versionOf('b')];
  const versions = makeVersions(first.version);
  let end = (): void => {};
  const request = versions.use(async ({ id }) => {
    await new Promise<void>((resolve) => (end = resolve));
    return id;
  });
  const quick = versions.use(async ({ id }) => id);
  const freed = versions.assign(second.version);
  expect(versions.current.id).toBe('b');
  expect(await versions.use(async ({ id }) => id)).toBe('b');
  expect(await quick).toBe('a');
  await later();
  expect(first.closed()).toBe(0);
  end();
  // The request has the version that it began with.
  expect(await request).toBe('a');
  await freed;
  expect([first.closed(), second.closed()]).toEqual([1, 0]);
  await versions.close();
  expect([first.closed(), second.closed()]).toEqual([1, 1]);
});

it('frees a version after a request that fails', async () => {
  const [first, second] = [versionOf('a'), versionOf('b')];
  const versions = makeVersions(first.version);
  await expect(versions.use(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await versions.assign(second.version);
  expect(first.closed()).toBe(1);
});

it('remembers the latest bodies in their order, and no long ones', () => {
  const recent = makeRecent(3);
  for (let user = 0; user < 5; user++) recent.add('recommend', { user }, 100);
  recent.add('similar', { item: 1 }, 1e6);
  expect(recent.list().map(({ body }) => body)).toEqual([{ user: 2 }, { user: 3 }, { user: 4 }]);
});
