/** The translation of each op to PyTorch. */
import { sameDim } from '../../graph/dims.ts';
import type { Dim, Node } from '../../graph/graph.ts';
import { leastNumber, mayHaveFewer } from '../../graph/ops/reductions.ts';
import { lowerAlike } from './emitted.ts';
import {
  atom,
  precedence,
  pythonNumber,
  pythonType,
  type TorchExpression,
  type TorchLowering,
  type TorchTable,
  type TorchWriter,
} from './torch_writer.ts';

/** Translates to a call of a function with the operands as tensors. */
const callFunction =
  (name: string, ...extraArguments: readonly string[]): TorchLowering =>
  ({ inputs }, writer) =>
    atom(`${name}(${[...inputs.map((input) => writer.tensor(input)), ...extraArguments].join(', ')})`);

/** Translates to `a + b`. If both are numbers, one becomes a tensor, because Python would compute with doubles. */
const infix =
  (operator: string, level: number): TorchLowering =>
  ({ inputs }, writer) => {
    const [a, b] = inputs as [number, number];
    // Python reads `a > b > c` as two comparisons.
    const leftBinds = level === precedence.comparison ? level + 1 : level;
    const leftCode = writer.isNumber(b) ? writer.tensor(a, leftBinds) : writer.operand(a, leftBinds);
    return { code: `${leftCode} ${operator} ${writer.operand(b, level + 1)}`, precedence: level };
  };

const prefix =
  (operator: string): TorchLowering =>
  ({ inputs: [value] }, writer) => ({
    code: `${operator}${writer.tensor(value!, precedence.sign)}`,
    precedence: precedence.sign,
  });

/** Translates to `clamp` if one operand is a number. */
const extremum =
  (name: string, bound: string): TorchLowering =>
  (node, writer) => {
    const [a, b] = node.inputs as [number, number];
    if (writer.isNumber(b)) return atom(`torch.clamp(${writer.tensor(a)}, ${bound}=${writer.number(b)})`);
    if (writer.isNumber(a)) return atom(`torch.clamp(${writer.tensor(b)}, ${bound}=${writer.number(a)})`);
    return callFunction(name)(node, writer);
  };

/** Translates to a reduction. Without axes it writes the value itself, because torch would reduce over all axes. */
const reduction =
  (name: string): TorchLowering =>
  ({ inputs: [value], attributes, type }, writer) => {
    const axes = attributes.axes as readonly number[];
    const x = writer.tensor(value!, precedence.atom);
    if (axes.length === 0) return atom(x);
    const dimText = axes.length === 1 ? String(axes[0]) : `(${axes.join(', ')})`;
    const keepDims = attributes.keepDims === true ? ', keepdim=True' : '';
    // Sums of whole numbers would be int64.
    const dtypeText = name === 'sum' && type.dtype !== 'float32' ? `, dtype=${pythonType(type.dtype)}` : '';
    return atom(`${x}.${name}(${dimText}${keepDims}${dtypeText})`);
  };

const product: TorchLowering = ({ inputs: [a, b], attributes }, writer) => {
  const operandCode = (id: number, isTransposed: boolean, level: number): string =>
    isTransposed ? `${writer.tensor(id, precedence.atom)}.mT` : writer.tensor(id, level);
  const left = operandCode(a!, attributes.transposeA === true, precedence.product);
  const right = operandCode(b!, attributes.transposeB === true, precedence.product + 1);
  return { code: `${left} @ ${right}`, precedence: precedence.product };
};

/** Returns numbers as nested lists, in lines of at most twelve. */
function nestedList(values: readonly number[], shape: readonly number[], write: (value: number) => string): string {
  if (shape.length === 1) {
    const valueTexts = values.map(write);
    if (valueTexts.length <= 12) return `[${valueTexts.join(', ')}]`;
    const lines: string[] = [];
    for (let from = 0; from < valueTexts.length; from += 12) lines.push(valueTexts.slice(from, from + 12).join(', '));
    return `[\n    ${lines.join(',\n    ')}]`;
  }
  const rowSize = values.length / shape[0]!;
  const rows = Array.from({ length: shape[0]! }, (_, row) =>
    nestedList(values.slice(row * rowSize, (row + 1) * rowSize), shape.slice(1), write),
  );
  return `[${rows.join(',\n    ')}]`;
}

function constant({ attributes, type }: Node, writer: TorchWriter): TorchExpression {
  const values = attributes.values as readonly number[];
  const write = (value: number): string => pythonNumber(value, type.dtype);
  const dtype = `dtype=${pythonType(type.dtype)}`;
  if (values.every((value) => Object.is(value, values[0]))) {
    const fillValue = values.length === 0 ? '0' : write(values[0]!);
    return atom(`torch.full(${writer.tuple(type.shape)}, ${fillValue}, ${dtype}, device=${writer.device()})`);
  }
  const table = writer.table(`torch.tensor(${nestedList(values, type.shape as readonly number[], write)}, ${dtype})`);
  return atom(`${table}.to(${writer.device()})`);
}

/** Returns a range of an axis: `:`, `2:`, `:5`, `2:5` */
function sliceRange(begin: number, size: Dim, axisLength: Dim, writer: TorchWriter): string {
  const startText = begin === 0 ? '' : String(begin);
  const isRest =
    sameDim(size, axisLength) ||
    (typeof size === 'number' && typeof axisLength === 'number' && begin + size === axisLength);
  if (isRest || size === -1) return `${startText}:`;
  if (typeof size === 'number') return `${startText}:${begin + size}`;
  return begin === 0 ? `:${writer.dim(size)}` : `${startText}:${startText} + ${writer.dim(size)}`;
}

function concat({ inputs, attributes }: Node, writer: TorchWriter): TorchExpression {
  const operandCodes = inputs.map((input) => writer.tensor(input));
  const oneLine = `torch.cat((${operandCodes.join(', ')}), ${attributes.axis})`;
  if (oneLine.length <= 100) return atom(oneLine);
  return atom(`torch.cat((\n    ${operandCodes.join(',\n    ')},\n), ${attributes.axis})`);
}

/** The translation of each op. Long because it is a table: one row per op. */
export const torchTable: TorchTable = {
  Input: (node) => {
    throw new Error(`invariant: input ${node.attributes.name} is not among the graph's inputs`);
  },
  Parameter: (node) => {
    throw new Error(`invariant: parameter ${node.attributes.name} is not among the graph's parameters`);
  },
  Constant: constant,

  Add: infix('+', precedence.sum),
  Sub: infix('-', precedence.sum),
  Mul: infix('*', precedence.product),
  Div: infix('/', precedence.product),
  Maximum: extremum('torch.maximum', 'min'),
  Minimum: extremum('torch.minimum', 'max'),
  Equal: infix('==', precedence.comparison),
  Greater: infix('>', precedence.comparison),
  GreaterEqual: infix('>=', precedence.comparison),
  LogicalAnd: infix('&', precedence.and),
  LogicalOr: infix('|', precedence.or),

  Neg: prefix('-'),
  ...lowerAlike(
    'Exp:exp Log:log Sqrt:sqrt Rsqrt:rsqrt Square:square Abs:abs Sign:sign Tanh:tanh Cos:cos Sin:sin Sigmoid:sigmoid Relu:relu',
    (name) => callFunction(`torch.${name}`),
  ),
  Softplus: callFunction('functional.softplus'),
  LogicalNot: prefix('~'),
  StopGradient: ({ inputs: [value] }, writer) => atom(writer.tensor(value!, precedence.atom)),

  Cast: ({ inputs: [value], type }, writer) =>
    atom(`${writer.tensor(value!, precedence.atom)}.to(${pythonType(type.dtype)})`),
  Select: ({ inputs: [condition, whenTrue, whenFalse], type }, writer) => {
    // For two numbers that are not float32, torch would choose another type.
    const isTyped = type.dtype === 'float32' || !writer.isNumber(whenTrue!) || !writer.isNumber(whenFalse!);
    const [a, b] = [isTyped ? writer.operand(whenTrue!) : writer.tensor(whenTrue!), writer.operand(whenFalse!)];
    return atom(`torch.where(${writer.tensor(condition!)}, ${a}, ${b})`);
  },

  MatMul: product,
  BatchMatMul: product,

  Sum: reduction('sum'),
  Mean: reduction('mean'),
  Max: reduction('amax'),
  Softmax: callFunction('torch.softmax', 'dim=-1'),
  LogSoftmax: callFunction('torch.log_softmax', 'dim=-1'),
  TopK: ({ inputs: [value], attributes }, writer) => {
    const k = attributes.k as number;
    const x = writer.tensor(value!);
    const isFilled = mayHaveFewer(writer.typeOf(value!).shape, k);
    return atom(`torch.topk(${isFilled ? `functional.pad(${x}, (0, ${k}), value=${leastNumber})` : x}, ${k}).values`);
  },

  Reshape: ({ inputs: [value], type }, writer) =>
    atom(`${writer.tensor(value!, precedence.atom)}.reshape(${writer.dims(type.shape) || '()'})`),
  Transpose: ({ inputs: [value], attributes }, writer) =>
    atom(`${writer.tensor(value!, precedence.atom)}.permute(${(attributes.perm as readonly number[]).join(', ')})`),
  Concat: concat,
  Slice: ({ inputs: [value], attributes }, writer) => {
    const begin = attributes.begin as readonly number[];
    const size = attributes.size as readonly Dim[];
    const valueShape = writer.typeOf(value!).shape;
    const ranges = begin.map((start, axis) => sliceRange(start, size[axis]!, valueShape[axis]!, writer));
    while (ranges.length > 1 && ranges.at(-1) === ':') ranges.pop();
    return atom(`${writer.tensor(value!, precedence.atom)}[${ranges.join(', ') || '...'}]`);
  },
  Pad: ({ inputs: [value], attributes }, writer) => {
    // torch counts axes from the last one.
    const before = [...(attributes.before as readonly number[])].reverse();
    const after = [...(attributes.after as readonly number[])].reverse();
    const padPairs = before.flatMap((count, axis) => [count, after[axis]!]);
    return atom(`functional.pad(${writer.tensor(value!)}, (${padPairs.join(', ')}))`);
  },
  BroadcastTo: ({ inputs: [value, like], type }, writer) => {
    if (!writer.isNumber(value!))
      return atom(`${writer.tensor(value!, precedence.atom)}.expand_as(${writer.tensor(like!)})`);
    const dtypeText = writer.typeOf(like!).dtype === type.dtype ? '' : `, dtype=${pythonType(type.dtype)}`;
    return atom(`torch.full_like(${writer.tensor(like!)}, ${writer.number(value!)}${dtypeText})`);
  },
  Gather: ({ inputs: [values, indices] }, writer) =>
    atom(`${writer.tensor(values!, precedence.atom)}[${writer.tensor(indices!)}]`),
  SegmentSum: ({ inputs: [values, segments], type }, writer) => {
    const zeros = `torch.zeros(${writer.tuple(type.shape)}, dtype=${pythonType(type.dtype)}, device=${writer.device()})`;
    return atom(`${zeros}.index_add(0, ${writer.tensor(segments!)}, ${writer.tensor(values!)})`);
  },
  ScatterUpdate: ({ inputs: [value, indices, updates] }, writer) => {
    const positions = `tuple(${writer.tensor(indices!, precedence.atom)}.unbind(1))`;
    return atom(`torch.index_put(${writer.tensor(value!)}, ${positions}, ${writer.tensor(updates!)})`);
  },

  AllGather: ({ inputs: [value, positions], type }, writer) =>
    atom(
      `torch.ops.tower.all_gather(${writer.tensor(value!)}, ${writer.tensor(positions!)}, ${writer.dim(type.shape[0]!)})`,
    ),
  AllReduce: ({ inputs: [value] }, writer) => atom(`torch.ops.tower.all_reduce(${writer.tensor(value!)})`),
};
