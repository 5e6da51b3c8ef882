import type { Rule } from './rule.ts';

/** A model has two towers and learns at least one task. */
export const wholeModel: Rule = {
  name: 'whole model',
  check({ towers, tasks, span, file }, report) {
    if (towers.length !== 2) {
      const at = towers[2]?.span ?? towers[0]?.span ?? span;
      report('tower-count', at, { count: towers.length });
    }
    if (tasks.length === 0 && file.declarations.length > 0) report('no-task', span, {});
  },
};
