import { makeSpace, type Region } from '../../embedding/space.ts';
import { makeRandom } from '../../random/random.ts';
import type { MakeSource } from '../source.ts';

/** float32 [rows, width], uniform in [0, 1): a function of the seed, the input's name and the step alone */
export const noise: MakeSource<'noise'> = ({ width, rows: of = { kind: 'events' } }, { seed }, { name }) => {
  const space = makeSpace();
  const stream = makeRandom(seed, ...Buffer.from(name)).integer(2 ** 32);
  let region: Region | undefined;
  return {
    fill({ rowsOf, step }) {
      const rows = rowsOf(of);
      const count = rows.length * width;
      region = space.enlarge(region, count * 4);
      const random = makeRandom(stream, step);
      space.kernels.uniform(region.pointer, count, random.integer(2 ** 32), random.integer(2 ** 32), 0, 1);
      return { dtype: 'float32', shape: [rows.length, width], data: space.floats(region, count) };
    },
  };
};
