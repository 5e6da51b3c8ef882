/**
 * The syntax tree of a `.tower` file, with a span on every node and unresolved names. After an error the tree has every entry that could be parsed;
 * other parts are absent, never invented. Long because it is the whole tree.
 */
import type { Span } from '../../base/text/source.ts';

export interface FileNode {
  readonly kind: 'File';
  readonly span: Span;
  readonly declarations: readonly DeclarationNode[];
  /** Set after an error: the parts that could not be read, so that later stages do not call a name unknown that they may declare. */
  readonly lost?: readonly UnreadPart[];
  /** Spans whose parse is a guess. Errors that later stages find in them may only follow from the reported one. */
  readonly doubtful?: readonly Span[];
}

/** A declaration or entry that could not be read. */
export interface UnreadPart {
  /** Absent if the name could not be read either. */
  readonly name?: string;
  /** The first word of the declaration that it is or is in. Absent if that could not be read. */
  readonly within?: string;
}

export type DeclarationNode =
  | UseNode
  | LetNode
  | ModelNameNode
  | FeaturesNode
  | LabelsNode
  | GroupNode
  | BlockNode
  | LossNode
  | TowerNode
  | TaskNode
  | ObjectiveNode
  | RetrieveNode
  | TrainNode
  | SearchNode
  | DataNode;

/** An entry between the braces of a declaration, or of the columns of a data block. */
export type BodyEntryNode =
  | TypedEntryNode
  | TowerEntryNode
  | SearchEntryNode
  | EntryNode
  | ColumnsNode
  | FormulaLineNode
  | CarryNode;

interface SyntaxNode {
  readonly span: Span;
  /** The `///` lines above it, without the slashes. */
  readonly doc?: string;
}

/** A name at its declaration or at a use. */
export interface IdentifierNode {
  readonly kind: 'Identifier';
  readonly span: Span;
  readonly name: string;
}

/** A declaration `use "features/movielens.tower"`. */
export interface UseNode extends SyntaxNode {
  readonly kind: 'Use';
  readonly path: TextNode;
}

/** A declaration `let width = 64`. */
export interface LetNode extends SyntaxNode {
  readonly kind: 'Let';
  readonly name: IdentifierNode;
  readonly value: ExpressionNode;
}

/** A declaration `model two_tower`. */
export interface ModelNameNode extends SyntaxNode {
  readonly kind: 'ModelName';
  readonly name: IdentifierNode;
}

/** A declaration `features { user_id : id(dim: 32) … }`. */
export interface FeaturesNode extends SyntaxNode {
  readonly kind: 'Features';
  readonly entries: readonly TypedEntryNode[];
}

/** A declaration `labels { clicked: binary, … }`. */
export interface LabelsNode extends SyntaxNode {
  readonly kind: 'Labels';
  readonly entries: readonly TypedEntryNode[];
}

/** An entry `name : kind(…)`; `a, b : kind(…)` gives each name the same kind. */
export interface TypedEntryNode extends SyntaxNode {
  readonly kind: 'TypedEntry';
  /** At least one. */
  readonly names: readonly IdentifierNode[];
  readonly value: ExpressionNode;
}

/** An entry `name = value` of a task, train, data or columns. Only entries of data may have `by`, which joins a file by a key. */
export interface EntryNode extends SyntaxNode {
  readonly kind: 'Entry';
  readonly name: IdentifierNode;
  readonly value: ExpressionNode;
  /** Further values of an entry that takes several: `metrics = recall(20), ndcg(20)`. */
  readonly more?: readonly ExpressionNode[];
  readonly by?: IdentifierNode;
}

/** A declaration `group profile = user_id, gender`; members are features or other groups. */
export interface GroupNode extends SyntaxNode {
  readonly kind: 'Group';
  readonly name: IdentifierNode;
  readonly members: readonly IdentifierNode[];
}

/**
 * A declaration `block body(width) = mlp(2 * width, width)`, or `block fm of (x: fields[f, d]) { … }` with a formula in place of the flow; with `shared block …`
 * all uses share their weights.
 */
export interface BlockNode extends SyntaxNode {
  readonly kind: 'Block';
  readonly name: IdentifierNode;
  readonly parameters: readonly BlockParameterNode[];
  readonly shared: boolean;
  /** Either this or a formula. */
  readonly flow?: ExpressionNode;
  readonly formula?: FormulaNode;
}

/** A declaration `loss mine(margin = 0.2) of (s: negatives[i, j]) { … }`: the loss of a row as a formula over its scores. */
export interface LossNode extends SyntaxNode {
  readonly kind: 'Loss';
  readonly name: IdentifierNode;
  readonly parameters: readonly BlockParameterNode[];
  readonly shared?: never;
  readonly flow?: never;
  readonly formula: FormulaNode;
}

/** The inputs and lines of a block or a loss that computes by a formula. */
export interface FormulaNode {
  readonly kind: 'Formula';
  readonly span: Span;
  readonly inputs: readonly FormulaInputNode[];
  /** The last one is a `GiveNode`, except after an error. */
  readonly entries: readonly FormulaLineNode[];
}

/** An input such as `x: sequence[t, d]`. */
export interface FormulaInputNode {
  readonly kind: 'FormulaInput';
  readonly span: Span;
  readonly doc?: never;
  readonly name: IdentifierNode;
  /** `vector`, `sequence`, `fields` or `interests`. */
  readonly shape: IdentifierNode;
  readonly axes: readonly InputAxisNode[];
}

/** The letter of an axis; with `any` its size may differ from field to field. */
export interface InputAxisNode {
  readonly any: boolean;
  readonly letter: IdentifierNode;
}

export type FormulaLineNode = WeightsNode | ScanNode | RepeatNode | DefinitionNode | GiveNode | LostLineNode;

/** A line that could not be read, with all of its names, some of which it may declare. */
export interface LostLineNode {
  readonly kind: 'LostLine';
  readonly span: Span;
  readonly doc?: never;
  readonly names: readonly string[];
}

/** A line `weights A[d -> u: units], v[u] = normal(0.02)`. */
export interface WeightsNode extends SyntaxNode {
  readonly kind: 'Weights';
  readonly weights: readonly WeightNode[];
}

export interface WeightNode {
  readonly kind: 'Weight';
  readonly span: Span;
  readonly doc?: never;
  readonly name: IdentifierNode;
  readonly from: readonly WeightAxisNode[];
  /** The axes after `->`, for a weight that maps `from` to them. */
  readonly to?: readonly WeightAxisNode[];
  readonly initial?: ExpressionNode;
}

/** An axis of a weight. `u: units` gives its letter a size, and `each k` has one map for each of its places. */
export interface WeightAxisNode {
  readonly each: boolean;
  readonly letter: IdentifierNode;
  readonly size?: ExpressionNode;
}

/** A line `scan over t { state[u] = 0 then … }`. Lines without a state are values that the lines below read. */
export interface ScanNode extends SyntaxNode {
  readonly kind: 'Scan';
  readonly letter: IdentifierNode;
  readonly entries: readonly (CarryNode | DefinitionNode)[];
}

/** Lines that are computed several times, with weights of their own each time: `repeat layers { … }`. */
export interface RepeatNode extends SyntaxNode {
  readonly kind: 'Repeat';
  readonly times: ExpressionNode;
  readonly entries: readonly (WeightsNode | DefinitionNode | CarryNode)[];
}

/** A state of a scan: its first value, and its value after each element; of a repeat, after each round. */
export interface CarryNode {
  readonly kind: 'Carry';
  readonly span: Span;
  readonly doc?: never;
  readonly name: IdentifierNode;
  readonly axes: readonly IdentifierNode[];
  readonly first: ExpressionNode;
  readonly next: ExpressionNode;
}

/** A line `q = x @ A`; `tower inspect --attention` reads the values of a `shown` one. */
export interface DefinitionNode extends SyntaxNode {
  readonly kind: 'Definition';
  readonly shown: boolean;
  readonly name: IdentifierNode;
  readonly value: ExpressionNode;
}

/** The last line, `give a @ x` or `give x @ W as vector[n, d]`. */
export interface GiveNode extends SyntaxNode {
  readonly kind: 'Give';
  readonly value: ExpressionNode;
  readonly shape?: IdentifierNode;
  readonly axes: readonly IdentifierNode[];
}

/** A parameter such as `width = 64`: a number that each use of the block may give, with an optional default. `f: flow` takes a flow instead. */
export interface BlockParameterNode {
  readonly kind: 'BlockParameter';
  readonly isFlow: boolean;
  readonly span: Span;
  /** Parameters have no description of their own; that of the block covers them. */
  readonly doc?: never;
  readonly name: IdentifierNode;
  readonly default?: ExpressionNode;
}

/** A declaration `tower user(profile) keyed by user_id { … }`. */
export interface TowerNode extends SyntaxNode {
  readonly kind: 'Tower';
  readonly name: IdentifierNode;
  readonly inputs: readonly IdentifierNode[];
  readonly key?: IdentifierNode;
  readonly entries: readonly TowerEntryNode[];
}

/** An entry `channel main = profile -> mlp(64)`; without `channel` it is a step that channels may read. */
export interface TowerEntryNode extends SyntaxNode {
  readonly kind: 'TowerEntry';
  readonly channel: boolean;
  readonly name: IdentifierNode;
  readonly flow: ExpressionNode;
}

export interface TaskNode extends SyntaxNode {
  readonly kind: 'Task';
  readonly name: IdentifierNode;
  readonly entries: readonly EntryNode[];
}

export interface ObjectiveNode extends SyntaxNode {
  readonly kind: 'Objective';
  readonly value: ExpressionNode;
}

export interface RetrieveNode extends SyntaxNode {
  readonly kind: 'Retrieve';
  readonly value: ExpressionNode;
}

export interface TrainNode extends SyntaxNode {
  readonly kind: 'Train';
  readonly entries: readonly EntryNode[];
}

/** A declaration `search { dim : one of 16, 32  dense.rate : log 1e-4 .. 1e-1 }`. */
export interface SearchNode extends SyntaxNode {
  readonly kind: 'Search';
  readonly entries: readonly SearchEntryNode[];
}

/** An entry `dense.rate : log 1e-4 .. 1e-1`. */
export interface SearchEntryNode extends SyntaxNode {
  readonly kind: 'SearchEntry';
  /** At least one part: `dense`, `rate`. */
  readonly path: readonly IdentifierNode[];
  readonly domain: ChoicesNode | RangeNode;
}

/** A list of choices: `one of 16, 32, 64`. */
export interface ChoicesNode {
  readonly kind: 'Choices';
  readonly span: Span;
  readonly items: readonly ExpressionNode[];
}

/** A range `0.1 .. 0.5`; with `log` it is uniform in the logarithm. */
export interface RangeNode {
  readonly kind: 'Range';
  readonly span: Span;
  readonly log: boolean;
  readonly from: ExpressionNode;
  readonly to: ExpressionNode;
}

/** A declaration `data movielens { … }`. */
export interface DataNode extends SyntaxNode {
  readonly kind: 'Data';
  readonly name: IdentifierNode;
  readonly entries: readonly (EntryNode | ColumnsNode)[];
}

/** An entry `columns { movie_id = "movieId" … }`. */
export interface ColumnsNode extends SyntaxNode {
  readonly kind: 'Columns';
  readonly entries: readonly EntryNode[];
}

export type ExpressionNode =
  | NameNode
  | NumberNode
  | TextNode
  | ListNode
  | CallNode
  | UnaryNode
  | BinaryNode
  | FlowNode
  | OverNode
  | RenamedNode;

/** A reduction in a formula: `sum over s where s <= t (a * v)`. */
export interface OverNode {
  readonly kind: 'Over';
  readonly span: Span;
  readonly function: IdentifierNode;
  readonly letters: readonly IdentifierNode[];
  readonly tests: readonly TestNode[];
  readonly operand: ExpressionNode;
}

/** A comparison of places of axes: `s <= t`. */
export interface TestNode {
  readonly span: Span;
  readonly left: ExpressionNode;
  readonly operator: '<' | '<=' | '=';
  readonly right: ExpressionNode;
}

/** A value in a formula with other letters for its axes: `x[t: s]`. */
export interface RenamedNode {
  readonly kind: 'Renamed';
  readonly span: Span;
  readonly value: NameNode;
  readonly letters: readonly { readonly from: IdentifierNode; readonly to: IdentifierNode }[];
}

/** A name with at least one part: `profile`, `user.click`. */
export interface NameNode {
  readonly kind: 'Name';
  readonly span: Span;
  readonly parts: readonly IdentifierNode[];
}

/** A number such as `30_000`, `1e-3` or `10%` (whose `value` is 0.1 and whose `percent` is true). */
interface NumberNode {
  readonly kind: 'Number';
  readonly span: Span;
  readonly value: number;
  readonly percent: boolean;
}

export interface TextNode {
  readonly kind: 'Text';
  readonly span: Span;
  readonly value: string;
}

export interface ListNode {
  readonly kind: 'List';
  readonly span: Span;
  readonly items: readonly ExpressionNode[];
}

export interface CallNode {
  readonly kind: 'Call';
  readonly span: Span;
  readonly callee: IdentifierNode;
  readonly arguments: readonly ArgumentNode[];
}

export interface ArgumentNode {
  readonly kind: 'Argument';
  readonly span: Span;
  readonly name?: IdentifierNode;
  readonly value: ExpressionNode;
}

interface UnaryNode {
  readonly kind: 'Unary';
  readonly span: Span;
  readonly operator: '-';
  readonly operand: ExpressionNode;
}

export interface BinaryNode {
  readonly kind: 'Binary';
  readonly span: Span;
  readonly operator: '+' | '-' | '*' | '/' | '@';
  readonly left: ExpressionNode;
  readonly right: ExpressionNode;
}

/** A flow of at least two steps, in the order of the data: `profile -> flatten -> mlp(64)`. */
interface FlowNode {
  readonly kind: 'Flow';
  readonly span: Span;
  readonly steps: readonly ExpressionNode[];
}
