import type { Ref } from '../../../graph/builder.ts';
import type { Initial } from '../../../graph/graph.ts';
import { type Activation, activate } from '../activations.ts';
import type { BlockContext } from '../contract.ts';

/** Returns activation(x · W + b): [batch, inputs] → [batch, units]. `suffix` distinguishes the layers of one block. */
export function layer(
  context: BlockContext,
  x: Ref,
  inputs: number,
  units: number,
  activation: Activation,
  suffix = '',
  mask?: Ref,
): Ref {
  return activate(context, linear(context, x, inputs, units, suffix), activation, { suffix, mask });
}

/** Returns x · W + b. `initial` is the initializer of W; Glorot's by default. */
export function linear(
  { builder }: BlockContext,
  x: Ref,
  inputs: number,
  units: number,
  suffix = '',
  initial: Initial = { kind: 'glorot', fans: [inputs, units] },
): Ref {
  const weights = builder.parameter(`weights${suffix}`, [inputs, units], initial);
  const bias = builder.parameter(`bias${suffix}`, [units], { kind: 'zeros' });
  return builder.add(builder.matMul(x, weights), bias);
}

/**
 * Initializer for layers that are added to a sequence: standard deviation 0.02, as in BERT (Devlin et al., NAACL 2019) and the code of S3-Rec and BSARec. A new
 * stack then passes on the vectors of its elements, and an element resembles itself from the first step.
 */
export const small: Initial = { kind: 'uniform', limit: 0.02 * Math.sqrt(3) };
