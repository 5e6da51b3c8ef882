import { invariant } from '../../../base/diagnostics/failure.ts';
import type { MakeSource } from '../source.ts';

/** int32 [batch], or [part] */
export const newest: MakeSource<'newest'> = ({ rows }) => ({
  fill(batch) {
    const sequences = rows === undefined ? batch.sequences : batch.partOf(rows).sequences;
    invariant(sequences, 'the newest elements are those of sequences');
    const { places } = sequences;
    return { dtype: 'int32', shape: [places.length], data: places };
  },
});
