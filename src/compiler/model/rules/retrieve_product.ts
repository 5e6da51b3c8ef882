import type { Edit } from '../../../base/diagnostics/diagnostic.ts';
import { singleName } from '../calls.ts';
import { insertion } from '../edits.ts';
import type { Resolution } from '../resolution.ts';
import { nameIn } from './retrieve_zero.ts';
import type { Rule } from './rule.ts';

/** A retrieval ranks by one inner product, which a product of probabilities is not. */
export const retrieveProduct: Rule = {
  name: 'product of probabilities in a retrieval',
  check(resolution, report) {
    const { file, tasks, retrieve, objective } = resolution;
    const node = file.declarations.find((declaration) => declaration.kind === 'Retrieve');
    if (node) {
      for (const { task } of retrieve ?? []) {
        const at = nameIn(node.value, task)?.span ?? node.value.span;
        const logits = logitsOf(resolution, task);
        if (logits === undefined) continue;
        // Within a sum the same task may be there already.
        const alone = singleName(node.value) !== undefined;
        report('product-in-retrieve', at, { task, logits }, { fixes: alone ? [[{ at, text: logits }]] : [] });
      }
      return;
    }
    const isRanked = (name: string): boolean =>
      !objective ||
      (objective.kind === 'sum' ? objective.terms.map(({ task }) => task) : objective.tasks).includes(name);
    for (const { name, product, loss } of tasks) {
      if (!product || !loss || !isRanked(name)) continue;
      const logits = logitsOf(resolution, name);
      if (logits === undefined) continue;
      const facts = { task: name, logits, absent: true } as const;
      report('product-in-retrieve', product.span, facts, { fixes: [[declared(resolution, logits)]] });
      // One line is right for all of them.
      return;
    }
  },
};

/** Σ of what the sigmoids of a product take, as text: `click + 10 * convert`. Nothing of a task that is no product, or in a cycle. */
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

/** A line `retrieve` after the objective, or after the last task. */
function declared({ file }: Resolution, logits: string): Edit {
  const last = file.declarations.findLast(({ kind }) => kind === 'Task' || kind === 'Objective')!;
  return insertion(last.span.source, last.span.end, `\nretrieve = ${logits}`);
}
