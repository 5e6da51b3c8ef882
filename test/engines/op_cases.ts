/** Uses of ops that have no gradient to test, of other dtypes, and of the shapes that formats find hard. */
import { symbolicDim } from '../../src/graph/dims.ts';
import { batch, type GradientCase } from '../graph/support.ts';

const matrix = { shape: [batch, 4] };
const counts = { shape: [batch, 4], dtype: 'int32', values: [3, -1, 0, 7, 2, 2, -5, 1, 0, 9, -9, 4] } as const;
const others = { shape: [batch, 4], dtype: 'int32', values: [3, 1, 0, -7, 1, 2, 5, 1, 3, 9, -9, -4] } as const;
const flags = { shape: [batch, 4], dtype: 'bool', values: [1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0] } as const;
const column = { shape: [batch, 1], dtype: 'bool', values: [1, 0, 1] } as const;
const hits = symbolicDim('hits');
const nothing = symbolicDim('nothing');
const negatives = symbolicDim('negatives');

export const opCases: Readonly<Record<string, GradientCase>> = {
  'Constant of each dtype': {
    inputs: [matrix, counts, flags],
    build: (b, x, i, f) =>
      b.select(
        b.logicalAnd(f!, b.constant([1, 0, 1, 0], [4], 'bool')),
        b.add(x!, b.constant([1, 2, 3, 4])),
        b.cast(b.add(i!, b.constant([5], [], 'int32')), 'float32'),
      ),
  },
  'Equal of numbers': { inputs: [counts, others], build: (b, x, y) => b.equal(x!, y!) },
  'Equal of a row and a column': {
    inputs: [
      { shape: [batch, 1], dtype: 'int32', values: [1, 2, 3] },
      { shape: [1, 4], dtype: 'int32', values: [3, 1, 2, 2] },
    ],
    build: (b, x, y) => b.equal(x!, y!),
  },
  Greater: { inputs: [matrix, matrix], build: (b, x, y) => b.greater(x!, y!) },
  'Greater of whole numbers': { inputs: [counts, others], build: (b, x, y) => b.greater(x!, y!) },
  GreaterEqual: { inputs: [counts, others], build: (b, x, y) => b.greaterEqual(x!, y!) },
  LogicalAnd: { inputs: [flags, column], build: (b, x, y) => b.logicalAnd(x!, y!) },
  LogicalOr: { inputs: [flags, column], build: (b, x, y) => b.logicalOr(x!, y!) },
  LogicalNot: { inputs: [flags], build: (b, x) => b.logicalNot(x!) },
  Sign: { inputs: [{ shape: [5], values: [-2, -0.5, 0, 0.5, 3] }], build: (b, x) => b.sign(x!) },
  StopGradient: { inputs: [matrix], build: (b, x) => b.stopGradient(x!) },
  'Add of whole numbers': { inputs: [counts, others], build: (b, x, y) => b.add(x!, y!) },
  'Sub of whole numbers': { inputs: [counts, others], build: (b, x, y) => b.sub(x!, y!) },
  'Mul of whole numbers': { inputs: [counts, others], build: (b, x, y) => b.mul(x!, y!) },
  'Maximum of whole numbers': { inputs: [counts, others], build: (b, x, y) => b.maximum(x!, y!) },
  'Minimum of whole numbers': { inputs: [counts, others], build: (b, x, y) => b.minimum(x!, y!) },
  'Cast of a bool to float32': { inputs: [flags], build: (b, x) => b.cast(x!, 'float32') },
  'Cast of a bool to int32': { inputs: [flags], build: (b, x) => b.cast(x!, 'int32') },
  'Cast of int32 to float32': { inputs: [counts], build: (b, x) => b.cast(x!, 'float32') },
  'Cast of float32 to int32': {
    inputs: [{ shape: [6], values: [-2.7, -0.5, 0, 0.5, 1.5, 3.9] }],
    build: (b, x) => b.cast(x!, 'int32'),
  },
  'Select of whole numbers': { inputs: [column, counts, others], build: (b, c, x, y) => b.select(c!, x!, y!) },
  'BroadcastTo an empty shape, and ScatterUpdate at no place': {
    inputs: [matrix, { shape: [nothing, 2], dtype: 'int32', values: [] }],
    build: (b, x, places) => {
      const like = b.cast(b.reshape(b.slice(places!, [0, 0], [-1, 1]), [nothing]), 'float32');
      return b.scatterUpdate(x!, places!, b.broadcastTo(b.constant(-1e9), like));
    },
  },
  'BroadcastTo an empty shape of another type': {
    inputs: [matrix, { shape: [nothing, 2], dtype: 'int32', values: [] }],
    build: (b, x, places) => {
      const like = b.reshape(b.slice(places!, [0, 0], [-1, 1]), [nothing]);
      return b.scatterUpdate(x!, places!, b.broadcastTo(b.constant(-1e9), like));
    },
  },
  'Exp, log and softplus far out': {
    inputs: [{ shape: [6], values: [-80, -20, -1e-4, 1e-4, 20, 80] }],
    build: (b, x) => b.add(b.softplus(x!), b.log(b.add(b.exp(b.neg(b.abs(x!))), 1))),
  },
  'LogSoftmax of large numbers': {
    inputs: [{ shape: [2, 3], values: [1000, 999, -1000, -1e9, 0, 1] }],
    build: (b, x) => b.logSoftmax(x!),
  },
  'TopK of any number of columns': {
    inputs: [{ shape: [batch, batch], values: [1, 3, 2, -5, -5, 7, 0, 0, -1] }],
    build: (b, x) => b.topK(x!, 2),
  },
  'TopK of more than there are': {
    inputs: [{ shape: [batch, batch], values: [1, 3, 2, -5, -5, 7, 0, 0, -1] }],
    build: (b, x) => b.topK(x!, 5),
  },
  'TopK of some of few': { inputs: [matrix], build: (b, x) => b.topK(x!, 4) },
  'Softmax of a masked row': {
    inputs: [{ shape: [2, 3], values: [1, -1e9, 2, -1e9, -1e9, 3] }],
    build: (b, x) => b.softmax(x!),
  },
  'Softmax of three axes': { inputs: [{ shape: [batch, 2, 3] }], build: (b, x) => b.softmax(x!) },
  'Sum of no axes': { inputs: [matrix], build: (b, x) => b.sum(x!, []) },
  'Sum of the middle axis, kept': { inputs: [{ shape: [batch, 2, 3] }], build: (b, x) => b.sum(x!, [1], true) },
  'Max of three axes': { inputs: [{ shape: [batch, 2, 3] }], build: (b, x) => b.max(x!, [0, 2]) },
  'Reshape to two symbolic axes': {
    inputs: [{ shape: [symbolicDim('batch', 4), 2] }, matrix],
    build: (b, x, y) => b.add(b.reshape(x!, [batch, 4, 2]), b.reshape(y!, [batch, 4, 1])),
  },
  'Reshape of a square to a line and back': {
    inputs: [{ shape: [batch, batch] }],
    build: (b, x) => b.reshape(b.exp(b.reshape(x!, [{ symbol: 'batch·batch', times: 1 }])), [batch, batch]),
  },
  'Reshape to a multiple of a symbol seen only as a multiple': {
    inputs: [{ shape: [symbolicDim('negatives', 2), 3] }, { shape: [batch] }],
    build: (b, x, y) =>
      b.add(
        b.reshape(b.matMul(b.reshape(y!, [batch, 1]), b.reshape(x!, [1, symbolicDim('negatives', 6)])), [
          batch,
          negatives,
          6,
        ]),
        1,
      ),
  },
  'Reshape of flags': { inputs: [flags], build: (b, x) => b.reshape(x!, [symbolicDim('batch', 2), 2]) },
  'Transpose of whole numbers': { inputs: [counts], build: (b, x) => b.transpose(x!, [1, 0]) },
  'Concat of whole numbers': { inputs: [counts, others], build: (b, x, y) => b.concat([x!, y!], 1) },
  'Concat along the batch': { inputs: [matrix, matrix], build: (b, x, y) => b.concat([x!, y!], 0) },
  'Slice of whole numbers': { inputs: [counts], build: (b, x) => b.slice(x!, [0, 1], [-1, 2]) },
  'Slice of the first batch rows of a multiple': {
    inputs: [{ shape: [symbolicDim('batch', 3), 2] }],
    build: (b, x) => b.slice(x!, [0, 1], [symbolicDim('batch', 2), 1]),
  },
  'Pad of whole numbers': {
    inputs: [{ shape: [2, 2], dtype: 'int32', values: [1, 2, 3, 4] }],
    build: (b, x) => b.pad(x!, [1, 0], [0, 2]),
  },
  'BroadcastTo of a scalar': { inputs: [{ shape: [] }, matrix], build: (b, x, y) => b.broadcastTo(x!, y!) },
  'BroadcastTo of flags': { inputs: [column, matrix], build: (b, x, y) => b.broadcastTo(x!, y!) },
  'Gather of whole numbers': {
    inputs: [counts, { shape: [2, 2], dtype: 'int32', values: [2, 0, 0, 1] }],
    build: (b, x, i) => b.gather(x!, i!),
  },
  'Gather of numbers by their places': {
    inputs: [{ shape: [5] }, { shape: [batch], dtype: 'int32', values: [4, 0, 4] }],
    build: (b, x, i) => b.gather(x!, i!),
  },
  'SegmentSum of numbers': {
    inputs: [{ shape: [batch] }, { shape: [batch], dtype: 'int32', values: [1, 0, 1] }],
    build: (b, x, i) => b.segmentSum(x!, i!, 3),
  },
  'SegmentSum of three axes': {
    inputs: [{ shape: [batch, 2, 2] }, { shape: [batch], dtype: 'int32', values: [1, 3, 1] }],
    build: (b, x, i) => b.segmentSum(x!, i!, 5),
  },
  'ScatterUpdate of a line': {
    inputs: [{ shape: [5] }, { shape: [hits, 1], dtype: 'int32', values: [3, 0] }, { shape: [hits] }],
    build: (b, x, i, u) => b.scatterUpdate(x!, i!, u!),
  },
  'A value used twice, as an output and inside': {
    inputs: [matrix],
    build: (b, x) => {
      const half = b.mul(x!, 0.5);
      b.output('half', half);
      b.output('half again', half);
      b.output('the input', x!);
      return b.square(half);
    },
  },
};
