/** Writes a graph as statements of Python over torch. A value that is read once and is short goes into the expression that reads it. */
import { printShape } from '../../graph/dims.ts';
import type { Dim, Dtype, Graph, Node, OpName, TensorType } from '../../graph/graph.ts';
import { symbolSource } from './emitted.ts';

// Names of a model as Python identifiers. A name comes from a file or from a caller, and nothing of it may become code: identifiers hold ASCII letters,
// digits and underscores, comments hold printable ASCII on one line, and other texts are quoted.

/** Words of Python, and the names that a printed module uses. */
const reservedNames =
  'False None True and as assert async await break case class continue def del elif else except finally for from global if import in is ' +
  'lambda match nonlocal not or pass raise return try type while with yield print tuple ' +
  'torch functional device INPUTS PARAMETERS OUTPUTS UPDATES';

/** Makes a unique identifier for each name. */
class PythonNames {
  private readonly used = new Set(reservedNames.split(' '));

  /** `user/main/mlp/weights_0` is `user_main_mlp_weights_0`; a second one of that name is `user_main_mlp_weights_0_2`. */
  fresh(name: string): string {
    const plainName = name.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
    // 120: Python takes longer ones, readers do not.
    const baseName = (/^[A-Za-z]/.test(plainName) ? plainName : `value_${plainName}`).replace(/_+$/, '').slice(0, 120);
    let freshName = baseName;
    for (let count = 2; this.used.has(freshName); count += 1) freshName = `${baseName}_${count}`;
    this.used.add(freshName);
    return freshName;
  }
}

/** A text on one line of a comment. */
export const inComment = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');

/** A Python string with the value of `text`: JSON's escapes mean the same there. */
export const pythonString = (text: string): string =>
  JSON.stringify(text).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Precedence of Python expressions, loosest first. */
export const binds = { comparison: 1, or: 2, and: 3, sum: 4, product: 5, sign: 6, atom: 7 } as const;

export interface TorchExpression {
  readonly code: string;
  readonly binds: number;
}

/** Lowers one node to an expression. It may read each operand once only, since an operand may be an expression itself. */
export type TorchLowering = (node: Node, writer: TorchWriter) => TorchExpression;
export type TorchTable = Readonly<Record<OpName, TorchLowering>>;

/** Characters of an expression that may go into another one. */
const short = 64;

export const pythonType = (dtype: Dtype): string => `torch.${dtype}`;

export class TorchWriter {
  /** Lines of the function's body. */
  readonly lines: string[] = [];
  /** Definitions before the function: constants of several numbers. */
  readonly tables: string[] = [];
  readonly names = new PythonNames();
  /** Python's name of each input and each parameter, by node. */
  readonly leaves: ReadonlyMap<number, string>;
  /** Name of the function. */
  readonly entry: string;
  private readonly values: TorchExpression[] = [];
  private readonly readers: readonly number[];
  private readonly symbols = new Map<string, string>();
  private readonly heads: string[] = [];
  private usesDevice = false;
  private label = '';

  constructor(
    readonly graph: Graph,
    table: TorchTable,
    /** Writes each node on its own line, followed by a call of `__clock`. */
    private readonly isTimed = false,
  ) {
    this.entry = this.names.fresh(graph.name);
    this.leaves = new Map(
      [...graph.inputs, ...graph.parameters].map(({ name, node }) => [node, this.names.fresh(name)]),
    );
    for (const [node, name] of this.leaves) this.values[node] = { code: name, binds: binds.atom };
    this.readers = countReaders(graph);
    graph.nodes.forEach((node, id) => {
      if (this.values[id] || this.readers[id] === 0) return;
      if (node.op === 'StopGradient') this.values[id] = this.values[node.inputs[0]!]!;
      else if (!isNumber(node)) this.values[id] = this.settle(node, id, table[node.op](node, this));
    });
  }

  /** A value as a name or an expression, in parentheses where its reader binds tighter. Numbers are written as numbers. */
  operand(id: number, tightness: number = binds.comparison): string {
    const numberNode = this.graph.nodes[id]!;
    if (!isNumber(numberNode)) return around(this.values[id]!, tightness);
    const numberText = this.number(id);
    return around({ code: numberText, binds: numberText.startsWith('-') ? binds.sign : binds.atom }, tightness);
  }

  /** The same, as a tensor also where it is a number. */
  tensor(id: number, tightness: number = binds.comparison): string {
    const { type } = this.graph.nodes[id]!;
    if (!this.isNumber(id)) return this.operand(id, tightness);
    return `torch.full((), ${this.number(id)}, dtype=${pythonType(type.dtype)}, device=${this.device()})`;
  }

  isNumber(id: number): boolean {
    return isNumber(this.graph.nodes[id]!);
  }

  number(id: number): string {
    const { attributes, type } = this.graph.nodes[id]!;
    return literal((attributes.values as readonly number[])[0]!, type.dtype);
  }

  typeOf(id: number): TensorType {
    return this.graph.nodes[id]!.type;
  }

  /** `4 * batch` */
  dim(dim: Dim): string {
    if (typeof dim === 'number') return String(dim);
    const factors = dim.symbol.split('·').map((symbol) => this.symbol(symbol));
    return [...(dim.times === 1 ? [] : [String(dim.times)]), ...factors].join(' * ');
  }

  /** `batch, 4`; as a tuple `(batch, 4)`, `(batch,)`. */
  dims(shape: readonly Dim[]): string {
    return shape.map((dim) => this.dim(dim)).join(', ');
  }

  tuple(shape: readonly Dim[]): string {
    return shape.length === 1 ? `(${this.dim(shape[0]!)},)` : `(${this.dims(shape)})`;
  }

  device(): string {
    this.usesDevice = true;
    return 'device';
  }

  /** A constant of several numbers, written before the function. */
  table(code: string): string {
    const tableName = this.names.fresh('table');
    this.tables.push(`${tableName} = ${code}`);
    return tableName;
  }

  /** Declarations that precede the body. */
  head(): readonly string[] {
    const [first] = this.leaves.values();
    const deviceText = first === undefined ? 'torch.device("cpu")' : `${first}.device`;
    return [...(this.usesDevice ? [`device = ${deviceText}`] : []), ...this.heads];
  }

  private symbol(symbol: string): string {
    const knownName = this.symbols.get(symbol);
    if (knownName !== undefined) return knownName;
    const { node, axis, times } = symbolSource(this.graph, symbol);
    const name = this.names.fresh(symbol);
    this.symbols.set(symbol, name);
    this.heads.push(`${name} = ${this.leaves.get(node)}.shape[${axis}]${times === 1 ? '' : ` // ${times}`}`);
    return name;
  }

  /** Keeps a short expression for its one reader, and gives any other a line and a name. */
  private settle(node: Node, id: number, expression: TorchExpression): TorchExpression {
    if (!this.isTimed && this.readers[id] === 1 && expression.code.length <= short) return expression;
    if (node.label !== this.label) {
      this.lines.push('', ...(node.label === '' ? [] : [`# ${inComment(node.label)}`]));
      this.label = node.label;
    }
    const code = this.names.fresh(node.label === '' ? node.op : node.label);
    this.lines.push(`${code} = ${expression.code}  # ${typeText(node.type)}`);
    if (this.isTimed) this.lines.push(`__clock(${id})`);
    return { code, binds: binds.atom };
  }
}

/** `[batch, 64]`, and `int32 [batch]` where it is not float32. */
export const typeText = ({ dtype, shape }: TensorType): string =>
  inComment(`${dtype === 'float32' ? '' : `${dtype} `}${printShape(shape).replaceAll('·', ' * ')}`);

export const atom = (code: string): TorchExpression => ({ code, binds: binds.atom });

/** A number as Python writes it; a whole float32 keeps its point. */
export function literal(value: number, dtype: Dtype): string {
  if (dtype === 'bool') return value === 0 ? 'False' : 'True';
  if (Number.isNaN(value)) return 'torch.nan';
  if (!Number.isFinite(value)) return value > 0 ? 'torch.inf' : '-torch.inf';
  if (dtype === 'int32') return String(value);
  if (Object.is(value, -0)) return '-0.0';
  const numberText = String(value);
  return /[.e]/.test(numberText) ? numberText : `${numberText}.0`;
}

const around = ({ code, binds: own }: TorchExpression, tightness: number): string =>
  own < tightness ? `(${code})` : code;

/** Scalar constants are written where they are read. */
const isNumber = ({ op, type }: Node): boolean => op === 'Constant' && type.shape.length === 0;

/** Counts the uses of each value; unused values are not written. Outputs count twice, so that they get a name. */
function countReaders(graph: Graph): readonly number[] {
  const readerCounts = graph.nodes.map(() => 0);
  for (const { node } of [...graph.outputs, ...graph.updates]) readerCounts[node]! += 2;
  for (let id = graph.nodes.length - 1; id >= 0; id -= 1) {
    const { inputs, op } = graph.nodes[id]!;
    if (readerCounts[id] === 0) continue;
    // An alias is read as often as those that read it.
    for (const input of inputs) readerCounts[input]! += op === 'StopGradient' ? readerCounts[id]! : 1;
  }
  return readerCounts;
}
