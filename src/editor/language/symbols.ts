/** Lists the declarations of a file, each with its span, for definitions, references and renames. */
import type { Span } from '../../base/text/source.ts';
import { data, histories } from '../../compiler/library/declarations/data_declaration.ts';
import type { Resolution } from '../../compiler/model/resolution.ts';
import type { TypedName } from '../../compiler/model/scope.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';

export type SymbolKind =
  | 'model'
  | 'constant'
  | 'feature'
  | 'label'
  | 'group'
  | 'block'
  | 'parameter'
  | 'tower'
  | 'channel'
  | 'step'
  | 'task'
  | 'data'
  | 'column';

/** Declarations whose names are looked up in the whole file. */
export type LookupKind = 'constant' | 'feature' | 'label' | 'group' | 'block' | 'tower' | 'task' | 'column';

type SymbolNode =
  | Ast.ModelNameNode
  | Ast.LetNode
  | TypedName
  | Ast.GroupNode
  | Ast.BlockNode
  | Ast.BlockParameterNode
  | Ast.TowerNode
  | Ast.TowerEntryNode
  | Ast.TaskNode
  | Ast.DataNode
  | Ast.EntryNode;

export interface NamedSymbol {
  readonly kind: SymbolKind;
  readonly name: string;
  /** The name where it is declared. */
  readonly span: Span;
  readonly node: SymbolNode;
  /** The tower of a channel or step. */
  readonly tower?: string;
  /** The block of a parameter. */
  readonly block?: string;
}

/** True if two symbols are the same declaration. Compares positions, because each check of a file creates new objects. */
export function isSame(a: NamedSymbol, b: NamedSymbol): boolean {
  return a.span.start === b.span.start && a.span.source.name === b.span.source.name && a.kind === b.kind;
}

/** Looks up symbols in the scope of a file by kind and name. Symbols are created lazily, because a file has thousands. */
export class SymbolTable {
  readonly #nodes: Readonly<Record<LookupKind, ReadonlyMap<string, SymbolNode>>>;
  readonly #towers: ReadonlyMap<string, Ast.TowerNode>;

  constructor({ scope, files }: Pick<Resolution, 'scope' | 'files'>) {
    const { lets, features, labels, groups, blocks, towers, tasks } = scope;
    const byName = <N extends SymbolNode>(nodes: readonly N[]): ReadonlyMap<string, N> =>
      new Map(nodes.map((node) => [node.name.name, node]));
    const data = files.main.declarations.filter(({ kind }) => kind === 'Data') as readonly Ast.DataNode[];
    this.#towers = towers;
    this.#nodes = {
      constant: byName(lets),
      feature: features,
      label: labels,
      group: groups,
      block: blocks,
      tower: towers,
      task: tasks,
      // The first column of a name counts, as in a data block.
      column: byName(data.flatMap(columnEntries).reverse()),
    };
  }

  find(name: string, ...kinds: readonly LookupKind[]): NamedSymbol | undefined {
    for (const kind of kinds) {
      const node = this.#nodes[kind].get(name);
      if (node) return symbolOf(kind, node);
    }
    return undefined;
  }

  /** Looks up a channel or step of a tower. */
  step(tower: string, name: string): NamedSymbol | undefined {
    const namedEntry = this.#towers.get(tower)?.entries.find((entry) => entry.name.name === name);
    return namedEntry && stepSymbol(tower, namedEntry);
  }

  /** Returns the steps and channels of a tower; of several with one name, the first. */
  steps(tower: string): readonly NamedSymbol[] {
    const entries = this.#towers.get(tower)?.entries ?? [];
    return [...new Set(entries.map(({ name }) => name.name))].map((name) => this.step(tower, name)!);
  }

  /** Returns the parameters of a block of the file. */
  parameters(block: string): readonly NamedSymbol[] {
    const node = this.#nodes.block.get(block);
    return node?.kind === 'Block' ? node.parameters.map((parameter) => parameterSymbol(block, parameter)) : [];
  }

  all(kind: LookupKind): readonly NamedSymbol[] {
    return [...this.#nodes[kind].values()].map((node) => symbolOf(kind, node));
  }
}

export function symbolOf(kind: SymbolKind, node: SymbolNode): NamedSymbol {
  return { kind, name: node.name.name, span: node.name.span, node };
}

export function parameterSymbol(block: string, node: Ast.BlockParameterNode): NamedSymbol {
  return { ...symbolOf('parameter', node), block };
}

export function stepSymbol(tower: string, node: Ast.TowerEntryNode): NamedSymbol {
  return { ...symbolOf(node.channel ? 'channel' : 'step', node), tower };
}

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
