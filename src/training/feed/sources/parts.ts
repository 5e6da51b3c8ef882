import type { MakeSource } from '../source.ts';

/** int32 [part] */
export const partPlaces: MakeSource<'part_places'> = ({ rows }) => ({
  fill(batch) {
    const { places } = batch.partOf(rows);
    return { dtype: 'int32', shape: [places.length], data: places };
  },
});

/** float32 [part] */
export const partKnown: MakeSource<'part_known'> = ({ rows }) => ({
  fill(batch) {
    const { known } = batch.partOf(rows);
    return { dtype: 'float32', shape: [known.length], data: known };
  },
});
