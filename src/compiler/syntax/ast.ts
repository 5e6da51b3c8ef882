/**
 * The tree a `.tower` file is read into: what is written, with a span on every node, and nothing looked up yet.
 * After an error the tree holds every entry that could be read; a part that could not is absent, never invented.
 */
import type { Span } from '../../base/text/source.ts';

export interface File {
  readonly kind: 'File';
  readonly span: Span;
  readonly declarations: readonly Declaration[];
  /** After a mistake: what could not be read, so that no later stage calls a name unknown that is declared there. */
  readonly lost?: readonly Lost[];
  /** Stretches whose reading is a guess: what later stages find wrong in them may only follow from the mistake that is reported. */
  readonly doubtful?: readonly Span[];
}

/** A declaration or entry that could not be read. */
export interface Lost {
  /** What it declares; absent where not even that could be read. */
  readonly name?: string;
  /** The first word of the declaration that it is, or is in; absent where that could not be read. */
  readonly within?: string;
}

export type Declaration =
  | Use
  | Let
  | ModelName
  | Features
  | Labels
  | Group
  | Block
  | Tower
  | Task
  | Objective
  | Retrieve
  | Train
  | Search
  | Data;

interface Node {
  readonly span: Span;
  /** The `///` lines above it, without the slashes. */
  readonly doc?: string;
}

/** A name where it is declared or used. */
export interface Identifier {
  readonly kind: 'Identifier';
  readonly span: Span;
  readonly name: string;
}

/** `use "features/movielens.tower"` */
export interface Use extends Node {
  readonly kind: 'Use';
  readonly path: TextLiteral;
}

/** `let width = 64` */
export interface Let extends Node {
  readonly kind: 'Let';
  readonly name: Identifier;
  readonly value: Expression;
}

/** `model two_tower` */
export interface ModelName extends Node {
  readonly kind: 'ModelName';
  readonly name: Identifier;
}

/** `features { user_id : id(dim: 32) … }` */
export interface Features extends Node {
  readonly kind: 'Features';
  readonly entries: readonly TypedEntry[];
}

/** `labels { clicked: binary, … }` */
interface Labels extends Node {
  readonly kind: 'Labels';
  readonly entries: readonly TypedEntry[];
}

/** `name : kind(…)`; `a, b : kind(…)` is the same kind for each name. */
export interface TypedEntry extends Node {
  readonly kind: 'TypedEntry';
  /** One at least. */
  readonly names: readonly Identifier[];
  readonly value: Expression;
}

/** `name = value`, in tasks, train, data and columns. `by` only where data joins a file by a key. */
export interface Entry extends Node {
  readonly kind: 'Entry';
  readonly name: Identifier;
  readonly value: Expression;
  /** The values after the first, of an entry that takes several: `metrics = recall(20), ndcg(20)`. */
  readonly more?: readonly Expression[];
  readonly by?: Identifier;
}

/** `group profile = user_id, gender`; a member is a feature or another group. */
export interface Group extends Node {
  readonly kind: 'Group';
  readonly name: Identifier;
  readonly members: readonly Identifier[];
}

/** `block body(width) = mlp(2 * width, width)`; `shared block …` when every use has the same weights. */
export interface Block extends Node {
  readonly kind: 'Block';
  readonly name: Identifier;
  readonly parameters: readonly BlockParameter[];
  readonly shared: boolean;
  readonly flow: Expression;
}

/** `width = 64`: a number that each use of the block gives, or its default. */
export interface BlockParameter {
  readonly kind: 'BlockParameter';
  readonly span: Span;
  /** The description of the block says what it is. */
  readonly doc?: never;
  readonly name: Identifier;
  readonly default?: Expression;
}

/** `tower user(profile) keyed by user_id { … }` */
export interface Tower extends Node {
  readonly kind: 'Tower';
  readonly name: Identifier;
  readonly inputs: readonly Identifier[];
  readonly key?: Identifier;
  readonly entries: readonly TowerEntry[];
}

/** `channel main = profile -> mlp(64)`, or without `channel`: a step that channels share. */
export interface TowerEntry extends Node {
  readonly kind: 'TowerEntry';
  readonly channel: boolean;
  readonly name: Identifier;
  readonly flow: Expression;
}

export interface Task extends Node {
  readonly kind: 'Task';
  readonly name: Identifier;
  readonly entries: readonly Entry[];
}

export interface Objective extends Node {
  readonly kind: 'Objective';
  readonly value: Expression;
}

export interface Retrieve extends Node {
  readonly kind: 'Retrieve';
  readonly value: Expression;
}

export interface Train extends Node {
  readonly kind: 'Train';
  readonly entries: readonly Entry[];
}

/** `search { dim : one of 16, 32  dense.rate : log 1e-4 .. 1e-1 }` */
export interface Search extends Node {
  readonly kind: 'Search';
  readonly entries: readonly SearchEntry[];
}

/** `dense.rate : log 1e-4 .. 1e-1` */
export interface SearchEntry extends Node {
  readonly kind: 'SearchEntry';
  /** `dense`, `rate`: one part or more. */
  readonly path: readonly Identifier[];
  readonly domain: Choices | Range;
}

/** `one of 16, 32, 64` */
export interface Choices {
  readonly kind: 'Choices';
  readonly span: Span;
  readonly items: readonly Expression[];
}

/** `0.1 .. 0.5`, and with `log` even in its logarithm. */
export interface Range {
  readonly kind: 'Range';
  readonly span: Span;
  readonly log: boolean;
  readonly from: Expression;
  readonly to: Expression;
}

/** `data movielens { … }` */
export interface Data extends Node {
  readonly kind: 'Data';
  readonly name: Identifier;
  readonly entries: readonly (Entry | Columns)[];
}

/** `columns { movie_id = "movieId" … }` */
export interface Columns extends Node {
  readonly kind: 'Columns';
  readonly entries: readonly Entry[];
}

export type Expression = Name | NumberLiteral | TextLiteral | ListLiteral | Call | Unary | Binary | Flow;

/** `profile`, `user.click`: one part or more. */
export interface Name {
  readonly kind: 'Name';
  readonly span: Span;
  readonly parts: readonly Identifier[];
}

/** `30_000`, `1e-3`, `10%` (then `value` is 0.1 and `percent` is true). */
interface NumberLiteral {
  readonly kind: 'Number';
  readonly span: Span;
  readonly value: number;
  readonly percent: boolean;
}

export interface TextLiteral {
  readonly kind: 'Text';
  readonly span: Span;
  readonly value: string;
}

export interface ListLiteral {
  readonly kind: 'List';
  readonly span: Span;
  readonly items: readonly Expression[];
}

export interface Call {
  readonly kind: 'Call';
  readonly span: Span;
  readonly callee: Identifier;
  readonly arguments: readonly Argument[];
}

export interface Argument {
  readonly kind: 'Argument';
  readonly span: Span;
  readonly name?: Identifier;
  readonly value: Expression;
}

interface Unary {
  readonly kind: 'Unary';
  readonly span: Span;
  readonly operator: '-';
  readonly operand: Expression;
}

export interface Binary {
  readonly kind: 'Binary';
  readonly span: Span;
  readonly operator: '+' | '-' | '*' | '/';
  readonly left: Expression;
  readonly right: Expression;
}

/** `profile -> flatten -> mlp(64)`: two steps or more, in the order the data takes. */
interface Flow {
  readonly kind: 'Flow';
  readonly span: Span;
  readonly steps: readonly Expression[];
}
