import type { Tensor } from '../graph/graph.ts';
import type { Tensors } from './engine.ts';

/** The same numbers in memory of their own: what a feeder or a program gives may be written over later. */
export const copies = (tensors: Tensors): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]));
