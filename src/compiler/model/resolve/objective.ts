/** `objective` and `retrieve`: how the tasks' losses and scores add up. */
import { notes } from '../../../base/diagnostics/notes.ts';
import { weightedTasks } from '../../library/declarations/objective.ts';
import type * as Ast from '../../syntax/ast.ts';
import { bindKind } from '../arguments.ts';
import { singleName } from '../calls.ts';
import { describeExpression } from '../describe.ts';
import { linear } from '../linear.ts';
import type { Objective } from '../model.ts';
import { read, type Workspace } from '../workspace.ts';

/** Fixed weights, or a call of a weighting that finds them while it trains. */
export function resolveObjective(workspace: Workspace, { value, span }: Ast.ObjectiveNode): Objective | undefined {
  const { library, binding, scope, report } = workspace;
  const word = singleName(value)?.name;
  const bare = word !== undefined && !scope.tasks.has(word) && Object.hasOwn(library.weightings, word);
  if (value.kind === 'Call' || bare) {
    const call = bindKind('weighting', library.weightings, value, binding, weightedTasks);
    if (!call) return undefined;
    const { tasks, ...args } = call.arguments as { tasks: readonly string[] };
    const named = tasks.length > 0 ? tasks : [...scope.tasks.keys()];
    const repeated = named.find((name, at) => named.indexOf(name) !== at);
    if (repeated !== undefined) {
      report('repeated-name', value.span, { what: 'term', name: repeated, other: 'term' });
      return undefined;
    }
    return { kind: 'dynamic', span, call: { ...call, arguments: args }, tasks: named };
  }
  const terms = resolveSum(workspace, 'objective', value);
  if (!terms) return undefined;
  for (const { task, factor, span: at } of terms) {
    if (!(factor > 0)) report('objective-weight', at, { task, weight: factor });
  }
  if (terms.some(({ factor }) => !(factor > 0))) return undefined;
  return { kind: 'sum', span, terms: terms.map(({ task, factor }) => ({ task, weight: factor })) };
}

export function resolveRetrieve(
  workspace: Workspace,
  { value }: Ast.RetrieveNode,
): readonly { readonly task: string; readonly factor: number }[] | undefined {
  const terms = resolveSum(workspace, 'retrieve', value);
  if (!terms) return undefined;
  if (terms.every(({ factor }) => factor === 0)) {
    workspace.report('retrieve-empty', value.span, {});
    return undefined;
  }
  return terms.map(({ task, factor }) => ({ task, factor }));
}

interface TaskTerm {
  readonly task: string;
  readonly factor: number;
  readonly span: Ast.ExpressionNode['span'];
}

function resolveSum(workspace: Workspace, what: string, value: Ast.ExpressionNode): readonly TaskTerm[] | undefined {
  const { report, scope } = workspace;
  const notSum = (part: Ast.ExpressionNode): void =>
    report('not-a-sum', part.span, { what, found: describeExpression(part) });
  const form = linear(value, workspace.constants, report, notSum);
  if (!form) return undefined;
  const terms: TaskTerm[] = [];
  let valid = true;
  for (const { of, factor } of form) {
    const name = singleName(of);
    if (!name) {
      notSum(of);
      valid = false;
      continue;
    }
    const found = read(workspace, 'task', scope.tasks, name);
    if (!found) {
      valid = false;
      continue;
    }
    const first = terms.find(({ task }) => task === found.name);
    if (first) {
      const note = { message: notes.first(found.name), at: first.span };
      report('repeated-name', of.span, { what: 'term', name: found.name, other: 'term' }, { notes: [note] });
      valid = false;
    } else terms.push({ task: found.name, factor, span: of.span });
  }
  return valid ? terms : undefined;
}
