/**
 * What a setting, or an entry of `search`, may change: a constant, the blocks of a declared block, an entry of `train` or of a task, the
 * objective, a feature, and any argument of these. A slot knows what is written there, what may be, and how to put something else.
 */
import { nearest } from '../../../base/text/nearest.ts';
import type { Span } from '../../../base/text/source.ts';
import type { Parameter } from '../../library/contract.ts';
import type { EntryType } from '../../library/declarations/entry.ts';
import type * as Ast from '../../syntax/ast.ts';
import type { Library } from '../library.ts';
import type { Report } from '../report.ts';
import type { Files } from '../use.ts';

/** What may be in a slot: what an entry may be, any number, or a flow of blocks. */
export type SlotType = EntryType | { readonly is: 'constant' };

export interface Slot {
  readonly type: SlotType;
  /** Where it is an argument: of which kind, and what the kind's table says of it. */
  readonly argument?: { readonly kind: string; readonly parameter: Parameter };
  /** What is written there, without which the default holds. */
  readonly values: readonly Ast.ExpressionNode[];
  /** What holds where nothing is written. */
  readonly default?: unknown;
  /** The declaration with other values in the slot. */
  readonly put: (values: readonly Ast.ExpressionNode[]) => Change;
  /** The same as an edit of the text: what replaces which place. Nothing where no text has the declaration. */
  readonly write: (text: string) => TextChange | undefined;
}

/** One declaration in place of another; a new one where the file has none. */
export interface Change {
  readonly from?: Ast.DeclarationNode;
  readonly to: Ast.DeclarationNode;
}

interface TextChange {
  readonly at: Span;
  readonly text: string;
}

export interface SlotScope {
  readonly files: Files;
  readonly library: Library;
  readonly report: Report;
}

/** A path in the file, and where it is written. */
export interface Path {
  readonly parts: readonly string[];
  readonly at: Span;
}

/** Reports that there is nothing of a name. */
export function unknown(report: Report, { at }: Path, name: string, what: string, all: Iterable<string>): undefined {
  const known = [...all];
  report('unknown-setting', at, { name, what, nearest: nearest(name, known), known });
}
