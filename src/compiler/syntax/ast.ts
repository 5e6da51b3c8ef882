/**
 * The syntax tree of a `.tower` file, with a span on every node and unresolved names. After an error the tree has every entry that could be parsed;
 * other parts are absent, never invented.
 */
import type { Span } from '../../base/text/source.ts';

export interface FileNode {
  readonly kind: 'File';
  readonly span: Span;
  readonly declarations: readonly DeclarationNode[];
  /** Spans that could not be parsed, so that later stages do not report names as unknown that may be declared there. */
  readonly lost?: readonly UnreadPart[];
  /** Spans whose parse is a guess. Errors that later stages find in them may only follow from the reported one. */
  readonly doubtful?: readonly Span[];
}

/** A declaration or entry that could not be read. */
export interface UnreadPart {
  /** Absent where not even the name could be read. */
  readonly name?: string;
  /** The first word of the declaration that it is, or is in; absent where that could not be read. */
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
  | TowerNode
  | TaskNode
  | ObjectiveNode
  | RetrieveNode
  | TrainNode
  | SearchNode
  | DataNode;

/** Stands between the braces of a declaration, or of the columns of its data. */
export type BodyEntryNode = TypedEntryNode | TowerEntryNode | SearchEntryNode | EntryNode | ColumnsNode;

interface SyntaxNode {
  readonly span: Span;
  /** The `///` lines above it, without the slashes. */
  readonly doc?: string;
}

/** A name where it is declared or used. */
export interface IdentifierNode {
  readonly kind: 'Identifier';
  readonly span: Span;
  readonly name: string;
}

/** `use "features/movielens.tower"` */
export interface UseNode extends SyntaxNode {
  readonly kind: 'Use';
  readonly path: TextNode;
}

/** `let width = 64` */
export interface LetNode extends SyntaxNode {
  readonly kind: 'Let';
  readonly name: IdentifierNode;
  readonly value: ExpressionNode;
}

/** `model two_tower` */
export interface ModelNameNode extends SyntaxNode {
  readonly kind: 'ModelName';
  readonly name: IdentifierNode;
}

/** `features { user_id : id(dim: 32) … }` */
export interface FeaturesNode extends SyntaxNode {
  readonly kind: 'Features';
  readonly entries: readonly TypedEntryNode[];
}

/** `labels { clicked: binary, … }` */
export interface LabelsNode extends SyntaxNode {
  readonly kind: 'Labels';
  readonly entries: readonly TypedEntryNode[];
}

/** `name : kind(…)`; `a, b : kind(…)` is the same kind for each name. */
export interface TypedEntryNode extends SyntaxNode {
  readonly kind: 'TypedEntry';
  /** One at least. */
  readonly names: readonly IdentifierNode[];
  readonly value: ExpressionNode;
}

/** `name = value`, in tasks, train, data and columns. `by` only where data joins a file by a key. */
export interface EntryNode extends SyntaxNode {
  readonly kind: 'Entry';
  readonly name: IdentifierNode;
  readonly value: ExpressionNode;
  /** The values after the first, of an entry that takes several: `metrics = recall(20), ndcg(20)`. */
  readonly more?: readonly ExpressionNode[];
  readonly by?: IdentifierNode;
}

/** `group profile = user_id, gender`; a member is a feature or another group. */
export interface GroupNode extends SyntaxNode {
  readonly kind: 'Group';
  readonly name: IdentifierNode;
  readonly members: readonly IdentifierNode[];
}

/** `block body(width) = mlp(2 * width, width)`; `shared block …` when every use has the same weights. */
export interface BlockNode extends SyntaxNode {
  readonly kind: 'Block';
  readonly name: IdentifierNode;
  readonly parameters: readonly BlockParameterNode[];
  readonly shared: boolean;
  readonly flow: ExpressionNode;
}

/** `width = 64`: a number that each use of the block gives, or its default. */
export interface BlockParameterNode {
  readonly kind: 'BlockParameter';
  readonly span: Span;
  /** The kind is determined by the description of the block. */
  readonly doc?: never;
  readonly name: IdentifierNode;
  readonly default?: ExpressionNode;
}

/** `tower user(profile) keyed by user_id { … }` */
export interface TowerNode extends SyntaxNode {
  readonly kind: 'Tower';
  readonly name: IdentifierNode;
  readonly inputs: readonly IdentifierNode[];
  readonly key?: IdentifierNode;
  readonly entries: readonly TowerEntryNode[];
}

/** `channel main = profile -> mlp(64)`, or without `channel`: a step that channels share. */
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

/** `search { dim : one of 16, 32  dense.rate : log 1e-4 .. 1e-1 }` */
export interface SearchNode extends SyntaxNode {
  readonly kind: 'Search';
  readonly entries: readonly SearchEntryNode[];
}

/** `dense.rate : log 1e-4 .. 1e-1` */
export interface SearchEntryNode extends SyntaxNode {
  readonly kind: 'SearchEntry';
  /** `dense`, `rate`: one part or more. */
  readonly path: readonly IdentifierNode[];
  readonly domain: ChoicesNode | RangeNode;
}

/** `one of 16, 32, 64` */
export interface ChoicesNode {
  readonly kind: 'Choices';
  readonly span: Span;
  readonly items: readonly ExpressionNode[];
}

/** `0.1 .. 0.5`, and with `log` even in its logarithm. */
export interface RangeNode {
  readonly kind: 'Range';
  readonly span: Span;
  readonly log: boolean;
  readonly from: ExpressionNode;
  readonly to: ExpressionNode;
}

/** `data movielens { … }` */
export interface DataNode extends SyntaxNode {
  readonly kind: 'Data';
  readonly name: IdentifierNode;
  readonly entries: readonly (EntryNode | ColumnsNode)[];
}

/** `columns { movie_id = "movieId" … }` */
export interface ColumnsNode extends SyntaxNode {
  readonly kind: 'Columns';
  readonly entries: readonly EntryNode[];
}

export type ExpressionNode = NameNode | NumberNode | TextNode | ListNode | CallNode | UnaryNode | BinaryNode | FlowNode;

/** `profile`, `user.click`: one part or more. */
export interface NameNode {
  readonly kind: 'Name';
  readonly span: Span;
  readonly parts: readonly IdentifierNode[];
}

/** `30_000`, `1e-3`, `10%` (then `value` is 0.1 and `percent` is true). */
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
  readonly operator: '+' | '-' | '*' | '/';
  readonly left: ExpressionNode;
  readonly right: ExpressionNode;
}

/** `profile -> flatten -> mlp(64)`: two steps or more, in the order the data takes. */
interface FlowNode {
  readonly kind: 'Flow';
  readonly span: Span;
  readonly steps: readonly ExpressionNode[];
}
