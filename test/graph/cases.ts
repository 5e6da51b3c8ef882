/** One or more ways to use each differentiable op, for the two oracles of `differentiate.test.ts`. */
import { symbolicDim } from '../../src/graph/dims.ts';
import { batch, type GradientCase } from './support.ts';

const matrix = { shape: [batch, 4] };
const positive = { shape: [batch, 4], low: 0.3, high: 2 };

export const gradientCases: Readonly<Record<string, GradientCase>> = {
  'Add of equal shapes': { inputs: [matrix, matrix], build: (b, x, y) => b.add(x!, y!) },
  'Add of a row to a matrix': { inputs: [matrix, { shape: [4] }], build: (b, x, y) => b.add(x!, y!) },
  'Add of a column to a matrix': { inputs: [matrix, { shape: [batch, 1] }], build: (b, x, y) => b.add(x!, y!) },
  'Add of a column and a row': {
    inputs: [{ shape: [batch, 1] }, { shape: [1, 4] }],
    build: (b, x, y) => b.add(x!, y!),
  },
  'Sub of a scalar': { inputs: [matrix, { shape: [] }], build: (b, x, y) => b.sub(x!, y!) },
  'Sub from a row': { inputs: [{ shape: [4] }, matrix], build: (b, x, y) => b.sub(x!, y!) },
  'Mul of a matrix with itself': { inputs: [matrix], build: (b, x) => b.mul(x!, x!) },
  'Mul by a column': { inputs: [matrix, { shape: [batch, 1] }], build: (b, x, y) => b.mul(x!, y!) },
  'Mul of three axes by the middle one': {
    inputs: [{ shape: [batch, 2, 3] }, { shape: [2, 1] }],
    build: (b, x, y) => b.mul(x!, y!),
  },
  'Div by a column': { inputs: [matrix, { shape: [batch, 1], low: 1, high: 2 }], build: (b, x, y) => b.div(x!, y!) },
  'Div of a scalar by a matrix': { inputs: [{ shape: [] }, positive], build: (b, x, y) => b.div(x!, y!) },
  'Maximum of two': { inputs: [matrix, matrix], build: (b, x, y) => b.maximum(x!, y!) },
  'Maximum with a number': { inputs: [matrix], build: (b, x) => b.maximum(x!, 0.1) },
  'Minimum with a row': { inputs: [matrix, { shape: [4] }], build: (b, x, y) => b.minimum(x!, y!) },
  Neg: { inputs: [matrix], build: (b, x) => b.neg(x!) },
  Exp: { inputs: [matrix], build: (b, x) => b.exp(x!) },
  Log: { inputs: [positive], build: (b, x) => b.log(x!) },
  Sqrt: { inputs: [positive], build: (b, x) => b.sqrt(x!) },
  Rsqrt: { inputs: [positive], build: (b, x) => b.rsqrt(x!) },
  Square: { inputs: [matrix], build: (b, x) => b.square(x!) },
  Abs: { inputs: [matrix], build: (b, x) => b.abs(x!) },
  Tanh: { inputs: [matrix], build: (b, x) => b.tanh(x!) },
  Cos: { inputs: [matrix], build: (b, x) => b.cos(x!) },
  Sin: { inputs: [matrix], build: (b, x) => b.sin(x!) },
  Sigmoid: { inputs: [matrix], build: (b, x) => b.sigmoid(x!) },
  Relu: { inputs: [matrix], build: (b, x) => b.relu(x!) },
  Softplus: { inputs: [matrix], build: (b, x) => b.softplus(x!) },
  'Cast to its own dtype': { inputs: [matrix], build: (b, x) => b.square(b.cast(x!, 'float32')) },
  'Select between two': {
    inputs: [{ shape: [batch, 1], dtype: 'bool', values: [1, 0, 1] }, matrix, { shape: [4] }],
    build: (b, c, x, y) => b.select(c!, x!, y!),
  },
  'Select against a number': { inputs: [matrix], build: (b, x) => b.select(b.greater(x!, 0.2), b.square(x!), -3) },
  MatMul: { inputs: [matrix, { shape: [4, 2] }], build: (b, x, y) => b.matMul(x!, y!) },
  'MatMul of a transposed left': {
    inputs: [matrix, { shape: [batch, 2] }],
    build: (b, x, y) => b.matMul(x!, y!, { transposeA: true }),
  },
  'MatMul of a transposed right': {
    inputs: [matrix, matrix],
    build: (b, x, y) => b.matMul(x!, y!, { transposeB: true }),
  },
  'MatMul of both transposed': {
    inputs: [matrix, { shape: [2, batch] }],
    build: (b, x, y) => b.matMul(x!, y!, { transposeA: true, transposeB: true }),
  },
  'MatMul under a sum, whose gradient is a broadcast number': {
    inputs: [matrix, { shape: [4, 2] }],
    build: (b, x, y) => b.sum(b.matMul(x!, y!), [0, 1]),
  },
  BatchMatMul: {
    inputs: [{ shape: [batch, 2, 4] }, { shape: [batch, 4, 3] }],
    build: (b, x, y) => b.batchMatMul(x!, y!),
  },
  'BatchMatMul of a transposed left': {
    inputs: [{ shape: [batch, 4, 2] }, { shape: [batch, 4, 3] }],
    build: (b, x, y) => b.batchMatMul(x!, y!, { transposeA: true }),
  },
  'BatchMatMul of a transposed right': {
    inputs: [{ shape: [batch, 2, 4] }, { shape: [batch, 3, 4] }],
    build: (b, x, y) => b.batchMatMul(x!, y!, { transposeB: true }),
  },
  'BatchMatMul of both transposed': {
    inputs: [{ shape: [batch, 4, 2] }, { shape: [batch, 3, 4] }],
    build: (b, x, y) => b.batchMatMul(x!, y!, { transposeA: true, transposeB: true }),
  },
  'Sum of rows, kept': { inputs: [matrix], build: (b, x) => b.mul(x!, b.sum(b.exp(x!), [1], true)) },
  'Sum of columns': { inputs: [matrix], build: (b, x) => b.exp(b.sum(x!, [0])) },
  'Sum of the outer axes': { inputs: [{ shape: [batch, 2, 3] }], build: (b, x) => b.exp(b.sum(x!, [0, 2])) },
  'Mean of rows': { inputs: [matrix], build: (b, x) => b.exp(b.mean(x!, [1])) },
  'Mean over the batch': { inputs: [matrix], build: (b, x) => b.exp(b.mean(x!, [0], true)) },
  'Mean over everything': { inputs: [matrix], build: (b, x) => b.exp(b.mean(b.square(x!), [0, 1])) },
  'Max of rows': { inputs: [matrix], build: (b, x) => b.exp(b.max(x!, [1], true)) },
  'Max over everything': { inputs: [matrix], build: (b, x) => b.exp(b.max(x!, [0, 1])) },
  Softmax: { inputs: [matrix], build: (b, x) => b.softmax(x!) },
  'Softmax under a row sum': {
    inputs: [matrix, { shape: [4] }],
    build: (b, x, y) => b.sum(b.mul(b.softmax(x!), y!), [1]),
  },
  LogSoftmax: { inputs: [matrix], build: (b, x) => b.logSoftmax(x!) },
  'LogSoftmax under a mean, whose gradient is a broadcast number': {
    inputs: [matrix],
    build: (b, x) => b.mean(b.logSoftmax(x!), [0, 1]),
  },
  'Reshape that merges the batch': {
    inputs: [{ shape: [batch, 2, 3] }],
    build: (b, x) => b.square(b.reshape(x!, [symbolicDim('batch', 2), 3])),
  },
  'Reshape under a sum': { inputs: [matrix], build: (b, x) => b.sum(b.reshape(x!, [4, batch]), [0, 1]) },
  'Transpose of three axes': {
    inputs: [{ shape: [batch, 2, 3] }],
    build: (b, x) => b.square(b.transpose(x!, [2, 0, 1])),
  },
  'Transpose of what was summed': { inputs: [matrix], build: (b, x) => b.exp(b.sum(b.transpose(x!, [1, 0]), [0])) },
  'Concat of columns': {
    inputs: [matrix, { shape: [batch, 2] }, matrix],
    build: (b, x, y, z) => b.square(b.concat([x!, y!, z!], 1)),
  },
  'Concat under a row sum': {
    inputs: [matrix, { shape: [batch, 2] }],
    build: (b, x, y) => b.exp(b.sum(b.concat([x!, y!], 1), [1])),
  },
  'Concat under a column sum': {
    inputs: [matrix, { shape: [batch, 2] }],
    build: (b, x, y) => b.exp(b.sum(b.concat([x!, y!], 1), [0])),
  },
  'Slice of columns': { inputs: [matrix], build: (b, x) => b.square(b.slice(x!, [0, 1], [-1, 2])) },
  'Slice of half the rows': {
    inputs: [{ shape: [symbolicDim('batch', 2), 4] }],
    build: (b, x) => b.square(b.slice(x!, [0, 0], [batch, -1])),
  },
  Pad: { inputs: [matrix], build: (b, x) => b.exp(b.pad(x!, [0, 1], [0, 2])) },
  'Pad under a row sum': { inputs: [matrix], build: (b, x) => b.exp(b.sum(b.pad(x!, [0, 1], [0, 2]), [1])) },
  'Pad under a column sum': { inputs: [matrix], build: (b, x) => b.exp(b.sum(b.pad(x!, [0, 1], [0, 2]), [0])) },
  BroadcastTo: { inputs: [{ shape: [batch, 1] }, matrix], build: (b, x, y) => b.mul(b.broadcastTo(x!, y!), y!) },
  'BroadcastTo under a sum': {
    inputs: [{ shape: [4] }, matrix],
    build: (b, x, y) => b.add(b.exp(b.sum(b.broadcastTo(x!, y!), [0, 1])), b.sum(y!, [0, 1])),
  },
  Gather: {
    inputs: [{ shape: [5, 2] }, { shape: [batch], dtype: 'int32', values: [4, 0, 4] }],
    build: (b, x, i) => b.square(b.gather(x!, i!)),
  },
  'Gather by a matrix of indices': {
    inputs: [{ shape: [5, 2] }, { shape: [batch, 2], dtype: 'int32', values: [4, 0, 4, 1, 1, 4] }],
    build: (b, x, i) => b.square(b.gather(x!, i!)),
  },
  SegmentSum: {
    inputs: [matrix, { shape: [batch], dtype: 'int32', values: [1, 0, 1] }],
    build: (b, x, i) => b.square(b.segmentSum(x!, i!, 3)),
  },
  ScatterUpdate: {
    inputs: [
      { shape: [batch, batch] },
      { shape: [symbolicDim('hits'), 2], dtype: 'int32', values: [0, 2, 1, 0] },
      { shape: [symbolicDim('hits')] },
    ],
    build: (b, x, i, u) => b.exp(b.scatterUpdate(x!, i!, u!)),
  },
  'ScatterUpdate under a row sum': {
    inputs: [
      matrix,
      { shape: [symbolicDim('hits'), 2], dtype: 'int32', values: [2, 3, 0, 1] },
      { shape: [symbolicDim('hits')] },
    ],
    build: (b, x, i, u) => b.exp(b.sum(b.scatterUpdate(x!, i!, u!), [1])),
  },
  AllGather: {
    inputs: [
      { shape: [batch, 2] },
      { shape: [batch], dtype: 'int32', values: [0, 1, 2] },
      { shape: [batch], dtype: 'int32', values: [0, 0, 0] },
    ],
    build: (b, x, i, all) => b.square(b.allGather(x!, i!, all!)),
  },
  AllReduce: { inputs: [matrix], build: (b, x) => b.square(b.allReduce(x!)) },
};
