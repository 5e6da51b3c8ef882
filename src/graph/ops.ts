/** Ops of two operands, element by element; shapes broadcast as NumPy's. */
export const binaryNames = [
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
] as const;

/** Ops of one operand, element by element. */
export const unaryNames = [
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
] as const;

/** Ops that compute each number of the output from the numbers at its index. */
export const elementwiseNames = [...binaryNames, 'Select', ...unaryNames, 'StopGradient', 'Cast'] as const;

export const productNames = ['MatMul', 'BatchMatMul'] as const;
export const reductionNames = ['Sum', 'Mean', 'Max'] as const;
/** Over the last axis. */
export const softmaxNames = ['Softmax', 'LogSoftmax'] as const;

/**
 * The closed table of ops. THE list: the builder's methods of the groups above, and the types of all tables of ops, follow from it. What an op
 * computes, and with which attributes, is in its row in `ops/`.
 */
export const opNames = [
  'Input',
  'Parameter',
  'Constant',
  ...elementwiseNames,
  ...productNames,
  ...reductionNames,
  ...softmaxNames,
  'TopK',
  'Reshape',
  'Transpose',
  'Concat',
  'Slice',
  'Pad',
  'BroadcastTo',
  'Gather',
  'SegmentSum',
  'ScatterUpdate',
  'AllGather',
  'AllReduce',
] as const;

export type OpName = (typeof opNames)[number];
export type LeafName = 'Input' | 'Parameter' | 'Constant';
/** Ops that compute a value from operands. */
export type ComputedOp = Exclude<OpName, LeafName>;
