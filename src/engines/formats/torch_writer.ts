/** Writes a graph as statements of Python over torch. A short value that is read once becomes part of the expression that reads it. */
import { printShape } from '../../graph/dims.ts';
import type { Dim, Dtype, Graph, Node, OpName, TensorType } from '../../graph/graph.ts';
import { symbolSource } from './emitted.ts';

// Names of a model as Python identifiers. A name comes from a file or from a caller, and no part of it may become code: identifiers have ASCII letters, digits
// and underscores, comments have printable ASCII on one line, and other texts are quoted.

/** Words of Python, and the names that a printed module uses. */
const reservedNames =
  'False None True and as assert async await break case class continue def del elif else except finally for from global if import in is ' +
  'lambda match nonlocal not or pass raise return try type while with yield print tuple ' +
  'torch functional device INPUTS PARAMETERS OUTPUTS UPDATES';

/** Gives each name a unique identifier. */
class PythonNames {
  private readonly usedNames = new Set(reservedNames.split(' '));

  /** Returns `user_main_mlp_weights_0` for `user/main/mlp/weights_0`, and `user_main_mlp_weights_0_2` for a second one of that name. */
  makeUnique(name: string): string {
    const plainName = name.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
    // Python accepts longer names, but readers do not.
    const baseName = (/^[A-Za-z]/.test(plainName) ? plainName : `value_${plainName}`).replace(/_+$/, '').slice(0, 120);
    let uniqueName = baseName;
    for (let count = 2; this.usedNames.has(uniqueName); count += 1) uniqueName = `${baseName}_${count}`;
    this.usedNames.add(uniqueName);
    return uniqueName;
  }
}

/** Returns a text on one line of a comment. */
export const commentText = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');

/** Returns a Python string with the value of `text`. JSON's escapes mean the same in Python. */
export const pythonString = (text: string): string =>
  JSON.stringify(text).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Precedence of Python's operators, the loosest first. */
export const precedence = { comparison: 1, or: 2, and: 3, sum: 4, product: 5, sign: 6, atom: 7 } as const;

export interface TorchExpression {
  readonly code: string;
  readonly precedence: number;
}

/** Lowers one node to an expression. It may read each operand only once, because an operand may itself be an expression. */
export type TorchLowering = (node: Node, writer: TorchWriter) => TorchExpression;
export type TorchTable = Readonly<Record<OpName, TorchLowering>>;

/** Maximum characters of an expression that becomes part of another one. */
const maxInlineLength = 64;

export const pythonType = (dtype: Dtype): string => `torch.${dtype}`;

export class TorchWriter {
  /** Lines of the function's body. */
  readonly lines: string[] = [];
  /** Definitions before the function: constants with several numbers. */
  readonly tables: string[] = [];
  readonly names = new PythonNames();
  /** The Python name of each input and each parameter, by node. */
  readonly leaves: ReadonlyMap<number, string>;
  /** Name of the function. */
  readonly entry: string;
  private readonly values: TorchExpression[] = [];
  private readonly readerCounts: readonly number[];
  private readonly symbols = new Map<string, string>();
  private readonly prologueLines: string[] = [];
  private usesDevice = false;
  private label = '';

  constructor(
    readonly graph: Graph,
    table: TorchTable,
    /** Writes each node on its own line, followed by a call of `__clock`. */
    private readonly isTimed = false,
  ) {
    this.entry = this.names.makeUnique(graph.name);
    const leaves = [...graph.inputs, ...graph.parameters];
    this.leaves = new Map(leaves.map(({ name, node }) => [node, this.names.makeUnique(name)]));
    for (const [node, name] of this.leaves) this.values[node] = atom(name);
    this.readerCounts = countReaders(graph);
    graph.nodes.forEach((node, id) => {
      if (this.values[id] || this.readerCounts[id] === 0) return;
      if (node.op === 'StopGradient') this.values[id] = this.values[node.inputs[0]!]!;
      else if (!isNumber(node)) this.values[id] = this.placeExpression(node, id, table[node.op](node, this));
    });
  }

  /** Returns a value as a name or an expression, in parentheses if its reader binds tighter. Numbers are written as numbers. */
  operand(id: number, tightness: number = precedence.comparison): string {
    const numberNode = this.graph.nodes[id]!;
    if (!isNumber(numberNode)) return parenthesize(this.values[id]!, tightness);
    const code = this.number(id);
    return parenthesize({ code, precedence: code.startsWith('-') ? precedence.sign : precedence.atom }, tightness);
  }

  /** Returns the same, but a number as a tensor. */
  tensor(id: number, tightness: number = precedence.comparison): string {
    const { type } = this.graph.nodes[id]!;
    if (!this.isNumber(id)) return this.operand(id, tightness);
    return `torch.full((), ${this.number(id)}, dtype=${pythonType(type.dtype)}, device=${this.device()})`;
  }

  isNumber(id: number): boolean {
    return isNumber(this.graph.nodes[id]!);
  }

  number(id: number): string {
    const { attributes, type } = this.graph.nodes[id]!;
    return pythonNumber((attributes.values as readonly number[])[0]!, type.dtype);
  }

  typeOf(id: number): TensorType {
    return this.graph.nodes[id]!.type;
  }

  /** Returns a length: `4 * batch` */
  dim(dim: Dim): string {
    if (typeof dim === 'number') return String(dim);
    const factors = dim.symbol.split('·').map((symbol) => this.symbol(symbol));
    return [...(dim.times === 1 ? [] : [String(dim.times)]), ...factors].join(' * ');
  }

  /** Returns `batch, 4`; `tuple` returns `(batch, 4)` or `(batch,)`. */
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

  /** Writes a constant with several numbers before the function, and returns its name. */
  table(code: string): string {
    const tableName = this.names.makeUnique('table');
    this.tables.push(`${tableName} = ${code}`);
    return tableName;
  }

  /** Returns the lines that must come before the body. */
  prologue(): readonly string[] {
    const [firstLeaf] = this.leaves.values();
    const deviceText = firstLeaf === undefined ? 'torch.device("cpu")' : `${firstLeaf}.device`;
    return [...(this.usesDevice ? [`device = ${deviceText}`] : []), ...this.prologueLines];
  }

  private symbol(symbol: string): string {
    const knownName = this.symbols.get(symbol);
    if (knownName !== undefined) return knownName;
    const { node, axis, times } = symbolSource(this.graph, symbol);
    const name = this.names.makeUnique(symbol);
    this.symbols.set(symbol, name);
    this.prologueLines.push(`${name} = ${this.leaves.get(node)}.shape[${axis}]${times === 1 ? '' : ` // ${times}`}`);
    return name;
  }

  /** Returns a short expression to its only reader, and gives any other a line and a name. */
  private placeExpression(node: Node, id: number, expression: TorchExpression): TorchExpression {
    if (!this.isTimed && this.readerCounts[id] === 1 && expression.code.length <= maxInlineLength) return expression;
    if (node.label !== this.label) {
      this.lines.push('', ...(node.label === '' ? [] : [`# ${commentText(node.label)}`]));
      this.label = node.label;
    }
    const code = this.names.makeUnique(node.label === '' ? node.op : node.label);
    this.lines.push(`${code} = ${expression.code}  # ${typeText(node.type)}`);
    if (this.isTimed) this.lines.push(`__clock(${id})`);
    return atom(code);
  }
}

/** Returns `[batch, 64]`, or `int32 [batch]` if it is not float32. */
export const typeText = ({ dtype, shape }: TensorType): string =>
  commentText(`${dtype === 'float32' ? '' : `${dtype} `}${printShape(shape).replaceAll('·', ' * ')}`);

export const atom = (code: string): TorchExpression => ({ code, precedence: precedence.atom });

/** Returns a number as Python writes it; a whole float32 keeps its decimal point. */
export function pythonNumber(value: number, dtype: Dtype): string {
  if (dtype === 'bool') return value === 0 ? 'False' : 'True';
  if (Number.isNaN(value)) return 'torch.nan';
  if (!Number.isFinite(value)) return value > 0 ? 'torch.inf' : '-torch.inf';
  if (dtype === 'int32') return String(value);
  if (Object.is(value, -0)) return '-0.0';
  const numberText = String(value);
  return /[.e]/.test(numberText) ? numberText : `${numberText}.0`;
}

const parenthesize = ({ code, precedence: precedenceOfCode }: TorchExpression, tightness: number): string =>
  precedenceOfCode < tightness ? `(${code})` : code;

/** True for scalar constants, which are written where they are read. */
const isNumber = ({ op, type }: Node): boolean => op === 'Constant' && type.shape.length === 0;

/** Counts how often each value is read; a value that nothing reads is not written. An output counts twice, so that it gets a name. */
function countReaders(graph: Graph): readonly number[] {
  const readerCounts = graph.nodes.map(() => 0);
  for (const { node } of [...graph.outputs, ...graph.updates]) readerCounts[node]! += 2;
  for (let id = graph.nodes.length - 1; id >= 0; id -= 1) {
    const { inputs, op } = graph.nodes[id]!;
    if (readerCounts[id] === 0) continue;
    // An alias is read as often as its own readers are.
    for (const input of inputs) readerCounts[input]! += op === 'StopGradient' ? readerCounts[id]! : 1;
  }
  return readerCounts;
}
