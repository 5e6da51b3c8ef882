/**
 * A resolution has every declaration of a file with its names looked up, whether or not all of it is valid. Rules read it, so that
 * one error hides no other; a valid one becomes a Model.
 */
import type { Span } from '../../base/text/source.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import type * as Ast from '../syntax/ast.ts';
import type { Files } from './files.ts';
import type { Library } from './library.ts';
import type { Call, Feature, Flow, Label, Objective, ScoreSum, Training } from './model.ts';
import type { Report } from './report.ts';
import type { SearchParameter } from './resolve/search.ts';
import type { ReadKind, Scope } from './scope.ts';

export interface Resolution {
  readonly file: Ast.FileNode;
  readonly files: Files;
  readonly library: Library;
  readonly scope: Scope;
  readonly name: string;
  /** The span of the `model` line, else of the file. */
  readonly span: Span;
  /** The valid ones; `scope` has all. */
  readonly features: ReadonlyMap<string, Feature>;
  readonly labels: ReadonlyMap<string, Label>;
  /** The features of each, those of groups within it in their place. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly towers: readonly ResolvedTower[];
  readonly tasks: readonly ResolvedTask[];
  readonly objective?: Objective;
  readonly retrieve?: readonly { readonly task: string; readonly factor: number }[];
  /** Settings with defaults for absent entries; undefined if they are invalid. */
  readonly train?: Training;
  /** The valid entries of `search`. */
  readonly search: readonly SearchParameter[];
  /** The valid ones, those of the main file first. */
  readonly data: readonly DataDescription[];
  /** False when a part of the file, or of one that it uses, could not be read. */
  readonly whole: boolean;
  /** The names that something read, by kind. */
  readonly reads: Readonly<Record<ReadKind, ReadonlySet<string>>>;
  /** Kinds of which a name could not be looked up. Whether something of such a kind is unread is not certain. */
  readonly uncertain: ReadonlySet<ReadKind>;
}

export interface ResolvedTower {
  readonly name: string;
  readonly span: Span;
  readonly node: Ast.TowerNode;
  readonly inputs: readonly TowerInput[];
  /** The features of all inputs, groups opened, in order, each once. */
  readonly features: readonly string[];
  readonly key?: Ast.IdentifierNode;
  readonly steps: readonly ResolvedStep[];
}

export interface TowerInput {
  readonly name: string;
  readonly span: Span;
  readonly features: readonly string[];
  /** The groups within it, where it is a group of groups. */
  readonly groups: readonly string[];
}

export interface ResolvedStep {
  readonly name: string;
  readonly span: Span;
  readonly node: Ast.TowerEntryNode;
  readonly channel: boolean;
  /** Absent when it is not valid. */
  readonly flow?: Flow;
  /** If the flow is not valid: the steps before the first invalid step, for an editor. */
  readonly begun?: Flow;
  /** The names that its flow begins with, valid or not; absent where it begins with something else. */
  readonly reads?: readonly SourceName[];
}

/** A step or input that a flow begins with, and the output it takes of it. */
export interface SourceName {
  readonly name: string;
  readonly output?: string;
}

export interface ResolvedTask {
  readonly name: string;
  readonly span: Span;
  readonly node: Ast.TaskNode;
  /** Absent where it is not valid, and of a product. */
  readonly score?: TaskScore;
  /** In place of a score. */
  readonly product?: TaskProduct;
  readonly loss?: Call;
  readonly label?: Ast.IdentifierNode;
  readonly weight?: Ast.IdentifierNode;
  readonly only?: Ast.IdentifierNode;
  /** True if there is an entry `label`, valid or not. */
  readonly saysLabel: boolean;
  /** True if it has no entry `loss`, and none that may be a misspelt one: a product then names it. */
  readonly hasNoLoss: boolean;
}

/** `click * convert`: the probability that all these tasks predict. */
export interface TaskProduct {
  readonly span: Span;
  /** At least two tasks. */
  readonly factors: readonly Ast.IdentifierNode[];
}

export interface TaskScore extends ScoreSum {
  /** The query tower, then the item tower. */
  readonly towers: readonly [string, string];
}

export interface RuleOptions {
  /** Bytes that embedding tables may take before a warning; their optimizer's state comes on top. Default 2 GB. */
  readonly tableBudget?: number;
}

/** Reports one kind of error that names and arguments alone do not show. */
export type Rule = (resolution: Resolution, report: Report, options: RuleOptions) => void;
