import type { Ref } from '../../graph/builder.ts';
import { type Activation, activate } from '../activations.ts';
import type { BlockContext } from '../contract.ts';

/** activation(x · W + b): [batch, inputs] → [batch, units]. `suffix` tells the layers of one block apart. */
export function layer(
  { builder }: BlockContext,
  x: Ref,
  inputs: number,
  units: number,
  activation: Activation,
  suffix = '',
): Ref {
  const weights = builder.parameter(`weights${suffix}`, [inputs, units], { kind: 'glorot', fans: [inputs, units] });
  const bias = builder.parameter(`bias${suffix}`, [units], { kind: 'zeros' });
  return activate(builder, builder.add(builder.matMul(x, weights), bias), activation);
}
