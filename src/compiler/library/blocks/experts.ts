/** Implements experts and gates for mmoe and ple. */
import type { Ref } from '../../../graph/builder.ts';
import { type Activation, activate } from '../activations.ts';
import { type BlockContext, type Outputs, ShapeError } from '../contract.ts';
import { vectorOf } from '../values.ts';

/** Computes several layers in one product: [batch, inputs] → [batch, count, units]. */
export function applyExperts(
  context: BlockContext,
  x: Ref,
  inputs: number,
  { count, units, activation }: { readonly count: number; readonly units: number; readonly activation: Activation },
  suffix: string,
): Ref {
  const { builder } = context;
  const weights = builder.parameter(`experts${suffix}`, [inputs, count * units], {
    kind: 'glorot',
    fans: [inputs, units],
  });
  const bias = builder.parameter(`bias${suffix}`, [count * units], { kind: 'zeros' });
  const allExperts = activate(context, builder.add(builder.matMul(x, weights), bias), activation, { suffix });
  return builder.reshape(allExperts, [x.type.shape[0]!, count, units]);
}

/** Returns the sum of the experts weighted by softmax(x · W): experts [batch, count, units] → [batch, gates, units]. */
export function mixExperts(
  { builder }: BlockContext,
  x: Ref,
  inputs: number,
  experts: Ref,
  gates: number,
  suffix: string,
): Ref {
  const [batch, count] = experts.type.shape as [Ref['type']['shape'][number], number];
  const weights = builder.parameter(`gates${suffix}`, [inputs, gates * count], {
    kind: 'glorot',
    fans: [inputs, count],
  });
  const shares = builder.softmax(builder.reshape(builder.matMul(x, weights), [batch, gates, count]));
  return builder.batchMatMul(shares, experts);
}

/** Returns one output vector for each name. */
export function namedOutputs(names: readonly string[], vectors: readonly Ref[], width: number): Outputs {
  return { kind: 'outputs', outputs: new Map(names.map((name, index) => [name, vectorOf(vectors[index]!, width)])) };
}

/** Throws ShapeError if a task is named twice. */
export function requireDistinctTasks(tasks: readonly string[]): void {
  const repeated = tasks.find((task, index) => tasks.indexOf(task) !== index);
  if (repeated !== undefined) throw new ShapeError(`names \`${repeated}\` twice`);
}
