/** Every weighting, step after step, against numbers that PyTorch computed: test/fixtures/weightings.py makes them. */
import { test } from 'vitest';
import { weightings } from '../../../../src/compiler/library/weightings/table.ts';
import type { Builder, Ref } from '../../../../src/graph/builder.ts';
import { casesOf, flat } from '../../../fixtures/fixtures.ts';
import { expectClose, floats } from '../support.ts';
import { runSteps, weightingGraph } from './support.ts';

interface Case {
  /** What it shows, where its weighting has several. */
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly rate: number;
  readonly matrices: readonly (readonly number[])[][];
  readonly targets: readonly (readonly number[])[];
  readonly first: readonly number[];
  readonly steps: readonly { readonly weights: number[]; readonly shared: number[]; readonly own: number[] }[];
}

/** mean((A · shared − b)²) + (own − 1)² for each task. */
function losses(builder: Builder, { matrices, targets, first }: Case): Ref[] {
  const [outputs, size] = [targets[0]!.length, first.length];
  const shared = builder.parameter('shared', [size, 1], { kind: 'zeros' });
  return matrices.map((matrix, at) => {
    const own = builder.parameter(`own_${at}`, [1], { kind: 'zeros' });
    const product = builder.matMul(builder.constant(flat(matrix), [outputs, size]), shared);
    const error = builder.sub(product, builder.constant(targets[at]!, [outputs, 1]));
    return builder.add(
      builder.mean(builder.square(error), [0, 1]),
      builder.reshape(builder.square(builder.sub(own, 1)), []),
    );
  });
}

const cases = casesOf<Case>('weightings', Object.keys(weightings));
const titled = cases.map(([kind, each]) => [[kind, each.name].filter(Boolean).join(' '), kind, each] as const);

test.each(titled)('%s takes the steps that PyTorch takes', (_, kind, each) => {
  const { arguments: args, rate, first } = each;
  const graph = weightingGraph({ kind, arguments: args, rate, losses: (builder) => losses(builder, each) });
  const steps = runSteps(graph, each.steps.length, { shared: floats([first.length, 1], first) });
  each.steps.forEach((expected, at) => {
    const { weights, parameters } = steps[at]!;
    expectClose(weights, expected.weights, 2e-4);
    expectClose(parameters.shared!.data, expected.shared, 1e-4);
    expectClose(
      each.matrices.map((_, task) => parameters[`own_${task}`]!.data[0]!),
      expected.own,
      1e-4,
    );
  });
});
