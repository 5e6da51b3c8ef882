/** In which precision a step multiplies matrices. */
import type { Graph } from '../graph.ts';
import { inBfloat16, operationsInBfloat16 } from '../in_bfloat16.ts';
import type { Plan } from './plan.ts';

export type Precision = 'float32' | 'bf16';

/** The graph of a step of this plan, as it runs in this precision. */
export const inPrecision = (graph: Graph, precision: Precision, { train: { batch } }: Plan): Graph =>
  precision === 'bf16' ? inBfloat16(graph, { sizes: { batch } }) : graph;

/** The multiplications and additions of one step that bfloat16 is for. */
export const operationsFor = ({ step, train: { batch } }: Plan): number =>
  operationsInBfloat16(step.graph, { sizes: { batch } });
