/** Looks up the declarations of a file by name, for completion and renaming. */
import {
  type LookupKind,
  type NamedSymbol,
  parameterSymbol,
  type SymbolNode,
  stepNamed,
  symbolOf,
} from '../../compiler/model/occurrences.ts';
import type { Resolution } from '../../compiler/model/resolution.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';

/** True if two symbols are the same declaration. Compares positions, because each check of a file creates new objects. */
export function isSame(a: NamedSymbol, b: NamedSymbol): boolean {
  return a.span.start === b.span.start && a.span.source.name === b.span.source.name && a.kind === b.kind;
}

/** Looks up symbols in the scope of a file by kind and name. Symbols are created lazily, because a file has thousands. */
export class SymbolTable {
  readonly #nodes: Readonly<Record<LookupKind, ReadonlyMap<string, SymbolNode>>>;
  readonly #towers: ReadonlyMap<string, Ast.TowerNode>;

  constructor({ scope }: Pick<Resolution, 'scope'>) {
    const { lets, features, labels, groups, blocks, losses, towers, tasks, columns } = scope;
    this.#towers = towers;
    this.#nodes = {
      constant: new Map(lets.map((node) => [node.name.name, node])),
      feature: features,
      label: labels,
      group: groups,
      block: blocks,
      loss: losses,
      tower: towers,
      task: tasks,
      column: columns,
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
    const node = this.#towers.get(tower);
    return node && stepNamed(node, name);
  }

  /** Returns the steps and channels of a tower; of several with one name, the first. */
  steps(tower: string): readonly NamedSymbol[] {
    const entries = this.#towers.get(tower)?.entries ?? [];
    return [...new Set(entries.map(({ name }) => name.name))].map((name) => this.step(tower, name)!);
  }

  /** Returns the parameters of a block or a loss of the file. */
  parameters(block: string, kind: 'block' | 'loss'): readonly NamedSymbol[] {
    const node = this.#nodes[kind].get(block);
    return node?.kind === 'Block' || node?.kind === 'Loss'
      ? node.parameters.map((parameter) => parameterSymbol(block, parameter))
      : [];
  }

  all(kind: LookupKind): readonly NamedSymbol[] {
    return [...this.#nodes[kind].values()].map((node) => symbolOf(kind, node));
  }
}
