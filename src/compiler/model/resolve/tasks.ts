/** Tasks: a score or a product of other tasks, a loss, the label it learns and the weight of each row. */
import { defined } from '../../../base/util/defined.ts';
import { task } from '../../library/declarations/task.ts';
import type * as Ast from '../../syntax/ast.ts';
import type { TaskPart, TaskProduct, TaskScore, TowerPart } from '../resolution.ts';
import type { Workspace } from '../workspace.ts';
import { resolveEntries } from './entry.ts';

export function resolveTask(
  workspace: Workspace,
  node: Ast.TaskNode,
  towers: ReadonlyMap<string, TowerPart>,
): TaskPart {
  const { name, span } = node.name;
  const of = `task \`${name}\``;
  const { entries } = node;
  const declared = { place: 'task', of, at: span, rows: task.entries, entries, towers } as const;
  const { given, values, strange } = resolveEntries(workspace, declared);
  if (!given.has('score')) workspace.uncertain.add('channel');
  const { score, ...others } = values;
  const compares = (score ?? {}) as TaskScore | TaskProduct;
  const part = {
    ...others,
    ...('factors' in compares ? { product: compares } : { score }),
    name,
    span,
    node,
    saysLabel: given.has('label'),
    hasNoLoss: !given.has('loss') && !strange,
  };
  return defined(part) as unknown as TaskPart;
}
