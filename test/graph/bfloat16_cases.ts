/** One use of each op that has a row for bfloat16: inputs that are bfloat16 already, the op on them in bfloat16, its result as output `y`. */
import { type Builder, makeBuilder, type Ref } from '../../src/graph/builder.ts';
import { roundToBfloat16 } from '../../src/graph/evaluate.ts';
import type { Graph, OpName, Tensor } from '../../src/graph/graph.ts';
import { randomTensor, tensor } from './support.ts';

export interface Bfloat16Case {
  readonly op: OpName;
  readonly graph: Graph;
  readonly given: readonly Tensor[];
}

type Build = (b: Builder, ...inputs: Ref[]) => Ref;

const matrix = [3, 4];
const flags = tensor(
  [
    [1, 0, 1, 1],
    [0, 0, 1, 0],
    [1, 1, 0, 0],
  ],
  'bool',
);

const uses: Readonly<Record<string, readonly [OpName, readonly (readonly number[] | Tensor)[], Build]>> = {
  MatMul: ['MatMul', [matrix, [4, 5]], (b, x, y) => b.matMul(x!, y!)],
  'MatMul over many': [
    'MatMul',
    [
      [3, 64],
      [64, 5],
    ],
    (b, x, y) => b.matMul(x!, y!),
  ],
  'MatMul of a transposed left': ['MatMul', [matrix, [3, 5]], (b, x, y) => b.matMul(x!, y!, { transposeA: true })],
  'MatMul of a transposed right': ['MatMul', [matrix, matrix], (b, x, y) => b.matMul(x!, y!, { transposeB: true })],
  BatchMatMul: [
    'BatchMatMul',
    [
      [2, 3, 4],
      [2, 4, 5],
    ],
    (b, x, y) => b.batchMatMul(x!, y!),
  ],
  'BatchMatMul of a transposed right': [
    'BatchMatMul',
    [
      [2, 3, 4],
      [2, 5, 4],
    ],
    (b, x, y) => b.batchMatMul(x!, y!, { transposeB: true }),
  ],
  'Add of a row': ['Add', [matrix, [4]], (b, x, y) => b.add(x!, y!)],
  'Add of a column': ['Add', [[3, 1], matrix], (b, x, y) => b.add(x!, y!)],
  'Add of a number': ['Add', [matrix], (b, x) => b.add(x!, 0.75)],
  Neg: ['Neg', [matrix], (b, x) => b.neg(x!)],
  Relu: ['Relu', [matrix], (b, x) => b.relu(x!)],
  Greater: ['Greater', [matrix, [3, 1]], (b, x, y) => b.greater(x!, y!)],
  'Greater than a number': ['Greater', [matrix], (b, x) => b.greater(x!, 0)],
  Select: ['Select', [flags, matrix, [4]], (b, c, x, y) => b.select(c!, x!, y!)],
  'Select of the gradient of a relu': ['Select', [matrix, matrix], (b, x, g) => b.select(b.greater(x!, 0), g!, 0)],
  Reshape: ['Reshape', [matrix], (b, x) => b.reshape(x!, [2, 6])],
  Transpose: ['Transpose', [[2, 3, 4]], (b, x) => b.transpose(x!, [1, 0, 2])],
  Slice: ['Slice', [matrix], (b, x) => b.slice(x!, [0, 1], [-1, 2])],
  Concat: ['Concat', [matrix, [3, 2]], (b, x, y) => b.concat([x!, y!], 1)],
};

function caseOf(op: OpName, inputs: readonly (readonly number[] | Tensor)[], build: Build): Bfloat16Case {
  const given = inputs.map((input, stream): Tensor => {
    if ('dtype' in input) return input;
    const drawn = randomTensor(input, stream);
    roundToBfloat16(drawn.data as Float32Array);
    return drawn;
  });
  const b = makeBuilder('case');
  const refs = given.map(({ dtype, shape }, i) => {
    const ref = b.input(`x${i}`, shape, dtype);
    return dtype === 'float32' ? b.cast(ref, 'bfloat16') : ref;
  });
  b.output('y', b.cast(build(b, ...refs), 'float32'));
  return { op, graph: b.finish(), given };
}

export const bfloat16Cases: Readonly<Record<string, Bfloat16Case>> = Object.fromEntries(
  Object.entries(uses).map(([title, use]) => [title, caseOf(...use)]),
);
