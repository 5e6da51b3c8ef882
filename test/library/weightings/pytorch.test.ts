/** Weightings, step after step, against PyTorch: test/fixtures/losses.py. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Builder, Ref } from '../../../src/graph/builder.ts';
import { weightings } from '../../../src/library/weightings/table.ts';
import { expectClose, floats } from '../support.ts';
import { runSteps, type Toy, weightingGraph } from './support.ts';

const { toy, weightings: traces } = JSON.parse(readFileSync('test/fixtures/losses.json', 'utf8')) as {
  readonly toy: {
    readonly rate: number;
    readonly matrices: number[][];
    readonly targets: number[][];
    readonly first: number[];
  };
  readonly weightings: Readonly<
    Record<string, readonly { readonly weights: number[]; readonly shared: number[]; readonly own: number[] }[]>
  >;
};
const size = toy.first.length;
const outputs = toy.targets[0]!.length;

/** mean((A · shared − b)²) + (own − 1)² for each task. */
function losses(builder: Builder): Ref[] {
  const shared = builder.parameter('shared', [size, 1], { kind: 'zeros' });
  return toy.matrices.map((matrix, at) => {
    const own = builder.parameter(`own_${at}`, [1], { kind: 'zeros' });
    const product = builder.matMul(builder.constant(matrix, [outputs, size]), shared);
    const error = builder.sub(product, builder.constant(toy.targets[at]!, [outputs, 1]));
    return builder.add(
      builder.mean(builder.square(error), [0, 1]),
      builder.reshape(builder.square(builder.sub(own, 1)), []),
    );
  });
}

const cases: Readonly<Record<string, Omit<Toy, 'losses'>>> = {
  uncertainty: { kind: 'uncertainty' },
  gradnorm: { kind: 'gradnorm', arguments: { alpha: 1.5, rate: 0.1 } },
  dwa: { kind: 'dwa', arguments: { temperature: 2, window: 2 } },
  famo: { kind: 'famo', arguments: { rate: 0.5, decay: 0.01 } },
  pcgrad: { kind: 'pcgrad' },
  pareto: { kind: 'pareto' },
  pareto_bounded: { kind: 'pareto', arguments: { least: 0.2 } },
};

test('every weighting, and every case of the fixture, has a case here', () => {
  expect(Object.keys(cases)).toEqual(Object.keys(traces));
  expect([...new Set(Object.values(cases).map(({ kind }) => kind))].sort()).toEqual(Object.keys(weightings).sort());
});

test.each(Object.entries(cases))('%s takes the steps that PyTorch takes', (name, testCase) => {
  const graph = weightingGraph({ ...testCase, losses, rate: toy.rate });
  const steps = runSteps(graph, traces[name]!.length, { shared: floats([size, 1], toy.first) });
  traces[name]!.forEach((expected, at) => {
    const { weights, parameters } = steps[at]!;
    expectClose(weights, expected.weights, 2e-4);
    expectClose(parameters.shared!.data, expected.shared, 1e-4);
    expectClose(
      toy.matrices.map((_, task) => parameters[`own_${task}`]!.data[0]!),
      expected.own,
      1e-4,
    );
  });
});
