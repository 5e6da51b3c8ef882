/**
 * A resolution has every declaration of a file, invalid ones included, with its names looked up. Rules read it, so that one error does not hide others. A valid
 * resolution becomes a Model.
 */
import type { Span } from '../../base/text/source.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import type * as Ast from '../syntax/ast.ts';
import type { Library } from './library.ts';
import type { Flow, Model, ScoreSum, Task, Tower, TowerStep } from './model.ts';
import type { Occurrence } from './occurrences.ts';
import type { Report } from './report.ts';
import type { ReadKind, Scope } from './scope.ts';
import type { Files } from './source_files.ts';

export interface Resolution {
  readonly file: Ast.FileNode;
  readonly files: Files;
  readonly library: Library;
  readonly scope: Scope;
  readonly name: string;
  /** The span of the `model` line; without one, of the file. */
  readonly span: Span;
  /** The valid features; `scope` has all. */
  readonly features: Model['features'];
  readonly labels: Model['labels'];
  /** The features of each group, with nested groups expanded in place. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly towers: readonly ResolvedTower[];
  readonly tasks: readonly ResolvedTask[];
  readonly objective?: Model['objective'];
  readonly retrieve?: Model['retrieve'];
  /** Settings with defaults for absent entries; undefined if they are invalid. */
  readonly train?: Model['train'];
  /** The valid entries of `search`. */
  readonly search: readonly SearchParameter[];
  /** The valid data blocks, those of the main file first. */
  readonly data: readonly DataDescription[];
  /** False if a part of the file or of an imported file could not be read. */
  readonly whole: boolean;
  /** The names that something in the file reads, by kind. */
  readonly reads: Readonly<Record<ReadKind, ReadonlySet<string>>>;
  /** Kinds with a name that could not be looked up. A declaration of such a kind may look unread although it is read. */
  readonly uncertain: ReadonlySet<ReadKind>;
  /** Groups with a member that could not be looked up, so that their features are not all known. */
  readonly brokenGroups: ReadonlySet<string>;
  /** The words of the file, and of the names that it imports, in the order of their resolution. A word may occur several times. */
  readonly occurrences: readonly Occurrence[];
}

export interface ResolvedTower extends Pick<Tower, 'name' | 'span' | 'features'> {
  readonly node: Ast.TowerNode;
  readonly inputs: readonly TowerInput[];
  readonly key?: Ast.IdentifierNode;
  readonly steps: readonly ResolvedStep[];
}

export interface TowerInput {
  readonly name: string;
  readonly span: Span;
  readonly features: readonly string[];
  /** The groups nested in it, if it is a group. */
  readonly groups: readonly string[];
}

export interface ResolvedStep extends Omit<TowerStep, 'flow'> {
  readonly node: Ast.TowerEntryNode;
  /** Absent if it is invalid. */
  readonly flow?: Flow;
  /** If the flow is not valid: the steps before the first invalid step, for an editor. */
  readonly begun?: Flow;
  /** The names at the start of its flow, valid or not; absent if it starts with another expression. */
  readonly reads?: readonly SourceName[];
}

/** A step or input at the start of a flow, and the selected output. */
export interface SourceName {
  readonly name: string;
  readonly output?: string;
}

export interface ResolvedTask extends Pick<Task, 'name' | 'span' | 'loss'> {
  readonly node: Ast.TaskNode;
  /** Absent if it is invalid, and for a product. */
  readonly score?: TaskScore;
  /** Replaces a score. */
  readonly product?: TaskProduct;
  readonly label?: Ast.IdentifierNode;
  readonly weight?: Ast.IdentifierNode;
  readonly only?: Ast.IdentifierNode;
  /** True if there is an entry `label`, valid or not. */
  readonly saysLabel: boolean;
  /** True if there is no entry `loss` and none that may be a misspelling of it. A product must then name the task. */
  readonly hasNoLoss: boolean;
}

/** A product such as `click * convert`: the probability of all these tasks together. */
export interface TaskProduct {
  readonly span: Span;
  /** At least two tasks. */
  readonly factors: readonly Ast.IdentifierNode[];
}

export interface TaskScore extends ScoreSum {
  /** The query tower and the item tower. */
  readonly towers: readonly [string, string];
}

export interface SearchParameter {
  /** The path of a setting, such as `dense.rate`. */
  readonly name: string;
  readonly span: Span;
  readonly domain: ParameterDomain;
  /** The file's own value, if it is in the domain: a number of the range, or the index of a choice. */
  readonly usual?: number;
}

export type ParameterDomain =
  /** Each choice as text on one line. */
  | { readonly kind: 'choices'; readonly choices: readonly { readonly text: string; readonly span: Span }[] }
  | {
      readonly kind: 'range';
      /** `from` is less than `to`. Both ends are included. */
      readonly from: number;
      readonly to: number;
      /** True if values are uniform in the logarithm; `from` is then positive. */
      readonly log: boolean;
      /** True if the range has only whole numbers. */
      readonly whole: boolean;
      /** The spans of both ends. */
      readonly ends: readonly [Span, Span];
    };

export interface RuleOptions {
  /** Maximum size of embedding tables in bytes before a warning, without the state of their optimizer. Default: 2 GB. */
  readonly tableBudget?: number;
}

/** Reports one kind of error that is not visible from names and arguments alone. */
export type Rule = (resolution: Resolution, report: Report, options: RuleOptions) => void;
