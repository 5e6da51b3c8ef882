import type { Ref } from '../../graph/builder.ts';
import { type Activation, activate } from '../activations.ts';
import type { BlockContext } from '../contract.ts';

/** activation(x · W + b): [batch, inputs] → [batch, units]. `suffix` distinguishes the layers of one block. */
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

/** x · W + b */
export function linear({ builder }: BlockContext, x: Ref, inputs: number, units: number, suffix = ''): Ref {
  const weights = builder.parameter(`weights${suffix}`, [inputs, units], { kind: 'glorot', fans: [inputs, units] });
  const bias = builder.parameter(`bias${suffix}`, [units], { kind: 'zeros' });
  return builder.add(builder.matMul(x, weights), bias);
}
