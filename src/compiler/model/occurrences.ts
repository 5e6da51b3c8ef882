/** The words of a file and what they mean. Whoever resolves a name records it, so that an editor looks no name up again. */
import type { Span } from '../../base/text/source.ts';
import type { LabelType } from '../../graph/plan/plan.ts';
import type { KindRow, Parameter } from '../library/contract.ts';
import { data, histories } from '../library/declarations/data_declaration.ts';
import type { DeclarationEntry } from '../library/declarations/entry.ts';
import type { FormulaWord } from '../library/formula_functions.ts';
import type * as Ast from '../syntax/ast.ts';

/** Declarations whose names are looked up in the whole file. */
export type LookupKind = 'constant' | 'feature' | 'label' | 'group' | 'block' | 'loss' | 'tower' | 'task' | 'column';

export type SymbolKind = LookupKind | 'model' | 'data' | 'parameter' | 'value' | 'letter' | 'channel' | 'step';

/** One name of `a, b : category(dim: 4)`. Each declares a separate feature or label. */
export interface TypedName {
  readonly kind: 'TypedName';
  readonly name: Ast.IdentifierNode;
  readonly value: Ast.ExpressionNode;
  readonly doc?: string;
  /** The span to remove with it: the entry if it has no other name, otherwise the name. */
  readonly span: Span;
  readonly entry: Ast.TypedEntryNode;
}

export function typedNames(entry: Ast.TypedEntryNode): readonly TypedName[] {
  const { names, value, doc } = entry;
  return names.map((name): TypedName => {
    const span = names.length === 1 ? entry.span : name.span;
    return { kind: 'TypedName', name, value, span, entry, doc };
  });
}

export type SymbolNode =
  | Ast.ModelNameNode
  | Ast.LetNode
  | TypedName
  | Ast.GroupNode
  | Ast.BlockNode
  | Ast.LossNode
  | Ast.BlockParameterNode
  | Ast.TowerNode
  | Ast.TowerEntryNode
  | Ast.TaskNode
  | Ast.DataNode
  | Ast.EntryNode
  | ValueNode;

export interface NamedSymbol {
  readonly kind: SymbolKind;
  readonly name: string;
  /** The name where it is declared. */
  readonly span: Span;
  readonly node: SymbolNode;
  /** The tower of a channel or step. */
  readonly tower?: string;
  /** The block of a parameter, or of an input, a weight or a line of a formula. */
  readonly block?: string;
  /** The axes of a value of a formula; absent if only a use tells them. Of a letter, itself. */
  readonly axes?: readonly string[];
}

/** Declares a value of a formula, or the letter of an axis. */
interface ValueNode {
  readonly kind: 'Value';
  readonly name: Ast.IdentifierNode;
  /** The input, the weight or the line. */
  readonly span: Span;
  readonly doc?: string;
}

export function symbolOf(kind: SymbolKind, node: SymbolNode): NamedSymbol {
  return { kind, name: node.name.name, span: node.name.span, node };
}

export function parameterSymbol(block: string, node: Ast.BlockParameterNode): NamedSymbol {
  return { ...symbolOf('parameter', node), block };
}

/** @param node what declares it, if that is more than its name */
export function valueSymbol(
  block: string,
  name: Ast.IdentifierNode,
  { span, doc }: Pick<ValueNode, 'span' | 'doc'> = name,
  axes?: readonly string[],
): NamedSymbol {
  const symbol = symbolOf('value', { kind: 'Value', name, span, ...(doc !== undefined && { doc }) });
  return { ...symbol, block, ...(axes && { axes }) };
}

export const inputSymbol = (block: string, node: Ast.FormulaInputNode): NamedSymbol =>
  valueSymbol(
    block,
    node.name,
    node,
    node.axes.map(({ letter }) => letter.name),
  );

/** @param doc what the axis counts */
export const letterSymbol = (block: string, name: Ast.IdentifierNode, doc: string): NamedSymbol => ({
  ...valueSymbol(block, name, { span: name.span, doc }, [name.name]),
  kind: 'letter',
});

export function stepSymbol(tower: string, node: Ast.TowerEntryNode): NamedSymbol {
  return { ...symbolOf(node.channel ? 'channel' : 'step', node), tower };
}

/** Returns a channel or step of a tower; of several with one name, the first. */
export function stepNamed({ name: tower, entries }: Ast.TowerNode, name: string): NamedSymbol | undefined {
  const namedEntry = entries.find((entry) => entry.name.name === name);
  return namedEntry && stepSymbol(tower.name, namedEntry);
}

/** A word of the file and its meaning. */
export type Occurrence = { readonly span: Span } & Meaning;

export type Meaning =
  | { readonly is: 'symbol'; readonly symbol: NamedSymbol; readonly declares: boolean }
  /** `what` describes what is expected at the position: "block", "loss". */
  | { readonly is: 'kind'; readonly what: string; readonly name: string; readonly row: KindRow }
  | { readonly is: 'parameter'; readonly kind: string; readonly name: string; readonly parameter: Parameter }
  | { readonly is: 'word'; readonly word: string; readonly name: string; readonly parameter: Parameter }
  | { readonly is: 'entry'; readonly of: string; readonly name: string; readonly row: DeclarationEntry }
  | { readonly is: 'label type'; readonly name: LabelType }
  | { readonly is: 'function'; readonly name: FormulaWord };

/** Records the meaning of a word. */
export type NoteMeaning = (span: Span, meaning: Meaning) => void;

export const declares = (symbol: NamedSymbol): Meaning => ({ is: 'symbol', symbol, declares: true });
export const reads = (symbol: NamedSymbol): Meaning => ({ is: 'symbol', symbol, declares: false });

export function isHistoryEntry({ name, value }: Ast.EntryNode): boolean {
  return (
    !Object.hasOwn(data.entries, name.name) && value.kind === 'Call' && Object.hasOwn(histories, value.callee.name)
  );
}

/** Returns the columns in the order of the file. */
export function columnEntries(node: Ast.DataNode): readonly Ast.EntryNode[] {
  return node.entries.flatMap((entry) => {
    if (entry.kind === 'Columns') return entry.entries;
    return isHistoryEntry(entry) ? [entry] : [];
  });
}
