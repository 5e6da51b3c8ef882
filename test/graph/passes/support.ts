/** A graph before and after a pass, as short text. */
import { type Builder, makeBuilder, type Ref } from '../../../src/graph/builder.ts';
import type { Dim, Dtype, Graph } from '../../../src/graph/graph.ts';
import { removeDead } from '../../../src/graph/passes/dead.ts';
import type { Pass } from '../../../src/graph/passes/rewrite.ts';

/** Shapes of inputs `a`, `b`, … */
export type Shapes = readonly (readonly Dim[])[];

export function graphOf(
  build: (b: Builder, ...inputs: Ref[]) => Ref | readonly Ref[],
  shapes: Shapes,
  dtype: Dtype = 'float32',
): Graph {
  const b = makeBuilder('pass');
  const inputs = shapes.map((shape, i) => b.input('abcdefgh'[i]!, shape, dtype));
  [build(b, ...inputs)].flat().forEach((value, i) => {
    b.output(`y${i}`, value as Ref);
  });
  return b.finish();
}

/** What the pass leaves of a graph, as expressions: `Mul(MatMul(a, b), c)`; several outputs are joined by `; `. */
export function simplified(
  pass: Pass,
  build: (b: Builder, ...inputs: Ref[]) => Ref | readonly Ref[],
  shapes: Shapes,
): string {
  return expressions(removeDead(pass(graphOf(build, shapes))));
}

function expressions(graph: Graph): string {
  const write = (id: number): string => {
    const { op, attributes, inputs } = graph.nodes[id]!;
    if (op === 'Input') return String(attributes.name);
    if (op === 'Constant') return (attributes.values as readonly number[]).join(' ');
    const flags = `${attributes.transposeA ? 'ᵀ' : ''}${attributes.transposeB ? '·ᵀ' : ''}`;
    return `${op}${flags}(${inputs.map(write).join(', ')})`;
  };
  return graph.outputs.map(({ node }) => write(node)).join('; ');
}
