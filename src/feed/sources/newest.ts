import { invariant } from '../../diagnostics/failure.ts';
import type { MakeSource } from '../source.ts';

/** int32 [batch] */
export const newest: MakeSource<'newest'> = () => ({
  fill({ sequences }) {
    invariant(sequences, 'the newest elements are those of sequences');
    const { places } = sequences;
    return { dtype: 'int32', shape: [places.length], data: places };
  },
});
