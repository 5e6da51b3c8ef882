import { expect, test } from 'vitest';
import { events, numbersOf } from '../fixtures.ts';

test('positives of a row are the rows of its user, itself among them; a row without a user has itself', () => {
  const source = { from: 'positives', key: 'user_id' } as const;
  expect(numbersOf(source, [0, 2, 1, 4])).toEqual({
    dtype: 'int32',
    shape: [6, 2],
    data: [0, 0, 0, 2, 1, 1, 2, 0, 2, 2, 3, 3],
  });
  const nobody = { ...events, user: Int32Array.of(-1, -1, 1, 1, 2, 2) };
  expect(numbersOf(source, [0, 1], 1, { events: nobody }).data).toEqual([0, 0, 1, 1]);
});
