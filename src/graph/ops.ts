/** Ops that compute each number of the output from the numbers at its place. */
export const elementwiseNames = [
  // element by element, two operands, shapes broadcast as NumPy's
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Maximum',
  'Minimum',
  'Equal',
  'Greater',
  'GreaterEqual',
  'LogicalAnd',
  'LogicalOr',
  // element by element, one operand
  'Neg',
  'Exp',
  'Log',
  'Sqrt',
  'Rsqrt',
  'Square',
  'Abs',
  'Sign',
  'Tanh',
  'Sigmoid',
  'Relu',
  'Softplus',
  'LogicalNot',
  'StopGradient',
  // attribute dtype
  'Cast',
  // condition, then, else; shapes broadcast
  'Select',
] as const;

/** The closed table of ops. THE list; each has its rows in `types`, `gradients`, `evaluate` and in every format. */
export const opNames = [
  // leaves
  'Input',
  'Parameter',
  'Constant',
  ...elementwiseNames,
  // products: attributes transposeA, transposeB. BatchMatMul has one leading batch axis on both
  'MatMul',
  'BatchMatMul',
  // attributes axes, keepDims
  'Sum',
  'Mean',
  'Max',
  // over the last axis
  'Softmax',
  'LogSoftmax',
  // the largest of the last axis in descending order: attribute k
  'TopK',
  // shape: attributes shape; perm; axis; begin and size (−1: to the end); before and after
  'Reshape',
  'Transpose',
  'Concat',
  'Slice',
  'Pad',
  // first operand to the shape of the second, whose values are not read
  'BroadcastTo',
  // rows of the first operand (axis 0) by int32 indices; its inverse: rows [n, …] added up by int32 [n] into `rows` rows
  'Gather',
  'SegmentSum',
  // tensor, int32 indices [n, rank], updates [n]: elements replaced
  'ScatterUpdate',
  // between workers: rows [own, …] of all by int32 places [own], as many as int32 [n]; the sum of all operands
  'AllGather',
  'AllReduce',
] as const;

export type OpName = (typeof opNames)[number];
