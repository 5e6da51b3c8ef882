/** What every name stands for: the declarations of a file and of those it uses. */
import { notes } from '../diagnostics/notes.ts';
import type * as Ast from '../syntax/ast.ts';
import { guess } from './guess.ts';
import type { Report } from './report.ts';
import type { Files } from './use.ts';

export type Sort = 'feature' | 'label' | 'group' | 'block' | 'tower' | 'task' | 'channel';

export interface Scope {
  readonly lets: readonly Ast.Let[];
  readonly features: ReadonlyMap<string, Ast.TypedEntry>;
  readonly labels: ReadonlyMap<string, Ast.TypedEntry>;
  readonly groups: ReadonlyMap<string, Ast.Group>;
  readonly blocks: ReadonlyMap<string, Ast.Block>;
  readonly towers: ReadonlyMap<string, Ast.Tower>;
  readonly tasks: ReadonlyMap<string, Ast.Task>;
}

interface Named {
  readonly name: Ast.Identifier;
}

/** Tables that share their names, by what stands in them. */
type Tables = Readonly<Record<string, ReadonlyMap<string, Named>>>;

/**
 * What reads a trained model in JavaScript, a browser for one, keeps values in objects by their names. There this name is the kind of
 * the object, and a value would be lost.
 */
const reserved: ReadonlySet<string> = new Set(['__proto__']);

/** Declares everything; the first of two that share a name stays. Features, groups and labels share their names. */
export function declare(files: Files, report: Report): Scope {
  const add = <N extends Named>(table: Map<string, N>, what: string, node: N, tables: Tables): void => {
    const { name, span } = node.name;
    if (reserved.has(name)) report('reserved-name', span, { what, name });
    for (const other in tables) {
      const first = tables[other]!.get(name);
      if (first === undefined) continue;
      const note = { message: notes.declared(other, name), at: first.name.span };
      report('repeated-name', span, { what, name, other }, { notes: [note] });
      return;
    }
    table.set(name, node);
  };

  const lets = new Map<string, Ast.Let>();
  const features = new Map<string, Ast.TypedEntry>();
  const labels = new Map<string, Ast.TypedEntry>();
  const groups = new Map<string, Ast.Group>();
  const blocks = new Map<string, Ast.Block>();
  const towers = new Map<string, Ast.Tower>();
  const tasks = new Map<string, Ast.Task>();
  const values = { feature: features, label: labels, group: groups };

  for (const declaration of files.shared) {
    switch (declaration.kind) {
      case 'Let':
        add(lets, 'constant', declaration, { constant: lets });
        break;
      case 'Features':
        for (const entry of declaration.entries) add(features, 'feature', entry, values);
        break;
      case 'Labels':
        for (const entry of declaration.entries) add(labels, 'label', entry, values);
        break;
      case 'Group':
        add(groups, 'group', declaration, values);
        break;
      case 'Block':
        add(blocks, 'block', declaration, { block: blocks });
        break;
    }
  }
  for (const declaration of files.main.declarations) {
    if (declaration.kind === 'Tower') add(towers, 'tower', declaration, { tower: towers });
    if (declaration.kind === 'Task') add(tasks, 'task', declaration, { task: tasks });
  }
  return { lets: [...lets.values()], features, labels, groups, blocks, towers, tasks };
}

/**
 * Looks one name up. A misspelt one is reported and taken as the nearest, so that what follows is judged as it was meant.
 * @returns nothing when nothing is near
 */
export function find<T>(
  what: string,
  table: ReadonlyMap<string, T>,
  { name, span }: Ast.Identifier,
  report: Report,
): { readonly name: string; readonly value: T } | undefined {
  const value = table.get(name);
  if (value !== undefined) return { name, value };
  const { nearest: near, extra } = guess(name, span, table.keys());
  report('unknown-name', span, { what, name, nearest: near, known: [...table.keys()] }, extra);
  return near === undefined ? undefined : { name: near, value: table.get(near)! };
}
