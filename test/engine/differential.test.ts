/** Every engine that loads is held to plain arrays: each op, alone and in its gradient, to 1e-5. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { makeBuilder } from '../../src/graph/builder.ts';
import { resolveShape } from '../../src/graph/dims.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { opNames } from '../../src/graph/ops.ts';
import { gradientCases } from '../graph/cases.ts';
import { type GradientCase, gradientGraph, named, randomTensor, sizes, tensor } from '../graph/support.ts';
import { opCases } from './op_cases.ts';
import { engineOrSkip, expectEngineToAgree, names } from './support.ts';

/** The case alone, with random numbers where it gives none, the symbols standing for `lengths`. */
function plainGraph({ inputs, build }: GradientCase) {
  const b = makeBuilder('case');
  const given = inputs.map(({ shape, dtype = 'float32', low, high, values }, i) => {
    const actual = resolveShape(shape, sizes);
    if (values === undefined) return randomTensor(actual, i, low, high);
    return { dtype, shape: actual, data: tensor([...values], dtype).data };
  });
  const refs = inputs.map(({ shape, dtype }, i) => b.input(`x${i}`, shape, dtype));
  b.output('y', build(b, ...refs));
  return { graph: b.finish(), inputs: named(given) };
}

const usedOps = (graph: Graph): string[] => graph.nodes.map(({ op }) => op);

describe('the cases', () => {
  it('use every op', () => {
    const used = [
      'Parameter',
      ...Object.values(gradientCases).flatMap((each) => usedOps(gradientGraph(each).graph)),
      ...Object.values(opCases).flatMap((each) => usedOps(plainGraph(each).graph)),
    ];
    expect(opNames.filter((op) => !used.includes(op))).toEqual([]);
  });
});

describe.each(names)('%s agrees with plain arrays', (name) => {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await engineOrSkip(name);
  });

  it.each(Object.keys(gradientCases))('%s, and its gradient', async (title) => {
    if (!engine) return;
    const { graph, given, weights } = gradientGraph(gradientCases[title]!);
    await expectEngineToAgree(engine, graph, { ...named(given), weights });
  });

  it.each(Object.keys(opCases))('%s', async (title) => {
    if (!engine) return;
    const { graph, inputs } = plainGraph(opCases[title]!);
    await expectEngineToAgree(engine, graph, inputs);
  });
});
