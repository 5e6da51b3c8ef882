/** What the resolvers of each declaration share. */
import type * as Ast from '../syntax/ast.ts';
import type { Constants } from './constants.ts';
import type { Effects } from './effects.ts';
import type { Library } from './library.ts';
import type { Reads } from './reads.ts';
import type { Report } from './report.ts';
import { find, ofEachKind, type ReadKind, type Scope } from './scope.ts';
import type { Binding } from './values.ts';

export interface Workspace {
  readonly effects: Effects;
  readonly report: Report;
  readonly library: Library;
  /** What is looked up in it is noted. */
  readonly scope: Scope;
  readonly constants: Constants;
  readonly binding: Binding;
  readonly reads: Readonly<Record<ReadKind, Reads>>;
  readonly uncertain: Set<ReadKind>;
}

/** Everything a workspace has, from what differs between files. */
export function makeWorkspace(effects: Effects, library: Library, declared: Scope, constants: Constants): Workspace {
  const { report } = effects;
  const scope: Scope = {
    lets: declared.lets,
    features: effects.noting('feature', declared.features),
    labels: effects.noting('label', declared.labels),
    groups: effects.noting('group', declared.groups),
    blocks: effects.noting('block', declared.blocks),
    towers: effects.noting('tower', declared.towers),
    tasks: effects.noting('task', declared.tasks),
  };
  const reads = ofEachKind((kind) => effects.reads(kind));
  const uncertain = effects.uncertain();
  const { features: feature, labels: label, tasks: task, blocks: block, towers: tower } = scope;
  const binding: Binding = {
    report,
    constants,
    names: { feature, label, task, block, tower },
    featureKinds: library.features,
    onName: (kind, name) => void reads[kind].add(name),
    onUnknown: (kind) => void uncertain.add(kind),
  };
  return { effects, report, library, scope, constants, binding, reads, uncertain };
}

/** Looks a declared name up and notes that it is read. */
export function read<T>(
  workspace: Workspace,
  kind: ReadKind,
  table: ReadonlyMap<string, T>,
  name: Ast.Identifier,
): { readonly name: string; readonly value: T } | undefined {
  const found = find(kind, table, name, workspace.report);
  if (found) workspace.reads[kind].add(found.name);
  else workspace.uncertain.add(kind);
  return found;
}
