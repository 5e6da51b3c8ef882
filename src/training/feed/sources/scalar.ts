import type { Tensor } from '../../../graph/graph.ts';
import type { MakeSource } from '../source.ts';

const scalar = (value: number): Tensor => ({ dtype: 'float32', shape: [], data: Float32Array.of(value) });

/** float32 []: the dense optimizer's learning rate after its schedule */
export const rate: MakeSource<'rate'> = ({ own }) => ({
  fill: ({ rate, factor }) => scalar(own === undefined ? rate : own * factor),
});

/** float32 []: the step's number, from 1 */
export const step: MakeSource<'step'> = () => ({ fill: (batch) => scalar(batch.step) });
