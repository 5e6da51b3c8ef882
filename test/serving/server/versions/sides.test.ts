/** Which side answers whom: always the same, and as many as the share says. */
import { expect, it } from 'vitest';
import type { Answers } from '../../../../src/serving/server/answers.ts';
import { fractionOf, makeActiveVersions, makeVersion } from '../../../../src/serving/server/versions/versions.ts';

const versionOf = (version: string) => makeVersion({ answers: { version } as Answers });
const [stable, canary] = [versionOf('a'), versionOf('b')];
const users = Array.from({ length: 20_000 }, (_, i) => `user-${i}`);

it('hashes a key as SHA-256 does elsewhere', () => {
  // Python: int.from_bytes(hashlib.sha256(b'tower canary user 42').digest()[:4]) / 2**32
  expect(fractionOf('user 42')).toBeCloseTo(0.21066762483678758, 12);
});

it.each([0.05, 0.5, 0.95])('gives the canary its share: %d', (share) => {
  const sides = makeActiveVersions(stable, canary, share);
  const count = users.filter((user) => sides.of({ user }) === canary).length;
  // Four standard deviations of a binomial count.
  expect(Math.abs(count - share * users.length)).toBeLessThan(4 * Math.sqrt(users.length * share * (1 - share)));
});

it('keeps a user on one side, also as text or number, and moves nobody back when the share grows', () => {
  const [less, more] = [makeActiveVersions(stable, canary, 0.1), makeActiveVersions(stable, canary, 0.3)];
  for (const user of users) if (less.of({ user }) === canary) expect(more.of({ user })).toBe(canary);
  for (let user = 0; user < 500; user++) expect(less.of({ user })).toBe(less.of({ user: String(user) }));
  for (const user of users.slice(0, 500)) expect(less.of({ user, values: { a: 1 } })).toBe(less.of({ user }));
});

it('goes by the values of somebody without a key, by the item, and sends vectors to stable', () => {
  const all = makeActiveVersions(stable, canary, 1);
  expect(all.of({ values: { history: ['1'] } })).toBe(canary);
  expect(all.of({ item: 7 })).toBe(canary);
  expect(all.of({})).toBe(stable);
  expect(all.of({ user: 1, version: stable.id })).toBe(stable);
  expect(all.of({ user: 1, version: 'gone' })).toBe(canary);
  const none = makeActiveVersions(stable, canary, 0);
  expect([none.of({ user: 1 }), none.of({ item: 1 }), none.of({ values: {} })]).toEqual([stable, stable, stable]);
  expect(makeActiveVersions(stable).of({ user: 1 })).toBe(stable);
  expect(makeActiveVersions(stable).share).toBe(0);
});
