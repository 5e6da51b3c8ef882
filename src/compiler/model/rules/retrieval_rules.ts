import type { Edit } from '../../../base/diagnostics/diagnostic.ts';
import type { ExpressionNode } from '../../syntax/ast.ts';
import { singleName } from '../expressions.ts';
import { insertion } from '../report.ts';
import type { Resolution, ResolvedTask, Rule, TaskScore } from '../resolution.ts';
import { scoreBound } from './score_size.ts';

/** The objective must cover every task with a loss, because the others would not be learned, and no task without one. */
export const objectiveCovers: Rule = ({ objective, tasks, file }, report) => {
  if (!objective) return;
  const covered = new Set(objective.kind === 'sum' ? objective.terms.map(({ task }) => task) : objective.tasks);
  const node = file.declarations.find((declaration) => declaration.kind === 'Objective');
  for (const { name, hasNoLoss } of tasks) {
    if (!node) continue;
    if (hasNoLoss && covered.has(name)) report('objective-no-loss', node.value.span, { task: name });
    if (hasNoLoss || covered.has(name)) continue;
    const { source, end } = node.value.span;
    const fix =
      objective.kind === 'sum'
        ? insertion(source, end, ` + 1.0 * ${name}`)
        : insertion(source, node.value.kind === 'Call' ? node.value.callee.span.end + 1 : end, `${name}, `);
    report('objective-omits', node.value.span, { task: name }, { fixes: [[fix]] });
  }
};

/** Retrieval ranks by a single inner product, so it cannot rank by a product of probabilities. */
export const retrieveProduct: Rule = (resolution, report) => {
  const { file, tasks, retrieve, objective } = resolution;
  const node = file.declarations.find((declaration) => declaration.kind === 'Retrieve');
  if (node) {
    for (const { task } of retrieve ?? []) {
      const at = nameIn(node.value, task)?.span ?? node.value.span;
      const logits = logitsOf(resolution, task);
      if (logits === undefined) continue;
      // Within a sum the suggested task may already be present, so there is no fix.
      const alone = singleName(node.value) !== undefined;
      report('product-in-retrieve', at, { task, logits }, { fixes: alone ? [[{ at, text: logits }]] : [] });
    }
    return;
  }
  const isRanked = (name: string): boolean =>
    !objective || (objective.kind === 'sum' ? objective.terms.map(({ task }) => task) : objective.tasks).includes(name);
  for (const { name, product, loss } of tasks) {
    if (!product || !loss || !isRanked(name)) continue;
    const logits = logitsOf(resolution, name);
    if (logits === undefined) continue;
    const productFacts = { task: name, logits, absent: true } as const;
    report('product-in-retrieve', product.span, productFacts, { fixes: [[declared(resolution, logits)]] });
    // One fix is right for all of them.
    return;
  }
};

/** Returns the sum of the logits of a product as text: `click + 10 * convert`. Undefined if the task is no product or is in a cycle. */
function logitsOf({ tasks, library }: Resolution, of: string): string | undefined {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  if (!byName.get(of)?.product) return undefined;
  const terms: string[] = [];
  const add = (name: string, path: readonly string[]): boolean => {
    const task = byName.get(name);
    if (!task || path.includes(name)) return false;
    if (task.product) return task.product.factors.every((factor) => add(factor.name, [...path, name]));
    const scale = task.loss && library.losses[task.loss.kind]!.probability?.(task.loss.arguments);
    terms.push(scale === undefined || scale === 1 ? name : `${scale} * ${name}`);
    return true;
  };
  return add(of, []) ? terms.join(' + ') : undefined;
}

/** Returns an edit that adds `retrieve` after the objective or the last task. */
function declared({ file }: Resolution, logits: string): Edit {
  const lastDeclaration = file.declarations.findLast(({ kind }) => kind === 'Task' || kind === 'Objective')!;
  return insertion(lastDeclaration.span.source, lastDeclaration.span.end, `\nretrieve = ${logits}`);
}

/** If scales differ by more than this factor, the sum is probably not as intended. */
const alike = 1.5;

/**
 * Items are ranked by a sum of scores. If their sizes differ, the larger score decides alone. Weights that are written are meant to even out sizes, which they
 * cannot where a score has no limit.
 */
export const retrieveScales: Rule = (resolution, report) => {
  const { tasks, towers, file, retrieve, library } = resolution;
  const isWritten = file.declarations.some(({ kind }) => kind === 'Retrieve');
  // With a product `retrieve` is required, which is an error of its own.
  if (isWritten ? !retrieve : tasks.some(({ product }) => product)) return;
  // The size of a score is only known if the flows are valid.
  if (towers.some(({ steps }) => steps.some(({ flow }) => flow === undefined))) return;
  // A score of sets ranks alone, which is an error of its own.
  if (tasks.some(({ score }) => score?.terms.some(({ call }) => library.scores[call.kind]!.ofSets))) return;
  const isRanked = ({ name }: ResolvedTask): boolean =>
    !retrieve || retrieve.some(({ task, factor }) => task === name && factor !== 0);
  const [first, ...others] = tasks.flatMap((task) =>
    task.score && isRanked(task) ? [sized(resolution, task, task.score)] : [],
  );
  const isOther = (one: SizedScore): boolean =>
    isWritten ? (one.bound === undefined) !== (first!.bound === undefined) : differ(first!, one);
  const other = others.find(isOther);
  if (!first || !other) return;
  const sizes = { firstSize: sizeWords(first.bound), secondSize: sizeWords(other.bound) };
  report('retrieve-scales', other.score.span, { first: first.name, second: other.name, ...sizes, isWritten });
};

const sized = (resolution: Resolution, { name }: ResolvedTask, score: TaskScore) => ({
  name,
  score,
  bound: scoreBound(resolution, score),
});

type SizedScore = ReturnType<typeof sized>;

function differ(one: SizedScore, other: SizedScore): boolean {
  // Without a bound the size of vectors depends on training, so only equal scores have equal sizes.
  if (one.bound === undefined && other.bound === undefined) return formOf(one.score) !== formOf(other.score);
  if (one.bound === undefined || other.bound === undefined) return true;
  return Math.max(one.bound, other.bound) > alike * Math.min(one.bound, other.bound);
}

const formOf = ({ terms, biases = [] }: TaskScore): string =>
  JSON.stringify([
    terms.map(({ call, channels, factor }) => [call.kind, call.arguments, channels, factor]),
    biases.map(({ span: _, ...bias }) => bias),
  ]);

const sizeWords = (bound: number | undefined): string =>
  bound === undefined ? 'has no limit' : `is at most ${Number(bound.toPrecision(3))}`;

/** A task with the weight 0 in `retrieve` has no effect and should be removed. */
export const retrieveZero: Rule = ({ file, retrieve = [] }, report) => {
  const node = file.declarations.find((declaration) => declaration.kind === 'Retrieve');
  const zeros = retrieve.filter(({ factor }) => factor === 0);
  // If all of them are 0, it is an error.
  if (!node || zeros.length === retrieve.length) return;
  for (const { task } of zeros) report('retrieve-zero', nameIn(node.value, task)?.span ?? node.value.span, { task });
};

/** Returns the first occurrence of a name in a sum. */
function nameIn(node: ExpressionNode, name: string): ExpressionNode | undefined {
  if (node.kind === 'Unary') return nameIn(node.operand, name);
  if (node.kind === 'Binary') return nameIn(node.left, name) ?? nameIn(node.right, name);
  return singleName(node)?.name === name ? node : undefined;
}
