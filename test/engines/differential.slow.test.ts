/** Every engine that loads is held to plain arrays: each op, alone and in its gradient, to 1e-5. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { makeBuilder } from '../../src/graph/builder.ts';
import { productOfDims, resolveShape, symbolicDim } from '../../src/graph/dims.ts';
import { type Graph, opNames } from '../../src/graph/graph.ts';
import { gradientCases } from '../graph/cases.ts';
import { type GradientCase, gradientGraph, named, randomTensor, sizes, tensor } from '../graph/support.ts';
import { opCases } from './op_cases.ts';
import { engineOrSkip, expectEngineToAgree, names } from './support.ts';

const batch = symbolicDim('batch');

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

  // What a backend prepares for one of them must not serve another.
  it.each([1, 3])('products whose right operands are one value in several shapes, of %i rows', async (rows) => {
    if (!engine) return;
    const b = makeBuilder('views');
    const x = b.input('x', [batch, 4, 6]);
    const [wide, flat] = [b.reshape(x, [batch, 24]), b.reshape(x, [productOfDims([batch, 4]), 6])];
    b.output('wide', b.matMul(wide, wide, { transposeA: true }));
    b.output('flat', b.matMul(flat, flat, { transposeA: true }));
    b.output('rows', b.matMul(wide, wide, { transposeB: true }));
    b.output('again', b.matMul(b.matMul(wide, wide, { transposeB: true }), wide));
    await expectEngineToAgree(engine, b.finish(), { x: randomTensor([rows, 4, 6], 1) });
  });
});
