/** A version is freed once, when no side has it and the last request that took it has ended. */
import { expect, it } from 'vitest';
import type { Answers } from '../../../../src/serving/server/answers.ts';
import { makeActiveVersions, makeRecent, makeVersions } from '../../../../src/serving/server/versions/versions.ts';
import { counted } from './two_versions.ts';

const versionOf = (version: string) => counted({ version } as Answers, version);
const later = () => new Promise((resolve) => setTimeout(resolve, 5));

it('keeps a version until the last request that took it ends', async () => {
  const [first, second] = [versionOf('a'), versionOf('b')];
  const versions = makeVersions(makeActiveVersions(first.version));
  let end = (): void => {};
  const request = versions.use(async (sides) => {
    await new Promise<void>((resolve) => (end = resolve));
    return sides.stable.id;
  });
  const quick = versions.use(async (sides) => sides.stable.id);
  const freed = versions.assign(makeActiveVersions(second.version));
  expect(versions.current.stable.id).toBe('b');
  expect(await versions.use(async (sides) => sides.stable.id)).toBe('b');
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

it('frees what no side has, and keeps a canary that becomes stable', async () => {
  const [first, second] = [versionOf('a'), versionOf('b')];
  const versions = makeVersions(makeActiveVersions(first.version));
  await versions.assign(makeActiveVersions(first.version, second.version, 0.5));
  expect([first.closed(), second.closed()]).toEqual([0, 0]);
  await versions.assign(makeActiveVersions(second.version));
  expect([first.closed(), second.closed()]).toEqual([1, 0]);
});

it('frees a version after a request that fails', async () => {
  const [first, second] = [versionOf('a'), versionOf('b')];
  const versions = makeVersions(makeActiveVersions(first.version));
  await expect(versions.use(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await versions.assign(makeActiveVersions(second.version));
  expect(first.closed()).toBe(1);
});

it('remembers the latest bodies in their order, and no long ones', () => {
  const recent = makeRecent(3);
  for (let user = 0; user < 5; user++) recent.add('recommend', { user }, 100);
  recent.add('similar', { item: 1 }, 1e6);
  expect(recent.all().map(({ body }) => body)).toEqual([{ user: 2 }, { user: 3 }, { user: 4 }]);
});
