import { expect, it } from 'vitest';
import { everyRow } from '../../../src/base/util/every_row.ts';

it('every row of a table is there once, in order', () => {
  expect([0, 1, 3].map(everyRow)).toEqual([new Int32Array(0), Int32Array.of(0), Int32Array.of(0, 1, 2)]);
});
