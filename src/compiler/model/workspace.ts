/** What the resolvers of each declaration share. */
import type * as Ast from '../syntax/ast.ts';
import type { Constants } from './constants.ts';
import type { Library } from './library.ts';
import type { Report } from './report.ts';
import { find, ofEachKind, type ReadKind, type Scope } from './scope.ts';
import type { Binding } from './values.ts';

export interface Workspace {
  readonly report: Report;
  readonly library: Library;
  readonly scope: Scope;
  readonly constants: Constants;
  readonly binding: Binding;
  readonly reads: Readonly<Record<ReadKind, Set<string>>>;
  readonly uncertain: Set<ReadKind>;
}

/** Everything a workspace has, from what differs between files. */
export function makeWorkspace(report: Report, library: Library, scope: Scope, constants: Constants): Workspace {
  const reads = ofEachKind(() => new Set<string>());
  const uncertain = new Set<ReadKind>();
  const { features: feature, labels: label, tasks: task, blocks: block, towers: tower } = scope;
  const binding: Binding = {
    report,
    constants,
    names: { feature, label, task, block, tower },
    featureKinds: library.features,
    onName: (kind, name) => void reads[kind].add(name),
    onUnknown: (kind) => void uncertain.add(kind),
  };
  return { report, library, scope, constants, binding, reads, uncertain };
}

/** Looks a declared name up and notes that it is read. */
export function read<T>(
  workspace: Workspace,
  kind: ReadKind,
  table: ReadonlyMap<string, T>,
  name: Ast.IdentifierNode,
): { readonly name: string; readonly value: T } | undefined {
  const found = find(kind, table, name, workspace.report);
  if (found) workspace.reads[kind].add(found.name);
  else workspace.uncertain.add(kind);
  return found;
}
