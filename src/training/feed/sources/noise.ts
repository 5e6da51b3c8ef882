import { makeRandom } from '../../../base/random/random.ts';
import { makeSpace, type Region } from '../../embedding/space.ts';
import type { MakeSource } from '../source.ts';

/**
 * float32 [rows, width], uniform in [0, 1): a function of the seed, the input's name and the step alone. Number i is drawn from the key and i: so each of
 * several workers draws the rows that it has, as they are among all rows of the batch.
 */
export const noise: MakeSource<'noise'> = ({ width, rows: of = { kind: 'events' } }, { seed }, { name }) => {
  const space = makeSpace();
  const stream = makeRandom(seed, ...Buffer.from(name)).integer(2 ** 32);
  let region: Region | undefined;
  return {
    fill({ rowsOf, step, placesOf }) {
      const rows = rowsOf(of);
      const count = rows.length * width;
      region = space.enlarge(region, count * 4);
      const random = makeRandom(stream, step);
      const [key1, key2] = [random.integer(2 ** 32), random.integer(2 ** 32)];
      const placeOf = placesOf?.(of);
      const draw = (row: number, length: number, place: number): void =>
        space.kernels.uniform(region!.pointer + 4 * row * width, length, key1 + place * width, key2, 0, 1);
      if (!placeOf) draw(0, count, 0);
      else for (let row = 0; row < rows.length; row++) draw(row, width, placeOf(row));
      return { dtype: 'float32', shape: [rows.length, width], data: space.floats(region, count) };
    },
  };
};
