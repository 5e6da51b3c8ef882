import { describe, expect, it } from 'vitest';
import { type Builder, GraphTypeError, makeBuilder, type Ref } from '../../../src/graph/builder.ts';
import { printType, symbolicDim } from '../../../src/graph/dims.ts';
import { type Dim, type Dtype, opNames, type Tensor } from '../../../src/graph/graph.ts';
import { leastNumber } from '../../../src/graph/ops/reductions.ts';
import { isLeaf, ops } from '../../../src/graph/ops/table.ts';
import { batch, compute, expectClose, tensor } from '../support.ts';

type Build = (b: Builder, ...inputs: Ref[]) => Ref;
const matrix = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const indices = (...values: number[]): Tensor => tensor(values, 'int32');
const bools = (...values: number[]): Tensor => tensor(values, 'bool');

/** Numbers worked out by hand. */
const values: readonly (readonly [title: string, build: Build, given: Tensor[], expected: Tensor])[] = [
  [
    'Add broadcasts a row',
    (b, x, y) => b.add(x!, y!),
    [matrix, tensor([10, 20, 30])],
    tensor([
      [11, 22, 33],
      [14, 25, 36],
    ]),
  ],
  ['Add of int32', (b, x) => b.add(x!, 1), [indices(1, 2)], indices(2, 3)],
  [
    'Sub broadcasts a column',
    (b, x, y) => b.sub(x!, y!),
    [matrix, tensor([[1], [2]])],
    tensor([
      [0, 1, 2],
      [2, 3, 4],
    ]),
  ],
  ['Sub from a number', (b, x) => b.sub(1, x!), [tensor([1, 3])], tensor([0, -2])],
  [
    'Mul of a column and a row is their outer product',
    (b, x, y) => b.mul(x!, y!),
    [tensor([[2], [3]]), tensor([[5, 7]])],
    tensor([
      [10, 14],
      [15, 21],
    ]),
  ],
  ['Div', (b, x) => b.div(x!, 4), [tensor([1, 2])], tensor([0.25, 0.5])],
  ['Maximum', (b, x, y) => b.maximum(x!, y!), [tensor([1, 5]), tensor([3, 2])], tensor([3, 5])],
  ['Minimum', (b, x, y) => b.minimum(x!, y!), [tensor([1, 5]), tensor([3, 2])], tensor([1, 2])],
  ['Equal of int32', (b, x, y) => b.equal(x!, y!), [indices(1, 2), indices(1, 3)], bools(1, 0)],
  ['Greater is strict', (b, x) => b.greater(x!, 2), [tensor([1, 2, 3])], bools(0, 0, 1)],
  ['GreaterEqual is not', (b, x) => b.greaterEqual(x!, 2), [tensor([1, 2, 3])], bools(0, 1, 1)],
  ['LogicalAnd', (b, x, y) => b.logicalAnd(x!, y!), [bools(1, 1, 0, 0), bools(1, 0, 1, 0)], bools(1, 0, 0, 0)],
  ['LogicalOr', (b, x, y) => b.logicalOr(x!, y!), [bools(1, 1, 0, 0), bools(1, 0, 1, 0)], bools(1, 1, 1, 0)],
  ['LogicalNot', (b, x) => b.logicalNot(x!), [bools(1, 0)], bools(0, 1)],
  ['Neg', (b, x) => b.neg(x!), [tensor([1, -2])], tensor([-1, 2])],
  ['Exp', (b, x) => b.exp(x!), [tensor([0, 1])], tensor([1, Math.E])],
  ['Log', (b, x) => b.log(x!), [tensor([1, 10])], tensor([0, Math.LN10])],
  ['Sqrt', (b, x) => b.sqrt(x!), [tensor([4, 2.25])], tensor([2, 1.5])],
  ['Rsqrt', (b, x) => b.rsqrt(x!), [tensor([4, 0.25])], tensor([0.5, 2])],
  ['Square', (b, x) => b.square(x!), [tensor([-3, 0.5])], tensor([9, 0.25])],
  ['Abs', (b, x) => b.abs(x!), [tensor([-3, 0.5])], tensor([3, 0.5])],
  ['Sign', (b, x) => b.sign(x!), [tensor([-3, 0, 0.5])], tensor([-1, 0, 1])],
  ['Cos', (b, x) => b.cos(x!), [tensor([0, 1])], tensor([1, 0.5403023058681398])],
  ['Sin', (b, x) => b.sin(x!), [tensor([0, 1])], tensor([0, 0.8414709848078965])],
  ['Tanh', (b, x) => b.tanh(x!), [tensor([0, 1])], tensor([0, 0.7615941559557649])],
  [
    'Sigmoid, far out too',
    (b, x) => b.sigmoid(x!),
    [tensor([0, 1, -200, 200])],
    tensor([0.5, 0.7310585786300049, 0, 1]),
  ],
  ['Relu', (b, x) => b.relu(x!), [tensor([-1, 0, 2])], tensor([0, 0, 2])],
  ['Softplus, far out too', (b, x) => b.softplus(x!), [tensor([0, 200, -200])], tensor([Math.LN2, 200, 0])],
  ['StopGradient changes nothing', (b, x) => b.stopGradient(x!), [tensor([1, 2])], tensor([1, 2])],
  ['Cast to int32 drops the fraction', (b, x) => b.cast(x!, 'int32'), [tensor([1.7, -1.7])], indices(1, -1)],
  ['Cast to bool asks for other than 0', (b, x) => b.cast(x!, 'bool'), [tensor([0, 0.3, -2])], bools(0, 1, 1)],
  ['Cast of bool', (b, x) => b.cast(x!, 'float32'), [bools(0, 1)], tensor([0, 1])],
  [
    'Select broadcasts its condition',
    (b, c, x) => b.select(c!, x!, -1),
    [tensor([[1], [0]], 'bool'), matrix],
    tensor([
      [1, 2, 3],
      [-1, -1, -1],
    ]),
  ],
  ['MatMul', (b, x, y) => b.matMul(x!, y!), [matrix, tensor([[1], [0], [2]])], tensor([[7], [16]])],
  [
    'MatMul with a transposed left',
    (b, x) => b.matMul(x!, x!, { transposeA: true }),
    [matrix],
    tensor([
      [17, 22, 27],
      [22, 29, 36],
      [27, 36, 45],
    ]),
  ],
  [
    'MatMul with a transposed right',
    (b, x) => b.matMul(x!, x!, { transposeB: true }),
    [matrix],
    tensor([
      [14, 32],
      [32, 77],
    ]),
  ],
  [
    'MatMul with both transposed',
    (b, x, y) => b.matMul(x!, y!, { transposeA: true, transposeB: true }),
    [matrix, tensor([[1, 10]])],
    tensor([[41], [52], [63]]),
  ],
  [
    'BatchMatMul',
    (b, x, y) => b.batchMatMul(x!, y!),
    [
      tensor([[[1, 2]], [[3, 4]]]),
      tensor([
        [[1], [1]],
        [[2], [3]],
      ]),
    ],
    tensor([[[3]], [[18]]]),
  ],
  [
    'BatchMatMul with a transposed right',
    (b, x) => b.batchMatMul(x!, x!, { transposeB: true }),
    [tensor([[[1, 2]], [[3, 4]]])],
    tensor([[[5]], [[25]]]),
  ],
  ['Sum over rows', (b, x) => b.sum(x!, [1]), [matrix], tensor([6, 15])],
  ['Sum over the last axis, kept', (b, x) => b.sum(x!, [-1], true), [matrix], tensor([[6], [15]])],
  ['Sum over all', (b, x) => b.sum(x!, [1, 0]), [matrix], tensor(21)],
  ['Mean over columns', (b, x) => b.mean(x!, [0]), [matrix], tensor([2.5, 3.5, 4.5])],
  [
    'Max over rows',
    (b, x) => b.max(x!, [1]),
    [
      tensor([
        [1, 9, 3],
        [-4, -5, -6],
      ]),
    ],
    tensor([9, -4]),
  ],
  [
    'Softmax of logs of 1, 2, 5 are eighths',
    (b, x) => b.softmax(x!),
    [tensor([[Math.log(1), Math.log(2), Math.log(5)]])],
    tensor([[0.125, 0.25, 0.625]]),
  ],
  ['Softmax of large numbers', (b, x) => b.softmax(x!), [tensor([1000, 1000])], tensor([0.5, 0.5])],
  [
    'LogSoftmax',
    (b, x) => b.logSoftmax(x!),
    [tensor([Math.log(1), Math.log(3)])],
    tensor([Math.log(0.25), Math.log(0.75)]),
  ],
  [
    'Reshape',
    (b, x) => b.reshape(x!, [3, 2]),
    [matrix],
    tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
  ],
  [
    'Transpose',
    (b, x) => b.transpose(x!, [1, 0]),
    [matrix],
    tensor([
      [1, 4],
      [2, 5],
      [3, 6],
    ]),
  ],
  [
    'Transpose of three axes',
    (b, x) => b.transpose(x!, [1, 2, 0]),
    [
      tensor([
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ]),
    ],
    tensor([
      [
        [1, 5],
        [2, 6],
      ],
      [
        [3, 7],
        [4, 8],
      ],
    ]),
  ],
  [
    'Concat of columns',
    (b, x, y) => b.concat([x!, y!], 1),
    [matrix, tensor([[7], [8]])],
    tensor([
      [1, 2, 3, 7],
      [4, 5, 6, 8],
    ]),
  ],
  [
    'Concat of rows',
    (b, x, y) => b.concat([x!, y!], 0),
    [matrix, tensor([[7, 8, 9]])],
    tensor([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]),
  ],
  [
    'Slice',
    (b, x) => b.slice(x!, [0, 1], [-1, 2]),
    [matrix],
    tensor([
      [2, 3],
      [5, 6],
    ]),
  ],
  [
    'Pad',
    (b, x) => b.pad(x!, [0, 1], [1, 0]),
    [matrix],
    tensor([
      [0, 1, 2, 3],
      [0, 4, 5, 6],
      [0, 0, 0, 0],
    ]),
  ],
  [
    'BroadcastTo',
    (b, x, y) => b.broadcastTo(x!, y!),
    [tensor([[1], [2]]), matrix],
    tensor([
      [1, 1, 1],
      [2, 2, 2],
    ]),
  ],
  [
    'Gather',
    (b, x, i) => b.gather(x!, i!),
    [matrix, indices(1, 0, 1)],
    tensor([
      [4, 5, 6],
      [1, 2, 3],
      [4, 5, 6],
    ]),
  ],
  [
    'SegmentSum leaves rows that nothing is added to at 0',
    (b, x, i) => b.segmentSum(x!, i!, 3),
    [matrix, indices(2, 2)],
    tensor([
      [0, 0, 0],
      [0, 0, 0],
      [5, 7, 9],
    ]),
  ],
  [
    'AllGather of one worker',
    (b, x, i) => b.allGather(x!, i!, i!),
    [matrix, indices(1, 0)],
    tensor([
      [4, 5, 6],
      [1, 2, 3],
    ]),
  ],
  ['AllReduce of one worker', (b, x) => b.allReduce(x!), [matrix], matrix],
  [
    'ScatterUpdate',
    (b, x, i, u) => b.scatterUpdate(x!, i!, u!),
    [
      matrix,
      tensor(
        [
          [0, 2],
          [1, 0],
        ],
        'int32',
      ),
      tensor([30, 40]),
    ],
    tensor([
      [1, 2, 30],
      [40, 5, 6],
    ]),
  ],
  [
    'TopK of each row, in descending order, the least number where there are too few',
    (b, x) => b.topK(x!, 4),
    [
      tensor([
        [2, 30, 1],
        [5, 5, -6],
      ]),
    ],
    tensor([
      [30, 2, 1, leastNumber],
      [5, 5, -6, leastNumber],
    ]),
  ],
];

describe('each op computes', () => {
  for (const [title, build, given, expected] of values) {
    it(title, () => {
      const actual = compute(build, ...given);
      expect([actual.dtype, actual.shape]).toEqual([expected.dtype, expected.shape]);
      expectClose(actual.data, expected.data, 1e-7);
    });
  }

  it('what a case above says, for every op', () => {
    const b = makeBuilder('all');
    for (const [, build, given] of values)
      build(b, ...given.map(({ shape, dtype }, i) => b.input(`${shape}${dtype}${i}`, shape, dtype)));
    const tested = new Set(b.nodes.map(({ op }) => op));
    expect(opNames.filter((op) => !isLeaf(op) && !tested.has(op))).toEqual([]);
  });

  it('with a line of documentation', () => {
    expect(opNames.filter((op) => ops[op].doc === '')).toEqual([]);
    expect(Object.keys(ops)).toEqual([...opNames]);
  });
});

const float = (...shape: Dim[]) => ({ shape, dtype: 'float32' as Dtype });
const int = (...shape: Dim[]) => ({ shape, dtype: 'int32' as Dtype });
const bool = (...shape: Dim[]) => ({ shape, dtype: 'bool' as Dtype });
const hits = symbolicDim('hits');
type Operands = readonly { shape: readonly Dim[]; dtype: Dtype }[];

const types: readonly (readonly [title: string, build: Build, operands: Operands, expected: string])[] = [
  ['Add of a batch and a row', (b, x, y) => b.add(x!, y!), [float(batch, 4), float(4)], 'float32[batch, 4]'],
  [
    'Add of a column and a row',
    (b, x, y) => b.add(x!, y!),
    [float(batch, 1), float(1, batch)],
    'float32[batch, batch]',
  ],
  ['Greater', (b, x, y) => b.greater(x!, y!), [float(batch), float()], 'bool[batch]'],
  [
    'MatMul of two batches',
    (b, x, y) => b.matMul(x!, y!, { transposeB: true }),
    [float(batch, 4), float(symbolicDim('batch', 4), 4)],
    'float32[batch, 4·batch]',
  ],
  ['Sum, kept', (b, x) => b.sum(x!, [1], true), [float(batch, 4)], 'float32[batch, 1]'],
  ['Mean', (b, x) => b.mean(x!, [0, 1]), [float(batch, 4)], 'float32[]'],
  [
    'Reshape that splits the batch',
    (b, x) => b.reshape(x!, [batch, 4, 8]),
    [float(symbolicDim('batch', 4), 8)],
    'float32[batch, 4, 8]',
  ],
  [
    'Reshape to a product of symbols',
    (b, x) => b.reshape(x!, [symbolicDim('batch·hits', 2)]),
    [float(hits, 2, batch)],
    'float32[2·batch·hits]',
  ],
  [
    'Concat along the batch',
    (b, x, y) => b.concat([x!, y!], 0),
    [float(batch, 2), float(symbolicDim('batch', 4), 2)],
    'float32[5·batch, 2]',
  ],
  ['Slice to the end', (b, x) => b.slice(x!, [0, 1], [-1, -1]), [float(batch, 4)], 'float32[batch, 3]'],
  [
    'Slice of a part of the batch',
    (b, x) => b.slice(x!, [0, 0], [batch, 1]),
    [float(symbolicDim('batch', 2), 4)],
    'float32[batch, 1]',
  ],
  ['Gather by a matrix', (b, x, i) => b.gather(x!, i!), [float(9, 4), int(batch, 5)], 'float32[batch, 5, 4]'],
  ['AllGather', (b, x, i, all) => b.allGather(x!, i!, all!), [float(batch, 4), int(batch), int(9)], 'float32[9, 4]'],
  ['AllReduce', (b, x) => b.allReduce(x!), [float(batch, 4)], 'float32[batch, 4]'],
  ['SegmentSum', (b, x, i) => b.segmentSum(x!, i!, 9), [float(batch, 4), int(batch)], 'float32[9, 4]'],
  [
    'ScatterUpdate',
    (b, x, i, u) => b.scatterUpdate(x!, i!, u!),
    [float(batch, batch), int(hits, 2), float(hits)],
    'float32[batch, batch]',
  ],
  ['Select', (b, c, x, y) => b.select(c!, x!, y!), [bool(batch, 1), float(4), float()], 'float32[batch, 4]'],
];

const refusals: readonly (readonly [title: string, build: Build, operands: Operands, message: string])[] = [
  [
    'Add of lengths that differ',
    (b, x, y) => b.add(x!, y!),
    [float(batch, 4), float(batch, 3)],
    'Add: [batch, 4] and [batch, 3] do not go together: 4 against 3',
  ],
  [
    'Add of two symbols',
    (b, x, y) => b.add(x!, y!),
    [float(batch), float(hits)],
    'Add: [batch] and [hits] do not go together: batch against hits',
  ],
  [
    'Add of a batch and four',
    (b, x, y) => b.add(x!, y!),
    [float(batch), float(symbolicDim('batch', 4))],
    'Add: [batch] and [4·batch] do not go together: batch against 4·batch',
  ],
  ['Add of two dtypes', (b, x, y) => b.add(x!, y!), [float(2), int(2)], 'Add: float32[2] and int32[2] differ in dtype'],
  ['Exp of int32', (b, x) => b.exp(x!), [int(2)], 'Exp: operand 1 must be float32, but is int32[2]'],
  [
    'LogicalAnd of numbers',
    (b, x) => b.logicalAnd(x!, x!),
    [float(2)],
    'LogicalAnd: operand 1 must be bool, but is float32[2]',
  ],
  [
    'Select by a number',
    (b, x) => b.select(x!, x!, 0),
    [float(2)],
    'Select: operand 1 must be bool, but is float32[2]',
  ],
  [
    'MatMul of inner lengths that differ',
    (b, x, y) => b.matMul(x!, y!, { transposeB: true }),
    [float(batch, 64), float(10, 32)],
    'MatMul: [batch, 64] × [10, 32]ᵀ: the inner lengths 64 and 32 differ',
  ],
  [
    'MatMul of a vector',
    (b, x, y) => b.matMul(x!, y!),
    [float(4), float(4, 2)],
    'MatMul: needs rank 2, but [4] has rank 1',
  ],
  [
    'BatchMatMul of leading lengths that differ',
    (b, x, y) => b.batchMatMul(x!, y!),
    [float(batch, 2, 3), float(2, 3, 4)],
    'BatchMatMul: [batch, 2, 3] × [2, 3, 4]: the leading lengths differ',
  ],
  ['Sum over an axis that is not there', (b, x) => b.sum(x!, [2]), [float(batch, 4)], 'Sum: [batch, 4] has no axis 2'],
  ['Sum twice over an axis', (b, x) => b.sum(x!, [1, 1]), [float(batch, 4)], 'Sum: axes [1,1] are not in order'],
  ['Softmax of a scalar', (b, x) => b.softmax(x!), [float()], 'Softmax: a scalar has no last axis'],
  [
    'Reshape to another number of elements',
    (b, x) => b.reshape(x!, [batch, 3]),
    [float(batch, 4)],
    'Reshape: [batch, 4] has 4·batch elements, [batch, 3] has 3·batch',
  ],
  [
    'Transpose that repeats an axis',
    (b, x) => b.transpose(x!, [0, 0]),
    [float(batch, 4)],
    'Transpose: [0,0] does not reorder the axes of [batch, 4]',
  ],
  ['Concat of nothing', (b) => b.concat([], 0), [], 'Concat: takes at least one operand'],
  [
    'Concat of a symbol and a number',
    (b, x, y) => b.concat([x!, y!], 0),
    [float(batch, 2), float(3, 2)],
    'Concat: float32[batch, 2] and float32[3, 2] do not join along axis 0',
  ],
  [
    'Concat of other lengths that differ',
    (b, x, y) => b.concat([x!, y!], 1),
    [float(2, 2), float(3, 2)],
    'Concat: float32[2, 2] and float32[3, 2] do not join along axis 1',
  ],
  [
    'Slice past the end',
    (b, x) => b.slice(x!, [0, 3], [-1, 2]),
    [float(batch, 4)],
    'Slice: [-1, 2] from [0, 3] is not within [batch, 4]',
  ],
  [
    'Slice from within a symbolic axis to its end',
    (b, x) => b.slice(x!, [1, 0], [-1, -1]),
    [float(batch, 4)],
    'Slice: [-1, -1] from [1, 0] is not within [batch, 4]',
  ],
  [
    'Pad of a symbolic axis',
    (b, x) => b.pad(x!, [1, 0], [0, 0]),
    [float(batch, 4)],
    'Pad: [1, 0] before and [0, 0] after do not fit [batch, 4]',
  ],
  [
    'BroadcastTo a shape that does not follow',
    (b, x, y) => b.broadcastTo(x!, y!),
    [float(batch, 4), float(4)],
    'BroadcastTo: [batch, 4] does not stretch to [4]',
  ],
  ['Gather by floats', (b, x) => b.gather(x!, x!), [float(4)], 'Gather: operand 2 must be int32, but is float32[4]'],
  [
    'AllGather of other places',
    (b, x, i) => b.allGather(x!, i!, i!),
    [float(4), int(2)],
    'AllGather: [4] has not one row for each of [2] places',
  ],
  ['Gather from a scalar', (b, x, i) => b.gather(x!, i!), [float(), int(2)], 'Gather: a scalar has no rows'],
  [
    'SegmentSum of too few segments',
    (b, x, i) => b.segmentSum(x!, i!, 3),
    [float(batch, 4), int(3)],
    'SegmentSum: [batch, 4] has not one row for each of 3 segments',
  ],
  [
    'ScatterUpdate of indices of another rank',
    (b, x, i, u) => b.scatterUpdate(x!, i!, u!),
    [float(batch, 4), int(hits, 3), float(hits)],
    'ScatterUpdate: indices [hits, 3] and updates [hits] do not fit [batch, 4]',
  ],
];

function buildWith(build: Build, operands: Operands): Ref {
  const b = makeBuilder('types');
  return build(b, ...operands.map(({ shape, dtype }, i) => b.input(`x${i}`, shape, dtype)));
}

describe('each op types', () => {
  for (const [title, build, operands, expected] of types) {
    it(title, () => expect(printType(buildWith(build, operands).type)).toBe(expected));
  }
});

describe('an op refuses', () => {
  for (const [title, build, operands, message] of refusals) {
    it(title, () => expect(() => buildWith(build, operands)).toThrow(new GraphTypeError(message)));
  }
});

describe('an index out of range is refused when the graph runs', () => {
  it('by Gather', () => {
    expect(() => compute((b, x, i) => b.gather(x!, i!), matrix, indices(2))).toThrow('Gather: index 2 is not within 2');
  });
  it('by SegmentSum', () => {
    expect(() => compute((b, x, i) => b.segmentSum(x!, i!, 3), matrix, indices(0, 3))).toThrow(
      'SegmentSum: index 3 is not within 3',
    );
  });
  it('by ScatterUpdate', () => {
    const run = () =>
      compute((b, x, i, u) => b.scatterUpdate(x!, i!, u!), matrix, tensor([[0, 3]], 'int32'), tensor([1]));
    expect(run).toThrow('ScatterUpdate: index 3 is not within 3');
  });
});
