import { removal } from '../edits.ts';
import { factorNames } from './factors.ts';
import type { Rule } from './rule.ts';

/** Every label of this file is read by a task. */
export const unreadLabel: Rule = {
  name: 'label no task reads',
  check({ file, scope, tasks, reads, uncertain }, report) {
    if (tasks.length === 0 || uncertain.has('label')) return;
    const factors = factorNames({ tasks });
    // A task without its label is reported itself, with the label that it may have meant; a factor of a product needs none.
    if (tasks.some(({ name, loss, saysLabel }) => loss === undefined && !saysLabel && !factors.has(name))) return;
    for (const [name, entry] of scope.labels) {
      if (reads.label.has(name) || entry.span.source !== file.span.source) continue;
      report('unread-label', entry.name.span, { name }, { fixes: [[removal(entry.span)]] });
    }
  },
};
