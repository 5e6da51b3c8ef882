/** What a file declares, each with its place: what definitions, references and renames are about. */
import type { Resolution } from '../model/resolution.ts';
import type { TypedName } from '../model/scope.ts';
import type * as Ast from '../syntax/ast.ts';
import type { Span } from '../text/source.ts';
import { columnEntries } from './columns.ts';

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

/** What has one name for the whole file. */
export type LookupKind = 'constant' | 'feature' | 'label' | 'group' | 'block' | 'tower' | 'task' | 'column';

export type SymbolNode =
  | Ast.ModelName
  | Ast.Let
  | TypedName
  | Ast.Group
  | Ast.Block
  | Ast.BlockParameter
  | Ast.Tower
  | Ast.TowerEntry
  | Ast.Task
  | Ast.Data
  | Ast.Entry;

export interface NamedSymbol {
  readonly kind: SymbolKind;
  readonly name: string;
  /** Of the name where it is declared. */
  readonly span: Span;
  readonly node: SymbolNode;
  /** Of a channel or step: its tower. */
  readonly tower?: string;
  /** Of a parameter: its block. */
  readonly block?: string;
}

/** Two views of one declaration: places are compared, as each check of a file has objects of its own. */
export function isSame(a: NamedSymbol, b: NamedSymbol): boolean {
  return a.span.start === b.span.start && a.span.source.name === b.span.source.name && a.kind === b.kind;
}

/** Looks up by kind and name what is in scope of a file. */
export class Symbols {
  readonly #byKind: Readonly<Record<LookupKind, Table>>;
  readonly #steps = new Map<string, Map<string, NamedSymbol>>();

  constructor({ scope, files }: Pick<Resolution, 'scope' | 'files'>) {
    const table = (kind: SymbolKind, nodes: Iterable<SymbolNode>): Table =>
      new Map([...nodes].map((node) => [node.name.name, symbolOf(kind, node)]));
    const blocks = files.main.declarations.filter(({ kind }) => kind === 'Data') as readonly Ast.Data[];
    this.#byKind = {
      constant: table('constant', scope.lets),
      feature: table('feature', scope.features.values()),
      label: table('label', scope.labels.values()),
      group: table('group', scope.groups.values()),
      block: table('block', scope.blocks.values()),
      tower: table('tower', scope.towers.values()),
      task: table('task', scope.tasks.values()),
      // The first of a name is the one that counts, as in a data block.
      column: table('column', blocks.flatMap(columnEntries).reverse()),
    };
    for (const [name, tower] of scope.towers) {
      const steps = new Map<string, NamedSymbol>();
      for (const entry of tower.entries) {
        if (!steps.has(entry.name.name)) steps.set(entry.name.name, stepSymbol(name, entry));
      }
      this.#steps.set(name, steps);
    }
  }

  find(name: string, ...kinds: readonly LookupKind[]): NamedSymbol | undefined {
    for (const kind of kinds) {
      const found = this.#byKind[kind].get(name);
      if (found) return found;
    }
    return undefined;
  }

  /** Of a tower's channels and steps. */
  step(tower: string, name: string): NamedSymbol | undefined {
    return this.#steps.get(tower)?.get(name);
  }

  steps(tower: string): readonly NamedSymbol[] {
    return [...(this.#steps.get(tower)?.values() ?? [])];
  }

  /** Of a block of the file. */
  parameters(block: string): readonly NamedSymbol[] {
    const node = this.#byKind.block.get(block)?.node;
    return node?.kind === 'Block' ? node.parameters.map((parameter) => parameterSymbol(block, parameter)) : [];
  }

  all(kind: LookupKind): readonly NamedSymbol[] {
    return [...this.#byKind[kind].values()];
  }
}

type Table = ReadonlyMap<string, NamedSymbol>;

export function symbolOf(kind: SymbolKind, node: SymbolNode): NamedSymbol {
  return { kind, name: node.name.name, span: node.name.span, node };
}

export function parameterSymbol(block: string, node: Ast.BlockParameter): NamedSymbol {
  return { ...symbolOf('parameter', node), block };
}

export function stepSymbol(tower: string, node: Ast.TowerEntry): NamedSymbol {
  return { ...symbolOf(node.channel ? 'channel' : 'step', node), tower };
}
