/** Resolves combinations of tasks: `objective`, `retrieve`, and products of predictions. */
import { notes } from '../../../base/diagnostics/wording.ts';
import { weightedTasks } from '../../library/declarations/objective_declaration.ts';
import { task as taskRow } from '../../library/declarations/task_declaration.ts';
import type * as Ast from '../../syntax/ast.ts';
import { bindKind } from '../arguments.ts';
import { linearConstant } from '../constants.ts';
import { describeExpression } from '../describe.ts';
import { operandsOf, singleName } from '../expressions.ts';
import type { Call, Objective } from '../model.ts';
import { fittedTerm } from '../references.ts';
import { noteAt, removal } from '../report.ts';
import type { ResolvedTask, TaskProduct } from '../resolution.ts';
import { read, type Workspace } from '../scope.ts';

/** Resolves fixed weights, or a call of a weighting that adapts them during training. */
export function resolveObjective(workspace: Workspace, { value, span }: Ast.ObjectiveNode): Objective | undefined {
  const { library, scope, report } = workspace;
  const word = singleName(value)?.name;
  const bare = word !== undefined && !scope.tasks.has(word) && Object.hasOwn(library.weightings, word);
  if (value.kind === 'Call' || bare) {
    const call = bindKind('weighting', library.weightings, value, workspace, weightedTasks);
    if (!call) return undefined;
    const { tasks, ...args } = call.arguments as { tasks: readonly string[] };
    const namedTasks = tasks.length > 0 ? tasks : [...scope.tasks.keys()];
    const repeated = namedTasks.find((name, index) => namedTasks.indexOf(name) !== index);
    if (repeated !== undefined)
      return report('repeated-name', value.span, { what: 'term', name: repeated, other: 'term' });
    return { kind: 'dynamic', span, call: { ...call, arguments: args }, tasks: namedTasks };
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
  if (terms.every(({ factor }) => factor === 0)) return workspace.report('retrieve-empty', value.span, {});
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
  const form = linearConstant(value, workspace.constants, report, notSum);
  if (!form) return undefined;
  const terms: TaskTerm[] = [];
  let valid = true;
  for (const { of, factor } of form) {
    const taskName = singleName(of);
    if (!taskName) {
      notSum(of);
      valid = false;
      continue;
    }
    const readTask = read(workspace, 'task', scope.tasks, taskName);
    if (!readTask) {
      valid = false;
      continue;
    }
    const firstTerm = terms.find(({ task }) => task === readTask.name);
    if (firstTerm) {
      const note = noteAt(notes.first(readTask.name), firstTerm.span);
      report('repeated-name', of.span, { what: 'term', name: readTask.name, other: 'term' }, note);
      valid = false;
    } else terms.push({ task: readTask.name, factor, span: of.span });
  }
  return valid ? terms : undefined;
}

/** True if a score consists of tasks: it names one, or multiplies names that are neither towers nor scores. */
export function isProduct({ scope, constants, library }: Workspace, value: Ast.ExpressionNode): boolean {
  const isTask = (part: Ast.ExpressionNode): boolean => {
    const taskName = singleName(part)?.name;
    return taskName !== undefined && scope.tasks.has(taskName) && !constants.isNumeric(part);
  };
  const operandNodes = operandsOf(value);
  const [first, ...others] = operandNodes;
  if (others.length === 0) return isTask(first!) && !Object.hasOwn(library.scores, singleName(first!)!.name);
  // Next to a call, `+ mean` is a bias, even if a task is called `mean`.
  const compares = operandNodes.some(({ kind }) => kind === 'Call');
  if (operandNodes.some((part) => isTask(part) && !(compares && singleName(part)?.name === 'mean'))) return true;
  const factors = factorsOf(value);
  return (
    factors.length > 1 &&
    factors.every((part) => {
      const factorName = constants.isNumeric(part) ? undefined : singleName(part)?.name;
      return factorName !== undefined && !scope.towers.has(factorName) && !Object.hasOwn(library.scores, factorName);
    })
  );
}

function factorsOf(value: Ast.ExpressionNode): readonly Ast.ExpressionNode[] {
  if (value.kind !== 'Binary' || value.operator !== '*') return [value];
  return [...factorsOf(value.left), ...factorsOf(value.right)];
}

/** @returns undefined after an error, which is reported; the named tasks still count as used */
export function resolveProduct(workspace: Workspace, value: Ast.ExpressionNode): TaskProduct | undefined {
  const { scope, constants, report } = workspace;
  const parts = factorsOf(value);
  const factors = parts.flatMap((part): Ast.IdentifierNode[] => {
    const taskName = constants.isNumeric(part) ? undefined : singleName(part);
    if (!taskName) {
      report('not-a-product', part.span, { found: describeExpression(part) });
      for (const operand of operandsOf(part)) {
        const innerName = singleName(operand);
        if (innerName && scope.tasks.has(innerName.name)) workspace.onName('task', innerName.name, innerName);
      }
      return [];
    }
    const readTask = read(workspace, 'task', scope.tasks, taskName);
    return readTask ? [{ ...taskName, name: readTask.name }] : [];
  });
  if (factors.length < parts.length) return undefined;
  if (factors.length === 1) return report('product-of-one', value.span, { task: factors[0]!.name });
  return { span: value.span, factors };
}

/** Checks products once all tasks are known. A task without a loss must be a factor of a product, and the loss of a factor must yield a probability. */
export function checkProducts(workspace: Workspace, tasks: readonly ResolvedTask[]): void {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  for (const task of tasks) {
    if (task.hasNoLoss) checkWithoutLoss(workspace, task);
    if (!task.product) continue;
    for (const factor of task.product.factors) checkFactor(workspace, byName.get(factor.name)!, factor);
    if (task.loss) checkOwnLoss(workspace, task, task.loss);
  }
  const inCycles = reportCycles(workspace, tasks, byName);
  for (const { name, product } of tasks) {
    if (product && !inCycles.has(name)) checkRepeated(workspace, product, byName, inCycles);
  }
}

function checkWithoutLoss({ report, reads, uncertain, library }: Workspace, task: ResolvedTask): undefined {
  const { name, span, node } = task;
  const of = `task \`${name}\``;
  // An invalid score may have been meant for one that is fitted.
  const isInvalid = !task.score && !task.product && node.entries.some((entry) => entry.name.name === 'score');
  if (isInvalid || fittedTerm(task, library)) return;
  if (!reads.task.has(name)) {
    // A product with an unknown name may have meant this task.
    if (uncertain.has('task')) return;
    return report('missing-entry', span, { of, name: 'loss', example: `loss = ${taskRow.entries.loss.example}` });
  }
  for (const entry of node.entries) {
    if (!entriesOfLoss.has(entry.name.name)) continue;
    const fixes = [[removal(entry.span)]];
    report('entry-without-loss', entry.name.span, { task: name, entry: entry.name.name }, { fixes });
  }
}

/** Entries that only a loss reads. */
export const entriesOfLoss: ReadonlySet<string> = new Set(['label', 'weight', 'only']);

/** Returns the factor of the score before the sigmoid; undefined if the loss yields no probability of each event. */
const scaleOf = ({ library }: Workspace, { kind, arguments: args }: Call): number | undefined =>
  library.losses[kind]!.probability?.(args);

function checkFactor(workspace: Workspace, { name, loss, product }: ResolvedTask, at: Ast.IdentifierNode): void {
  // The loss of a nested product is checked with that product.
  if (!loss || product || scaleOf(workspace, loss) !== undefined) return;
  const note = noteAt(notes.loss(name), loss.span);
  workspace.report('product-factor-loss', at.span, { task: name, loss: loss.kind }, note);
}

function checkOwnLoss(workspace: Workspace, { name }: ResolvedTask, loss: Call): void {
  const scale = scaleOf(workspace, loss);
  if (scale === 1) return;
  workspace.report('product-loss', loss.span, {
    task: name,
    loss: loss.kind,
    ...(scale === undefined ? {} : { scale }),
  });
}

type ByName = ReadonlyMap<string, ResolvedTask>;

/**
 * Reports each cycle of products once.
 * @returns the tasks of products that have themselves as a factor, directly or through other products
 */
function reportCycles({ report }: Workspace, tasks: readonly ResolvedTask[], byName: ByName): ReadonlySet<string> {
  const cyclicNames = new Set<string>();
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    for (const factor of byName.get(name)?.product?.factors ?? []) {
      const pathIndex = path.indexOf(factor.name);
      if (pathIndex >= 0) {
        const cycle = path.slice(pathIndex);
        if (!cycle.some((each) => cyclicNames.has(each)))
          report('product-cycle', factor.span, { cycle: [...cycle, factor.name] });
        for (const each of cycle) cyclicNames.add(each);
      } else if (!done.has(factor.name)) visit(factor.name, [...path, factor.name]);
    }
    done.add(name);
  };
  for (const { name } of tasks) if (!done.has(name)) visit(name, [name]);
  return cyclicNames;
}

/** Reports a task that occurs twice, directly or through a nested product. */
function checkRepeated(
  { report }: Workspace,
  { factors }: TaskProduct,
  byName: ByName,
  inCycles: ReadonlySet<string>,
): undefined {
  const seen = new Map<string, Ast.IdentifierNode>();
  const leavesOf = (name: string): readonly string[] => {
    const product = inCycles.has(name) ? undefined : byName.get(name)?.product;
    return product ? product.factors.flatMap((factor) => leavesOf(factor.name)) : [name];
  };
  for (const factor of factors) {
    const again = leavesOf(factor.name).find((leaf) => seen.has(leaf));
    if (again !== undefined) {
      const note = noteAt(notes.first(again), seen.get(again)!.span);
      return report('repeated-name', factor.span, { what: 'factor', name: again, other: 'factor' }, note);
    }
    for (const leaf of leavesOf(factor.name)) seen.set(leaf, factor);
  }
}
