import { insertion } from '../edits.ts';
import type { Rule } from './rule.ts';

/** A task that the objective leaves out would never be learned. */
export const objectiveCovers: Rule = {
  name: 'objective omits a task',
  check({ objective, tasks, file }, report) {
    if (!objective) return;
    const covered = new Set(objective.kind === 'sum' ? objective.terms.map(({ task }) => task) : objective.tasks);
    const node = file.declarations.find((declaration) => declaration.kind === 'Objective');
    for (const { name } of tasks) {
      if (covered.has(name) || !node) continue;
      const { source, end } = node.value.span;
      const fix =
        objective.kind === 'sum'
          ? insertion(source, end, ` + 1.0 * ${name}`)
          : insertion(source, node.value.kind === 'Call' ? node.value.callee.span.end + 1 : end, `${name}, `);
      report('objective-omits', node.value.span, { task: name }, { fixes: [[fix]] });
    }
  },
};
