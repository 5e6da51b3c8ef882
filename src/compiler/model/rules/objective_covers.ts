import { insertion } from '../edits.ts';
import type { Rule } from './rule.ts';

/** A task that the objective leaves out would never be learned, and one without a loss has nothing to add up. */
export const objectiveCovers: Rule = {
  name: 'objective omits a task, or has one without a loss',
  check({ objective, tasks, file }, report) {
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
  },
};
