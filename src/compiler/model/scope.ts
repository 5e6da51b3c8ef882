/** Declares every name of a file and of the files it uses, and records which are read. */
import { notes } from '../../base/diagnostics/wording.ts';
import type * as Ast from '../syntax/ast.ts';
import type { Constants } from './constants.ts';
import { find } from './guess.ts';
import type { Library } from './library.ts';
import type { Call } from './model.ts';
import {
  columnEntries,
  declares,
  type LookupKind,
  type NoteMeaning,
  reads as readsOf,
  type SymbolNode,
  symbolOf,
  type TypedName,
  typedNames,
} from './occurrences.ts';
import { declaredIn, noteAt, type Report } from './report.ts';
import type { Files } from './source_files.ts';
import type { Binding } from './values.ts';

const readKinds = ['feature', 'label', 'group', 'block', 'loss', 'tower', 'task', 'channel'] as const;

/** The kinds of declarations that a file reads by name. */
export type ReadKind = (typeof readKinds)[number];

export interface Scope {
  readonly lets: readonly Ast.LetNode[];
  readonly features: ReadonlyMap<string, TypedName>;
  readonly labels: ReadonlyMap<string, TypedName>;
  readonly groups: ReadonlyMap<string, Ast.GroupNode>;
  readonly blocks: ReadonlyMap<string, Ast.BlockNode>;
  readonly losses: ReadonlyMap<string, Ast.LossNode>;
  readonly towers: ReadonlyMap<string, Ast.TowerNode>;
  readonly tasks: ReadonlyMap<string, Ast.TaskNode>;
  /** The columns of the data blocks of the main file. */
  readonly columns: ReadonlyMap<string, Ast.EntryNode>;
}

/** Tables that share one namespace, by the kind of their entries. */
type NameTables = Readonly<Record<string, ReadonlyMap<string, SymbolNode>>>;

/**
 * JavaScript that reads a trained model stores values in objects by name, where `__proto__` would set the prototype and the value would be lost. The graph of a
 * tower has an input for each feature and the output `vector`, and a graph of ONNX cannot have one name for both.
 */
const isReserved = (what: string, name: string): boolean =>
  name === '__proto__' || (what === 'feature' && name === 'vector');

/** Declares all names; of two equal ones, the first. Features, groups and labels share a namespace. */
export function declare(files: Files, report: Report, note: NoteMeaning): Scope {
  const add = <N extends SymbolNode>(
    table: Map<string, N>,
    what: LookupKind,
    node: N,
    tables: NameTables,
  ): undefined => {
    const { name, span } = node.name;
    note(span, declares(symbolOf(what, node)));
    if (isReserved(what, name)) report('reserved-name', span, { what, name });
    for (const other in tables) {
      const firstDeclared = tables[other]!.size === 0 ? undefined : tables[other]!.get(name);
      if (firstDeclared === undefined) continue;
      const note = noteAt(notes.declared(other, name), firstDeclared.name.span);
      return report('repeated-name', span, { what, name, other }, note);
    }
    table.set(name, node);
  };

  const lets = new Map<string, Ast.LetNode>();
  const features = new Map<string, TypedName>();
  const labels = new Map<string, TypedName>();
  const groups = new Map<string, Ast.GroupNode>();
  const blocks = new Map<string, Ast.BlockNode>();
  const losses = new Map<string, Ast.LossNode>();
  const towers = new Map<string, Ast.TowerNode>();
  const tasks = new Map<string, Ast.TaskNode>();
  const sharedNames = { feature: features, label: labels, group: groups };

  for (const node of files.shared) {
    if (node.kind === 'Let') add(lets, 'constant', node, { constant: lets });
    if (node.kind === 'Group') add(groups, 'group', node, sharedNames);
    if (node.kind === 'Block') add(blocks, 'block', node, { block: blocks });
    if (node.kind === 'Loss') add(losses, 'loss', node, { loss: losses });
    if (node.kind === 'Features')
      for (const name of node.entries.flatMap(typedNames)) add(features, 'feature', name, sharedNames);
    if (node.kind === 'Labels')
      for (const name of node.entries.flatMap(typedNames)) add(labels, 'label', name, sharedNames);
  }
  for (const declaration of files.main.declarations) {
    if (declaration.kind === 'Tower') add(towers, 'tower', declaration, { tower: towers });
    if (declaration.kind === 'Task') add(tasks, 'task', declaration, { task: tasks });
  }
  const dataColumns = files.main.declarations.flatMap((node) => (node.kind === 'Data' ? columnEntries(node) : []));
  // The first column of a name counts, as in a data block.
  const columns = new Map(dataColumns.toReversed().map((column) => [column.name.name, column]));
  return { lets: [...lets.values()], features, labels, groups, blocks, losses, towers, tasks, columns };
}

/** The names of a file, and those read so far. All resolvers share it. */
export interface Workspace extends Binding {
  readonly library: Library;
  readonly scope: Scope;
  readonly reads: Readonly<Record<ReadKind, Set<string>>>;
  readonly uncertain: Set<ReadKind>;
  /** Groups with a member that could not be looked up. */
  readonly brokenGroups: Set<string>;
  /** Reads the use of a loss of the file. Set once the losses are read. */
  readLoss?(call: Ast.CallNode, node: Ast.LossNode): Call | undefined;
}

export function makeWorkspace(
  report: Report,
  library: Library,
  scope: Scope,
  constants: Constants,
  note: NoteMeaning,
): Workspace {
  const reads = Object.fromEntries(readKinds.map((kind) => [kind, new Set<string>()])) as Workspace['reads'];
  const uncertain = new Set<ReadKind>();
  const { features: feature, labels: label, tasks: task, blocks: block, losses: loss, towers: tower } = scope;
  const names = { feature, label, task, block, loss, tower, group: scope.groups, column: scope.columns };
  const onWord: Workspace['onWord'] = (kind, { name, span }) => {
    const node = names[kind].get(name);
    if (node) note(span, readsOf(symbolOf(kind, node)));
  };
  return {
    ...{ report, library, scope, constants, reads, uncertain, names, note, onWord },
    brokenGroups: new Set(),
    featureKinds: library.features,
    onName(kind, name, word) {
      reads[kind].add(name);
      if (word) onWord(kind, word);
    },
    onUnknown: (kind) => void uncertain.add(kind),
  };
}

/** Looks a declared name up and records that it is read. */
export function read<T>(
  workspace: Workspace,
  kind: 'feature' | 'label' | 'task',
  table: ReadonlyMap<string, T>,
  name: Ast.IdentifierNode,
): { readonly name: string; readonly value: T } | undefined {
  const foundName = find(kind, table, name, workspace.report, declaredIn[kind]);
  if (foundName) workspace.onName(kind, foundName.name, name);
  else workspace.uncertain.add(kind);
  return foundName;
}
